"""Dirty synthetic learners: every kind of dirt does what its name says, and turns up."""

from __future__ import annotations

import json
import math
from random import Random
from typing import Any

import polars as pl
import pytest

from kweli_assets.embedded.synthetic.dirt import documents, flat, values
from kweli_assets.embedded.synthetic.dirt.registry import Register, Row, Setting
from kweli_assets.embedded.synthetic.dirt.soil import KINDS, kinds_of
from kweli_assets.embedded.synthetic.rows import frame
from kweli_assets.snapshot.columns import COLUMNS

ROWS = 20_000
SNAPSHOT = 20_251_201
DOCUMENTS = documents.DOCUMENTS
TRIES = 150


@pytest.fixture(scope="module")
def clean() -> list[Row]:
    return frame(400, seed=8, dirt=0.0).rows(named=True)


@pytest.fixture(scope="module")
def dirty() -> pl.DataFrame:
    return frame(ROWS, seed=8, dirt=1.0)


def soiled(kind: str, clean: list[Row]) -> list[tuple[Row, Row]]:
    """Rows before and after that kind of dirt, with various randomness."""
    pairs = []
    for number in range(TRIES):
        rnd = Random(number)
        before = clean[number]
        row = dict(before)
        setting = Setting(
            rnd,
            SNAPSHOT,
            other_row=lambda rnd=rnd: dict(clean[200 + rnd.randrange(200)]),
            earlier_key=lambda rnd=rnd: str(clean[200 + rnd.randrange(200)]["hashed_email"]),
        )
        KINDS[kind](row, setting)
        pairs.append((before, row))
    return pairs


class BadJson(ValueError):
    """RFC 8259 does not allow it, or it holds a lone surrogate."""


def strictly(text: str) -> Any:
    """JSON by RFC 8259; double keys keep the last."""

    def refuse(literal: str) -> Any:
        raise BadJson(literal)

    try:
        value = json.loads(text.strip(" \t\r\n") if text.isascii() else text, parse_constant=refuse)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as problem:
        raise BadJson(str(problem)) from None
    return value


def outcome(text: str | None) -> str:
    """What graph rules make of a JSON column's text, roughly: enough to see each kind of dirt."""
    stripped = (text or "").replace("\0", "").strip("".join(values.BLANKS))
    if stripped.casefold() in {"", "n/a", "none", "null", "-99", "-99.0"}:
        return "missing"
    try:
        value = strictly(str(text))
    except BadJson:
        return "bad"
    if isinstance(value, str):
        return outcome(value)
    if not isinstance(value, list):
        return "no array"
    return "array"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_changes_rows_and_keeps_their_columns(kind: str, clean: list[Row]) -> None:
    pairs = soiled(kind, clean)
    names = [column.name for column in COLUMNS]
    assert all(list(after) == names for _, after in pairs)
    assert sum(before != after for before, after in pairs) > TRIES / 3
    for _, after in pairs:
        for value in after.values():
            assert value is None or isinstance(value, str)
            (value or "").encode("utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_the_same_each_time(kind: str, clean: list[Row]) -> None:
    assert soiled(kind, clean)[:40] == soiled(kind, clean)[:40]


def test_every_kind_is_drawn() -> None:
    drawn = [name for number in range(3_000) for name in kinds_of(Random(number))]
    assert set(drawn) == set(KINDS)
    assert 1.3 < len(drawn) / 3_000 < 1.8


def test_two_kinds_of_one_name_are_refused() -> None:
    register = Register()
    register.kind(flat.key_missing)
    with pytest.raises(ValueError, match="key_missing"):
        register.kind(flat.key_missing)


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.25])
def test_the_rate_is_the_share_of_rows_that_differ(rate: float) -> None:
    pristine, table = frame(ROWS, seed=3, dirt=0.0), frame(ROWS, seed=3, dirt=rate)
    differ = sum(a != b for a, b in zip(pristine.rows(), table.rows(), strict=True))
    margin = 4 * math.sqrt(rate * (1 - rate) / ROWS)
    # a few kinds may leave a row as it is, such as a blank list that is emptied
    assert rate * 0.9 - margin <= differ / ROWS <= rate + margin


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("whole_missing", {"missing", "array"}),
        ("whole_no_array", {"no array"}),
        ("whole_in_object", {"no array"}),
        ("whole_bad", {"bad"}),
        ("whole_bad_literal", {"bad"}),
        ("whole_cut_off", {"bad"}),
        ("elements_no_objects", {"array"}),
        ("elements_empty", {"array"}),
        ("element_keys_twice", {"array"}),
        ("element_fields_odd", {"array"}),
        ("element_number_literals", {"array"}),
        ("placement_shapes_mixed", {"array"}),
    ],
)
def test_what_becomes_of_a_document(kind: str, expected: set[str], clean: list[Row]) -> None:
    seen = {
        outcome(after[column])
        for before, after in soiled(kind, clean)
        for column in DOCUMENTS
        if before[column] != after[column]
    }
    assert seen == expected


