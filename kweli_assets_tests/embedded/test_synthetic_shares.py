"""Clean synthetic learners have the shares that the source's owners counted in the real table.

Tolerances are four standard deviations of a share among so many rows, where nothing else is said:
a wrong share fails, another seed does not.
"""

from __future__ import annotations

import json
from collections import Counter
from math import sqrt
from typing import Any

import polars as pl
import pytest

from kweli_assets.embedded.synthetic import catalog
from kweli_assets.embedded.synthetic.csv_file import csv_bytes
from kweli_assets.embedded.synthetic.rows import frame
from kweli_assets.snapshot.columns import COLUMNS, MysqlType

ROWS = 50_000
MISSING_NUMBERS = {"-99", "-99.0", "n/a", "", -99}
MISSING = {"n/a", "none", "null", "", "-99", "-99.0"}
UNKNOWN_DATES = {"1970-01-01", "1900-01-01", "n/a", "None", "-99", ""}

Entries = list[list[dict[str, Any]]]


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return frame(ROWS, seed=2025, dirt=0.0)


def decoded(table: pl.DataFrame, column: str) -> Entries:
    result = []
    for text in table[column].to_list():
        value = json.loads(text)
        result.append(json.loads(value) if isinstance(value, str) else value)
    return result


@pytest.fixture(scope="module")
def learning(table: pl.DataFrame) -> Entries:
    return decoded(table, "learning_details")


@pytest.fixture(scope="module")
def jobs(table: pl.DataFrame) -> Entries:
    return decoded(table, "employment_details")


@pytest.fixture(scope="module")
def studies(table: pl.DataFrame) -> Entries:
    return decoded(table, "education_details")


@pytest.fixture(scope="module")
def placements(table: pl.DataFrame) -> Entries:
    return decoded(table, "placement_details")


def near(share: float, of: int = ROWS) -> Any:
    return pytest.approx(share, abs=4 * sqrt(share * (1 - share) / of) + 1e-9)


def share(found: int, of: int = ROWS) -> float:
    return found / of


def missing(text: str | None) -> bool:
    return text is None or text.strip().casefold() in MISSING


def test_columns_are_the_contract_in_its_order(table: pl.DataFrame) -> None:
    assert table.columns == [column.name for column in COLUMNS]
    assert set(table.dtypes) == {pl.String}


def test_typed_columns_hold_what_their_type_holds(table: pl.DataFrame) -> None:
    for column in COLUMNS:
        values = table[column.name]
        match column.mysql_type:
            case MysqlType.BIGINT:
                assert values.cast(pl.Int64).null_count() == values.null_count()
            case MysqlType.DECIMAL | MysqlType.DOUBLE:
                assert values.cast(pl.Float64).null_count() == values.null_count()
            case MysqlType.TEXT:
                assert (values.str.len_bytes().max() or 0) <= 65_535


def test_a_row_is_about_as_long_as_a_real_one(table: pl.DataFrame) -> None:
    # 2.5 GB as CSV for 1.6 million rows
    assert len(csv_bytes(table)) / ROWS == pytest.approx(1_560, rel=0.08)


def test_keys_are_hashes_and_unique(table: pl.DataFrame) -> None:
    assert table["hashed_email"].str.contains(r"^[0-9a-f]{32}$").all()
    assert table["hashed_email"].n_unique() == ROWS


def test_sand_id_is_mostly_missing(table: pl.DataFrame) -> None:
    assert share((table["sand_id"] == "n/a").sum()) == near(0.875)
    assert table["sand_id"].filter(table["sand_id"] != "n/a").str.contains(r"^SAND\d+$").all()


def test_names_repeat_as_in_the_source(table: pl.DataFrame) -> None:
    counts = table["full_name"].value_counts()["count"]
    repeated = counts.filter(counts > 1)
    assert share(len(repeated)) == pytest.approx(101_317 / 1_597_198, rel=0.05)
    assert share(int(repeated.sum())) == pytest.approx(357_406 / 1_597_198, rel=0.05)


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("Software Engineering", 0.293),
        ("ALX AiCE - AI Career Essentials", 0.281),
        ("Virtual Assistant", 0.202),
        ("ALX Foundations", 0.122),
        ("Financial Analyst", 0.029),
    ],
)
def test_program_shares(learning: Entries, program: str, expected: float) -> None:
    found = sum(entries[0]["program_name"] == program for entries in learning)
    assert share(found) == near(expected)


def test_programs_and_cohorts(learning: Entries) -> None:
    programs = {entries[0]["program_name"] for entries in learning}
    of_cohort: dict[str, set[str]] = {}
    for (entry,) in learning:
        of_cohort.setdefault(entry["cohort_code"], set()).add(entry["program_name"])
    assert len(programs) == 26
    assert "n/a" in programs
    assert 121 <= len(of_cohort) <= 127
    assert all(len(names) == 1 for names in of_cohort.values())


