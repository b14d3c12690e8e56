"""Loading a snapshot into the graph: what is decided, guarded, written, and in which order.

Here: `GraphLoader`, which knows the store's folder, a driver and nothing of Dagster. Its three
steps are what the assets are made of: `open` decides and guards everything before anything is
written, `write` brings one set up to date, `finish` removes what nothing names any more and
declares the snapshot complete. Not here: the comparison (diff), the batches (writer), the ledger's
statements (ledger), reading back (readback).

What the graph holds is known from the file of the last load, named by its fingerprint. It is
trusted while the ledger in the graph names that fingerprint and the graph counts as many; else
the set is read back.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, TypeVar

import polars as pl
from neo4j import Driver, Session
from neo4j.exceptions import ClientError, ConstraintError, DatabaseError

from kweli_assets.errors import GraphError, GuardError
from kweli_assets.graph import cypher, ledger
from kweli_assets.graph.cypher import Operation
from kweli_assets.graph.diff import (
    Layout,
    SetPlan,
    build_rows,
    drift,
    load_plan,
    plan_changes,
    rules_fingerprint,
)
from kweli_assets.graph.model import GraphSet, NodeSet, RelationshipSet
from kweli_assets.graph.nodes import LEARNER, NODE_SETS
from kweli_assets.graph.readback import read_back
from kweli_assets.graph.sets import ALL_SETS, BY_NAME, LEAVING_LAST, leaves_last, start_of
from kweli_assets.graph.sorted_rows import RowsFile, fingerprint
from kweli_assets.graph.writer import DriftError, Tally, Tuning, write_lanes
from kweli_assets.resources.frame_store import FrameStore, remove_leftovers
from kweli_assets.snapshot.scan import read_info

_LOG = logging.getLogger(__name__)

GUARDED_FROM = 1_000
LARGEST_SHARE_DELETED = 0.05
# Reading, hashing and writing files leave a core idle where one set is worked on at a time.
SETS_AT_ONCE = 2
# Lanes of the final removals, told apart from those of the set's own step.
_LEAVE = 1_000

Basis = Literal["empty", "last load", "read back", "interrupted load"]


@dataclass(frozen=True)
class LoadOptions:
    """What a load may do beyond the ordinary.

    Attributes:
        allow_rollback: load a snapshot older than the one the graph holds.
        allow_shrink: delete more of a set than the guard lets pass, or let a partial snapshot
            delete at all.
        partial: treat the snapshot as a part of the source (`--max-rows`), as it is treated
            anyway when its file says so.
        read_back: trust nothing that is stored, read every set back from the graph.
    """

    allow_rollback: bool = False
    allow_shrink: bool = False
    partial: bool = False
    read_back: bool = False


@dataclass(frozen=True)
class SetStep:
    """What is to be done for one set.

    Attributes:
        basis: how it is known what the graph holds; None where nothing is to be done.
        plan: the changes; None where nothing is to be done.
        drift: how the graph differs from what the last load left (missing, edited, foreign),
            where it was read back and that load's rows are still stored.
        done: rows of the plan that an interrupted load has written already.
    """

    name: str
    fingerprint: str
    rows: int
    held: int
    basis: Basis | None = None
    plan: SetPlan | None = None
    drift: dict[str, int] | None = None
    done: int = 0


@dataclass(frozen=True)
class LoadPlan:
    """What a load will do, set by set, and between which snapshots."""

    snapshot: date
    before: date | None
    steps: dict[str, SetStep]
    up_to_date: bool = False

    @property
    def changes(self) -> int:
        """Rows that will be sent."""
        return sum(step.plan.changes - step.done for step in self.steps.values() if step.plan)


@dataclass(frozen=True)
class Promise:
    """What a set shall hold when the open load is complete."""

    fingerprint: str
    rows: int


@dataclass(frozen=True)
class SetReport:
    """What was done for one set; created, updated and deleted as the store counted them.

    `left_with_start` relationships were removed together with their start nodes, in the start
    set's transactions; `leaving_later` nodes are still there until the last step; `resumed` rows
    had been written by an interrupted load.
    """

    name: str
    rows: int
    held: int
    created: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    left_with_start: int = 0
    leaving_later: int = 0
    resumed: int = 0
    retries: int = 0
    halvings: int = 0
    seconds: float = 0.0

    @property
    def written(self) -> int:
        """Changes that the store counted."""
        return self.created + self.updated + self.deleted

    @property
    def rows_per_second(self) -> float:
        """Changes a second, 0 when nothing was written."""
        return self.written / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True)
class LoadReport:
    """A whole load's reports; `removed` are those of the final removals."""

    plan: LoadPlan
    sets: dict[str, SetReport] = field(default_factory=dict)
    removed: dict[str, SetReport] = field(default_factory=dict)

    @property
    def written(self) -> int:
        """Changes that the store counted, over all sets."""
        return sum(item.written for item in (*self.sets.values(), *self.removed.values()))


Progress = Callable[[str, int, int], None]


