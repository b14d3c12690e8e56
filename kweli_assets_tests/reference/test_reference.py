"""The reference against the worked sample, and against cases worked out by hand."""

from __future__ import annotations

import json
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from kweli_assets.snapshot.columns import COLUMNS, MysqlType
from kweli_assets_tests import reference
from kweli_assets_tests.reference import countries, names, values
from kweli_assets_tests.reference.compare import differences, read_expected
from kweli_assets_tests.reference.graph import Graph, Row
from kweli_assets_tests.reference.nasty import Dirt
from kweli_assets_tests.reference.values import JsonNumber

SAMPLE = Path(__file__).parent.parent / "sample"
SNAPSHOT = date(2025, 12, 1)
LEARNER = "a" * 32


def test_sample_without_a_difference() -> None:
    found = reference.build(reference.read_csv(SAMPLE / "learners.csv"), SNAPSHOT)
    assert differences(found, read_expected(SAMPLE / "expected")) == []


def test_order_of_rows_does_not_matter() -> None:
    rows = reference.read_csv(SAMPLE / "learners.csv")
    one = reference.build(rows, SNAPSHOT)
    other = reference.build(reversed(rows), SNAPSHOT)
    assert differences(one, other, not_compared=set()) == []


def test_differences_are_seen_and_cut() -> None:
    found = reference.build(reference.read_csv(SAMPLE / "learners.csv"), SNAPSHOT)
    for learner in list(found.nodes["Learner"])[:7]:
        found.nodes["Learner"][learner]["isRural"] = 1
    del found.nodes["Country"]["NG"]
    found.quarantine.pop()
    lines = differences(found, read_expected(SAMPLE / "expected"), first=3)
    assert [line.split(" ")[0] for line in lines] == [
        "(Country)",
        "(Learner)",
        "(Learner)",
        "(Learner)",
        "(Learner):",
        "quarantine:",
    ]
    assert lines[4] == "(Learner): ... and 4 differences more"


# --- values -------------------------------------------------------------------------------------

UNREADABLE = "unreadable"


def outcome(read: object, value: object) -> object:
    try:
        return read(value)  # type: ignore[operator]
    except values.Unreadable:
        return UNREADABLE


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" a b\u00a0", "a b"),
        ("\u2003N/A\u0085", None),
        ("n\0one", None),
        ("\0", None),
        ("-99.0", None),
        ("-99.00", "-99.00"),
        ("\u001cn/a", "\u001cn/a"),  # U+001C is no White_Space
        ("\u200bn/a", "\u200bn/a"),
        (JsonNumber("1.50"), "1.50"),
        (JsonNumber("-99"), None),
        (True, None),
        (["a"], None),
        ({}, None),
        (None, None),
    ],
)
def test_text(value: object, expected: str | None) -> None:
    assert values.text(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", False),
        (" 1 ", True),
        ("TRUE", True),
        ("False", False),
        (True, True),
        (JsonNumber("1.0"), True),
        (JsonNumber("-99.0"), None),
        ("-99", None),
        ("n/a", None),
        (None, None),
        ("2", UNREADABLE),
        ("-1", UNREADABLE),
        ("yes", UNREADABLE),
        (JsonNumber("2"), UNREADABLE),
        ([], UNREADABLE),
    ],
)
def test_flag(value: object, expected: object) -> None:
    assert outcome(values.flag, value) is expected


