"""Kinds of dirt in the four JSON columns: the text, its array, its entries, their fields.

Here: one small function a kind, named for what it does. Not here: flat columns (flat), the
literals (values).

A kind reads the column as the row has it; where that is empty or already unreadable it starts from
made-up entries, so that every kind can be met in every column.
"""

from __future__ import annotations

import datetime as dt
import json
from random import Random
from typing import Any

from kweli_assets.embedded.synthetic import vocabulary as words
from kweli_assets.embedded.synthetic.catalog import PRESENT
from kweli_assets.embedded.synthetic.dirt import values
from kweli_assets.embedded.synthetic.dirt.registry import Register, Row, Setting

register = Register()

LEARNING, JOBS, STUDIES, PLACEMENTS = (
    "learning_details",
    "employment_details",
    "education_details",
    "placement_details",
)
DOCUMENTS = (LEARNING, JOBS, STUDIES, PLACEMENTS)
HAS_DOCUMENT = {
    JOBS: "has_employment_details",
    STUDIES: "has_education_details",
    PLACEMENTS: "has_placement_details",
}
DATES = {
    LEARNING: ("program_start_date", "program_end_date", "program_graduation_date"),
    JOBS: ("start_date", "end_date"),
    STUDIES: ("start_date", "end_date"),
    PLACEMENTS: ("job_start_date",),
}
NUMBERS = {
    LEARNING: (
        "lms_overall_score",
        "no_of_assignments",
        "no_of_submissions",
        "assignment_completion_rate",
        "no_of_milestone",
        "no_of_test_passed",
        "completion_rate",
    ),
    JOBS: ("duration_in_years",),
    STUDIES: ("graduated",),
    PLACEMENTS: ("jobs_created_to_date", "capital_secured_todate", "female_opp_todate"),
}
NAMES = {
    LEARNING: "program_name",
    JOBS: "organisation_name",
    STUDIES: "institution_name",
    PLACEMENTS: "organisation_name",
}

Entry = dict[str, Any]


def _day(rnd: Random, earliest: int = 3_000, latest: int = -200) -> str:
    """A day between so many days before PRESENT (negative: after it)."""
    return (PRESENT - dt.timedelta(days=rnd.randint(latest, earliest))).isoformat()


def _name(rnd: Random) -> str:
    return f"{rnd.choice(words.COMPANY_FIRST)} {rnd.choice(words.COMPANY_TRADE)}"


def enrolment(rnd: Random) -> Entry:
    """A made-up enrolment."""
    program, prefix, _, cohorts = rnd.choice(words.PROGRAMS)
    start = PRESENT - dt.timedelta(days=rnd.randint(-60, 1_500))
    end = start + dt.timedelta(days=rnd.choice([0, 1, 30, 90, 180, 365]))
    status = rnd.choice(
        ["Graduated", "Dropped Out", "Enrolled", "Completed", "Suspended", "Active"]
    )
    return {
        "index": "1",
        "program_name": program,
        "cohort_code": f"{prefix}-C{rnd.randint(1, cohorts)}",
        "program_start_date": start.isoformat(),
        "program_end_date": end.isoformat(),
        "enrollment_status": status,
        "program_graduation_date": rnd.choice([end.isoformat(), "1970-01-01", _day(rnd, 1_500)]),
        "lms_overall_score": "70.5",
        "no_of_assignments": "10",
        "no_of_submissions": "9",
        "no_of_assignment_passed": "8",
        "assignment_completion_rate": "0.9",
        "completion_rate": "1",
    }


def job(rnd: Random) -> Entry:
    """A made-up job."""
    start = PRESENT - dt.timedelta(days=rnd.randint(0, 3_000))
    end = rnd.choice(
        ["9999-12-31", (start + dt.timedelta(days=rnd.choice([1, 30, 31, 365]))).isoformat()]
    )
    return {
        "index": "1",
        "organisation_name": _name(rnd),
        "start_date": start.isoformat(),
        "end_date": end,
        "country": rnd.choice(words.COUNTRIES)[0],
        "job_title": rnd.choice(words.JOB_TITLES)[0],
        "is_current": "1" if end.startswith("9999") else "0",
        "duration_in_years": rnd.choice(["0.1", "0.5", "1.0", "2.5"]),
    }


