"""Which rows of a snapshot count: one a learner.

Belongs here: the learner key and the choice between duplicates (Cleaning, Learner). Does not
belong here: what the columns of a chosen row mean (learners and the entry frames).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import polars as pl

from kweli_assets.cleaning.missing import clean_text
from kweli_assets.cleaning.values import Kind, Value, read
from kweli_assets.frames.built import (
    DUPLICATE_LEARNER,
    NO_LEARNER_KEY,
    Account,
    Quarantine,
)
from kweli_assets.snapshot.columns import (
    COMPARED,
    LEARNER_KEY,
    SELECTED,
    SNAPSHOT_ID,
    Column,
    Reading,
)

_KINDS = {Reading.FLAG: Kind.FLAG, Reading.NUMBER: Kind.NUMBER}


@dataclass(frozen=True)
class Accepted:
    """The rows that count, sorted by learner, with the column `learner` in front."""

    rows: pl.DataFrame
    quarantine: pl.DataFrame
    account: Account


def accept(rows: pl.DataFrame) -> Accepted:
    """Chooses one row a learner.

    Of duplicates the one with the higher snapshot_id wins, then the one with more columns that
    are not missing, then the one whose values as they came sort first in code point order.

    Args:
        rows: the selected source columns as String, in any order.

    Returns:
        The chosen rows (the source columns and `learner`), sorted by learner; the others
        quarantined whole.
    """
    keyed = rows.select(
        clean_text(pl.col(LEARNER_KEY)).alias("learner"), *(c.name for c in SELECTED)
    )
    with_key = keyed.filter(pl.col("learner").is_not_null())
    quarantine = Quarantine(None)
    if len(with_key) < len(keyed):
        for row in keyed.filter(pl.col("learner").is_null()).iter_rows(named=True):
            quarantine.reject(None, None, NO_LEARNER_KEY, _row_json(row))
    repeated = with_key.get_column("learner").is_duplicated()
    if repeated.any():
        ranked = _ranked(with_key.filter(repeated))
        first = ranked.get_column("learner").is_first_distinct()
        for row in ranked.filter(~first).iter_rows(named=True):
            quarantine.reject(row["learner"], None, DUPLICATE_LEARNER, _row_json(row))
        with_key = pl.concat([with_key.filter(~repeated), ranked.filter(first)])
    accepted = with_key.sort("learner")
    lost = quarantine.frame()
    return Accepted(accepted, lost, Account(len(rows), len(accepted), len(lost)))


def _ranked(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of duplicated learners, sorted by learner, the winner first."""
    typed, _ = read(
        rows.select("learner", *(c.name for c in COMPARED)),
        tuple(Value(c.name, c.name, _kind(c)) for c in COMPARED),
    )
    ranked = rows.with_columns(
        typed.select(
            typed.get_column(SNAPSHOT_ID).alias("snapshot rank"),
            pl.sum_horizontal(pl.col(c.name).is_not_null() for c in COMPARED).alias("known"),
        )
    )
    compared = [c.name for c in COMPARED]
    others = [c.name for c in SELECTED if c.name not in compared]
    keys = [pl.col(name).fill_null("") for name in compared + others]
    return ranked.sort(
        "learner",
        "snapshot rank",
        "known",
        *keys,
        descending=[False, True, True] + [False] * len(keys),
        nulls_last=True,
    ).drop("snapshot rank", "known")


def _kind(column: Column) -> Kind:
    if column.name == SNAPSHOT_ID:
        return Kind.COUNT
    return _KINDS.get(column.reading, Kind.TEXT)


def _row_json(row: dict[str, str | None]) -> str:
    """The row as a JSON object of its columns, NULL as the empty text.

    `email` is not in a snapshot at all.
    """
    return json.dumps({c.name: row[c.name] or "" for c in SELECTED}, ensure_ascii=False)