@pytest.mark.parametrize(
    ("value", "as_number", "as_count"),
    [
        ("7.9", 7.9, 7),
        ("0" * 5000 + "7", 7.0, 7),
        ("-3.9", -3.9, -3),
        ("-0.9", -0.9, 0),
        ("+5", 5.0, 5),
        (".5", 0.5, 0),
        ("5.", 5.0, 5),
        (" 1E2 ", 100.0, 100),
        (JsonNumber("1e-3"), 0.001, 0),
        ("1e-400", 0.0, 0),
        ("9007199254740993", 9007199254740992.0, 9007199254740993),
        ("9007199254740993.5", 9007199254740994.0, 9007199254740994),
        ("9223372036854775807", 9.223372036854775807e18, 9223372036854775807),
        ("9223372036854775808", UNREADABLE, UNREADABLE),
        ("1e19", 1e19, UNREADABLE),
        ("-99", None, None),
        ("-99.000000", None, None),
        ("-9.9e1", None, None),
        ("n/a", None, None),
        (None, None, None),
        ("NaN", UNREADABLE, UNREADABLE),
        ("Infinity", UNREADABLE, UNREADABLE),
        ("1e400", UNREADABLE, UNREADABLE),
        ("1,000", UNREADABLE, UNREADABLE),
        ("1_000", UNREADABLE, UNREADABLE),
        ("٣", UNREADABLE, UNREADABLE),
        (".", UNREADABLE, UNREADABLE),
        ("1e", UNREADABLE, UNREADABLE),
        (True, UNREADABLE, UNREADABLE),
        ({}, UNREADABLE, UNREADABLE),
    ],
)
def test_number_and_count(value: object, as_number: object, as_count: object) -> None:
    assert outcome(values.number, value) == as_number
    assert outcome(values.count, value) == as_count


@pytest.mark.parametrize(
    ("value", "as_date", "as_end"),
    [
        ("2024-02-29", date(2024, 2, 29), date(2024, 2, 29)),
        (" 2024-01-05T23:59+03:00 ", date(2024, 1, 5), date(2024, 1, 5)),
        ("2024-01-05 whatever", date(2024, 1, 5), date(2024, 1, 5)),
        ("1970-01-02", date(1970, 1, 2), date(1970, 1, 2)),
        ("2030-12-31", date(2030, 12, 31), date(2030, 12, 31)),
        ("1970-01-01", None, None),
        ("2031-01-01", None, None),
        ("9999-12-31", None, values.OPEN),
        ("9999-12-31 00:00:00", None, values.OPEN),
        ("", None, None),
        ("-99", None, None),
        (None, None, None),
        ("2023-02-29", UNREADABLE, UNREADABLE),
        ("2024-1-5", UNREADABLE, UNREADABLE),
        ("2024-01-05x", UNREADABLE, UNREADABLE),
        ("２024-01-05", UNREADABLE, UNREADABLE),
        (JsonNumber("20240105"), UNREADABLE, UNREADABLE),
        (True, UNREADABLE, UNREADABLE),
    ],
)
def test_dates(value: object, as_date: object, as_end: object) -> None:
    assert outcome(values.date, value) == as_date
    assert outcome(values.end_date, value) == as_end


@pytest.mark.parametrize(
    ("written", "entries"),
    [
        (None, []),
        ("", []),
        ("null", []),
        (" N/A ", []),
        ("[]", []),
        ('"[]"', []),
        ('"n/a"', []),
        (json.dumps(json.dumps(json.dumps(["x"]))), ["x"]),
        ('[{"a": "b", "a": "c"}]', [{"a": "c"}]),
        ('["\\ud83d\\ude00"]', ["😀"]),
    ],
)
def test_json_array(written: str | None, entries: list[object]) -> None:
    assert values.json_array(written) == entries


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("[1", "bad json"),
        ("[NaN]", "bad json"),
        ("[01]", "bad json"),
        ("[1,]", "bad json"),
        ("['a']", "bad json"),
        ('["a\tb"]', "bad json"),
        ('["\0"]', "bad json"),
        ("\ufeff[]", "bad json"),
        ("\u00a0[]", "bad json"),
        ('["\\ud83d"]', "bad json"),
        ('[{"a": "\\ude00\\ud83d", "a": "b"}]', "bad json"),
        ('[{"\\ud83d": 1}]', "bad json"),
        ('"[1"', "bad json"),
        ("[" * 100_000, "bad json"),
        ("{}", "not an array"),
        ("1", "not an array"),
        ('"{}"', "not an array"),
    ],
)
def test_json_that_is_no_array(written: str, reason: str) -> None:
    with pytest.raises(values.BadJsonError, match=reason):
        values.json_array(written)


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "skill"),
    [
        ("C", "c"),
        ("C++", "cplusplus"),
        ("C#", "csharp"),
        (".NET", "dotnet"),
        ("ASP.NET", "asp_net"),
        ("Café / crème", "cafe_creme"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("日本語", "日本語"),
        ("--", ""),
    ],
)
def test_skill_id(name: str, skill: str) -> None:
    assert names.skill_id(name) == skill


