"""Desired against held: which rows to create, update, move and delete, as files of changes.

Here: building a set's rows from the frames, comparing them with what the graph holds, and laying
the changes out for the writers (lanes and buckets). Not here: Neo4j, the decision whether a
change may be made (load), Dagster.

Layout of the changes. A *lane* is a range of start nodes: what two lanes write starts at
different nodes. Within a lane, rows are laid out by *bucket* of end nodes: a writer holds a
bucket while it writes there, so that two lanes never write to the same end node at once. Together
they are the cells of a grid; lane i begins at another bucket than lane i+1 (the diagonals). The
layout is fixed in the files, so a lane's position (rows done) means the same after a crash.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from kweli_assets.errors import GraphError
from kweli_assets.graph import model, nodes, relationships, skill_category, sorted_rows
from kweli_assets.graph.cypher import ELEMENT_ID, OLD_END, Operation, payload
from kweli_assets.graph.model import END, START, GraphSet, NodeSet, RelationshipSet
from kweli_assets.graph.sorted_rows import (
    ROW_GROUP_ROWS,
    RowsFile,
    SortedFile,
    SortedWriter,
    aligned,
    to_arrow,
)

BUCKET = "bucket"
EDITED = "edited"
ALL_BUCKETS = -1
_HELD = "__held"
# Below this many rows one lane is quicker than several.
_ROWS_WORTH_A_LANE = 5_000
# Ends that get their bucket by their weight; the others are spread by their hash.
_WEIGHED_ENDS = 2_000


@cache
def rules_fingerprint() -> str:
    """What makes rows out of frames, in one text: the declarations' source and the libraries."""
    digest = hashlib.sha256(f"{pl.__version__} {pa.__version__}".encode())
    for module in (model, nodes, relationships, skill_category, sorted_rows):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()


def build_rows(graph_set: GraphSet, frames: Mapping[str, Path], folder: Path) -> RowsFile:
    """Build the set's desired rows from frame files; the file is named by its fingerprint.

    Sets of learners are built a range of learners at a time, the others at once (their rows are
    few). Raises FrameError for a missing, repeated or unsorted identity.
    """
    aside = folder / f".{secrets.token_hex(8)}.building"
    with SortedWriter(aside, graph_set.columns, graph_set.identity, graph_set.title) as writer:
        if graph_set.per_learner:
            for ranges in _ranges(graph_set, frames):
                writer.append(graph_set.build(ranges).collect())
        else:
            whole = {name: pl.scan_parquet(frames[name]) for name in graph_set.frames}
            writer.append(graph_set.build(whole).collect(engine="streaming"))
        return writer.finish(folder)


def _ranges(graph_set: GraphSet, frames: Mapping[str, Path]) -> Iterator[dict[str, pl.LazyFrame]]:
    """The frames, a range of learners at a time: lazily, so that only needed columns are read."""
    keys = [_learner_column(frames[name]) for name in graph_set.frames]
    files = [
        SortedFile(frames[name], key, (key,))
        for name, key in zip(graph_set.frames, keys, strict=True)
    ]
    offsets = [0] * len(files)
    for step in aligned(files):
        yield {
            name: pl.scan_parquet(frames[name]).slice(offset, part.height)
            for name, offset, part in zip(graph_set.frames, offsets, step, strict=True)
        }
        offsets = [offset + part.height for offset, part in zip(offsets, step, strict=True)]


def _learner_column(frame: Path) -> str:
    return "learner" if "learner" in pq.read_schema(frame).names else "hashedEmail"


@dataclass(frozen=True)
class Layout:
    """How changes are laid out: at most so many lanes of start nodes, buckets of end nodes."""

    lanes: int = 8
    buckets: int = 4


