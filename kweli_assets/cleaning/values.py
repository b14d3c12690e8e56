"""Flags, numbers, counts and dates, read from cleaned texts.

Belongs here: the readers of each kind of value (rule: Values), a column at a time, with
unreadable values told apart from missing ones (-99, dates out of range). Does not belong here: the
Text rule itself (missing) and what a frame does with the values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

import polars as pl

from kweli_assets.cleaning.missing import clean_columns

SENTINEL = -99
"""Stands for a missing number."""

FIRST_DATE = date(1970, 1, 2)
LAST_DATE = date(2030, 12, 31)
OPEN_END = date(9999, 12, 31)
"""As an end date: still going on."""

_INTEGER = r"^[+-]?[0-9]+$"

_DATE = r"(?s)^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T\p{White_Space}].*)?$"

_FLAGS = {"false": False, "true": True}

_TWO_63 = 2.0**63


class Kind(StrEnum):
    """How a value is read, and the column type that it gives."""

    TEXT = "text"  # String
    FLAG = "flag"  # Boolean
    NUMBER = "number"  # Float64
    COUNT = "count"  # Int64, rounded towards zero
    DATE = "date"  # Date
    END_DATE = "end date"  # Date, 9999-12-31 kept as it is (open)


COUNTED_AS = {
    Kind.FLAG: "flag",
    Kind.NUMBER: "number",
    Kind.COUNT: "number",
    Kind.DATE: "date",
    Kind.END_DATE: "date",
}
"""What a value that can't be read is counted as."""


@dataclass(frozen=True)
class Value:
    """One column to read: where its text stands, what it is called afterwards, its kind."""

    source: str
    name: str
    kind: Kind = Kind.TEXT


_Read: TypeAlias = tuple[pl.Series, pl.Series]
"""The values, and a mask of the texts that could not be read."""


def _parsed_numbers(texts: pl.Series) -> pl.Series:
    """Polars' parser takes exactly the rule's grammar, and words for NaN and infinity.

    An integer beyond 64 bits is unreadable, though it would be a number.
    """
    numbers = texts.cast(pl.Float64, strict=False)
    numbers = numbers.set(numbers.is_finite().not_(), None)
    large = numbers.abs() >= _TWO_63
    if large.any():
        beyond = texts.str.contains(_INTEGER) & texts.cast(pl.Int64, strict=False).is_null()
        numbers = numbers.set(large & beyond, None)
    return numbers


def _numbers(texts: pl.Series) -> _Read:
    numbers = _parsed_numbers(texts)
    return numbers.set(numbers == SENTINEL, None), texts.is_not_null() & numbers.is_null()


def _counts(texts: pl.Series) -> _Read:
    """Integers at once; what is written as another number is rounded towards zero."""
    counts = texts.cast(pl.Int64, strict=False)
    lost = texts.is_not_null() & counts.is_null()
    counts = counts.set(counts == SENTINEL, None)
    if lost.any():
        written = texts.set(~lost, None)
        numbers = _parsed_numbers(written)
        numbers = numbers.set(numbers.abs() >= _TWO_63, None)
        lost &= numbers.is_null()
        # One by one and exactly, since a float holds 53 bits; they are few.
        found = written.set(numbers.is_null() | (numbers == SENTINEL), None)
        counts = counts.fill_null(
            pl.Series([None if t is None else int(Decimal(t)) for t in found], dtype=pl.Int64)
        )
    return counts, lost


def _parsed_dates(texts: pl.Series) -> _Read:
    plain = texts.str.contains(_DATE)
    days = texts.set(~plain, None).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    days = days.set(days.dt.year() == 0, None)  # no year of the calendar
    return days, texts.is_not_null() & days.is_null()


def _dates(texts: pl.Series) -> _Read:
    days, lost = _parsed_dates(texts)
    return days.set(~days.is_between(FIRST_DATE, LAST_DATE), None), lost