def test_lone_surrogates_are_bad_and_pairs_are_fine(clean: list[Row]) -> None:
    seen = {}
    for before, after in soiled("whole_lone_surrogate", clean):
        for column in DOCUMENTS:
            text = after[column]
            if before[column] != text and text is not None:
                seen["\\ud83d\\ude00" in text] = outcome(text)
    assert seen == {True: "array", False: "bad"}


def test_documents_are_encoded_up_to_four_times(clean: list[Row]) -> None:
    depths = set()
    for before, after in soiled("whole_encoded_again", clean):
        for column in DOCUMENTS:
            text = after[column]
            if before[column] != text and text is not None:
                depth = 0
                value: Any = text.strip("\u00a0")
                while isinstance(value, str):
                    value, depth = json.loads(value), depth + 1
                assert isinstance(value, list)
                depths.add(depth)
    assert depths == {2, 3, 4}


def test_keys_twice_in_one_object(clean: list[Row]) -> None:
    twice = escaped = 0
    for before, after in soiled("element_keys_twice", clean):
        for column in DOCUMENTS:
            if before[column] == after[column]:
                continue
            pairs: list[list[tuple[str, Any]]] = []
            json.loads(after[column] or "", object_pairs_hook=pairs.append)
            twice += any(len({k for k, _ in one}) < len(one) for one in pairs)
            escaped += "\\u005f" in (after[column] or "")
    assert twice > TRIES * 0.9
    assert escaped > TRIES / 4


def test_duplicates_have_other_learners_keys(clean: list[Row]) -> None:
    others = {row["hashed_email"] for row in clean[200:]}
    ids = set()
    for kind in KINDS:
        if kind.startswith("duplicate_"):
            for _, after in soiled(kind, clean):
                assert (after["hashed_email"] or "").strip("".join(values.BLANKS)) in others
                ids.add(after["snapshot_id"])
    numbers = {int(i) for i in ids if i is not None and i != "-99"}
    assert min(numbers) < SNAPSHOT < max(numbers)
    assert {None, "-99", str(SNAPSHOT)} <= ids


def test_duplicates_differ_in_what_decides(clean: list[Row]) -> None:
    by_key = {row["hashed_email"]: row for row in clean}
    assert all(
        after == by_key[after["hashed_email"]] for _, after in soiled("duplicate_whole", clean)
    )
    for _, after in soiled("duplicate_nearly_equal", clean):
        original = by_key[after["hashed_email"]]
        assert sum(after[name] != original[name] for name in original) <= 1


def found(table: pl.DataFrame, condition: pl.Expr) -> int:
    return table.filter(condition).height


def test_rows_without_a_key_and_keys_in_blanks(dirty: pl.DataFrame) -> None:
    key = pl.col("hashed_email")
    blank = "".join(values.BLANKS)
    bare = key.str.replace_all("\0", "", literal=True).str.strip_chars(blank).str.to_lowercase()
    assert found(dirty, key.is_null() | bare.is_in(["", "n/a", "none", "null", "-99"])) > 100
    assert found(dirty, key.str.strip_chars(blank) != key) > 100
    assert found(dirty, key.str.contains("\0", literal=True)) > 50
    assert dirty["hashed_email"].is_duplicated().sum() > 1_000


def test_blanks_of_every_kind_stand_around_values(dirty: pl.DataFrame) -> None:
    texts = dirty.select(flat.TEXT_COLUMNS).unpivot().get_column("value").drop_nulls()
    first = set(texts.str.slice(0, 1)) - {""}
    last = set(texts.str.slice(-1)) - {""}
    assert len(values.BLANKS) == 25
    assert set(values.BLANKS) <= first
    assert set(values.BLANKS) <= last
    assert set(values.NO_BLANKS) <= first


def test_nul_bytes_stand_in_every_text(dirty: pl.DataFrame) -> None:
    for column in (*flat.TEXT_COLUMNS, "employment_details"):
        assert found(dirty, pl.col(column).str.contains("\0", literal=True)) > 5, column


def test_flags_and_numbers_are_unreadable_in_many_ways(dirty: pl.DataFrame) -> None:
    flags = set(dirty.select(flat.FLAG_COLUMNS).unpivot()["value"])
    assert {*values.FLAGS_OF_NUMBERS, *values.FLAGS_OF_TEXT, "0", "1"} <= flags
    positions = set(dirty.select(flat.NUMBER_COLUMNS).unpivot()["value"])
    assert set(values.NUMBERS_OF_TEXT) <= positions
    ids = set(dirty["snapshot_id"])
    assert {*values.SNAPSHOT_IDS_OF_NUMBERS, *values.SNAPSHOT_IDS_OF_TEXT} <= ids


