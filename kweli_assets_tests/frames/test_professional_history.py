"""Professional histories: hand-worked cases."""

from __future__ import annotations

from typing import Any

import pytest

from kweli_assets_tests.frames.rows import built, intervals, row

WAGE, FREE, OWN, NONE, MANY = (
    "Wage Employed",
    "Freelancer",
    "Entrepreneur",
    "Unemployed",
    "Multiple",
)


def job(start: str | None, end: str | None = "9999-12-31", **fields: Any) -> dict[str, Any]:
    return {"organisation_name": "Acme", "start_date": start, "end_date": end, **fields}


@pytest.mark.parametrize(
    ("title", "company", "status"),
    [
        ("Clerk", "Acme", WAGE),
        ("Founder", "Acme", OWN),
        ("Co-Founder & CTO", "Acme", OWN),
        ("cofounder", "Acme", OWN),
        ("Profounder", "Acme", WAGE),
        ("CEO/Director", "Acme", OWN),
        ("CEOs", "Acme", WAGE),
        ("Product Owner", "Acme", OWN),
        ("Homeowner", "Acme", WAGE),
        ("Clerk", "Entrepreneur Media", OWN),
        ("Freelance writer", "Acme", FREE),
        ("Freelancing", "Acme", WAGE),
        ("IT consultant", "Acme", FREE),
        ("Contractor2", "Acme", WAGE),
        ("Clerk", "Self-Employed", FREE),
        ("Self employed", "Acme", WAGE),
        ("Freelance founder", "Acme", OWN),
        ("owner_manager", "Acme", OWN),
        (None, "Acme", WAGE),
        ("Éowner", "Acme", WAGE),
    ],
)
def test_type_of_a_job(title: str | None, company: str, status: str) -> None:
    entry = job("2024-01-01", job_title=title, organisation_name=company)
    frames = built(row(employment_details=[entry]))
    assert intervals(frames, "professional_history") == [(status, "2024-01-01", None, "jobs")]