@dataclass(frozen=True)
class SetPlan:
    """What is to be written for one set, with the files that hold it.

    Attributes:
        name: the set's name.
        plan_id: names the folder of changes and, in the ledger, the lanes' positions.
        fingerprint, rows: of the desired rows.
        held: how many the graph held when the plan was made.
        created, updated, moved, deleted: rows of change; a moved relationship is deleted and
            created.
        with_start: relationships that leave together with their start node, by the start's set.
        strays: what carries the label or type but can't be one of the set.
        groups: operation -> (lane, rows) of each row group of its file, in order.
    """

    name: str
    plan_id: str
    fingerprint: str
    rows: int
    held: int
    created: int = 0
    updated: int = 0
    moved: int = 0
    deleted: int = 0
    with_start: int = 0
    strays: int = 0
    groups: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    @property
    def changes(self) -> int:
        """Rows that writers send for this set."""
        return self.created + self.updated + self.moved + self.deleted + self.strays

    @property
    def vanishing(self) -> int:
        """How many of the set leave the graph, in whichever way."""
        return self.deleted + self.with_start + self.strays

    @property
    def unchanged(self) -> int:
        """Rows that stay as they are."""
        return self.rows - self.created - self.updated - self.moved

    def lanes(self, operations: tuple[Operation, ...]) -> dict[int, int]:
        """Lane -> rows that these operations send in it."""
        totals: dict[int, int] = {}
        for operation in operations:
            for lane, rows in self.groups.get(operation, []):
                totals[lane] = totals.get(lane, 0) + rows
        return totals


PLAN_FILE = "plan.json"


def save_plan(plan: SetPlan, folder: Path) -> None:
    """Write the plan beside its files; a folder with this file is complete."""
    aside = folder / f".{PLAN_FILE}"
    aside.write_text(json.dumps(asdict(plan)), encoding="utf-8")
    os.replace(aside, folder / PLAN_FILE)