def study(rnd: Random) -> Entry:
    """A made-up study."""
    return {
        "index": "1",
        "institution_name": rnd.choice(words.KNOWN_INSTITUTIONS),
        "start_date": _day(rnd, 6_000, 2_000),
        "end_date": _day(rnd, 2_000, 100),
        "field_of_study": rnd.choice(words.FIELDS),
        "level_of_study": rnd.choice(words.LEVELS)[0],
        "graduated": rnd.choice(["0", "1"]),
    }


def placement(rnd: Random) -> Entry:
    """A made-up placement: a job or a venture."""
    if rnd.random() < 0.5:
        return {
            "employment_type": rnd.choice(words.EMPLOYMENT_TYPES)[0],
            "job_start_date": _day(rnd, 1_500),
            "organisation_name": _name(rnd),
            "salary_range": rnd.choice(words.SALARY_RANGES)[0],
            "job_title": rnd.choice(words.JOB_TITLES)[0],
        }
    return {
        "business_name": _name(rnd),
        "job_start_date": _day(rnd, 1_500),
        "jobs_created_to_date": rnd.choice(["3", 3, "-99"]),
        "capital_secured_todate": rnd.choice(["1500", 1500.75, "-99.0"]),
        "female_opp_todate": rnd.choice(["1", 1, "2.0"]),
    }


MADE_UP = {LEARNING: enrolment, JOBS: job, STUDIES: study, PLACEMENTS: placement}


def entries_of(row: Row, column: str, rnd: Random) -> list[Any]:
    """The column's array, or made-up entries where it has none; at least one object in it."""
    value: Any = row[column]
    while isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    found = list(value) if isinstance(value, list) else []
    if not any(isinstance(entry, dict) for entry in found):
        found += [MADE_UP[column](rnd) for _ in range(rnd.randint(1, 3))]
    return found


def put(row: Row, column: str, entries: Any, rnd: Random) -> None:
    """The array as the column's text, escaped or not; the has_… flag mostly follows."""
    set_text(row, column, json.dumps(entries, ensure_ascii=rnd.random() < 0.3), rnd)


def set_text(row: Row, column: str, text: str | None, rnd: Random) -> None:
    """A text as the column; the has_… flag mostly follows."""
    if text is not None:  # lone surrogates can't be UTF-8: they exist as escapes only
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    row[column] = text
    if column in HAS_DOCUMENT and rnd.random() < 0.8:
        row[HAS_DOCUMENT[column]] = "0" if text in (None, "", "[]", "n/a") else "1"


def _an_entry(row: Row, column: str, rnd: Random) -> tuple[list[Any], Entry]:
    entries = entries_of(row, column, rnd)
    return entries, rnd.choice([entry for entry in entries if isinstance(entry, dict)])


@register.kind
def whole_missing(row: Row, setting: Setting) -> None:
    """A JSON column that says "nothing" in some other way than []."""
    rnd = setting.rnd
    set_text(row, rnd.choice(DOCUMENTS), rnd.choice(values.WHOLE_MISSING), rnd)


@register.kind
def whole_no_array(row: Row, setting: Setting) -> None:
    """JSON, but no array."""
    rnd = setting.rnd
    set_text(row, rnd.choice(DOCUMENTS), rnd.choice(values.WHOLE_NO_ARRAY), rnd)


@register.kind
def whole_in_object(row: Row, setting: Setting) -> None:
    """The array one level too deep."""
    rnd = setting.rnd
    column = rnd.choice(DOCUMENTS)
    put(row, column, {"entries": entries_of(row, column, rnd)}, rnd)


@register.kind
def whole_bad(row: Row, setting: Setting) -> None:
    """A text that is no JSON."""
    rnd = setting.rnd
    set_text(row, rnd.choice(DOCUMENTS), rnd.choice(values.WHOLE_BAD), rnd)