def test_one_enrolment_a_row_with_all_fields(learning: Entries) -> None:
    assert all(len(entries) == 1 for entries in learning)
    assert {entries[0]["index"] for entries in learning} == {"1"}
    assert all(len(entries[0]) == 21 for entries in learning)


@pytest.mark.parametrize(
    ("status", "expected"), [("dropped out", 0.7765), ("graduated", 0.1623), ("enrolled", 0.0611)]
)
def test_status_shares(learning: Entries, status: str, expected: float) -> None:
    found = sum(entries[0]["enrollment_status"].casefold() == status for entries in learning)
    assert share(found) == near(expected)


def test_some_dropped_out_are_spelt_in_lower_case() -> None:
    spelt = sum(
        frame(50_000, seed=seed, dirt=0.0)["learning_details"]
        .str.contains('"enrollment_status": "Dropped out"', literal=True)
        .sum()
        for seed in range(4)
    )
    # 201 among 1,597,198: 25 among 200,000
    assert 8 <= spelt <= 48


def test_flags_follow_the_status(table: pl.DataFrame, learning: Entries) -> None:
    of_status = {"graduated": ("1", "0", "0"), "enrolled": ("0", "1", "0")}
    flags = table.select("is_graduate_learner", "is_active_learner", "is_a_dropped_out").rows()
    for (entry,), found in zip(learning, flags, strict=True):
        assert found == of_status.get(entry["enrollment_status"].casefold(), ("0", "0", "1"))


def test_how_much_of_an_enrolment_is_known(learning: Entries) -> None:
    entries = [entry for (entry,) in learning]
    for key in ("program_start_date", "program_end_date"):
        assert share(sum(e[key] not in UNKNOWN_DATES for e in entries)) == near(0.986)
    graduation = sum(e["program_graduation_date"] not in UNKNOWN_DATES for e in entries)
    assert share(graduation) == near(0.162)
    numbers = [key for key in entries[0] if key.startswith("no_of") or key.endswith("_rate")]
    assert len(numbers) == 13
    for key in ("lms_overall_score", *numbers):
        assert 0.485 <= share(sum(e[key] not in MISSING_NUMBERS for e in entries)) <= 0.605
    done = {e["completion_rate"] for e in entries} - MISSING_NUMBERS
    assert done == {"0", "1"}
    scores = [
        float(e["lms_overall_score"])
        for e in entries
        if e["lms_overall_score"] not in MISSING_NUMBERS
    ]
    assert 0 <= min(scores) < 10
    assert 90 < max(scores) <= 100


def test_every_spelling_of_a_missing_number_occurs(learning: Entries) -> None:
    spelt = {repr(entry["no_of_test"]) for (entry,) in learning}
    assert {"'-99'", "'-99.0'", "-99", "'n/a'", "''"} <= spelt


def test_graduations_are_as_inconsistent_as_in_the_source(learning: Entries) -> None:
    graduates = [e for (e,) in learning if e["enrollment_status"] == "Graduated"]
    dated = [e for e in graduates if e["program_graduation_date"] not in UNKNOWN_DATES]
    known = [e for e in dated if e["program_end_date"] not in UNKNOWN_DATES]
    late = sum(e["program_graduation_date"] > e["program_end_date"] for e in known)
    assert share(late, len(known)) == near(21_123 / 259_260, len(known))
    assert 0 <= len(graduates) - len(dated) <= 30  # 349 among 259,260: about 11
    others = [
        e
        for (e,) in learning
        if e["enrollment_status"] != "Graduated"
        and e["program_graduation_date"] not in UNKNOWN_DATES
    ]
    assert 1 <= len(others) <= 20  # 228 among 1,337,938: about 7
    ordered = [e for (e,) in learning if e["program_start_date"] not in UNKNOWN_DATES]
    backwards = [
        e
        for e in ordered
        if e["program_end_date"] not in UNKNOWN_DATES
        and e["program_end_date"] < e["program_start_date"]
    ]
    assert len(backwards) <= 2  # one among 1,597,198


def test_employment(table: pl.DataFrame, jobs: Entries) -> None:
    filled = [entries for entries in jobs if entries]
    assert share(len(filled)) == near(0.1803)
    assert (table["has_employment_details"] == "1").to_list() == [bool(e) for e in jobs]
    assert 10 <= max(len(entries) for entries in filled) <= 14
    current = [sum(e["is_current"] == "1" for e in entries) for entries in filled]
    employed = [number for number in current if number]
    assert share(len(employed), len(filled)) == near(183_118 / 287_985, len(filled))
    assert sum(employed) / len(employed) == pytest.approx(244_138 / 183_118, abs=0.03)
    ends = [e["end_date"] for entries in filled for e in entries if e["is_current"] == "1"]
    assert share(ends.count("9999-12-31"), len(ends)) == near(0.99, len(ends))
    assert any(end == "1970-01-01" for end in ends)
    assert any("2010" < end < "2026" for end in ends)


