"""Which rows become dirty and which kinds of dirt they get.

Here: choosing rows and applying kinds to a chunk. Not here: the kinds (flat, documents).

A dirty row's dirt depends on the seed and the row's number alone. Only dirty rows are handled one
by one; at a hundredth of the rows that is a few per cent of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

import numpy as np
import polars as pl

from kweli_assets.embedded.synthetic.dirt import documents, flat
from kweli_assets.embedded.synthetic.dirt.registry import Kind, Row, Setting
from kweli_assets.embedded.synthetic.drawing import chance, generator

KINDS: Final[dict[str, Kind]] = {**flat.register.kinds, **documents.register.kinds}
"""All kinds of dirt by name."""

FURTHER_KIND = 0.35
"""Chance that a dirty row gets one more kind of dirt."""

_STREAM = 1


def kinds_of(rnd: Random) -> list[str]:
    """The kinds that a dirty row gets: at least one."""
    names = list(KINDS)
    chosen = [rnd.choice(names)]
    while rnd.random() < FURTHER_KIND:
        chosen.append(rnd.choice(names))
    return chosen


def soil(
    table: pl.DataFrame,
    *,
    seed: int,
    chunk: int,
    first_row: int,
    rate: float,
    snapshot_id: int,
    key_of: Callable[[int], str],
) -> pl.DataFrame:
    """The chunk with the share `rate` of its rows dirty; nothing changes at rate 0.

    Args:
        table: 58 columns of text.
        key_of: clean learner key of a row number.
    """
    dirty = np.flatnonzero(chance(generator(seed, _STREAM, chunk), len(table), rate))
    if len(dirty) == 0:
        return table
    soiled: list[Row] = []
    for position in dirty.tolist():
        row_number = first_row + position
        rnd = Random(f"dirt {seed} {row_number}")  # noqa: S311 - test data, not cryptography

        def other_row(rnd: Random = rnd) -> Row:
            return table.row(rnd.randrange(len(table)), named=True)

        def earlier_key(rnd: Random = rnd, row_number: int = row_number) -> str:
            return key_of(rnd.randrange(max(row_number, 1)))

        row: Row = table.row(position, named=True)
        setting = Setting(rnd, snapshot_id, other_row, earlier_key)
        for name in kinds_of(rnd):
            KINDS[name](row, setting)
        soiled.append(row)
    indexes = pl.Series(dirty)
    return table.with_columns(
        table.get_column(name).clone().scatter(indexes, [row[name] for row in soiled])
        for name in table.columns
    )
