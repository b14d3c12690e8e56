"""Flags, numbers, counts and dates: the value, or missing, or unreadable and counted."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kweli_assets.cleaning.values import Kind, Value, read

UNREADABLE = object()

CASES: list[tuple[Kind, str | None, Any]] = [
    *((kind, text, None) for kind in Kind for text in (None, "", "n/a", " NULL ", "-99", "-99.0")),
    (Kind.FLAG, "0", False),
    (Kind.FLAG, " 1 ", True),
    (Kind.FLAG, "True", True),
    (Kind.FLAG, "FALSE", False),
    (Kind.FLAG, "2", UNREADABLE),
    (Kind.FLAG, "1.0", UNREADABLE),
    (Kind.FLAG, "yes", UNREADABLE),
    (Kind.FLAG, "-1", UNREADABLE),
    (Kind.NUMBER, "12.5", 12.5),
    (Kind.NUMBER, "+5", 5.0),
    (Kind.NUMBER, "-0.25", -0.25),
    (Kind.NUMBER, "1e3", 1000.0),
    (Kind.NUMBER, "5.", 5.0),
    (Kind.NUMBER, "-99.000000", None),
    (Kind.NUMBER, "-9.9e1", None),
    (Kind.NUMBER, "-99.5", -99.5),
    (Kind.NUMBER, "1,000", UNREADABLE),
    (Kind.NUMBER, "nan", UNREADABLE),
    (Kind.NUMBER, "inf", UNREADABLE),
    (Kind.NUMBER, "-Infinity", UNREADABLE),
    (Kind.NUMBER, "1e400", UNREADABLE),
    (Kind.NUMBER, "1_000", UNREADABLE),
    (Kind.NUMBER, "٣", UNREADABLE),
    (Kind.NUMBER, "0x10", UNREADABLE),
    (Kind.NUMBER, "12%", UNREADABLE),
    (Kind.NUMBER, "1e30", 1e30),
    (Kind.NUMBER, "9223372036854775807", 9.223372036854775807e18),
    (Kind.NUMBER, "9223372036854775808", UNREADABLE),
    (Kind.COUNT, "7", 7),
    (Kind.COUNT, "16.0", 16),
    (Kind.COUNT, "-0.9", 0),
    (Kind.COUNT, "2.9", 2),
    (Kind.COUNT, "-2.9", -2),
    (Kind.COUNT, "-99.00", None),
    (Kind.COUNT, "-99.5", -99),
    (Kind.COUNT, "1e2", 100),
    (Kind.COUNT, "9007199254740993", 9007199254740993),
    (Kind.COUNT, "9007199254740993.9", 9007199254740993),
    (Kind.COUNT, "9223372036854775808", UNREADABLE),
    (Kind.COUNT, "1e30", UNREADABLE),
    (Kind.COUNT, "many", UNREADABLE),
    (Kind.DATE, "2024-02-29", date(2024, 2, 29)),
    (Kind.DATE, "2024-02-29T23:59:59+14:00", date(2024, 2, 29)),
    (Kind.DATE, "2024-02-29 whatever", date(2024, 2, 29)),
    (Kind.DATE, "2024-02-29\u00a0x\ny", date(2024, 2, 29)),
    (Kind.DATE, "1970-01-01", None),
    (Kind.DATE, "1970-01-02", date(1970, 1, 2)),
    (Kind.DATE, "2030-12-31", date(2030, 12, 31)),
    (Kind.DATE, "2031-01-01", None),
    (Kind.DATE, "1969-07-20", None),
    (Kind.DATE, "9999-12-31", None),
    (Kind.END_DATE, "9999-12-31", date(9999, 12, 31)),
    (Kind.END_DATE, "9999-12-30", None),
    (Kind.DATE, "0000-01-01", UNREADABLE),
    (Kind.DATE, "2023-02-29", UNREADABLE),
    (Kind.DATE, "2024-1-5", UNREADABLE),
    (Kind.DATE, "2024-13-01", UNREADABLE),
    (Kind.DATE, "2024-01-05x", UNREADABLE),
    (Kind.DATE, "2024-01-05t10:00", UNREADABLE),
    (Kind.DATE, "05/01/2024", UNREADABLE),
    (Kind.DATE, "20240105", UNREADABLE),
    (Kind.DATE, "٢٠٢٤-٠١-٠٥", UNREADABLE),
]


@pytest.mark.parametrize(("kind", "text", "expected"), CASES)
def test_value(kind: Kind, text: str | None, expected: Any) -> None:
    frame = pl.DataFrame({"t": pl.Series([text], dtype=pl.String)})
    values, unreadable = read(frame, (Value("t", "v", kind),))
    assert values["v"][0] == (None if expected is UNREADABLE else expected)
    assert sum(len(lost.texts) for lost in unreadable) == (expected is UNREADABLE)


def test_unreadable_values_are_shown_by_shape_only() -> None:
    frame = pl.DataFrame({"t": ["Amina's birthday: 5/1", "Brian's birthday: 7/2", "1"]})
    _, (found,) = read(frame, (Value("t", "v", Kind.FLAG),))
    assert found.counts().rows() == [("t", "flag", "aaaaa'a aaaaaaaa: 9/9", 2)]


def test_one_source_may_be_read_twice() -> None:
    values, _ = read(
        pl.DataFrame({"k": [1], "t": ["3"]}),
        (Value("t", "text"), Value("t", "number", Kind.NUMBER)),
    )
    assert values.rows(named=True) == [{"k": 1, "text": "3", "number": 3.0}]


GRAMMAR = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?"


@given(
    st.from_regex(GRAMMAR, fullmatch=True), st.text(alphabet="0123456789.eE+-_ infaN", max_size=6)
)
def test_numbers_follow_the_rules_grammar(number: str, noise: str) -> None:
    frame = pl.DataFrame({"t": [number, noise]})
    values, unreadable = read(frame, (Value("t", "v", Kind.NUMBER),))
    fits_64_bits = not number.lstrip("+-").isdigit() or -(2**63) <= int(number) < 2**63
    expected = float(number) if fits_64_bits and float(number) != -99 else None
    assert values["v"][0] == expected
    if values["v"][1] is not None:
        assert pl.Series([noise.strip()]).str.contains(f"^{GRAMMAR}$")[0]
    assert sum(len(lost.texts) for lost in unreadable) <= 2