def test_organisations_have_three_keys(jobs: Entries) -> None:
    keys = Counter(
        key
        for entries in jobs
        for entry in entries
        for key in entry
        if key in {"organisation_name", "organization_name", "institution_name"}
    )
    assert len(keys) == 3
    assert keys["organisation_name"] > 10 * keys["organization_name"]


def test_company_names_are_as_many_as_in_the_source(jobs: Entries) -> None:
    names = [
        entry.get("organisation_name", entry.get("organization_name"))
        for entries in jobs
        for entry in entries
    ]
    distinct = len({name for name in names if name and not missing(name)})
    # about 462,000 in 1,597,198 rows; a little more per row where there are fewer rows
    assert distinct / ROWS == pytest.approx(462_000 / 1_597_198, rel=0.12)


def test_education(table: pl.DataFrame, studies: Entries) -> None:
    filled = [entries for entries in studies if entries]
    assert share(len(filled)) == near(0.0629)
    assert (table["has_education_details"] == "1").to_list() == [bool(e) for e in studies]
    sizes = Counter(len(entries) for entries in filled)
    for size, expected in ((1, 0.80), (2, 0.16), (3, 0.03)):
        assert share(sizes[size], len(filled)) == near(expected, len(filled))
    assert max(sizes) <= 11
    entries = [entry for row in filled for entry in row]
    unknown = sum(e["end_date"] in UNKNOWN_DATES for e in entries)
    assert share(unknown, len(entries)) == near(0.193, len(entries))
    levels = Counter(e["level_of_study"].casefold() for e in entries)
    assert len(levels) <= 13
    for level, expected in (
        ("bachelor's degree", 0.497),
        ("n/a", 0.142),
        ("college/university", 0.086),
        ("master's degree", 0.058),
    ):
        assert share(levels[level], len(entries)) == near(expected, len(entries))
    assert {e["graduated"] for e in entries} == {"0", "1"}
    fields = {e["field_of_study"] for e in entries if not missing(e["field_of_study"])}
    assert len(fields) == 43
    present = catalog.PRESENT.isoformat()
    ended = [e["end_date"] for e in entries if e["end_date"] not in UNKNOWN_DATES]
    assert 1 <= sum(end > present for end in ended) <= 45  # 590 of 125,868: about 18
    backwards = sum(
        e["end_date"] < e["start_date"]
        for e in entries
        if not {e["end_date"], e["start_date"]} & UNKNOWN_DATES
    )
    assert 1 <= backwards <= 25  # 221 of 125,868: about 7


def test_levels_vary_in_case(table: pl.DataFrame) -> None:
    spelt = Counter(table["education_level_of_study"].to_list())
    assert 0 < spelt["Bachelor'S Degree"] < spelt["Bachelor's degree"] / 10


def test_placements_come_in_two_shapes(table: pl.DataFrame, placements: Entries) -> None:
    filled = [entries for entries in placements if entries]
    assert share(len(filled)) == near(0.0394)
    assert (table["has_placement_details"] == "1").to_list() == [bool(e) for e in placements]
    shapes = Counter(tuple(sorted(entry)) for entries in filled for entry in entries)
    job = ("employment_type", "job_start_date", "job_title", "organisation_name", "salary_range")
    venture = (
        "business_name",
        "capital_secured_todate",
        "female_opp_todate",
        "job_start_date",
        "jobs_created_to_date",
    )
    assert set(shapes) == {job, venture}
    assert 3 < shapes[job] / shapes[venture] < 15
    amounts = {
        type(entry["capital_secured_todate"])
        for entries in filled
        for entry in entries
        if "business_name" in entry
    }
    assert amounts == {str, int, float}
    jobs = [entry for entries in filled for entry in entries if "employment_type" in entry]
    assert {e["salary_range"] for e in jobs} == {
        "$0-$500",
        "$501-$1000",
        "$1001-$2000",
        "$2001+",
        "n/a",
    }
    assert sum(missing(e["organisation_name"]) for e in jobs) > len(jobs) / 10


def test_placed_is_whoever_has_a_professional_flag(table: pl.DataFrame) -> None:
    flags = ("is_running_a_venture", "is_a_freelancer", "is_wage_employed")
    any_flag = pl.any_horizontal(pl.col(flag) == "1" for flag in flags)
    assert table.select((any_flag == (pl.col("is_placed") == "1")).all()).item()
    assert share(table.filter(any_flag).height) == near(0.0394)
    several = pl.sum_horizontal((pl.col(flag) == "1").cast(pl.Int8) for flag in flags) > 1
    assert table.filter(several).height > 20