@pytest.mark.parametrize(
    ("name", "normalised"),
    [
        ("« Desert  Hub »", "desert hub"),
        ("_Andela_", "andela"),
        ("(Straße) .", "strasse"),
        ("Ｎ／Ａ", None),
        ("N/A.", None),
        ("--", None),
        ("<x>", "<x>"),  # < and > are symbols, not punctuation
    ],
)
def test_normalised_name(name: str, normalised: str | None) -> None:
    assert names.normalised_name(name) == normalised


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("the GAMBIA", "GM"),
        ("Gambia, The", "GM"),
        ("Cote d’Ivoire", "CI"),
        ("Bosnia & Herzegovina", "BA"),
        ("Congo", "CG"),
        ("Congo, The Democratic Republic of the", "CD"),
        ("Kosovo", "XK"),
        ("UK", "GB"),
        ("NG", None),
        ("NGA", None),
        ("Nigerian", None),
    ],
)
def test_country_code(name: str, code: str | None) -> None:
    assert countries.code_of(name) == code


@pytest.mark.parametrize(
    ("text", "word", "holds"),
    [
        ("Co-Founder & CEO", "ceo", True),
        ("Homeowner", "owner", False),
        ("Homeowner, owner", "owner", True),
        ("founder_ceo", "founder", True),
        ("Founders", "founder", False),
        ("CEO2", "ceo", False),
        ("ſelf-employed", "self-employed", True),
    ],
)
def test_words(text: str, word: str, holds: bool) -> None:
    assert names.holds_word(text, word) is holds


# --- histories ----------------------------------------------------------------------------------


def row(**columns: object) -> Row:
    """A learner of whom nothing is known but what is named; lists become JSON."""
    found: Row = {c.name: "n/a" if c.mysql_type is MysqlType.TEXT else None for c in COLUMNS}
    found["hashed_email"] = LEARNER
    for name, value in columns.items():
        assert name in found
        found[name] = json.dumps(value) if isinstance(value, list) else str(value)
    return found


def graph(**columns: object) -> Graph:
    return reference.build([row(**columns)], SNAPSHOT)


def intervals(found: Graph, kind: str) -> list[str]:
    """`state from..to reason` for each interval, in order."""
    lines = []
    history = found.relationships[kind]
    for index in range(1, len(history) + 1):
        state, properties = history[LEARNER, (index,)]
        assert properties["index"] == index
        assert properties["isCurrent"] is (index == len(history))
        assert properties["dateUnknown"] is ("validFrom" not in properties)
        valid_from, valid_to = properties.get("validFrom", "?"), properties.get("validTo", "")
        lines.append(f"{state} {valid_from}..{valid_to} {properties['reason']}")
    return lines


def enrolment(
    status: str, start: str, end: str = "n/a", graduation: str = "n/a"
) -> dict[str, object]:
    return {
        "cohort_code": "C1",
        "enrollment_status": status,
        "program_start_date": start,
        "program_end_date": end,
        "program_graduation_date": graduation,
    }


