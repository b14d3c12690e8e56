"""Rows of the source for tests: every column given a value, some of them named."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from kweli_assets.frames.bucket import BucketFrames, build
from kweli_assets.snapshot.columns import SELECTED, MysqlType, Reading

SNAPSHOT_DATE = date(2025, 12, 1)


def row(learner: str | None = "a" * 32, **columns: Any) -> dict[str, str | None]:
    """A row of a learner of whom nothing is known but what is named.

    Lists become JSON; other values their text.
    """
    given = {"hashed_email": learner, "snapshot_id": "20251201", **columns}
    unknown = set(given) - {c.name for c in SELECTED}
    assert not unknown, unknown
    return {
        c.name: _text(given[c.name])
        if c.name in given
        else ("[]" if c.reading is Reading.JSON_ARRAY else "n/a")
        if c.mysql_type is MysqlType.TEXT
        else "0"
        if c.mysql_type is MysqlType.BIGINT
        else None
        for c in SELECTED
    }


def _text(value: Any) -> str | None:
    if isinstance(value, list | dict):
        return json.dumps(value)
    return None if value is None else str(value)


def frame(*rows: dict[str, str | None]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema={c.name: pl.String for c in SELECTED})


def built(*rows: dict[str, str | None], snapshot_date: date = SNAPSHOT_DATE) -> BucketFrames:
    return build(frame(*rows), snapshot_date)


def only(frames: BucketFrames, name: str) -> dict[str, Any]:
    """The one row of a frame, absent values left out."""
    (found,) = frames.frames[name].iter_rows(named=True)
    return {key: value for key, value in found.items() if value is not None}


def intervals(frames: BucketFrames, name: str) -> list[tuple[Any, ...]]:
    """state, validFrom, validTo and reason of a history, dates as text."""
    return [
        (r["state"], _iso(r["validFrom"]), _iso(r["validTo"]), r["reason"])
        for r in frames.frames[name].iter_rows(named=True)
    ]


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


NULL_WHEN_EMPTY = frozenset(c.name for c in SELECTED if c.mysql_type is not MysqlType.TEXT)
"""A CSV can't tell NULL from the empty text: in columns of numbers it is NULL."""

SAMPLE = Path(__file__).parent.parent / "sample"