def load_plan(folder: Path) -> SetPlan | None:
    """The plan of a folder, None where there is no complete one."""
    try:
        stored = json.loads((folder / PLAN_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    stored["groups"] = {
        name: [(lane, rows) for lane, rows in groups] for name, groups in stored["groups"].items()
    }
    plan = SetPlan(**stored)
    if all((folder / f"{name}.parquet").is_file() for name in plan.groups):
        return plan
    return None


def plan_changes(
    graph_set: GraphSet,
    desired: RowsFile,
    held: Path | None,
    held_rows: int,
    starts: RowsFile | None,
    strays: list[str],
    folder: Path,
    layout: Layout,
) -> SetPlan:
    """Compare desired and held rows, a range at a time, and lay the changes out in files.

    Args:
        graph_set: the declaration.
        desired: the rows that the graph shall hold.
        held: the rows that it holds, sorted alike (with a column `edited` where they were read
            back), None when it holds none.
        held_rows: how many it holds, as the graph counts.
        starts: the desired rows of a relationship set's start: relationships of a start node
            that is not among them leave together with it and are no change of this set.
        strays: element ids of what can't be one of the set.
        folder: a folder of the set's plans; the plan gets a new one in it.
        layout: lanes and buckets.
    """
    plan_id = secrets.token_hex(8)
    target = folder / plan_id
    target.mkdir(parents=True)
    try:
        files = [SortedFile(desired.path, graph_set.identity[0], tuple(graph_set.columns))]
        if held is not None:
            names = pq.read_schema(held).names
            columns = tuple(name for name in (*graph_set.columns, EDITED) if name in names)
            files.append(SortedFile(held, graph_set.identity[0], columns))
            if starts is not None and isinstance(graph_set, RelationshipSet):
                key = graph_set.start.key
                files.append(SortedFile(starts.path, key, (key,)))
        total = max(desired.rows, held_rows, 1)
        lanes = max(1, min(layout.lanes, total // _ROWS_WORTH_A_LANE))
        writer = _ChangeWriter(graph_set, target, lanes, _end_buckets(graph_set, desired, layout))
        if strays:
            writer.lane = 0
            writer.append(Operation.STRAY, pl.DataFrame({ELEMENT_ID: strays}))
        seen = with_start = 0
        for step in aligned(files):
            writer.turn_to(min(lanes - 1, seen * lanes // total))
            seen += max(part.height for part in step[:2])
            if held is None:
                writer.append(Operation.CREATE, step[0])
                continue
            present = step[2] if len(step) > 2 else None
            with_start += _compare(graph_set, step[0], step[1], present, writer)
        groups = writer.finish()
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    counts = {name: sum(rows for _, rows in found) for name, found in groups.items()}
    plan = SetPlan(
        name=graph_set.name,
        plan_id=plan_id,
        fingerprint=desired.fingerprint,
        rows=desired.rows,
        held=held_rows,
        created=counts.get(Operation.CREATE, 0),
        updated=counts.get(Operation.UPDATE, 0),
        moved=counts.get(Operation.MOVE, 0),
        deleted=counts.get(Operation.DELETE, 0),
        with_start=with_start,
        strays=len(strays),
        groups={str(name): found for name, found in groups.items()},
    )
    save_plan(plan, target)
    return plan


def _compare(
    graph_set: GraphSet,
    desired: pl.DataFrame,
    held: pl.DataFrame,
    starts: pl.DataFrame | None,
    writer: _ChangeWriter,
) -> int:
    """Append one range's changes; gives how many relationships leave with their start node."""
    edited = EDITED in held.columns
    if not edited and desired.equals(held):
        return 0
    identity = list(graph_set.identity)
    writer.append(Operation.CREATE, desired.join(held, on=identity, how="anti"))
    gone = held.join(desired, on=identity, how="anti")
    with_start = 0
    if starts is not None and gone.height:
        staying = gone.join(starts, left_on=START, right_on=starts.columns[0], how="semi")
        with_start, gone = gone.height - staying.height, staying
    writer.append(Operation.DELETE, gone)

    both = desired.join(held, on=identity, how="inner", suffix=_HELD, maintain_order="left")
    compared = [name for name in graph_set.columns if name not in identity]
    moved = pl.lit(False)
    if END in compared:
        compared.remove(END)
        moved = pl.col(END) != pl.col(END + _HELD)
        ends = both.filter(moved).rename({END + _HELD: OLD_END})
        writer.append(Operation.MOVE, ends)
    differs = [pl.col(name).ne_missing(pl.col(name + _HELD)) for name in compared]
    if edited:
        differs.append(pl.col(EDITED))
    if differs:
        writer.append(Operation.UPDATE, both.filter(~moved & pl.any_horizontal(differs)))
    return with_start


def _end_buckets(graph_set: GraphSet, desired: RowsFile, layout: Layout) -> pl.DataFrame | int:
    """End key -> bucket, such that the buckets weigh about the same; a number for the others."""
    if isinstance(graph_set, NodeSet) or layout.buckets < 2:
        return 1
    weights = (
        pl.scan_parquet(desired.path)
        .group_by(END)
        .agg(pl.len().alias("weight"))
        .sort("weight", END, descending=[True, False])
        .head(_WEIGHED_ENDS)
        .collect(engine="streaming")
    )
    loads = [0] * layout.buckets
    chosen = []
    for weight in weights["weight"]:
        lightest = loads.index(min(loads))
        loads[lightest] += weight
        chosen.append(lightest)
    return weights.select(END, pl.Series(BUCKET, chosen, dtype=pl.Int16))


class _ChangeWriter:
    """Collects changes by operation; each row group of a file belongs to one lane."""

    def __init__(
        self, graph_set: GraphSet, folder: Path, lanes: int, buckets: pl.DataFrame | int
    ) -> None:
        self.lane = 0
        self._set = graph_set
        self._folder = folder
        self._lanes = lanes
        self._buckets = buckets
        self._count = 1
        if isinstance(buckets, pl.DataFrame) and buckets.height:
            self._count = len(buckets[BUCKET].unique())
        self._pending: dict[Operation, list[pl.DataFrame]] = {}
        self._files: dict[Operation, pq.ParquetWriter] = {}
        self._groups: dict[Operation, list[tuple[int, int]]] = {}

    def turn_to(self, lane: int) -> None:
        """Changes from here on belong to `lane`."""
        if lane != self.lane:
            self._flush_all()
            self.lane = lane

    def append(self, operation: Operation, rows: pl.DataFrame) -> None:
        """Add changes; other columns than the operation's are dropped."""
        if rows.is_empty():
            return
        columns = list(payload(self._set, operation))
        if END in rows.columns and END not in columns:
            columns.append(END)
        pending = self._pending.setdefault(operation, [])
        pending.append(rows.select(columns))
        if sum(part.height for part in pending) >= ROW_GROUP_ROWS:
            self._flush(operation)

    def finish(self) -> dict[Operation, list[tuple[int, int]]]:
        """Write what is pending and close the files."""
        self._flush_all()
        for file in self._files.values():
            file.close()
        return self._groups

    def _flush_all(self) -> None:
        for operation in list(self._pending):
            self._flush(operation)

    def _flush(self, operation: Operation) -> None:
        parts = self._pending.pop(operation, [])
        if not parts:
            return
        rows = self._with_buckets(operation, pl.concat(parts))
        table = to_arrow(rows.select(BUCKET, *payload(self._set, operation)))
        if operation not in self._files:
            path = self._folder / f"{operation}.parquet"
            self._files[operation] = pq.ParquetWriter(path, table.schema, compression="lz4")
            self._groups[operation] = []
        self._files[operation].write_table(table, row_group_size=rows.height)
        self._groups[operation].append((self.lane, rows.height))

    def _with_buckets(self, operation: Operation, rows: pl.DataFrame) -> pl.DataFrame:
        if isinstance(self._set, NodeSet):
            return rows.with_columns(pl.lit(0, pl.Int16).alias(BUCKET))
        if operation in (Operation.STRAY, Operation.MOVE):
            # These touch end nodes of any bucket.
            return rows.with_columns(pl.lit(ALL_BUCKETS, pl.Int16).alias(BUCKET))
        bucket = (pl.col(END).hash() % self._count).cast(pl.Int16)
        if isinstance(self._buckets, pl.DataFrame):
            rows = rows.join(self._buckets, on=END, how="left", maintain_order="left")
            bucket = pl.coalesce(BUCKET, bucket)
        # Lane i begins with bucket i: the diagonals of the grid.
        turn = (pl.col(BUCKET) - self.lane) % self._count
        return rows.with_columns(bucket.alias(BUCKET)).sort(turn, maintain_order=True)


@dataclass(frozen=True)
class Unit:
    """Rows of one lane that can be written together: one operation, one bucket of end nodes.

    `position` is the number of the lane's rows before them.
    """

    operation: Operation
    bucket: int
    position: int
    rows: pl.DataFrame


def lane_units(
    plan: SetPlan, folder: Path, lane: int, operations: tuple[Operation, ...], position: int
) -> Iterator[Unit]:
    """The units of a lane from `position` on, in the order in which they are to be written."""
    done = 0
    for operation in operations:
        groups = plan.groups.get(operation, [])
        mine = [(index, rows) for index, (owner, rows) in enumerate(groups) if owner == lane]
        if not mine or done + sum(rows for _, rows in mine) <= position:
            done += sum(rows for _, rows in mine)
            continue
        try:
            with pq.ParquetFile(folder / f"{operation}.parquet") as file:
                for index, rows in mine:
                    if done + rows > position:
                        table = pl.from_arrow(file.read_row_group(index))
                        assert isinstance(table, pl.DataFrame)  # noqa: S101 - a table gives a frame
                        skipped = max(0, position - done)
                        yield from _units(operation, table.slice(skipped), done + skipped)
                    done += rows
        except OSError as error:
            raise GraphError(
                f"reading the planned changes of {plan.name}",
                f"the file {operation}.parquet can't be read ({type(error).__name__}).",
                "start the load again; the set is then read back from the graph and planned anew.",
                rerun_helps=True,
            ) from error


def _units(operation: Operation, rows: pl.DataFrame, position: int) -> Iterator[Unit]:
    runs = rows[BUCKET].rle()
    for length, bucket in zip(
        runs.struct.field("len").to_list(), runs.struct.field("value").to_list(), strict=True
    ):
        part = rows.head(length).drop(BUCKET)
        rows = rows.slice(length)
        yield Unit(operation, bucket, position, part)
        position += length


def drift(graph_set: GraphSet, expected: Path, held: Path) -> dict[str, int]:
    """How the graph differs from what the last load left: missing, edited, foreign rows.

    `held` was read back from the graph. A moved relationship is missing and foreign.
    """
    key = graph_set.identity[0]
    identity = list(graph_set.identity)
    columns = tuple(graph_set.columns)
    found = {"missing": 0, "edited": 0, "foreign": 0}
    files = [SortedFile(expected, key, columns), SortedFile(held, key, (*columns, EDITED))]
    for wanted, present in aligned(files):
        both = wanted.join(present, on=identity, how="inner", suffix=_HELD)
        moved = (
            pl.col(END) != pl.col(END + _HELD)
            if END in columns and END not in identity
            else pl.lit(False)
        )
        others = [name for name in columns if name not in identity and name != END]
        differs = [pl.col(name).ne_missing(pl.col(name + _HELD)) for name in others]
        ends = both.select(moved.alias("m")).sum().item() if both.height else 0
        found["missing"] += wanted.height - both.height + ends
        found["foreign"] += present.height - both.height + ends
        found["edited"] += both.filter(~moved & pl.any_horizontal([*differs, EDITED])).height
    return found