@pytest.mark.parametrize(
    ("enrolments", "flag", "expected"),
    [
        ([], "is_graduate_learner", ["Graduate ?.. flags"]),
        ([enrolment("Enrolled", "2025-12-02")], "is_active_learner", ["Active ?.. flags"]),
        (
            [enrolment("Enrolled", "2025-12-01")],
            "is_active_learner",
            ["Active 2025-12-01.. enrolment"],
        ),
        (  # the graduation date counts, not the end
            [enrolment("Graduated", "2020-01-01", "2020-06-01", "2020-07-01")],
            "is_graduate_learner",
            ["Active 2020-01-01..2020-07-01 enrolment", "Graduate 2020-07-01.. enrolment"],
        ),
        (  # a graduation before the start: the end date
            [enrolment("Completed", "2020-01-01", "2020-06-01", "2019-12-31")],
            "is_graduate_learner",
            ["Active 2020-01-01..2020-06-01 enrolment", "Graduate 2020-06-01.. enrolment"],
        ),
        (  # no end at all: never Active
            [enrolment("Dropped Out", "2020-01-01")],
            "is_a_dropped_out",
            ["Dropped Out 2020-01-01.. enrolment"],
        ),
        (  # 180 days, the rest of the gap is Inactive; the last state stays
            [
                enrolment("Graduated", "2020-01-01", "2020-03-01"),
                enrolment("Dropped Out", "2021-01-01", "2021-02-01"),
            ],
            "is_a_dropped_out",
            [
                "Active 2020-01-01..2020-03-01 enrolment",
                "Graduate 2020-03-01..2020-08-28 enrolment",
                "Inactive 2020-08-28..2021-01-01 enrolment",
                "Active 2021-01-01..2021-02-01 enrolment",
                "Dropped Out 2021-02-01.. enrolment",
            ],
        ),
        (  # a gap of 180 days has no Inactive
            [
                enrolment("Graduated", "2020-01-01", "2020-03-01"),
                enrolment("Enrolled", "2020-08-28"),
            ],
            "is_active_learner",
            [
                "Active 2020-01-01..2020-03-01 enrolment",
                "Graduate 2020-03-01..2020-08-28 enrolment",
                "Active 2020-08-28.. enrolment",
            ],
        ),
        (  # the next start ends an open interval; equal neighbours become one
            [
                enrolment("Enrolled", "2020-01-01", "9999-12-31"),
                enrolment("Suspended", "2020-05-01", "2020-06-01"),
            ],
            None,
            ["Active 2020-01-01..2020-06-01 enrolment", "Inactive 2020-06-01.. enrolment"],
        ),
        (  # an end after the snapshot leaves it open, then the state of now replaces it
            [enrolment("Graduated", "2025-01-01", "2025-06-01", "2025-12-02")],
            "is_graduate_learner",
            ["Graduate 2025-01-01.. flags"],
        ),
        (  # an end on the snapshot date is one
            [enrolment("Graduated", "2025-01-01", "2025-12-01")],
            "is_graduate_learner",
            ["Active 2025-01-01..2025-12-01 enrolment", "Graduate 2025-12-01.. enrolment"],
        ),
        (  # the state of now merges with an equal neighbour
            [
                enrolment("Dropped Out", "2020-01-01", "2020-02-01"),
                enrolment("Enrolled", "2020-04-01"),
            ],
            "is_a_dropped_out",
            ["Active 2020-01-01..2020-02-01 enrolment", "Dropped Out 2020-02-01.. flags"],
        ),
        (  # of two that start on one day the later entry counts
            [
                enrolment("Graduated", "2020-01-01", "2020-06-01"),
                enrolment("Dropped Out", "2020-01-01", "2020-02-01"),
            ],
            "is_a_dropped_out",
            ["Active 2020-01-01..2020-02-01 enrolment", "Dropped Out 2020-02-01.. enrolment"],
        ),
        (  # no status: the end counts, then Inactive
            [enrolment("Paused", "2020-01-01", "2020-06-01")],
            None,
            ["Active 2020-01-01..2020-06-01 enrolment", "Inactive 2020-06-01.. enrolment"],
        ),
    ],
)
def test_learning_history(
    enrolments: list[dict[str, object]], flag: str | None, expected: list[str]
) -> None:
    flags = {} if flag is None else {flag: 1}
    found = graph(learning_details=enrolments, **flags)
    assert intervals(found, "HAS_LEARNING_STATE") == expected
    state = found.nodes["Learner"][LEARNER]["currentLearningState"]
    assert expected[-1].startswith(str(state))