def test_names_of_every_sort_turn_up(dirty: pl.DataFrame) -> None:
    assert set(values.COUNTRIES) <= set(dirty["country_of_residence"])
    assert set(values.CITIES) <= set(dirty["city_of_residence"])
    assert set(values.SKILL_LISTS) <= set(dirty["skills_list"])
    assert set(values.BIOS) <= set(dirty["bio"])
    longest = dirty["skills_list"].str.split(",").list.eval(pl.element().str.len_chars().max())
    assert (longest.list.first().max() or 0) > 1_000
    assert ((dirty["skills_list"].str.count_matches(",").max()) or 0) >= 80


def test_documents_fail_in_every_way(dirty: pl.DataFrame) -> None:
    for column in DOCUMENTS:
        texts = dirty[column].to_list()
        seen = dict.fromkeys(("missing", "bad", "no array", "array"), 0)
        for text in texts:
            seen[outcome(text)] += 1
        assert seen["bad"] > 300, column
        assert seen["no array"] > 100, column
        assert seen["missing"] > 50, column
        assert seen["array"] > ROWS / 2, column
    raw = set(dirty.select(DOCUMENTS).unpivot()["value"])
    assert set(values.WHOLE_BAD) <= raw
    assert set(values.WHOLE_NO_ARRAY) <= raw
    assert set(values.WHOLE_MISSING) <= raw


def all_entries(table: pl.DataFrame, column: str) -> list[Any]:
    entries: list[Any] = []
    for text in table[column].to_list():
        if outcome(text) == "array":
            value: Any = text
            while isinstance(value, str):
                value = json.loads(value)
            entries += value
    return entries


def test_fields_hold_values_of_every_type(dirty: pl.DataFrame) -> None:
    for column, names in (
        ("learning_details", ("cohort_code", "enrollment_status", "program_start_date")),
        ("employment_details", ("organisation_name", "start_date", "is_current", "job_title")),
        ("education_details", ("institution_name", "start_date", "level_of_study")),
        ("placement_details", ("organisation_name", "job_start_date")),
    ):
        entries = all_entries(dirty, column)
        assert {type(entry) for entry in entries} >= {dict, str, int, float, bool, list, type(None)}
        objects = [entry for entry in entries if isinstance(entry, dict)]
        assert {} in objects
        for name in names:
            types = {type(entry[name]) for entry in objects if name in entry}
            assert {str, bool, type(None)} <= types, name
            assert types & {list, dict}, name
            assert any(name not in entry for entry in objects), name


@pytest.mark.parametrize(
    ("column", "field", "expected"),
    [
        ("learning_details", "program_start_date", values.DATES),
        ("employment_details", "start_date", values.DATES),
        ("education_details", "end_date", values.DATES),
        ("learning_details", "no_of_assignments", values.NUMBERS),
        ("employment_details", "duration_in_years", values.DURATIONS),
        ("employment_details", "is_current", values.CURRENT),
        ("learning_details", "enrollment_status", values.STATUSES),
        ("learning_details", "cohort_code", values.COHORTS),
        ("employment_details", "organisation_name", values.NAMES),
        ("education_details", "institution_name", values.NAMES),
    ],
)
def test_nasty_literals_arrive(
    dirty: pl.DataFrame, column: str, field: str, expected: tuple[Any, ...]
) -> None:
    present = {
        repr(entry[field])
        for entry in all_entries(dirty, column)
        if isinstance(entry, dict) and field in entry
    }
    missing = {repr(value) for value in expected} - present
    assert len(missing) <= len(expected) / 4, missing


def test_several_enrolments_and_many_jobs(dirty: pl.DataFrame) -> None:
    sizes: dict[str, set[int]] = {}
    for column in ("learning_details", "employment_details"):
        for text in dirty[column].to_list():
            if outcome(text) == "array":
                value: Any = text
                while isinstance(value, str):
                    value = json.loads(value)
                sizes.setdefault(column, set()).add(len(value))
    assert {0, 1, 2, 3, 4, 5, 6} <= sizes["learning_details"]
    assert max(sizes["employment_details"]) >= 14


def test_organisations_under_three_names_at_once(dirty: pl.DataFrame) -> None:
    keys = {"organisation_name", "organization_name", "institution_name"}
    entries = [
        entry for entry in all_entries(dirty, "employment_details") if isinstance(entry, dict)
    ]
    assert sum(keys <= set(entry) for entry in entries) > 20
    assert sum(not keys & set(entry) for entry in entries) > 20
