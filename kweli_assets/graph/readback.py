"""Reading a set back from the graph, when what the last load left is not known or not trusted.

Here: streaming one set's nodes or relationships into a sorted file, and finding what carries its
label or type but can't be one of it. Not here: what to do about a difference (diff, load).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import neo4j.time
import polars as pl
from neo4j import Driver

from kweli_assets.graph import cypher
from kweli_assets.graph.cypher import ELEMENT_ID
from kweli_assets.graph.diff import EDITED
from kweli_assets.graph.model import GraphSet, NodeSet
from kweli_assets.graph.sorted_rows import RowsFile, SortedWriter

# Start nodes read at once: with ten relationships each, 200,000 records of one answer.
KEYS_A_RANGE = 20_000

_KEYS = "number of properties"

_TYPES: dict[object, type] = {
    pl.String: str,
    pl.Boolean: bool,
    pl.Int64: int,
    pl.Float64: float,
    pl.Date: neo4j.time.Date,
}


@dataclass(frozen=True)
class ReadBack:
    """A set as the graph holds it.

    Attributes:
        file: rows sorted by identity, with a column `edited`: a property of another type, or
            one that is not declared.
        strays: element ids of what can't be one of the set: no key, a foreign end, no identity,
            or the identity of another one.
    """

    file: RowsFile
    strays: list[str]


def read_back(
    driver: Driver,
    database: str,
    graph_set: GraphSet,
    ranges: RowsFile,
    key: str,
    folder: Path,
    progress: Callable[[int], None] = lambda _: None,
) -> ReadBack:
    """Read all of the set, a range of (start) keys at a time.

    Args:
        ranges: rows whose column `key` tells where to cut; what lies outside of them is read too.
        folder: gets the file.
    """
    bounds: list[str | None] = [None, *_cuts(ranges, key), None]
    columns = graph_set.columns | {EDITED: pl.Boolean}
    aside = folder / f".{secrets.token_hex(8)}.reading"
    strays: list[str] = []
    with (
        SortedWriter(aside, columns, graph_set.identity, graph_set.title) as writer,
        driver.session(database=database, fetch_size=10_000) as session,
    ):
        strays += session.run(cypher.strays(graph_set)).value("id")
        for low, high in pairwise(bounds):
            statement = cypher.read_back(graph_set, low=low is not None, high=high is not None)
            records = session.run(statement, low=low, high=high).values()
            rows, odd = _rows(graph_set, records)
            writer.append(rows)
            strays += odd
            progress(len(records))
        return ReadBack(writer.finish(folder), strays)


def _cuts(ranges: RowsFile, key: str) -> list[str]:
    keys = (
        pl.scan_parquet(ranges.path, cache=False)
        .select(pl.col(key).gather_every(KEYS_A_RANGE))
        .collect()[key]
    )
    return list(keys.unique().sort())[1:]


def _rows(
    graph_set: GraphSet, records: Sequence[Sequence[object]]
) -> tuple[pl.DataFrame, list[str]]:
    """Records as typed rows, and the element ids of those that can't be one of the set."""
    names = list(graph_set.columns)
    # One record stays as it is, none gives empty columns.
    by_column = list(zip(*records, strict=True)) or [()] * (len(names) + 2)
    edited = pl.repeat(False, len(records), dtype=pl.Boolean, eager=True)
    series = []
    for name, values in zip(names, by_column, strict=False):
        column, odd = _column(name, graph_set.columns[name], values)
        series.append(column)
        edited = edited | odd
    rows = pl.DataFrame(series)
    own = names if isinstance(graph_set, NodeSet) else names[2:]
    present = pl.sum_horizontal(pl.col(name).is_not_null() for name in own) if own else pl.lit(0)
    rows = rows.with_columns(
        pl.Series(_KEYS, by_column[len(names)], dtype=pl.Int64),
        pl.Series(ELEMENT_ID, by_column[len(names) + 1], dtype=pl.String),
        edited.alias(EDITED),
    ).with_columns(pl.col(EDITED) | (present.cast(pl.Int64) != pl.col(_KEYS)))
    # An end column or an identity that is missing or of another type has become null.
    needed = [*graph_set.identity, *([] if isinstance(graph_set, NodeSet) else ["end"])]
    whole = pl.all_horizontal(pl.col(name).is_not_null() for name in needed)
    one = pl.struct(graph_set.identity).is_first_distinct()
    kept = rows.sort(ELEMENT_ID).filter(whole).filter(one)
    odd_ids = rows.join(kept.select(ELEMENT_ID), on=ELEMENT_ID, how="anti")[ELEMENT_ID].to_list()
    return kept.select(*names, EDITED), odd_ids


def _column(name: str, dtype: object, values: Sequence[object]) -> tuple[pl.Series, pl.Series]:
    """A column's values in its declared type, and where they were of another one."""
    wanted = _TYPES[dtype]
    kinds = set(map(type, values))
    odd = pl.repeat(False, len(values), dtype=pl.Boolean, eager=True)
    if not kinds <= {wanted, type(None)}:
        odd = pl.Series([value is not None and type(value) is not wanted for value in values])
        values = [value if type(value) is wanted else None for value in values]
    if wanted is neo4j.time.Date:
        values = [_native(value) for value in values]
    return pl.Series(name, values, dtype=dtype, strict=True), odd  # type: ignore[arg-type]


def _native(value: object) -> date | None:
    return value.to_native() if isinstance(value, neo4j.time.Date) else None