def job(start: str, end: str = "n/a", title: str = "Clerk", **fields: object) -> dict[str, object]:
    return {
        "organisation_name": "Acme",
        "job_title": title,
        "start_date": start,
        "end_date": end,
        **fields,
    }


def placement(start: str, company: str = "Acme", **fields: object) -> dict[str, object]:
    return {
        "employment_type": "Full-time",
        "organisation_name": company,
        "job_start_date": start,
        "job_title": "Clerk",
        **fields,
    }


WAGE, FREE = "Wage Employed", "Freelancer"


@pytest.mark.parametrize(
    ("jobs", "placements", "flags", "expected"),
    [
        ([], [], [], ["Unemployed ?.. flags"]),
        ([], [], ["is_a_freelancer"], [f"{FREE} ?.. flags"]),
        ([], [], ["is_a_freelancer", "is_wage_employed"], ["Multiple ?.. flags"]),
        ([job("2020-01-01", "9999-12-31")], [], [], [f"{WAGE} 2020-01-01.. jobs"]),
        ([job("2020-01-01", is_current="1")], [], [], [f"{WAGE} 2020-01-01.. jobs"]),
        ([job("2020-01-01", "2025-12-02")], [], [], [f"{WAGE} 2020-01-01.. jobs"]),
        (  # is_current missing and no end: no part in the history
            [job("2020-01-01", is_current="n/a")],
            [],
            ["is_wage_employed"],
            [f"{WAGE} ?.. flags"],
        ),
        (  # 0.5 x 365.25 = 182.6 days
            [job("2020-01-01", is_current="0", duration_in_years="0.5")],
            [],
            [],
            [f"{WAGE} 2020-01-01..2020-07-01 jobs", "Unemployed 2020-07-01.. jobs"],
        ),
        (
            [job("2020-01-01", is_current="0", duration_in_years="1e300")],
            [],
            [],
            [f"{WAGE} 2020-01-01.. jobs"],
        ),
        (  # a job that ends on the snapshot date is over then; the flags replace Unemployed
            [job("2020-01-01", "2025-12-01")],
            [],
            ["is_a_freelancer"],
            [f"{WAGE} 2020-01-01..2025-12-01 jobs", f"{FREE} 2025-12-01.. flags"],
        ),
        (  # the flags' status merges with an equal neighbour
            [job("2020-01-01", "2021-01-01")],
            [],
            ["is_wage_employed"],
            [f"{WAGE} 2020-01-01.. flags"],
        ),
        (  # 30 days are bridged, whatever the next job is; 31 are not
            [
                job("2020-01-01", "2020-02-01"),
                job("2020-03-02", "2020-04-01", "Consultant"),
                job("2020-05-02", "9999-12-31"),
            ],
            [],
            [],
            [
                f"{WAGE} 2020-01-01..2020-03-02 jobs",
                f"{FREE} 2020-03-02..2020-04-01 jobs",
                "Unemployed 2020-04-01..2020-05-02 jobs",
                f"{WAGE} 2020-05-02.. jobs",
            ],
        ),
        (  # two at once are Multiple, of one type too; a bridge goes on with it
            [
                job("2020-01-01", "2020-03-01"),
                job("2020-02-01", "2020-03-01"),
                job("2020-03-15", "9999-12-31"),
            ],
            [],
            [],
            [
                f"{WAGE} 2020-01-01..2020-02-01 jobs",
                "Multiple 2020-02-01..2020-03-15 jobs",
                f"{WAGE} 2020-03-15.. jobs",
            ],
        ),
        (  # nothing is bridged at the end
            [job("2020-01-01", "2025-11-15")],
            [],
            [],
            [f"{WAGE} 2020-01-01..2025-11-15 jobs", "Unemployed 2025-11-15.. jobs"],
        ),
        (  # ends before its start, starts after the snapshot
            [job("2020-01-01", "2019-01-01"), job("2025-12-02", "9999-12-31")],
            [],
            [],
            ["Unemployed ?.. flags"],
        ),
        (  # 31 days apart: the placement is that job; 32: another one
            [job("2020-01-01", "2021-01-01")],
            [placement("2020-02-01", "ACME.")],
            [],
            [f"{WAGE} 2020-01-01..2021-01-01 jobs", "Unemployed 2021-01-01.. jobs"],
        ),
        (
            [job("2020-01-01", "2021-01-01")],
            [placement("2020-02-02")],
            [],
            [
                f"{WAGE} 2020-01-01..2020-02-02 jobs",
                "Multiple 2020-02-02..2021-01-01 jobs",
                f"{WAGE} 2021-01-01.. jobs",
            ],
        ),
        (  # the job's start is unknown: the placement is that job, and neither counts
            [job("n/a", "9999-12-31")],
            [placement("2020-02-02")],
            [],
            ["Unemployed ?.. flags"],
        ),
        (  # a venture without a name
            [],
            [{"business_name": "n/a", "job_start_date": "2021-05-06"}],
            [],
            ["Entrepreneur 2021-05-06.. jobs"],
        ),
        (  # the company's name speaks too
            [job("2020-01-01", "9999-12-31", organisation_name="Owner & Sons")],
            [],
            [],
            ["Entrepreneur 2020-01-01.. jobs"],
        ),
    ],
)
def test_professional_history(
    jobs: list[dict[str, object]],
    placements: list[dict[str, object]],
    flags: list[str],
    expected: list[str],
) -> None:
    found = graph(
        employment_details=jobs, placement_details=placements, **dict.fromkeys(flags, "1")
    )
    assert intervals(found, "HAS_PROFESSIONAL_STATUS") == expected
    status = found.nodes["Learner"][LEARNER]["currentProfessionalStatus"]
    assert expected[-1].startswith(str(status))