@pytest.mark.parametrize(
    ("flags", "jobs", "expected"),
    [
        pytest.param({}, [], [(NONE, None, None, "flags")], id="nothing known"),
        pytest.param(
            {"is_wage_employed": 1}, [], [(WAGE, None, None, "flags")], id="flags alone, one"
        ),
        pytest.param(
            {"is_wage_employed": 1, "is_a_freelancer": "1"},
            [],
            [(MANY, None, None, "flags")],
            id="flags alone, two",
        ),
        pytest.param(
            {"is_wage_employed": 1},
            [job("2024-01-01", "2024-03-01")],
            [(WAGE, "2024-01-01", None, "flags")],
            id="flags merge with the job before",
        ),
        pytest.param(
            {"is_running_a_venture": 1},
            [job("2024-01-01", "2024-03-01")],
            [(WAGE, "2024-01-01", "2024-03-01", "jobs"), (OWN, "2024-03-01", None, "flags")],
            id="flags replace unemployed",
        ),
        pytest.param(
            {"is_running_a_venture": 1},
            [job("2024-01-01")],
            [(WAGE, "2024-01-01", None, "jobs")],
            id="flags do not replace a job",
        ),
        pytest.param(
            {},
            [job("2024-01-01", "2024-03-01")],
            [(WAGE, "2024-01-01", "2024-03-01", "jobs"), (NONE, "2024-03-01", None, "jobs")],
            id="unemployed stays when the flags agree",
        ),
        pytest.param(
            {},
            [job("2024-01-01", "2024-02-01"), job("2024-03-02")],
            [(WAGE, "2024-01-01", None, "jobs")],
            id="a gap of 30 days is bridged",
        ),
        pytest.param(
            {},
            [job("2024-01-01", "2024-02-01"), job("2024-03-03")],
            [
                (WAGE, "2024-01-01", "2024-02-01", "jobs"),
                (NONE, "2024-02-01", "2024-03-03", "jobs"),
                (WAGE, "2024-03-03", None, "jobs"),
            ],
            id="a gap of 31 days is not",
        ),
        pytest.param(
            {},
            [job("2024-01-01", "2024-02-01"), job("2024-02-20", job_title="Founder")],
            [(WAGE, "2024-01-01", "2024-02-20", "jobs"), (OWN, "2024-02-20", None, "jobs")],
            id="the status before a bridged gap goes on",
        ),
        pytest.param(
            {},
            [job("2024-01-01", "2024-06-01"), job("2024-03-01", "2024-04-01")],
            [
                (WAGE, "2024-01-01", "2024-03-01", "jobs"),
                (MANY, "2024-03-01", "2024-04-01", "jobs"),
                (WAGE, "2024-04-01", "2024-06-01", "jobs"),
                (NONE, "2024-06-01", None, "jobs"),
            ],
            id="two jobs at once are multiple",
        ),
        pytest.param(
            {},
            [job("2024-01-01", "2024-01-01"), job("2024-02-01", "2024-01-01"), job("2026-01-01")],
            [(NONE, None, None, "flags")],
            id="empty, reversed and future jobs take no part",
        ),
        pytest.param(
            {}, [job(None)], [(NONE, None, None, "flags")], id="nor do jobs without a start"
        ),
        pytest.param(
            {},
            [job("2024-01-01", None, is_current="0", duration_in_years="0.5")],
            [(WAGE, "2024-01-01", "2024-07-01", "jobs"), (NONE, "2024-07-01", None, "jobs")],
            id="an end reckoned from the duration: 182 days",
        ),
        pytest.param(
            {},
            [job("2024-01-01", None, is_current="0", duration_in_years="0.002")],
            [(NONE, None, None, "flags")],
            id="a duration of less than a day is none",
        ),
        pytest.param(
            {},
            [job("2024-01-01", None, duration_in_years="2")],
            [(NONE, None, None, "flags")],
            id="without is_current there is no end",
        ),
        pytest.param(
            {},
            [job("2024-01-01", None, is_current="1", duration_in_years="0.5")],
            [(WAGE, "2024-01-01", None, "jobs")],
            id="current without an end is open",
        ),
        pytest.param(
            {},
            [job("2024-01-01", "2026-05-01")],
            [(WAGE, "2024-01-01", None, "jobs")],
            id="an end after the snapshot date is open",
        ),
        pytest.param(
            {},
            [job("2024-01-01", None, is_current="0", duration_in_years="1e9")],
            [(WAGE, "2024-01-01", None, "jobs")],
            id="an absurd duration is open",
        ),
    ],
)
def test_history(
    flags: dict[str, Any], jobs: list[dict[str, Any]], expected: list[tuple[Any, ...]]
) -> None:
    frames = built(row(employment_details=jobs, **flags))
    assert intervals(frames, "professional_history") == expected
    status = frames.frames["learners"]["currentProfessionalStatus"].to_list()
    assert status == [expected[-1][0]]


@pytest.mark.parametrize(
    ("placement", "expected"),
    [
        ({"organisation_name": " ACME. ", "job_start_date": "2024-02-01"}, WAGE),
        ({"organisation_name": "Acme", "job_start_date": "2024-02-02"}, MANY),
        ({"organisation_name": "Acme", "job_start_date": "2023-12-01"}, WAGE),
        ({"organisation_name": "Acme"}, WAGE),
        ({"organisation_name": "Other", "job_start_date": "2024-01-01"}, MANY),
        ({"job_start_date": "2024-01-01"}, MANY),
        ({"business_name": "Acme", "job_start_date": "2024-01-01"}, WAGE),
        ({"business_name": "Shop", "job_start_date": "2024-05-01"}, MANY),
    ],
)
def test_placement_that_a_listed_job_names_is_left_out(
    placement: dict[str, Any], expected: str
) -> None:
    frames = built(row(employment_details=[job("2024-01-01")], placement_details=[placement]))
    assert intervals(frames, "professional_history")[-1][0] == expected
    assert len(frames.frames["placement"]) == 1


def test_a_venture_makes_an_entrepreneur() -> None:
    frames = built(
        row(placement_details=[{"business_name": "n/a", "job_start_date": "2025-01-01"}])
    )
    assert intervals(frames, "professional_history") == [(OWN, "2025-01-01", None, "jobs")]