@register.kind
def whole_cut_off(row: Row, setting: Setting) -> None:
    """The column's text ends in the middle, as when a field was too short."""
    rnd = setting.rnd
    column = rnd.choice(DOCUMENTS)
    text = json.dumps(entries_of(row, column, rnd))
    set_text(row, column, text[: rnd.randint(1, len(text) - 1)], rnd)


@register.kind
def whole_bad_literal(row: Row, setting: Setting) -> None:
    """NaN, Infinity, 01 and their like as a field's value."""
    rnd = setting.rnd
    column = rnd.choice(DOCUMENTS)
    entries, entry = _an_entry(row, column, rnd)
    entry[rnd.choice(list(entry) or ["index"])] = "@literal@"
    text = json.dumps(entries).replace('"@literal@"', rnd.choice(values.BAD_LITERALS))
    set_text(row, column, text, rnd)


@register.kind
def whole_lone_surrogate(row: Row, setting: Setting) -> None:
    """Half of a surrogate pair as an escape, or a whole pair (which is fine)."""
    rnd = setting.rnd
    column = rnd.choice(DOCUMENTS)
    entries, entry = _an_entry(row, column, rnd)
    entry[NAMES[column]] = "@surrogate@"
    escape = rnd.choice(
        ["\\ud800", "x\\udfffy", "\\ud83d\\ud83d", "\\ud83d\\ude00", "\\uDE00\\uD83D"]
    )
    set_text(row, column, json.dumps(entries).replace("@surrogate@", escape), rnd)


@register.kind
def whole_raw_control(row: Row, setting: Setting) -> None:
    """A raw line break, tab, NUL or BOM where JSON wants an escape or nothing."""
    rnd = setting.rnd
    column = rnd.choice(DOCUMENTS)
    text = json.dumps(entries_of(row, column, rnd))
    cut = rnd.randint(1, len(text) - 1)
    text = text[:cut] + rnd.choice(["\n", "\t", "\r\n", "\x00", "\ufeff", "\u00a0"]) + text[cut:]
    set_text(row, column, text, rnd)


@register.kind
def whole_encoded_again(row: Row, setting: Setting) -> None:
    """JSON within JSON: twice, three or four times encoded, perhaps between blanks."""
    rnd = setting.rnd
    column = rnd.choice(DOCUMENTS)
    text = json.dumps(entries_of(row, column, rnd), ensure_ascii=False)
    for _ in range(rnd.choice([1, 1, 2, 3])):
        text = json.dumps(text, ensure_ascii=rnd.random() < 0.5)
    set_text(
        row, column, rnd.choice(["{}", "  {}\n", "\t{}\r\n", "\u00a0{}"]).replace("{}", text), rnd
    )


@register.kind
def whole_spread_out(row: Row, setting: Setting) -> None:
    """Valid JSON with other blanks, indented or without any."""
    rnd = setting.rnd
    column = rnd.choice(DOCUMENTS)
    entries = entries_of(row, column, rnd)
    dense = json.dumps(entries, separators=(",", ":"), ensure_ascii=False)
    text = rnd.choice([json.dumps(entries, indent=2), dense, f" \n{dense}\r\n\t", f"\ufeff{dense}"])
    set_text(row, column, text, rnd)


@register.kind
def elements_no_objects(row: Row, setting: Setting) -> None:
    """Elements that are no objects among those that are."""
    rnd = setting.rnd
    column = rnd.choice(DOCUMENTS)
    entries = entries_of(row, column, rnd)
    for _ in range(rnd.randint(1, 4)):
        entries.insert(rnd.randint(0, len(entries)), rnd.choice(values.ELEMENTS))
    put(row, column, entries, rnd)


@register.kind
def elements_empty(row: Row, setting: Setting) -> None:
    """Objects without fields, or with nothing that makes an entry."""
    rnd = setting.rnd
    column = rnd.choice(DOCUMENTS)
    entries = entries_of(row, column, rnd)
    hollow: tuple[Entry, ...] = (
        {},
        {"index": "3"},
        {"organisation_name": "", "job_title": "", "start_date": "1970-01-01", "is_current": "1"},
        {"organisation_name": "--", "job_title": "n/a", "start_date": "2021-13-01"},
        {
            "institution_name": "n/a.",
            "level_of_study": None,
            "field_of_study": [],
            "graduated": "1",
        },
        {"job_start_date": "2024-10-27"},
        {"unknown_field": {"a": [1, 2, {"b": None}]}},
    )
    for _ in range(rnd.randint(1, 3)):
        entries.insert(rnd.randint(0, len(entries)), rnd.choice(hollow))
    put(row, column, entries, rnd)