# --- rows and entries ---------------------------------------------------------------------------


def winner(*rows: Row) -> object:
    found = reference.build(rows, SNAPSHOT)
    assert [q[3] for q in found.quarantine] == ["duplicate learner"] * (len(rows) - 1)
    return found.nodes["Learner"][LEARNER].get("gender")


def test_duplicates() -> None:
    newer = row(snapshot_id=2, gender="newer")
    older = row(snapshot_id=1, gender="older", bio="much", sand_id="more")
    without = row(gender="without", bio="much", sand_id="more")
    fuller = row(snapshot_id=2, gender="zzz", education_details="[]")
    assert winner(older, newer) == "newer"
    assert winner(without, older) == "older"
    assert winner(newer, fuller) == "zzz"
    assert winner(newer, row(snapshot_id=2, gender="aaa")) == "aaa"


def test_unreadable_is_counted_where_it_is_used() -> None:
    found = graph(
        is_rural="2",
        has_placement_details="2",
        education_details=[{"start_date": "soon"}, {"level_of_study": "BSc", "graduated": "x"}],
    )
    assert found.counts.unreadable == {
        ("learners", "is_rural", "flag"): 1,
        ("education_details", "graduated", "flag"): 1,
    }
    assert [q[2:4] for q in found.quarantine] == [(1, "empty entry")]


def test_entries_keep_their_positions() -> None:
    found = graph(employment_details=[None, job("2020-01-01"), {"job_title": "n/a"}, job("n/a")])
    assert [key[1] for key in found.relationships["WORKS_FOR"]] == [
        ("employment_details", 2),
        ("employment_details", 4),
    ]
    assert [q[1:4] for q in found.quarantine] == [
        ("employment_details", 1, "not an object"),
        ("employment_details", 3, "empty entry"),
    ]


