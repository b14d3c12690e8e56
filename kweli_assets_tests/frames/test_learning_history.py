"""Learning histories: hand-worked cases."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kweli_assets_tests.frames.rows import built, intervals, row

Entry = tuple[str | None, str | None, str | None, str | None]


def entries(*found: Entry) -> list[dict[str, Any]]:
    """Enrolments from (start, end, status, graduation)."""
    return [
        {
            "cohort_code": f"C{n}",
            "program_start_date": start,
            "program_end_date": end,
            "enrollment_status": status,
            "program_graduation_date": graduation,
        }
        for n, (start, end, status, graduation) in enumerate(found)
    ]


GRADUATE = {"is_graduate_learner": 1}
DROPPED = {"is_a_dropped_out": 1}
ACTIVE = {"is_active_learner": 1}


@pytest.mark.parametrize(
    ("flags", "enrolments", "expected"),
    [
        pytest.param({}, [], [("Inactive", None, None, "flags")], id="nothing known"),
        pytest.param(
            ACTIVE,
            entries(("2026-01-01", None, "Enrolled", None), (None, None, "Enrolled", None)),
            [("Active", None, None, "flags")],
            id="no start, or only a future one, is no history",
        ),
        pytest.param(
            GRADUATE,
            entries(("2024-01-01", "2024-06-01", "Graduated", "2024-07-01")),
            [
                ("Active", "2024-01-01", "2024-07-01", "enrolment"),
                ("Graduate", "2024-07-01", None, "enrolment"),
            ],
            id="a graduation date ends the active time",
        ),
        pytest.param(
            GRADUATE,
            entries(("2024-01-01", "2024-06-01", "Graduated", "2023-07-01")),
            [
                ("Active", "2024-01-01", "2024-06-01", "enrolment"),
                ("Graduate", "2024-06-01", None, "enrolment"),
            ],
            id="a graduation before the start does not count",
        ),
        pytest.param(
            GRADUATE,
            entries(("2024-01-01", "2023-06-01", "Completed", None)),
            [("Graduate", "2024-01-01", None, "enrolment")],
            id="an end before the start leaves no active time",
        ),
        pytest.param(
            GRADUATE,
            entries(("2024-01-01", "9999-12-31", "Graduated", None)),
            [("Graduate", "2024-01-01", None, "flags")],
            id="an open end stays active until the flags speak",
        ),
        pytest.param(
            GRADUATE,
            entries(("2024-01-01", "9999-12-31", "Graduated", "2024-05-01")),
            [
                ("Active", "2024-01-01", "2024-05-01", "enrolment"),
                ("Graduate", "2024-05-01", None, "enrolment"),
            ],
            id="a graduation is used before an open end",
        ),
        pytest.param(
            DROPPED,
            entries(("2024-01-01", "2026-01-01", "Dropped Out", None)),
            [("Dropped Out", "2024-01-01", None, "flags")],
            id="an end after the snapshot date is open whatever the status",
        ),
        pytest.param(
            DROPPED,
            entries(("2024-01-01", None, "Dropped Out", None)),
            [("Dropped Out", "2024-01-01", None, "enrolment")],
            id="a missing end of one who left is the start",
        ),
        pytest.param(
            {},
            entries(("2024-01-01", "2024-03-01", "Suspended", None)),
            [
                ("Active", "2024-01-01", "2024-03-01", "enrolment"),
                ("Inactive", "2024-03-01", None, "enrolment"),
            ],
            id="suspended is inactive",
        ),
        pytest.param(
            ACTIVE,
            entries(("2024-01-01", "2023-12-01", "Enrolled", None)),
            [("Active", "2024-01-01", None, "enrolment")],
            id="others have no end before their start",
        ),
        pytest.param(
            {},
            entries(("2024-01-01", "2024-03-01", "Enrolled", "2024-02-01")),
            [
                ("Active", "2024-01-01", "2024-03-01", "enrolment"),
                ("Inactive", "2024-03-01", None, "enrolment"),
            ],
            id="others end at their end date",
        ),
        pytest.param(
            ACTIVE,
            entries(
                ("2023-01-01", "2023-02-01", "Graduated", None),
                ("2024-01-01", None, "Enrolled", None),
            ),
            [
                ("Active", "2023-01-01", "2023-02-01", "enrolment"),
                ("Graduate", "2023-02-01", "2023-07-31", "enrolment"),
                ("Inactive", "2023-07-31", "2024-01-01", "enrolment"),
                ("Active", "2024-01-01", None, "enrolment"),
            ],
            id="graduate for 180 days, then inactive until the next",
        ),
        pytest.param(
            ACTIVE,
            entries(
                ("2023-01-01", "2023-02-01", "Dropped Out", None),
                ("2023-07-31", None, "Enrolled", None),
            ),
            [
                ("Active", "2023-01-01", "2023-02-01", "enrolment"),
                ("Dropped Out", "2023-02-01", "2023-07-31", "enrolment"),
                ("Active", "2023-07-31", None, "enrolment"),
            ],
            id="a gap of exactly 180 days leaves no inactive time",
        ),
        pytest.param(
            ACTIVE,
            entries(
                ("2023-01-01", "2024-02-01", "Graduated", None),
                ("2023-06-01", None, "Enrolled", None),
            ),
            [("Active", "2023-01-01", None, "enrolment")],
            id="the next start ends it, and equal neighbours are one",
        ),
        pytest.param(
            GRADUATE,
            entries(
                ("2024-01-01", None, "Enrolled", None),
                ("2024-01-01", "2024-03-01", "Graduated", None),
            ),
            [
                ("Active", "2024-01-01", "2024-03-01", "enrolment"),
                ("Graduate", "2024-03-01", None, "enrolment"),
            ],
            id="of two that start together the later in the array counts",
        ),
        pytest.param(
            ACTIVE,
            entries(("2024-01-01", "2024-03-01", "Dropped Out", None)),
            [("Active", "2024-01-01", None, "flags")],
            id="the state of now merges with an equal neighbour",
        ),
        pytest.param(
            GRADUATE,
            entries(("2025-12-01", None, "Enrolled", None)),
            [("Graduate", "2025-12-01", None, "flags")],
            id="a start on the snapshot date counts",
        ),
    ],
)
def test_history(
    flags: dict[str, int], enrolments: list[dict[str, Any]], expected: list[tuple[Any, ...]]
) -> None:
    frames = built(row(learning_details=enrolments, **flags))
    assert intervals(frames, "learning_history") == expected
    history = frames.frames["learning_history"]
    assert history["index"].to_list() == list(range(1, len(expected) + 1))
    assert history["isCurrent"].to_list() == [False] * (len(expected) - 1) + [True]
    assert history["dateUnknown"].to_list() == [e[1] is None for e in expected]


def test_quarantined_enrolments_make_no_history() -> None:
    lost = entries(("2024-01-01", None, "Enrolled", None))
    lost[0]["cohort_code"] = None
    frames = built(row(learning_details=lost))
    assert intervals(frames, "learning_history") == [("Inactive", None, None, "flags")]


def test_the_snapshot_date_is_today() -> None:
    learner = row(
        learning_details=entries(("2024-01-01", "2024-03-01", "Graduated", None)), **GRADUATE
    )
    before = built(learner, snapshot_date=date(2024, 2, 1))
    assert intervals(before, "learning_history") == [("Graduate", "2024-01-01", None, "flags")]