@register.kind
def element_keys_twice(row: Row, setting: Setting) -> None:
    """The same key twice in an object (once perhaps in escapes): the last counts."""
    rnd = setting.rnd
    column = rnd.choice(DOCUMENTS)
    entries, entry = _an_entry(row, column, rnd)
    key = rnd.choice([NAMES[column], *DATES[column], *NUMBERS[column]])
    entry["@again@"] = rnd.choice(["Second", "2022-02-02", "7", None, True])
    spelt = rnd.choice([key, key.replace("_", "\\u005f", 1)])
    set_text(row, column, json.dumps(entries).replace("@again@", spelt), rnd)


@register.kind
def element_fields_odd(row: Row, setting: Setting) -> None:
    """Fields absent, extra, renamed in case, in another order, deeply nested."""
    rnd = setting.rnd
    column = rnd.choice(DOCUMENTS)
    entries, entry = _an_entry(row, column, rnd)
    for key in rnd.sample(sorted(entry), min(len(entry), rnd.randint(1, 4))):
        del entry[key]
    deep: Any = "x"
    for _ in range(rnd.choice([1, 5, 100])):
        deep = rnd.choice([[deep], {"in": deep}])
    entry[rnd.choice(["unknown_field", "Organisation_Name", "index ", "", "cohort_code\x00"])] = (
        deep
    )
    items = list(entry.items())
    rnd.shuffle(items)
    entry.clear()
    entry.update(items)
    put(row, column, entries, rnd)


@register.kind
def element_index_odd(row: Row, setting: Setting) -> None:
    """The entries' own index is wrong, missing or of another type: position counts."""
    rnd = setting.rnd
    column = rnd.choice(DOCUMENTS)
    entries = entries_of(row, column, rnd)
    for entry in entries:
        if isinstance(entry, dict):
            entry["index"] = rnd.choice(["1", "0", "7", 2, -1, None, "x", 1.5, [], "-99"])
    put(row, column, entries[::-1], rnd)


@register.kind
def element_texts_odd(row: Row, setting: Setting) -> None:
    """Texts of another type, with escapes, long, or only nearly a word that matters."""
    rnd = setting.rnd
    column = rnd.choice(DOCUMENTS)
    entries, entry = _an_entry(row, column, rnd)
    texts = {
        LEARNING: ("program_name", "enrollment_status"),
        JOBS: ("country", "job_title"),
        STUDIES: ("field_of_study", "level_of_study"),
        PLACEMENTS: ("salary_range", "job_title", "employment_type"),
    }[column]
    for key in texts:
        entry[key] = rnd.choice(values.TEXTS)
    put(row, column, entries, rnd)


@register.kind
def element_dates_odd(row: Row, setting: Setting) -> None:
    """Dates with times, out of range, open, unreadable or of another type."""
    rnd = setting.rnd
    column = rnd.choice(DOCUMENTS)
    entries, entry = _an_entry(row, column, rnd)
    for key in DATES[column]:
        entry[key] = rnd.choice(values.DATES)
    put(row, column, entries, rnd)


@register.kind
def element_numbers_odd(row: Row, setting: Setting) -> None:
    """Numbers in words, huge, negative, real, or of another type."""
    rnd = setting.rnd
    column = rnd.choice(DOCUMENTS)
    entries, entry = _an_entry(row, column, rnd)
    for key in NUMBERS[column]:
        entry[key] = rnd.choice(values.NUMBERS)
    put(row, column, entries, rnd)


