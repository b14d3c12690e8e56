"""A first load without Cypher: the sets and the ledger as input of `neo4j-admin database import`.

Here: the importer's files out of the sets' rows, its arguments, and its failure in plain words.
Not here: the rows (diff), which server is stopped, replaced and started (operations/bulk_load).

The ledger's nodes are among the files, so that the graph appears together with what says which
snapshot it holds: the next load is a delta, and a copy of it (a dump) knows itself as well.

CSV, although the importer reads Parquet too: of Parquet it needs uncompressed files whose columns
carry its own names, so the rows' files would have to be written again all the same (measured: no
faster), and releases before 5.26 know only CSV. An empty field is an absent property, `""` is an
empty text; both come out of Polars' writer like that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from kweli_assets.errors import GraphError
from kweli_assets.graph import ledger
from kweli_assets.graph.cypher import LEDGER, SNAPSHOT
from kweli_assets.graph.model import END, START, GraphSet, Kind, NodeSet
from kweli_assets.graph.sets import ALL_SETS
from kweli_assets.graph.sorted_rows import RowsFile

_TYPES: Mapping[Kind, str] = {
    Kind.STRING: "string",
    Kind.BOOLEAN: "boolean",
    Kind.INTEGER: "long",
    Kind.FLOAT: "double",
    Kind.DATE: "date",
}

_LINE_END = "[\r\n]"

_BUFFER_BYTES = 4 << 20
"""The importer's read buffer; a longer text needs a larger one."""


@dataclass(frozen=True)
class ImportFiles:
    """Input of the importer, all in one folder, named relative to it (`./`: it wants a parent).

    Attributes:
        folder: the importer's working directory.
        options: what follows `neo4j-admin database import full <database>`.
        nodes, relationships: how many there are, the ledger's nodes among them.
    """

    folder: Path
    options: tuple[str, ...]
    nodes: int
    relationships: int


def write_import_files(
    rows: Mapping[str, RowsFile], folder: Path, snapshot: date, at: datetime
) -> ImportFiles:
    """Write the importer's files of all sets and of the ledger of a complete load.

    Args:
        rows: every set's rows, as of `GraphLoader.desired`.
        folder: an empty folder; about as large as the rows uncompressed.
        snapshot: the snapshot that the graph then holds.
        at: now, for the ledger.
    """
    sources: list[str] = []
    several_lines = False
    longest = 0
    for item in ALL_SETS:
        scan = pl.scan_parquet(rows[item.name].path)
        has_line_ends, bytes_ = _texts(item, scan)
        several_lines, longest = several_lines or has_line_ends, max(longest, bytes_)
        data = f"{item.name}.csv"
        # Streamed: a few row groups are in memory.
        scan.select(list(item.columns)).sink_csv(folder / data, include_header=False)
        sources.append(_source(item, folder, data))
    sources += _write_ledger(rows, folder, snapshot, at)
    options = [
        "--id-type=string",
        "--bad-tolerance=0",
        f"--report-file={folder.absolute() / 'import.report'}",
        f"--read-buffer-size={max(_BUFFER_BYTES, 2 * longest)}",
    ]
    if several_lines:
        # For all files: the form that names files (v2) loses its place in those of several
        # buffers (2026.05, "Missing end quote at position 8388299").
        options.append("--multiline-fields=true")
    nodes = sum(rows[item.name].rows for item in ALL_SETS if isinstance(item, NodeSet))
    return ImportFiles(
        folder=folder,
        options=(*options, *sources),
        nodes=nodes + len(ALL_SETS) + 1,
        relationships=sum(
            rows[item.name].rows for item in ALL_SETS if not isinstance(item, NodeSet)
        ),
    )


def header(graph_set: GraphSet) -> list[str]:
    """The importer's typed names of a set's columns, in order."""
    kinds = {item.name: _TYPES[item.kind] for item in graph_set.properties}
    names = []
    for column in graph_set.columns:
        if isinstance(graph_set, NodeSet):
            is_key = column == graph_set.key
            names.append(f"{column}:" + (f"ID({graph_set.label})" if is_key else kinds[column]))
        elif column in (START, END):
            end = graph_set.start if column == START else graph_set.end
            names.append(f":{column.upper()}_ID({end.label})")
        else:
            names.append(f"{column}:{kinds[column]}")
    return names


