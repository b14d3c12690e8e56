"""Hand-worked cases for enrolments, jobs, placements, studies, skills and learners."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kweli_assets_tests.frames.rows import SNAPSHOT_DATE, built, only, row

LONG = "x" * 1001


def enrolment(**fields: Any) -> dict[str, Any]:
    return {"cohort_code": "SE-C1", "program_name": "Software Engineering", **fields}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"enrollment_status": "GRADUATED"},
            {"enrollmentStatus": "Graduated", "isCompleted": True},
        ),
        ({"enrollment_status": "completed"}, {"isCompleted": True, "isDropped": False}),
        (
            {"enrollment_status": "Dropped out"},
            {"enrollmentStatus": "Dropped Out", "isDropped": True},
        ),
        ({"enrollment_status": "Dropped  Out"}, {"enrollmentStatus": None, "isDropped": False}),
        ({"program_start_date": "2024-01-01", "program_end_date": "2024-03-01"}, {"duration": 60}),
        ({"program_start_date": "2024-01-01", "program_end_date": "2024-01-01"}, {"duration": 0}),
        (
            {"program_start_date": "2024-01-02", "program_end_date": "2024-01-01"},
            {"duration": None},
        ),
        (
            {"program_start_date": "2024-01-02", "program_end_date": "9999-12-31"},
            {"duration": None, "endDate": None, "endOpen": True},
        ),
        ({"program_graduation_date": "9999-12-31"}, {"graduationDate": None}),
        (
            {"no_of_test": 3.9, "lms_overall_score": 70},
            {"numberOfTests": 3, "lmsOverallScore": 70.0},
        ),
        ({"no_of_test": "-99.0", "completion_rate": -99}, {"numberOfTests": None}),
        ({"cohort_code": 17}, {"cohortCode": "17"}),
        ({"program_name": " n/a "}, {"programName": None}),
    ],
)
def test_enrolment(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    found = only(built(row(learning_details=[enrolment(**fields)])), "learning")
    assert {name: found.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("column", "entry", "reason"),
    [
        ("learning_details", {"cohort_code": "n/a"}, "no cohort code"),
        ("learning_details", {"cohort_code": True}, "no cohort code"),
        ("learning_details", {"cohort_code": LONG}, "name too long"),
        ("employment_details", {"country": "Kenya", "is_current": "1"}, "empty entry"),
        ("employment_details", {"organisation_name": "N/A.", "job_title": "none"}, "empty entry"),
        ("employment_details", {"organization_name": LONG}, "name too long"),
        ("placement_details", {"business_name": LONG}, "name too long"),
        ("education_details", {"start_date": "2020-01-01", "graduated": "1"}, "empty entry"),
        ("education_details", {"institution_name": LONG}, "name too long"),
    ],
)
def test_quarantined_entry(column: str, entry: dict[str, Any], reason: str) -> None:
    whole = {
        "learning_details": {"cohort_code": "X"},
        "employment_details": {"job_title": "Clerk"},
        "placement_details": {},
        "education_details": {"level_of_study": "Diploma"},
    }[column]
    frames = built(row(**{column: [entry, whole]}))
    name = column.removesuffix("_details")
    (lost,) = frames.frames["quarantine"].iter_rows(named=True)
    assert (lost["learner"], lost["column"], lost["index"]) == ("a" * 32, column, 1)
    assert lost["reason"] == reason
    assert lost["raw"].startswith("{")
    assert only(frames, name)["index"] == 2
    account = frames.accounts[name]
    assert (account.entries_in, account.entries_out, account.quarantined) == (2, 1, 1)


def test_a_column_of_1000_characters_is_not_too_long() -> None:
    frames = built(row(learning_details=[{"cohort_code": "x" * 1000}]))
    assert only(frames, "learning")["cohortCode"] == "x" * 1000


def test_an_empty_placement_stays() -> None:
    found = only(built(row(placement_details=[{}])), "placement")
    assert found == {"learner": "a" * 32, "index": 1, "isVenture": False, "isCurrent": True}


@pytest.mark.parametrize(
    ("fields", "is_current", "duration", "end"),
    [
        ({"end_date": "9999-12-31"}, True, 22, None),
        ({"is_current": "1"}, True, 22, None),
        ({"is_current": "0"}, False, None, None),
        ({}, False, None, None),
        ({"end_date": "2025-12-01"}, True, 22, date(2025, 12, 1)),
        ({"end_date": "2025-11-30", "is_current": "1"}, False, 22, date(2025, 11, 30)),
        ({"end_date": "2024-02-14"}, False, 0, date(2024, 2, 14)),
        ({"end_date": "2024-02-15"}, False, 1, date(2024, 2, 15)),
        ({"end_date": "2024-01-14"}, False, None, date(2024, 1, 14)),
        ({"end_date": "1970-01-01", "is_current": 1}, True, 22, None),
        ({"end_date": "9999-12-31", "is_current": "0"}, True, 22, None),
        ({"end_date": ["x"], "is_current": True}, True, 22, None),
    ],
)
def test_job_end(
    fields: dict[str, Any], is_current: bool, duration: int | None, end: date | None
) -> None:
    entry = {"organisation_name": "Acme", "start_date": "2024-01-15", **fields}
    found = only(built(row(employment_details=[entry])), "employment")
    assert (found["isCurrent"], found.get("duration"), found.get("endDate")) == (
        is_current,
        duration,
        end,
    )


def test_company_comes_from_the_first_name_that_is_known() -> None:
    entries = [
        {"organisation_name": "n/a", "organization_name": "Beta", "institution_name": "Gamma"},
        {"institution_name": "Gamma"},
        {"organisation_name": "...", "organization_name": "Beta"},
    ]
    frames = built(row(employment_details=[{**e, "job_title": "Clerk"} for e in entries]))
    assert frames.frames["employment"]["companyName"].to_list() == ["Beta", "Gamma", None]


@pytest.mark.parametrize(
    ("entry", "is_venture"),
    [
        ({"business_name": "n/a"}, True),
        ({"jobs_created_to_date": None}, True),
        ({"capital_secured_todate": 1, "organisation_name": "Acme"}, True),
        ({"female_opp_todate": "0"}, True),
        ({"business_name": "Shop", "employment_type": None}, False),
        ({"organisation_name": "Acme"}, False),
        ({"job_start_date": "2024-01-01"}, False),
    ],
)
def test_ventures_are_told_by_their_fields(entry: dict[str, Any], is_venture: bool) -> None:
    assert only(built(row(placement_details=[entry])), "placement")["isVenture"] is is_venture


def test_placement_properties() -> None:
    job = {
        "employment_type": "Full-time",
        "organisation_name": "Acme",
        "job_title": "Clerk",
        "salary_range": "$0-$500",
        "job_start_date": "2025-10-02",
    }
    venture = {
        "business_name": "Shop",
        "job_start_date": "2025-12-31",
        "jobs_created_to_date": 2.0,
        "capital_secured_todate": "1500",
        "female_opp_todate": -99,
    }
    frames = built(row(placement_details=[job, venture]))
    first, second = frames.frames["placement"].iter_rows(named=True)
    assert (first["duration"], first["employmentType"], first["companyName"]) == (
        1,
        "Full-time",
        "Acme",
    )
    assert (second["jobsCreated"], second["capitalSecured"], second["femaleOpportunities"]) == (
        2,
        1500.0,
        None,
    )
    assert second["duration"] is None


def test_study() -> None:
    study = {
        "institution_name": "University of Ghana",
        "end_date": "9999-12-31",
        "graduated": "1",
        "level_of_study": "Bachelor'S Degree",
    }
    found = only(built(row(education_details=[study])), "education")
    assert found["levelOfStudy"] == "Bachelor'S Degree"
    assert found["graduated"] is True
    assert "endDate" not in found


def test_skills_each_once_the_first_fifty() -> None:
    names = ["C", " c ", "C++", "n/a", "!!", LONG, *(f"skill {n}" for n in range(60))]
    frames = built(row(skills_list=",".join(names)))
    skills = frames.frames["skills"]
    assert skills["skillId"].to_list()[:3] == ["c", "cplusplus", "skill_0"]
    assert skills["skillName"].to_list()[0] == "C"
    assert skills["position"].to_list() == list(range(1, 51))
    assert frames.skills_beyond == 12
    assert frames.frames["quarantine"].rows() == [
        ("a" * 32, "skills_list", 6, "name too long", LONG)
    ]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"country_of_residence": "Nigeria", "city_of_residence": " Lagos "}, ("NG", "NG-lagos")),
        ({"country_of_residence": "Atlantis", "city_of_residence": "Lagos"}, (None, None)),
        ({"country_of_residence": "Nigeria", "city_of_residence": "--"}, ("NG", None)),
        ({"country_of_residence": "Nigeria", "city_of_residence": LONG}, ("NG", None)),
        ({"city_of_residence": "Lagos"}, (None, None)),
    ],
)
def test_residence(columns: dict[str, str], expected: tuple[str | None, str | None]) -> None:
    found = only(built(row(**columns)), "learners")
    assert (found.get("countryOfResidenceCode"), found.get("cityOfResidenceId")) == expected


def test_unknown_countries_are_counted_by_name() -> None:
    frames = built(
        row("a", country_of_residence="Atlantis", country_of_origin="Kenya"),
        row("b", country_of_residence="Atlantis", country_of_origin="Mu"),
    )
    found = frames.unreadable
    assert sorted(found.select("column", "kind", "value", "count").rows()) == [
        ("country_of_origin", "country", "Mu", 1),
        ("country_of_residence", "country", "Atlantis", 2),
    ]


@pytest.mark.parametrize(
    ("flags", "state"),
    [
        ({"is_graduate_learner": 1, "is_a_dropped_out": 1}, "Graduate"),
        ({"is_a_dropped_out": "1", "is_active_learner": 1}, "Dropped Out"),
        ({"is_active_learner": 1}, "Active"),
        ({"is_graduate_learner": 2, "is_active_learner": -99}, "Inactive"),
    ],
)
def test_learning_state_of_now(flags: dict[str, Any], state: str) -> None:
    assert only(built(row(**flags)), "learners")["currentLearningState"] == state


def test_positions_count_in_pairs_and_the_learners_own_alone() -> None:
    found = only(
        built(
            row(
                country_of_residence="Kenya",
                city_of_residence="Nairobi",
                country_of_residence_latitude="1.5",
                country_of_residence_longitude="-99.000000",
                city_of_residence_latitude="-1.25",
                city_of_residence_longitude="36.75",
                meta_ui_lat="-99.0",
                meta_ui_lng="36.5",
            )
        ),
        "learners",
    )
    assert "countryLatitude" not in found
    assert (found["cityLatitude"], found["cityLongitude"]) == (-1.25, 36.75)
    assert found["longitude"] == 36.5
    assert "latitude" not in found


def test_claims_that_disagree_are_counted() -> None:
    frames = built(
        row("a", has_employment_details=1),
        row("b", has_employment_details=0, employment_details=[{"job_title": "Clerk"}]),
        row("c", has_employment_details=1, employment_details=[{"job_title": "Clerk"}]),
        row("d", has_employment_details=None, has_profile_profile_photo=1),
    )
    assert frames.claims == {
        "has_employment_details": 2,
        "has_education_details": 0,
        "has_placement_details": 0,
        "has_profile_profile_photo": 1,
    }


def test_every_frame_of_no_rows_has_its_schema() -> None:
    frames = built(snapshot_date=SNAPSHOT_DATE)
    assert all(frame.is_empty() for frame in frames.frames.values())