def _end_dates(texts: pl.Series) -> _Read:
    days, lost = _parsed_dates(texts)
    return days.set(~(days.is_between(FIRST_DATE, LAST_DATE) | (days == OPEN_END)), None), lost


def _flags(texts: pl.Series) -> _Read:
    """0 and 1 at once, which is nearly all; the other spellings one by one."""
    flags = texts == "1"
    others = ~(flags | (texts == "0"))
    if others.any():
        spelt = texts.set(~others, None).str.to_lowercase()
        flags = flags.set(others, None).fill_null(
            spelt.replace_strict(_FLAGS, default=None, return_dtype=pl.Boolean)
        )
    return flags, texts.is_not_null() & flags.is_null()


_READERS: Mapping[Kind, Callable[[pl.Series], _Read]] = {
    Kind.FLAG: _flags,
    Kind.NUMBER: _numbers,
    Kind.COUNT: _counts,
    Kind.DATE: _dates,
    Kind.END_DATE: _end_dates,
}


def masked(text: pl.Expr) -> pl.Expr:
    """The shape of a text without its content: letters as `a`, digits as `9`, 40 characters.

    Lets an operator see what could not be read without seeing anyone's data.
    """
    return (
        text.str.slice(0, 40)
        .str.replace_all(r"\p{L}", "a")
        .str.replace_all(r"\p{N}", "9")
        .str.replace_all(r"[^a9 .,:;/+\-()\[\]{}\"']", "?")
    )


UNREADABLE_SCHEMA = pl.Schema(
    {"column": pl.String, "kind": pl.String, "value": pl.String, "count": pl.Int64}
)
"""Unreadable values: column (as in the source), kind, masked shape, how many."""


def unreadable_counts(column: str, kind: str, texts: pl.Series) -> pl.DataFrame:
    """Counts unreadable texts by masked shape. Shape: UNREADABLE_SCHEMA."""
    shapes = pl.DataFrame({"value": texts.cast(pl.String)}).select(masked(pl.col("value")))
    return (
        shapes.group_by("value")
        .agg(pl.len().cast(pl.Int64).alias("count"))
        .select(pl.lit(column).alias("column"), pl.lit(kind).alias("kind"), "value", "count")
    )


@dataclass(frozen=True)
class Unreadable:
    """Values of one column that could not be read.

    Attributes:
        column: as in the source.
        kind: what they are counted as.
        rows: positions in the frame that was read.
        texts: the cleaned texts.
    """

    column: str
    kind: str
    rows: pl.Series
    texts: pl.Series

    def counts(self) -> pl.DataFrame:
        """By masked shape. Shape: UNREADABLE_SCHEMA."""
        return unreadable_counts(self.column, self.kind, self.texts)

    def among(self, rows: pl.Series) -> Unreadable:
        """Those in certain rows alone."""
        kept = self.rows.cast(pl.Int64).is_in(rows.cast(pl.Int64).implode())
        return Unreadable(self.column, self.kind, self.rows.filter(kept), self.texts.filter(kept))


def read(frame: pl.DataFrame, values: tuple[Value, ...]) -> tuple[pl.DataFrame, list[Unreadable]]:
    """Reads text columns into typed ones.

    Args:
        frame: holds every `source` as String; other columns are kept.
        values: what to read; a source may be read more than once.

    Returns:
        The frame with the sources replaced by the named, typed columns, and the values that
        could not be read (an empty list where all could be).
    """
    sources = list(dict.fromkeys(value.source for value in values))
    texts = clean_columns(frame, sources)
    unreadable = []
    columns = []
    for value in values:
        text = texts.get_column(value.source)
        if value.kind is Kind.TEXT:
            columns.append(text.alias(value.name))
            continue
        column, lost = _READERS[value.kind](text)
        columns.append(column.alias(value.name))
        if lost.any():
            unreadable.append(
                Unreadable(value.source, COUNTED_AS[value.kind], lost.arg_true(), text.filter(lost))
            )
    kept = [name for name in frame.columns if name not in set(sources)]
    return frame.with_columns(columns).select(*kept, *(value.name for value in values)), unreadable