def test_names_too_long() -> None:
    long = "x" * 1001
    found = graph(
        country_of_residence="Kenya",
        city_of_residence=long,
        skills_list=f"Go,{long},C",
        learning_details=[{"cohort_code": long}, {"cohort_code": "y" * 1000}],
    )
    assert [(q[1], q[3]) for q in found.quarantine] == [
        ("city_of_residence", "name too long"),
        ("skills_list", "name too long"),
        ("learning_details", "name too long"),
    ]
    assert sorted(found.nodes["Skill"]) == ["c", "go"]
    assert sorted(found.nodes["Program"]) == ["y" * 1000]
    assert found.nodes["City"] == {}


def test_most_frequent_names_and_positions() -> None:
    def resident(learner: str, city: str, latitude: str, longitude: str) -> Row:
        return {
            **row(country_of_residence="Kenya", city_of_residence=city),
            "hashed_email": learner,
            "city_of_residence_latitude": latitude,
            "city_of_residence_longitude": longitude,
        }

    found = reference.build(
        [
            resident("1", "Nairobi", "2", "3"),
            resident("2", "NAIROBI", "1", "5"),
            resident("3", "nairobi ", "1", "-99"),
        ],
        SNAPSHOT,
    )
    assert found.nodes["City"] == {
        "KE-nairobi": {
            "id": "KE-nairobi",
            "name": "NAIROBI",
            "countryCode": "KE",
            "latitude": 1.0,
            "longitude": 5.0,
        }
    }
    assert found.nodes["Country"] == {"KE": {"code": "KE", "name": "Kenya"}}


ENDS = {
    "ENROLLED_IN": ("Learner", "Program"),
    "HAS_SKILL": ("Learner", "Skill"),
    "WORKS_FOR": ("Learner", "Company"),
    "RUNS_VENTURE": ("Learner", "Company"),
    "STUDIED_AT": ("Learner", "Institution"),
    "RESIDES_IN": ("Learner", "City"),
    "IN_COUNTRY": ("City", "Country"),
    "HAS_LEARNING_STATE": ("Learner", "LearningState"),
    "HAS_PROFESSIONAL_STATUS": ("Learner", "ProfessionalStatus"),
}


def test_what_always_holds() -> None:
    found = reference.build(Dirt(7, 0.1, SNAPSHOT).rows(500), SNAPSHOT)
    for kind, (start_label, end_label) in ENDS.items():
        assert found.relationships[kind]
        for (start, _), (end, _) in found.relationships[kind].items():
            assert start in found.nodes[start_label]
            assert end in found.nodes[end_label]
    for kind, current in (
        ("HAS_LEARNING_STATE", "currentLearningState"),
        ("HAS_PROFESSIONAL_STATUS", "currentProfessionalStatus"),
    ):
        histories: dict[str, list[tuple[str, dict[str, object]]]] = {}
        for (learner, _), interval in sorted(found.relationships[kind].items(), key=str):
            histories.setdefault(learner, []).append(interval)
        assert histories.keys() == found.nodes["Learner"].keys()
        for learner, history in histories.items():
            history.sort(key=lambda interval: int(str(interval[1]["index"])))
            assert [p["isCurrent"] for _, p in history] == [False] * (len(history) - 1) + [True]
            assert "validTo" not in history[-1][1]
            assert history[-1][0] == found.nodes["Learner"][learner][current]
            for (state, before), (next_state, after) in pairwise(history):
                assert before["validFrom"] < before["validTo"]  # type: ignore[operator]
                assert before["validTo"] == after["validFrom"]
                assert state != next_state
    for frame, entries in found.counts.entries_in.items():
        out, aside = found.counts.entries_out[frame], found.counts.entries_quarantined[frame]
        assert entries == out + aside