def _silent(name: str, done: int, rows: int) -> None:
    """Progress that nobody follows."""


class GraphLoader:
    """Brings a graph to a snapshot.

    Args:
        driver, database: the graph.
        store: where the frames are and the graph stage's own files go.
        options: what is allowed beyond the ordinary.
        tuning: sessions, batch size, retry time.
        run: names this run; the lease lets its steps pass and no other run's.
        holder: how another run's error message names this one.
        progress: told set, rows done and rows planned, from several threads.
    """

    def __init__(
        self,
        driver: Driver,
        database: str,
        store: FrameStore,
        *,
        options: LoadOptions | None = None,
        tuning: Tuning | None = None,
        run: str,
        holder: str = "a load",
        progress: Progress = _silent,
    ) -> None:
        self._driver = driver
        self._database = database
        self._store = store
        self._options = options or LoadOptions()
        self._tuning = tuning or Tuning()
        self._lease = ledger.Lease(driver, database, run, holder)
        self._progress = progress

    # -- the whole -------------------------------------------------------------------------

    def load(self, snapshot: date) -> LoadReport:
        """All three steps, in order."""
        plan = self.open(snapshot)
        sets = {item.name: self.write(item, snapshot) for item in ALL_SETS}
        removed = self.finish(snapshot)
        return LoadReport(plan, sets, removed)

    # -- opening ---------------------------------------------------------------------------

    def open(self, snapshot: date) -> LoadPlan:
        """Decide, guard, and say in the graph that a load is under way.

        Writes nothing when the graph holds the snapshot already, or when the load is refused.
        Raises GuardError for a rollback or a shrinkage that is not allowed by name, GraphError
        when another run is writing or the graph can't be prepared.
        """
        with self._writable(snapshot):
            return self._open(snapshot)

    def _open(self, snapshot: date) -> LoadPlan:
        state = self.state()
        self._refuse_rollback(snapshot, state)
        desired = self.desired(snapshot)
        if self._up_to_date(snapshot, state, desired):
            plan = self._nothing_to_do(snapshot, state, desired)
            self._save_manifest(snapshot, desired)
            return plan
        self._prepare_lease()
        with self._lease.held(release=False):
            state = self.state()
            self._refuse_rollback(snapshot, state)
            if self._must_read_back(state):
                self._prepare_schema()
            plan = self.decide(snapshot, state, desired)
            try:
                self._guard(plan, state)
            except GuardError:
                self.discard(plan)
                raise
            # Filling an index afterwards costs half of what it adds to writing each node.
            self._prepare_schema(
                later={name for name, step in plan.steps.items() if step.held == 0}
            )
            self._save_manifest(snapshot, desired)
            with self.session() as session:
                ledger.open_sets(session, snapshot, self._openings(plan), _resumed(plan))
        return plan

    def plan(self, snapshot: date) -> LoadPlan:
        """What `open` would decide; writes nothing in the graph and leaves no files of changes."""
        with self._writable(snapshot):
            return self._plan(snapshot)

    def _plan(self, snapshot: date) -> LoadPlan:
        state = self.state()
        desired = self.desired(snapshot)
        if self._up_to_date(snapshot, state, desired):
            return self._nothing_to_do(snapshot, state, desired)
        plan = self.decide(snapshot, state, desired)
        self.discard(plan)
        return plan

    def refusal(self, plan: LoadPlan) -> GuardError | None:
        """The error with which a load by this plan would be refused, None when it would not."""
        state = self.state()
        try:
            self._refuse_rollback(plan.snapshot, state)
            self._guard(plan, state)
        except GuardError as error:
            return error
        return None

    def state(self) -> ledger.LedgerState:
        """The bookkeeping in the graph."""
        with self.session() as session:
            return ledger.read_state(session)

    def counts(self) -> dict[str, int]:
        """How many of each set the graph holds, as it counts itself."""
        with self.session() as session:
            return {
                item.name: int(session.run(cypher.count(item)).single(strict=True)["held"])
                for item in ALL_SETS
            }

    def desired(self, snapshot: date) -> dict[str, RowsFile]:
        """Every set's rows of the snapshot, built from its frames unless they are the same."""
        frames = self._frames(snapshot)
        digests = {name: fingerprint(path) for name, path in frames.items()}
        rules = rules_fingerprint()

        def built(item: GraphSet) -> RowsFile:
            folder = self.folder("rows", item)
            inputs = " ".join((rules, *(digests[name] for name in item.frames)))
            rows = _built_before(folder, inputs)
            if rows is None:
                rows = build_rows(item, frames, folder)
                _remember_built(folder, inputs, rows)
            return rows

        return _each_set(built)

    def decide(
        self, snapshot: date, state: ledger.LedgerState, desired: Mapping[str, RowsFile]
    ) -> LoadPlan:
        """For every set what is to be done, with its changes in files."""
        counts = self.counts()
        steps = _each_set(lambda item: self._step(item, state, desired, counts[item.name]))
        return LoadPlan(snapshot, state.complete_date, steps)

    def discard(self, plan: LoadPlan) -> None:
        """Remove the files of a plan that will not be written; interrupted loads' files stay."""
        for step in plan.steps.values():
            if step.plan is not None and step.basis != "interrupted load":
                shutil.rmtree(
                    self.folder("plans", BY_NAME[step.name]) / step.plan.plan_id,
                    ignore_errors=True,
                )

    def promised_rows(self, snapshot: date) -> dict[str, int]:
        """How many of each set the open (or complete) load of the snapshot promised."""
        return {name: promise.rows for name, promise in self._manifest(snapshot).items()}

    def folder(self, what: str, graph_set: GraphSet) -> Path:
        """The store's folder of a set's rows or plans."""
        return self._store.root / "graph" / what / graph_set.name

    def session(self) -> Session:
        """A session in the graph's database, for the caller to close."""
        return self._driver.session(database=self._database)

    @contextmanager
    def _writable(self, snapshot: date) -> Iterator[None]:
        """A store that can't be written, or a full disk, in plain words."""
        try:
            yield
        except OSError as error:
            raise GraphError(
                "preparing the load",
                f"the store's folder {self._store.root / 'graph'} can't be written: "
                f"{error.strerror or error}.",
                "make it writable, free disk space, or set KWELI_STORE to another folder; what was "
                "committed to the graph stays.",
                snapshot=snapshot,
                rerun_helps=False,
            ) from error

    def _frames(self, snapshot: date) -> dict[str, Path]:
        names = sorted({name for item in ALL_SETS for name in item.frames})
        origins: dict[str, set[str]] = {}
        for name in names:
            origin = self._store.metadata("frames", name, snapshot).get("kweli.snapshot")
            if origin is not None:
                origins.setdefault(origin, set()).add(name)
        if len(origins) > 1:
            told = "; ".join(", ".join(sorted(group)) for group in origins.values())
            raise GraphError(
                "reading the frames",
                f"they were built from different states of the snapshot ({told}).",
                "materialize all frames of this partition again, then the graph.",
                snapshot=snapshot,
            )
        self._require_accounted(snapshot)
        return {name: self._store.path("frames", name, snapshot) for name in names}

    def _require_accounted(self, snapshot: date) -> None:
        """The frames' own gate, looked at again: another run may have failed it."""
        if self._store.exists("frames", "failed_checks", snapshot):
            failed = self._store.scan("frames", "failed_checks", snapshot).collect()
            raise GraphError(
                "reading the frames",
                "blocking checks failed: "
                + ", ".join(f"{check} of {frame}" for frame, check in failed.iter_rows())
                + ".",
                "look at the checks of the frames, then materialize the frames again.",
                snapshot=snapshot,
            )
        if not self._store.exists("frames", "account", snapshot):
            return
        lost = (
            self._store.scan("frames", "account", snapshot)
            .filter(pl.col("entriesIn") != pl.col("entriesOut") + pl.col("quarantined"))
            .select("frame")
            .collect()["frame"]
            .to_list()
        )
        if lost:
            raise GraphError(
                "reading the frames",
                f"entries were lost on the way into {', '.join(lost)}.",
                "materialize the frames of this partition again.",
                snapshot=snapshot,
            )

    def _partial(self, snapshot: date) -> bool:
        """Whether the snapshot is known to hold only a part of the source."""
        if self._options.partial:
            return True
        path = self._store.path("snapshot", "learner_rows", snapshot)
        return path.is_file() and read_info(path).is_partial

    def _refuse_rollback(self, snapshot: date, state: ledger.LedgerState) -> None:
        newest = state.newest_date
        if newest is not None and snapshot < newest and not self._options.allow_rollback:
            raise GuardError(
                "loading an older snapshot than the graph holds",
                f"the graph holds, or is on its way to, {newest.isoformat()}.",
                f"to go back, run `kweli rollback --to {snapshot.isoformat()}` or set "
                "allow_rollback in the run configuration.",
                snapshot=snapshot,
            )

    def _up_to_date(
        self, snapshot: date, state: ledger.LedgerState, desired: Mapping[str, RowsFile]
    ) -> bool:
        if self._options.read_back or state.complete_date != snapshot:
            return False
        counts = self.counts()
        for item in ALL_SETS:
            entry = state.entries.get(item.name)
            if (
                entry is None
                or entry.status != ledger.COMPLETE
                or entry.fingerprint != desired[item.name].fingerprint
                or counts[item.name] != entry.rows
            ):
                return False
        return not self.missing_schema()

    def _nothing_to_do(
        self, snapshot: date, state: ledger.LedgerState, desired: Mapping[str, RowsFile]
    ) -> LoadPlan:
        steps = {
            name: SetStep(name, rows.fingerprint, rows.rows, rows.rows)
            for name, rows in desired.items()
        }
        return LoadPlan(snapshot, state.complete_date, steps, up_to_date=True)

    def _must_read_back(self, state: ledger.LedgerState) -> bool:
        """Whether some set may have to be read back, for which the keys' indexes are needed."""
        counts = self.counts()
        return any(counts.values()) and (
            self._options.read_back
            or any(
                state.entries.get(item.name) is None
                or state.entries[item.name].status != ledger.COMPLETE
                or state.entries[item.name].rows != counts[item.name]
                for item in ALL_SETS
            )
        )

    def _step(
        self,
        graph_set: GraphSet,
        state: ledger.LedgerState,
        desired: Mapping[str, RowsFile],
        count: int,
    ) -> SetStep:
        entry = state.entries.get(graph_set.name)
        rows = desired[graph_set.name]
        step = SetStep(graph_set.name, rows.fingerprint, rows.rows, count)
        if not self._options.read_back and entry is not None:
            trusted = entry.status == ledger.COMPLETE and entry.rows == count
            if trusted and entry.fingerprint == rows.fingerprint:
                return step
            if trusted and entry.fingerprint is not None:
                held = self.folder("rows", graph_set) / f"{entry.fingerprint}.parquet"
                if held.is_file() and fingerprint(held) == entry.fingerprint:
                    return self._planned(step, graph_set, desired, held, "last load")
            if entry.status == ledger.LOADING and entry.to_fingerprint == rows.fingerprint:
                resumed = self._resumed(step, graph_set, entry, state.done(entry), count)
                if resumed is not None:
                    return resumed
        if count == 0:
            return self._planned(step, graph_set, desired, None, "empty")
        return self._read_back(step, graph_set, desired, entry)

    def _planned(
        self,
        step: SetStep,
        graph_set: GraphSet,
        desired: Mapping[str, RowsFile],
        held: Path | None,
        basis: Basis,
        strays: list[str] | None = None,
        drifted: dict[str, int] | None = None,
    ) -> SetStep:
        start = start_of(graph_set)
        sessions = self._tuning.sessions
        plan = plan_changes(
            graph_set,
            desired[graph_set.name],
            held,
            step.held,
            desired[start.name] if start else None,
            strays or [],
            self.folder("plans", graph_set),
            Layout(lanes=4 * sessions, buckets=2 * sessions),
        )
        return SetStep(step.name, step.fingerprint, step.rows, step.held, basis, plan, drifted)

    def _resumed(
        self,
        step: SetStep,
        graph_set: GraphSet,
        entry: ledger.Entry,
        done: Mapping[int, int],
        count: int,
    ) -> SetStep | None:
        """The interrupted load's plan, if its files are here and the graph counts what it must."""
        if entry.plan is None:
            return None
        plan = load_plan(self.folder("plans", graph_set) / entry.plan)
        if plan is None or set(done) != set(_ledger_lanes(graph_set, plan)):
            return None
        low, high = _expected_now(graph_set, plan, done)
        if not low <= count <= high:
            return None
        return SetStep(
            step.name,
            step.fingerprint,
            step.rows,
            count,
            "interrupted load",
            plan,
            done=sum(done.values()),
        )

    def _read_back(
        self,
        step: SetStep,
        graph_set: GraphSet,
        desired: Mapping[str, RowsFile],
        entry: ledger.Entry | None,
    ) -> SetStep:
        start = start_of(graph_set)
        ranges = desired[start.name] if start else desired[graph_set.name]
        key = start.key if start else graph_set.identity[0]
        _LOG.info("%s: reading %s back from the graph", graph_set.name, step.held)
        found = read_back(
            self._driver, self._database, graph_set, ranges, key, self.folder("held", graph_set)
        )
        try:
            drifted = None
            if entry is not None and entry.status != ledger.LOADING and entry.fingerprint:
                before = self.folder("rows", graph_set) / f"{entry.fingerprint}.parquet"
                if before.is_file():
                    drifted = drift(graph_set, before, found.file.path)
                    drifted["foreign"] += len(found.strays)
            return self._planned(
                step, graph_set, desired, found.file.path, "read back", found.strays, drifted
            )
        finally:
            found.file.path.unlink(missing_ok=True)

    def _guard(self, plan: LoadPlan, state: ledger.LedgerState) -> None:
        """Raises GuardError when the plan would delete more than may pass unasked."""
        if self._options.allow_shrink:
            return
        steps = [step for step in plan.steps.values() if step.plan is not None]
        if not state.entries:
            self._refuse(
                plan,
                [step for step in steps if step.plan and step.plan.vanishing],
                "loading a graph that no load of this project has written",
                "it holds data under our labels or types that the snapshot does not name",
            )
        if self._partial(plan.snapshot):
            self._refuse(
                plan,
                [step for step in steps if step.plan and step.plan.vanishing],
                "loading a partial snapshot",
                "the graph holds more, which would be deleted",
            )
        self._refuse(
            plan,
            [step for step in steps if step.plan and _too_much(step.plan)],
            "loading the snapshot",
            f"more than {LARGEST_SHARE_DELETED:.0%} of a set would be deleted",
        )

    def _refuse(self, plan: LoadPlan, steps: list[SetStep], tried: str, wrong: str) -> None:
        if not steps:
            return
        figures = ", ".join(
            f"{BY_NAME[step.name].title} {step.plan.vanishing:,} of {step.plan.held:,} "
            f"({step.plan.vanishing / max(step.plan.held, 1):.1%})"
            for step in steps
            if step.plan is not None
        )
        raise GuardError(
            tried,
            f"{wrong}: {figures}. Nothing was written.",
            "see whether the source is whole; if this is meant, allow it by name: "
            "`--allow-shrink`, or allow_shrink in the run configuration.",
            snapshot=plan.snapshot,
        )

    def missing_schema(self) -> list[str]:
        """Names of the constraints and indexes that the graph does not have, or that failed."""
        failed = {(index.label, index.name) for index in self._failed_indexes()}
        with self.session() as session:
            constrained = {
                (record["label"], tuple(record["properties"]))
                for record in session.run(cypher.SHOW_CONSTRAINTS)
            }
            indexed = {
                (record["label"], tuple(record["properties"]))
                for record in session.run(cypher.SHOW_INDEXES)
                if record["properties"]
            }
        keys = cypher.BOOKKEEPING_KEYS | {item.label: item.key for item in NODE_SETS}
        return [
            cypher.constraint_name(label, key)
            for label, key in keys.items()
            if (label, (key,)) not in constrained or (label, key) in failed
        ] + [
            cypher.index_name(item.label, name)
            for item in NODE_SETS
            for name in item.indexes
            if (item.label, (name,)) not in indexed
        ]

    def _failed_indexes(self) -> list[_FailedIndex]:
        """Indexes on what this project declares that the server could not fill."""
        declared = set(cypher.BOOKKEEPING_KEYS.items()) | {
            (item.label, name) for item in NODE_SETS for name in (item.key, *item.indexes)
        }
        with self.session() as session:
            return [
                _FailedIndex(
                    record["label"],
                    record["properties"][0],
                    cypher.drop_constraint(record["constraint"])
                    if record["constraint"]
                    else cypher.drop_index(record["name"]),
                )
                for record in session.run(cypher.SHOW_FAILED_INDEXES)
                if len(record["properties"]) == 1
                and (record["label"], record["properties"][0]) in declared
            ]

    def _prepare_lease(self) -> None:
        """Without its constraint, two writers could each create a lease of their own."""
        name = cypher.BOOKKEEPING_KEYS[cypher.LEASE]
        if cypher.constraint_name(cypher.LEASE, name) in self.missing_schema():
            with self.session() as session:
                _alter(session, cypher.create_constraint(cypher.LEASE, name))

    def _prepare_schema(self, later: Collection[str] = ()) -> None:
        """Create the constraints and indexes that are missing, and wait until they are ready.

        Readers' indexes of the sets in `later` are left to `finish`.
        """
        missing = set(self.missing_schema())
        if not missing:
            return
        failed = self._failed_indexes()
        with self.session() as session:
            for index in failed:
                _alter(session, index.drop)
            for label, key in cypher.BOOKKEEPING_KEYS.items():
                if cypher.constraint_name(label, key) in missing:
                    _alter(session, cypher.create_constraint(label, key))
            for item in NODE_SETS:
                if cypher.constraint_name(item.label, item.key) in missing:
                    self._constrain(item)
                for name in item.indexes if item.name not in later else ():
                    if cypher.index_name(item.label, name) in missing:
                        _alter(session, cypher.create_index(item.label, name))
            self._await_indexes(session)

    def _await_indexes(self, session: Session) -> None:
        try:
            session.run(cypher.AWAIT_INDEXES).consume()
        except ClientError as error:
            if "ProcedureCallFailed" not in (error.code or ""):
                raise
            failed = [f"{index.label}({index.name})" for index in self._failed_indexes()]
            raise GraphError(
                "creating the graph's indexes",
                f"the server could not fill {', '.join(failed)}."
                if failed
                else "they are not ready after ten minutes.",
                "see the server's log (disk space, memory), then start again: a failed index is "
                "dropped and created anew, and what was committed stays.",
                rerun_helps=True,
            ) from error

    def _constrain(self, node_set: NodeSet) -> None:
        statement = cypher.create_constraint(node_set.label, node_set.key)
        with self.session() as session:
            try:
                _alter(session, statement)
                return
            except (DatabaseError, ClientError) as error:
                if "ConstraintCreationFailed" not in (error.code or ""):
                    raise
            twice = session.run(cypher.duplicates(node_set)).single(strict=True)["keys"]
            if not self._options.read_back:
                raise GraphError(
                    f"creating the uniqueness constraint on {node_set.title}({node_set.key})",
                    f"{twice:,} keys stand on more than one node.",
                    "run `kweli reconcile`: it keeps one node of each key, reads the graph back "
                    "and repairs it.",
                )
            _LOG.warning("%s: %s keys stand on more than one node", node_set.title, twice)
            while (
                session.run(cypher.remove_duplicates(node_set), limit=1_000)
                .consume()
                .counters.nodes_deleted
            ):
                pass
            _alter(session, statement)

    def _openings(self, plan: LoadPlan) -> list[ledger.Opening]:
        openings = []
        for item in ALL_SETS:
            step = plan.steps[item.name]
            if step.plan is not None and step.basis != "interrupted load":
                openings.append(
                    ledger.Opening(
                        set=item.name,
                        plan=step.plan.plan_id,
                        fingerprint=step.fingerprint,
                        rows=step.rows,
                        lanes=tuple(_ledger_lanes(item, step.plan)),
                    )
                )
        return openings

    # -- one set ---------------------------------------------------------------------------

    def write(self, graph_set: GraphSet, snapshot: date) -> SetReport:
        """Bring one set up to date by the plan of `open`; writes nothing when it is.

        Raises DriftError when the graph was changed by hand: the next load reads it back.
        """
        promised = self._manifest(snapshot)[graph_set.name]
        state = self.state()
        entry = state.entries.get(graph_set.name)
        fine = entry is not None and (
            entry.status == ledger.COMPLETE and entry.fingerprint == promised.fingerprint
        )
        if fine:
            rows = promised.rows
            return SetReport(graph_set.name, rows, self._count(graph_set), unchanged=rows)
        plan = self._opened(graph_set, entry, promised.fingerprint, snapshot)
        began = time.monotonic()
        with self._lease.held(release=False), self._drift_noted():
            assert entry is not None  # noqa: S101 - an opened set has an entry
            positions = state.done(entry)
            tally = self._lanes(graph_set, plan, positions, _write_operations(graph_set), 0)
            later = _leaving_later(graph_set, plan)
            # An interrupted load may have begun with the final removals.
            waiting = self._expect(graph_set, plan.rows, at_most=plan.rows + later) - plan.rows
            if not later:
                self._complete(graph_set, plan)
        lanes = plan.lanes(_write_operations(graph_set))
        return SetReport(
            name=graph_set.name,
            rows=plan.rows,
            held=self._count(graph_set),
            created=tally.created,
            updated=tally.updated,
            deleted=tally.deleted,
            unchanged=plan.unchanged,
            left_with_start=plan.with_start,
            leaving_later=waiting,
            resumed=sum(done for lane, done in positions.items() if lane in lanes),
            retries=tally.retries,
            halvings=tally.halvings,
            seconds=time.monotonic() - began,
        )

    def finish(self, snapshot: date) -> dict[str, SetReport]:
        """Remove shared nodes that nothing names any more; the graph then holds the snapshot.

        Gives the reports of the sets that lost nodes. Raises GraphError when a set has not been
        written.
        """
        manifest = self._manifest(snapshot)
        state = self.state()
        if state.complete_date == snapshot and self._all_complete(state, manifest):
            return {}
        reports = {}
        with self._lease.held(release=True), self._drift_noted():
            for item in (*LEAVING_LAST, *ALL_SETS):
                entry = state.entries.get(item.name)
                if item.name in reports or (entry and entry.status == ledger.COMPLETE):
                    continue
                plan = self._opened(item, entry, manifest[item.name].fingerprint, snapshot)
                assert entry is not None  # noqa: S101 - an opened set has an entry
                reports[item.name] = self._leave(item, plan, state.done(entry), snapshot)
            self._prepare_schema()
            with self.session() as session:
                if not ledger.complete_graph(session, snapshot, [*BY_NAME]):
                    raise GraphError(
                        "completing the load",
                        "a set is not complete.",
                        "start the load again; it goes on where it stopped.",
                        snapshot=snapshot,
                        rerun_helps=True,
                    )
        self._tidy(manifest)
        return {name: report for name, report in reports.items() if report.deleted}

    def _leave(
        self, graph_set: GraphSet, plan: SetPlan, positions: Mapping[int, int], snapshot: date
    ) -> SetReport:
        began = time.monotonic()
        for lane, rows in plan.lanes(_write_operations(graph_set)).items():
            if positions.get(lane) != rows:
                raise GraphError(
                    "completing the load",
                    f"{graph_set.title} has not been written to its end.",
                    f"materialize graph/{graph_set.name} first (or the whole load again).",
                    snapshot=snapshot,
                    rerun_helps=True,
                )
        tally = Tally()
        if leaves_last(graph_set):
            tally = self._lanes(graph_set, plan, positions, (Operation.DELETE,), _LEAVE)
        self._expect(graph_set, plan.rows)
        self._complete(graph_set, plan)
        return SetReport(
            name=graph_set.name,
            rows=plan.rows,
            held=plan.rows,
            deleted=tally.deleted,
            unchanged=plan.rows,
            retries=tally.retries,
            halvings=tally.halvings,
            seconds=time.monotonic() - began,
        )

    def _lanes(
        self,
        graph_set: GraphSet,
        plan: SetPlan,
        positions: Mapping[int, int],
        operations: tuple[Operation, ...],
        lane_offset: int,
    ) -> Tally:
        lanes = plan.lanes(operations)
        planned = sum(lanes.values())
        done = sum(positions.get(lane + lane_offset, 0) for lane in lanes)
        counter = _Counter(done, lambda count: self._progress(graph_set.name, count, planned))
        return write_lanes(
            self._driver,
            self._database,
            graph_set,
            plan,
            self.folder("plans", graph_set) / plan.plan_id,
            operations,
            positions,
            self._tuning,
            lane_offset=lane_offset,
            check=self._lease.check,
            progress=counter.add,
        )

    def _opened(
        self,
        graph_set: GraphSet,
        entry: ledger.Entry | None,
        wanted: str,
        snapshot: date,
    ) -> SetPlan:
        plan = None
        if (
            entry is not None
            and entry.status == ledger.LOADING
            and entry.plan
            and entry.to_fingerprint == wanted
            and entry.to_snapshot_date == snapshot
        ):
            plan = load_plan(self.folder("plans", graph_set) / entry.plan)
        if plan is None:
            raise GraphError(
                f"writing {graph_set.title}",
                "no load of this snapshot is open in the graph, or its planned changes are gone.",
                "materialize graph/load_plan first (a whole load begins with it).",
                snapshot=snapshot,
                rerun_helps=False,
            )
        return plan

    def _count(self, graph_set: GraphSet) -> int:
        with self.session() as session:
            return int(session.run(cypher.count(graph_set)).single(strict=True)["held"])

    def _expect(self, graph_set: GraphSet, rows: int, *, at_most: int | None = None) -> int:
        """The graph's count; raises DriftError unless it is `rows`, or between that and more."""
        held = self._count(graph_set)
        if not rows <= held <= (at_most or rows):
            raise DriftError(
                f"counting {graph_set.title} after writing it",
                f"the graph holds {held:,} where the snapshot has {rows:,}: something else "
                "writes to it.",
                "start the load again; every set is then read back from the graph and repaired.",
                rerun_helps=True,
            )
        return held

    def _complete(self, graph_set: GraphSet, plan: SetPlan) -> None:
        with self.session() as session:
            complete = ledger.complete_set(
                session,
                graph_set.name,
                plan.plan_id,
                created=plan.created + plan.moved,
                updated=plan.updated,
                deleted=plan.deleted + plan.moved + plan.strays,
            )
        if not complete:
            raise GraphError(
                f"completing {graph_set.title}",
                "the ledger names another load.",
                "let the other run end, then start this load again.",
                rerun_helps=True,
            )

    def _drift_noted(self) -> _DriftNoted:
        return _DriftNoted(self._driver, self._database)

    # -- files -----------------------------------------------------------------------------

    def _manifest_path(self, snapshot: date) -> Path:
        return self._store.root / "graph" / "loads" / f"{snapshot.isoformat()}.json"

    def _save_manifest(self, snapshot: date, desired: Mapping[str, RowsFile]) -> None:
        path = self._manifest_path(snapshot)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {
            name: {"fingerprint": rows.fingerprint, "rows": rows.rows}
            for name, rows in desired.items()
        }
        _write_json(path, content)

    def _manifest(self, snapshot: date) -> dict[str, Promise]:
        try:
            content = json.loads(self._manifest_path(snapshot).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise GraphError(
                "writing the graph",
                "no load of this snapshot was opened from this store.",
                "materialize graph/load_plan first (a whole load begins with it).",
                snapshot=snapshot,
            ) from error
        return {name: Promise(**promise) for name, promise in content.items()}

    @staticmethod
    def _all_complete(state: ledger.LedgerState, manifest: Mapping[str, Promise]) -> bool:
        return all(
            (entry := state.entries.get(name)) is not None
            and entry.status == ledger.COMPLETE
            and entry.fingerprint == promised.fingerprint
            for name, promised in manifest.items()
        )

    def _tidy(self, manifest: Mapping[str, Promise]) -> None:
        """Keep of each set the rows that the graph holds, and those before: another graph that is
        loaded from this store may still hold them. Plans are done with."""
        for item in ALL_SETS:
            shutil.rmtree(self.folder("plans", item), ignore_errors=True)
            shutil.rmtree(self.folder("held", item), ignore_errors=True)
            held = f"{manifest[item.name].fingerprint}.parquet"
            files = list(self.folder("rows", item).glob("*.parquet"))
            others = [file for file in files if file.name != held]
            others.sort(key=lambda file: file.stat().st_mtime, reverse=True)
            for file in others[1:]:
                file.unlink(missing_ok=True)
            for pattern in (".*.building", ".*.part"):
                remove_leftovers(self.folder("rows", item), pattern)


class _DriftNoted:
    """Notes in the ledger that the graph was changed by hand, so that the next load reads it."""

    def __init__(self, driver: Driver, database: str) -> None:
        self._driver = driver
        self._database = database

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if not isinstance(error, DriftError | ConstraintError):
            return
        with self._driver.session(database=self._database) as session:
            ledger.mark_drifted(session)
        if isinstance(error, ConstraintError):
            raise DriftError(
                "writing the graph",
                "a uniqueness constraint refused a batch: the graph was changed by hand since "
                "the last load.",
                "start the load again; every set is then read back from the graph and repaired.",
                rerun_helps=True,
            ) from None


class _Counter:
    """Adds up rows from several threads."""

    def __init__(self, done: int, tell: Callable[[int], None]) -> None:
        self._done = done
        self._tell = tell

    def add(self, rows: int) -> None:
        self._done += rows
        self._tell(self._done)


Result = TypeVar("Result")


def _each_set(work: Callable[[GraphSet], Result]) -> dict[str, Result]:
    """The work of every set, SETS_AT_ONCE at a time; the first error ends it."""
    with ThreadPoolExecutor(SETS_AT_ONCE, thread_name_prefix="graph-sets") as pool:
        results = pool.map(work, ALL_SETS)
        return {item.name: result for item, result in zip(ALL_SETS, results, strict=True)}


_BUILT_FILE = "built.json"


@dataclass(frozen=True)
class _FailedIndex:
    """An index that could not be filled: its label, its property, and what drops it."""

    label: str
    name: str
    drop: str


def _built_before(folder: Path, inputs: str) -> RowsFile | None:
    """The rows that were built from the same inputs, if they are still stored and whole."""
    try:
        known = json.loads((folder / _BUILT_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    path = folder / f"{known['fingerprint']}.parquet"
    if known["inputs"] != inputs or not path.is_file():
        return None
    if fingerprint(path) != known["fingerprint"]:
        return None
    return RowsFile(path, known["fingerprint"], known["rows"])


def _remember_built(folder: Path, inputs: str, rows: RowsFile) -> None:
    content = {"inputs": inputs, "fingerprint": rows.fingerprint, "rows": rows.rows}
    _write_json(folder / _BUILT_FILE, content)


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    """Aside first, under a name of its own: of two loads at once both come here, before one of
    them is refused."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    aside.write_text(json.dumps(content), encoding="utf-8")
    os.replace(aside, path)


def _write_operations(graph_set: GraphSet) -> tuple[Operation, ...]:
    """What a set's own step does; shared nodes leave in the final step."""
    if leaves_last(graph_set):
        return (Operation.STRAY, Operation.CREATE, Operation.UPDATE)
    return tuple(Operation)


def _ledger_lanes(graph_set: GraphSet, plan: SetPlan) -> list[int]:
    own = sorted(plan.lanes(_write_operations(graph_set)))
    if not leaves_last(graph_set):
        return own
    return own + [lane + _LEAVE for lane in sorted(plan.lanes((Operation.DELETE,)))]


def _leaving_later(graph_set: GraphSet, plan: SetPlan) -> int:
    """How many of the set are left in the graph after its own step, for the final one."""
    if leaves_last(graph_set):
        return plan.deleted
    if isinstance(graph_set, RelationshipSet) and graph_set.start is not LEARNER:
        return plan.with_start
    return 0


def _alter(session: Session, statement: str) -> None:
    """Run a schema statement; locks that others hold for a moment are waited out."""
    session.execute_write(lambda tx: tx.run(statement).consume())


def _resumed(plan: LoadPlan) -> list[str]:
    return [name for name, step in plan.steps.items() if step.basis == "interrupted load"]


def _too_much(plan: SetPlan) -> bool:
    return plan.held > GUARDED_FROM and plan.vanishing > LARGEST_SHARE_DELETED * plan.held


def _expected_now(graph_set: GraphSet, plan: SetPlan, done: Mapping[int, int]) -> tuple[int, int]:
    """Between which counts the graph must be, as far as the interrupted load came."""
    count = plan.held
    phases = [(_write_operations(graph_set), 0)]
    if leaves_last(graph_set):
        phases.append(((Operation.DELETE,), _LEAVE))
    for operations, offset in phases:
        for lane in plan.lanes(operations):
            left = done.get(lane + offset, 0)
            for operation in operations:
                rows = sum(n for owner, n in plan.groups.get(operation, []) if owner == lane)
                applied = min(rows, left)
                left -= applied
                if operation is Operation.CREATE:
                    count += applied
                elif operation in (Operation.DELETE, Operation.STRAY):
                    count -= applied
    # Relationships that leave with their start node: some, all or none of them have left.
    return count - plan.with_start, count


def describe(plan: LoadPlan) -> dict[str, dict[str, object]]:
    """The plan's figures by set, for metadata and the command line."""
    return {
        name: {
            "basis": step.basis,
            "rows": step.rows,
            "held": step.held,
            **(
                {
                    key: value
                    for key, value in asdict(step.plan).items()
                    if key in {"created", "updated", "moved", "deleted", "with_start", "strays"}
                }
                if step.plan
                else {}
            ),
        }
        for name, step in plan.steps.items()
    }
