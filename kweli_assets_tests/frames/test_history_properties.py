"""Both histories against a slow and obvious implementation that walks day by day.

Each example is a few learners with careers drawn close together in time, so that intervals touch,
overlap, are bridged by exactly the number of days that matters, and end around the snapshot date.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kweli_assets_tests import reference
from kweli_assets_tests.frames.rows import built, row

SNAPSHOT_DATE = date(2025, 12, 1)

# Few distances, among them those at which a rule turns.
DISTANCES = (0, 1, 2, 29, 30, 31, 32, 60, 179, 180, 181, 365)
days = st.sampled_from(DISTANCES).flatmap(
    lambda far: st.sampled_from(DISTANCES).map(
        lambda near: (SNAPSHOT_DATE - timedelta(days=far + near - 31)).isoformat()
    )
)
odd_dates = st.sampled_from(
    [None, "", "n/a", "1970-01-01", "9999-12-31", "2025-02-30", "2031-01-01"]
)
dates = days | days | days | odd_dates
flags = st.sampled_from([0, 1, "0", "1", None, 2])

enrolments = st.fixed_dictionaries(
    {
        "cohort_code": st.sampled_from(["C1", "C2", None]),
        "program_start_date": dates,
        "program_end_date": dates,
        "program_graduation_date": dates,
        "enrollment_status": st.sampled_from(
            [
                "Enrolled",
                "Graduated",
                "Dropped out",
                "Completed",
                "Suspended",
                "Active",
                "Gone",
                None,
            ]
        ),
    }
)
jobs = st.fixed_dictionaries(
    {"start_date": dates, "end_date": dates},
    optional={
        "organisation_name": st.sampled_from(["Acme", "ACME.", "Shop", "n/a", "Owner Ltd"]),
        "job_title": st.sampled_from(["Clerk", "Founder", "Freelance clerk"]),
        "is_current": flags,
        "duration_in_years": st.sampled_from(
            ["0", "0.002", "0.003", "0.08", "0.5", "1", "-1", "x"]
        ),
    },
)
placements = st.fixed_dictionaries(
    {"job_start_date": dates},
    optional={
        "organisation_name": st.sampled_from(["Acme", "Shop"]),
        "business_name": st.sampled_from(["Acme", "Shop", "n/a"]),
        "employment_type": st.just("Full-time"),
    },
)
learners = st.fixed_dictionaries(
    {
        "learning_details": st.lists(enrolments, max_size=4),
        "employment_details": st.lists(jobs, max_size=4),
        "placement_details": st.lists(placements, max_size=2),
        "is_graduate_learner": flags,
        "is_a_dropped_out": flags,
        "is_active_learner": flags,
        "is_running_a_venture": flags,
        "is_a_freelancer": flags,
        "is_wage_employed": flags,
    }
)

HISTORIES = {
    "learning_history": "HAS_LEARNING_STATE",
    "professional_history": "HAS_PROFESSIONAL_STATUS",
}


def of_frame(frame: Any) -> dict[tuple[str, int], tuple[str, dict[str, Any]]]:
    found = {}
    for interval in frame.iter_rows(named=True):
        start, state = interval.pop("learner"), interval.pop("state")
        found[start, interval["index"]] = (
            state,
            {name: value for name, value in interval.items() if value is not None},
        )
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(learners, min_size=1, max_size=8))
def test_histories_walk_as_the_days_do(careers: list[dict[str, Any]]) -> None:
    rows = [row(f"learner {n}", **career) for n, career in enumerate(careers)]
    frames = built(*rows, snapshot_date=SNAPSHOT_DATE)
    slow = reference.build(rows, SNAPSHOT_DATE)
    for frame, relationship in HISTORIES.items():
        expected = {
            (start, identity[0]): (end, properties)
            for (start, identity), (end, properties) in slow.relationships[relationship].items()
        }
        assert of_frame(frames.frames[frame]) == expected
    for learner in frames.frames["learners"].iter_rows(named=True):
        node = slow.nodes["Learner"][learner["hashedEmail"]]
        assert learner["currentLearningState"] == node["currentLearningState"]
        assert learner["currentProfessionalStatus"] == node["currentProfessionalStatus"]