@register.kind
def element_number_literals(row: Row, setting: Setting) -> None:
    """Numbers spelt as no library would: -0, 1E2, 1e400."""
    rnd = setting.rnd
    column = rnd.choice(DOCUMENTS)
    entries, entry = _an_entry(row, column, rnd)
    entry[rnd.choice(NUMBERS[column])] = "@literal@"
    text = json.dumps(entries).replace('"@literal@"', rnd.choice(values.NUMBER_LITERALS))
    set_text(row, column, text, rnd)


@register.kind
def element_names_odd(row: Row, setting: Setting) -> None:
    """Names of punctuation, other scripts, other types, over 1,000 characters."""
    rnd = setting.rnd
    column = rnd.choice([JOBS, STUDIES, PLACEMENTS])
    entries, entry = _an_entry(row, column, rnd)
    entry["business_name" if "business_name" in entry else NAMES[column]] = rnd.choice(values.NAMES)
    put(row, column, entries, rnd)


@register.kind
def cohort_odd(row: Row, setting: Setting) -> None:
    """A cohort code that is missing, too long, of another type; a program's name that differs."""
    rnd = setting.rnd
    entries, entry = _an_entry(row, LEARNING, rnd)
    if rnd.random() < 0.1:
        entry.pop("cohort_code", None)
    elif rnd.random() < 0.7:
        entry["cohort_code"] = rnd.choice(values.COHORTS)
    if rnd.random() < 0.5:
        entry["program_name"] = rnd.choice(values.PROGRAM_NAMES)
    put(row, LEARNING, entries, rnd)


@register.kind
def enrolment_status_odd(row: Row, setting: Setting) -> None:
    """Rare and unknown statuses, other case, other types."""
    rnd = setting.rnd
    entries, entry = _an_entry(row, LEARNING, rnd)
    entry["enrollment_status"] = rnd.choice(values.STATUSES)
    put(row, LEARNING, entries, rnd)


@register.kind
def enrolments_several(row: Row, setting: Setting) -> None:
    """Two to six enrolments: gaps, overlaps, equal starts, some in the future, in any order."""
    rnd = setting.rnd
    entries = [enrolment(rnd) for _ in range(rnd.randint(2, 6))]
    start = PRESENT - dt.timedelta(days=rnd.randint(300, 2_000))
    for number, entry in enumerate(entries):
        end = start + dt.timedelta(days=rnd.choice([0, 1, 30, 90, 180, 365]))
        entry["index"] = str(number + 1)
        entry["program_start_date"] = start.isoformat()
        entry["program_end_date"] = rnd.choice([end.isoformat()] * 4 + ["9999-12-31", "n/a"])
        entry["program_graduation_date"] = rnd.choice([end.isoformat(), "1970-01-01"])
        start = end + dt.timedelta(days=rnd.choice([-40, -1, 0, 1, 30, 179, 180, 181, 400]))
    if rnd.random() < 0.3:
        entries.reverse()
    put(row, LEARNING, entries, rnd)


@register.kind
def organisation_keys(row: Row, setting: Setting) -> None:
    """The organisation under its three names: the first that is not missing counts."""
    rnd = setting.rnd
    entries, entry = _an_entry(row, JOBS, rnd)
    company = entry.pop("organisation_name", None) or _name(rnd)
    for key in rnd.sample(["organisation_name", "organization_name", "institution_name"], 3):
        choice = rnd.random()
        if choice < 0.7:
            entry[key] = rnd.choice(["n/a", "", None, "--", True, company, company, _name(rnd)])
    put(row, JOBS, entries, rnd)


@register.kind
def jobs_current_odd(row: Row, setting: Setting) -> None:
    """is_current, end and duration that contradict each other or are unreadable."""
    rnd = setting.rnd
    entries, entry = _an_entry(row, JOBS, rnd)
    entry["is_current"] = rnd.choice(values.CURRENT)
    entry["end_date"] = rnd.choice(
        ["9999-12-31", "1970-01-01", "", "n/a", None, _day(rnd), "later"]
    )
    entry["duration_in_years"] = rnd.choice(values.DURATIONS)
    if rnd.random() < 0.3:
        del entry[rnd.choice(["is_current", "end_date", "duration_in_years"])]
    put(row, JOBS, entries, rnd)