def require_imported(code: int, output: str, files: ImportFiles, snapshot: date) -> None:
    """Raises GraphError unless the importer ended well and counted every node and relationship.

    Args:
        code: its return code.
        output: what it printed. Only its counts and the kind of failure are repeated: its text may
            quote a learner's key.
    """
    found = {
        what: int(number)
        for number, what in re.findall(r"^\s*(\d+) (nodes|relationships)\s*$", output, re.MULTILINE)
    }
    wanted = {"nodes": files.nodes, "relationships": files.relationships}
    if code == 0 and found == {name: count for name, count in wanted.items() if count}:
        return
    raise GraphError(
        "importing the graph with neo4j-admin",
        _complaint(code, output, found, wanted),
        "free disk space or memory if that is named, and stop whatever uses the database; the "
        "graph that was there is untouched.",
        snapshot=snapshot,
    )


def _complaint(code: int, output: str, found: Mapping[str, int], wanted: Mapping[str, int]) -> str:
    if code == 0:
        return f"it imported {dict(found)} where the snapshot has {dict(wanted)}."
    for words, told in (
        ("in use", "the database is in use: its server runs."),
        ("already exists", "the database exists already."),
        ("No space left", "the disk is full."),
        ("OutOfMemory", "it ran out of memory."),
        ("--add-opens", "its Java runtime lacks the flags that it needs (server.jvm.additional)."),
        ("Unknown option", "its release knows an option not: Neo4j 5.26 or newer is needed."),
    ):
        if words in output:
            return told
    kinds = sorted(set(re.findall(r"\b[A-Z][A-Za-z]+(?:Exception|Error)\b", output)))
    return f"it ended with code {code}" + (f" ({', '.join(kinds)})." if kinds else ".")


def _texts(graph_set: GraphSet, scan: pl.LazyFrame) -> tuple[bool, int]:
    """Whether a text has a line end in it, and the longest text's bytes."""
    texts = [name for name, dtype in graph_set.columns.items() if dtype == pl.String]
    found = scan.select(
        pl.any_horizontal(pl.col(name).str.contains(_LINE_END).any() for name in texts).alias(
            "ends"
        ),
        pl.max_horizontal(pl.col(name).str.len_bytes().max() for name in texts).alias("bytes"),
    ).collect(engine="streaming")
    return bool(found["ends"].item()), int(found["bytes"].item() or 0)


def _source(graph_set: GraphSet, folder: Path, data: str) -> str:
    """Writes the header file; gives the option that names header and data."""
    name = f"{graph_set.name}-header.csv"
    (folder / name).write_text(",".join(header(graph_set)) + "\n", encoding="utf-8")
    if isinstance(graph_set, NodeSet):
        return f"--nodes={graph_set.label}=./{name},./{data}"
    return f"--relationships={graph_set.type}=./{name},./{data}"


def _write_ledger(
    rows: Mapping[str, RowsFile], folder: Path, snapshot: date, at: datetime
) -> list[str]:
    """The nodes that a complete load leaves: one `GraphLoad` a set, and the `Snapshot`."""
    day, time = snapshot.isoformat(), at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    loads = [
        (item.name, ledger.COMPLETE, day, rows[item.name].fingerprint, rows[item.name].rows)
        for item in ALL_SETS
    ]
    load_columns = [
        f"set:ID({LEDGER})",
        *("status:string", "snapshotDate:date", "fingerprint:string", "rows:long"),
        *("created:long", "updated:long", "deleted:long"),
        *("startedAt:datetime", "finishedAt:datetime"),
    ]
    marker_columns = [
        f"name:ID({SNAPSHOT})",
        *("status:string", "snapshotDate:date", "startedAt:datetime", "completedAt:datetime"),
    ]
    marker = [("graph", ledger.COMPLETE, day, time, time)]
    return [
        _small(
            folder, LEDGER, load_columns, [(*load, load[-1], 0, 0, time, time) for load in loads]
        ),
        _small(folder, SNAPSHOT, marker_columns, marker),
    ]


def _small(
    folder: Path, label: str, columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> str:
    lines = [",".join(str(value) for value in row) for row in (columns, *rows)]
    (folder / f"{label}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return f"--nodes={label}=./{label}.csv"