def test_job_list_and_flags_disagree_as_in_the_source(table: pl.DataFrame, jobs: Entries) -> None:
    # the job list calls every ninth learner employed now, the flags one in 25
    now = sum(any(e["is_current"] == "1" for e in entries) for entries in jobs)
    assert share(now) == near(0.1803 * 183_118 / 287_985)
    assert share((table["is_placed"] == "1").sum()) < 0.045


@pytest.mark.parametrize(
    ("country", "learners"),
    [
        ("nigeria", 552_000),
        ("kenya", 185_000),
        ("egypt", 175_000),
        ("ghana", 143_000),
        ("morocco", 134_000),
    ],
)
def test_countries(table: pl.DataFrame, country: str, learners: int) -> None:
    found = table["country_of_residence"].str.to_lowercase().str.strip_chars() == country
    assert share(found.sum()) == pytest.approx(learners / 1_597_198, rel=0.06)


def test_places_are_many_and_spelt_in_several_ways(table: pl.DataFrame) -> None:
    countries = set(table["country_of_residence"].drop_nulls())
    assert len({name.strip().casefold() for name in countries}) >= 160
    assert {"Côte d'Ivoire", "Ivory Coast"} <= countries
    assert {"Eswatini", "Swaziland"} <= countries | set(table["country_of_origin"].drop_nulls())
    cities = {
        name.strip().rstrip(".").casefold() for name in table["city_of_residence"].drop_nulls()
    }
    assert 3_000 <= len(cities) <= 4_500
    assert catalog.places().cities >= 4_100
    assert {"Alex", "Alexandria"} <= set(table["city_of_residence"].drop_nulls())


def test_positions_are_missing_in_both_spellings(table: pl.DataFrame) -> None:
    for name in ("city_of_residence_latitude", "country_of_residence_longitude"):
        assert (table[name] == "-99.000000").sum() > 50
        assert table[name].null_count() > 50
    assert (table["meta_ui_lat"] == "-99").sum() > 500


def test_a_country_has_one_usual_position(table: pl.DataFrame) -> None:
    kenya = table.filter(pl.col("country_of_residence") == "Kenya")
    pairs = kenya.group_by("country_of_residence_latitude", "country_of_residence_longitude").len()
    known = pairs.drop_nulls().sort("len", descending=True)
    assert known.row(0)[:2] == ("-0.023559", "37.906193")
    assert known.height > 1


def test_skills(table: pl.DataFrame) -> None:
    lists = [text for text in table["skills_list"].to_list() if not missing(text)]
    sizes = [text.count(",") + 1 for text in lists]
    assert share(len(lists)) == near(0.6)
    assert sum(sizes) / len(sizes) == pytest.approx(3.4, abs=0.3)
    assert max(sizes) > 50
    usual = catalog.skills()[: len(catalog.skill_weights())]
    assert usual.n_unique() == pytest.approx(3_300, rel=0.02)
    spelt = {
        " ".join(skill.replace("-", " ").split()).casefold()
        for t in lists
        for skill in t.split(",")
    }
    assert 3_100 <= len(spelt) <= 3_400
    assert {"c", "c++", "c#"} <= spelt
    # three in a hundred are spelt otherwise
    assert any("  " in text for text in lists)
    assert any(skill.isupper() and " " in skill.strip() for t in lists for skill in t.split(","))


def test_texts_are_missing_in_every_spelling(table: pl.DataFrame) -> None:
    spelt = set(table["bio"].to_list()) | set(table["gender"].to_list())
    assert {"n/a", "N/A", "none", "NULL", "Null", " n/a ", "", "\u00a0n/a\u00a0", None} <= spelt


def test_both_encodings_of_json(table: pl.DataFrame) -> None:
    for column in ("learning_details", "employment_details"):
        twice = table[column].str.starts_with('"').sum()
        assert share(twice) == near(0.005)
    assert table["learning_details"].str.contains("\\u00e9", literal=True).any()
    assert table["learning_details"].str.contains("é", literal=True).any()


def test_clean_data_hold_nothing_nasty(table: pl.DataFrame) -> None:
    for column in COLUMNS:
        assert not table[column.name].str.contains("\0", literal=True).any(), column.name
    flags = [column.name for column in COLUMNS if column.name.startswith(("is_", "has_"))]
    for flag in flags:
        assert set(table[flag].drop_nulls()) <= {"0", "1", "-99"}, flag
    assert table["snapshot_id"].unique().to_list() == ["20251201"]