@register.kind
def jobs_overlapping(row: Row, setting: Setting) -> None:
    """2 to 14 jobs that overlap, touch, leave gaps of about 30 days, or lie in the future."""
    rnd = setting.rnd
    entries = [job(rnd) for _ in range(rnd.choice([2, 3, 4, 14]))]
    start = PRESENT - dt.timedelta(days=rnd.randint(100, 3_000))
    for entry in entries:
        end = start + dt.timedelta(days=rnd.choice([0, 1, 29, 30, 31, 90, 365]))
        entry["start_date"] = start.isoformat()
        entry["end_date"] = rnd.choice([end.isoformat()] * 4 + ["9999-12-31", "1970-01-01"])
        start = end + dt.timedelta(days=rnd.choice([-20, -1, 0, 1, 29, 30, 31, 32, 200]))
    if rnd.random() < 0.5:
        rnd.shuffle(entries)
    put(row, JOBS, entries, rnd)


@register.kind
def jobs_around_present(row: Row, setting: Setting) -> None:
    """Jobs that start or end on the day itself, the day before, the day after."""
    rnd = setting.rnd
    near = [(PRESENT + dt.timedelta(days=days)).isoformat() for days in (-31, -30, -1, 0, 1, 30)]
    entries, entry = _an_entry(row, JOBS, rnd)
    entry["start_date"] = rnd.choice([*near, _day(rnd)])
    entry["end_date"] = rnd.choice(near)
    entry["is_current"] = rnd.choice(["0", "1"])
    put(row, JOBS, entries, rnd)


@register.kind
def placement_shapes_mixed(row: Row, setting: Setting) -> None:
    """Fields of both shapes, of neither, or a type that is null."""
    rnd = setting.rnd
    start = rnd.choice([_day(rnd), *values.DATES])
    shapes: tuple[Entry, ...] = (
        {"employment_type": None, "business_name": "Type Is Null", "organisation_name": "Null Org"},
        {"employment_type": "", "business_name": _name(rnd), "organisation_name": _name(rnd)},
        {"organisation_name": "No Type Ltd", "job_title": "n/a", "salary_range": "n/a"},
        {"business_name": None},
        {"jobs_created_to_date": rnd.choice(values.NUMBERS)},
        {
            "capital_secured_todate": "1,000",
            "business_name": "Comma Capital",
            "job_title": "Founder",
        },
        {"female_opp_todate": rnd.choice(values.NUMBERS), "organisation_name": _name(rnd)},
        {},
    )
    entries = [{**rnd.choice(shapes), "job_start_date": start} for _ in range(rnd.randint(1, 3))]
    if rnd.random() < 0.2:
        entries.append({})
    put(row, PLACEMENTS, entries, rnd)


@register.kind
def placement_named_as_job(row: Row, setting: Setting) -> None:
    """A placement that a job names too, 0 to 32 days apart, in another spelling."""
    rnd = setting.rnd
    company, start = _name(rnd), PRESENT - dt.timedelta(days=rnd.randint(40, 1_500))
    entry = job(rnd)
    entry["organisation_name"] = rnd.choice(
        [company, company.upper(), f"{company}.", f" {company} "]
    )
    entry["start_date"] = rnd.choice([start.isoformat()] * 3 + ["n/a"])
    apart = start + dt.timedelta(days=rnd.choice([-32, -31, -1, 0, 1, 30, 31, 32]))
    placed: Entry = {"job_start_date": rnd.choice([apart.isoformat()] * 4 + ["n/a"])}
    if rnd.random() < 0.5:
        placed |= {"employment_type": "Full-time", "organisation_name": company}
    else:
        placed["business_name"] = company
    put(row, JOBS, [entry], rnd)
    put(row, PLACEMENTS, [placed], rnd)


@register.kind
def text_very_long(row: Row, setting: Setting) -> None:
    """A document of some 20,000 characters."""
    rnd = setting.rnd
    column = rnd.choice(DOCUMENTS)
    entries, entry = _an_entry(row, column, rnd)
    entry["unknown_field"] = rnd.choice(["wörter, ", '"quotes" ', "\\ ", "😀"]) * 2_000
    put(row, column, entries, rnd)
