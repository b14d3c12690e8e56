"""Writing a set's planned changes: several sessions, each batch exactly once, retried.

Here: lanes, end-node buckets, batch sizes, retries, and the check that the store did what a batch
asked. Not here: what to write (diff), when and whether (load), Cypher.

Every batch is one transaction that also moves its lane's ledger node from one position to the
next. A batch whose answer was lost is sent again: when it had been committed, the position no
longer fits and nothing is written.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

import polars as pl
from neo4j import Driver, Session, SummaryCounters
from neo4j.exceptions import ClientError, DriverError, IncompleteCommit, Neo4jError
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay
from tenacity import wait_random_exponential as random_exponential

from kweli_assets.errors import GraphError
from kweli_assets.graph import ledger
from kweli_assets.graph.cypher import NOT_EXACTLY, Operation, batch, payload
from kweli_assets.graph.diff import ALL_BUCKETS, SetPlan, Unit, lane_units
from kweli_assets.graph.model import GraphSet, NodeSet

_LOG = logging.getLogger(__name__)

SMALLEST_BATCH = 50
# Wide rows go in smaller batches: measured per learner (22 properties), the server needs 46 us
# of CPU in batches of 2,000 and 54 us in batches of 5,000; narrow relationships are the reverse.
VALUES_A_BATCH = 40_000
# A node takes its relationships along: five to ten a learner.
_ROWS_A_NODE_REMOVED = 10
_SUCCESSES_TO_GROW = 10


class DriftError(GraphError):
    """The graph does not hold what the last load left there: somebody else wrote to it."""


@dataclass(frozen=True)
class Tuning:
    """How a load writes.

    Attributes:
        sessions: driver sessions at work at once.
        batch_rows: rows of one transaction, at most.
        retry_seconds: how long a batch is tried again after transient errors.
    """

    sessions: int = 2
    batch_rows: int = 5_000
    retry_seconds: float = 30.0


class Tally:
    """What the store counted, over all sessions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.created = 0
        self.updated = 0
        self.deleted = 0
        self.rows = 0
        self.batches = 0
        self.retries = 0
        self.halvings = 0

    def add(self, *, created: int, updated: int, deleted: int, rows: int) -> None:
        """Count one committed batch."""
        with self._lock:
            self.created += created
            self.updated += updated
            self.deleted += deleted
            self.rows += rows
            self.batches += 1

    def retry(self, *, halved: bool) -> None:
        """Count one attempt that has to be repeated."""
        with self._lock:
            self.retries += 1
            self.halvings += halved


class BatchSize:
    """Rows of a batch: halved when the server runs out of memory, grown back with success."""

    def __init__(self, largest: int) -> None:
        self._lock = threading.Lock()
        self._largest = max(1, largest)
        self._successes = 0
        self.rows = self._largest

    def halve(self) -> bool:
        """False when the batch can't become smaller."""
        with self._lock:
            self._successes = 0
            smaller = max(min(SMALLEST_BATCH, self._largest), self.rows // 2)
            halved, self.rows = smaller < self.rows, smaller
            return halved

    def succeeded(self) -> None:
        """After some successes in a row the size doubles, up to the first one."""
        with self._lock:
            self._successes += 1
            if self._successes >= _SUCCESSES_TO_GROW and self.rows < self._largest:
                self._successes = 0
                self.rows = min(self._largest, self.rows * 2)


def out_of_memory(error: BaseException) -> bool:
    """Whether the server had too little memory for the transaction: smaller ones may pass."""
    code = (error.code or "") if isinstance(error, Neo4jError) else ""
    return "OutOfMemory" in code or "TransactionMemoryLimit" in code


def transient(error: BaseException) -> bool:
    """Whether the same batch may pass when sent again.

    A lost answer (IncompleteCommit) counts: the lane's position tells whether it was committed.
    """
    if isinstance(error, IncompleteCommit):
        return True
    if isinstance(error, Neo4jError | DriverError):
        return error.is_retryable() and not out_of_memory(error)
    return False


class _Stopped(Exception):
    """This lane ends because another one failed."""


Progress = Callable[[int], None]


def write_lanes(
    driver: Driver,
    database: str,
    graph_set: GraphSet,
    plan: SetPlan,
    folder: Path,
    operations: tuple[Operation, ...],
    positions: Mapping[int, int],
    tuning: Tuning,
    *,
    lane_offset: int = 0,
    check: Callable[[], None] = lambda: None,
    progress: Progress = lambda _: None,
) -> Tally:
    """Write the planned changes of these operations, lane by lane, from where each one stands.

    Args:
        positions: rows done by ledger lane.
        lane_offset: added to a lane's number for its ledger node (a plan's later phase has
            lanes of its own).
        check: called before each batch; raises when this run may not write any more.
        progress: told the rows of each committed batch.

    Raises DriftError when the graph does not hold what the plan assumes, GraphError when
    another run moves the same ledger; and the driver's errors when retrying did not help.
    """
    work: SimpleQueue[int] = SimpleQueue()
    for lane in sorted(plan.lanes(operations)):
        work.put(lane)
    tally, stop = Tally(), threading.Event()
    shared = _Shared(
        driver, database, graph_set, plan, folder, operations, tuning, tally, stop,
        BatchSize(tuning.batch_rows), [threading.Lock() for _ in range(64)], check, progress,
    )  # fmt: skip
    workers = min(tuning.sessions, work.qsize())
    if not workers:
        return tally
    with ThreadPoolExecutor(workers, thread_name_prefix=f"graph-{plan.name}") as pool:
        futures = [pool.submit(_work, shared, work, positions, lane_offset) for _ in range(workers)]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            if not all(future.done() and future.exception() is None for future in futures):
                stop.set()
    errors = [error for future in futures if (error := future.exception()) is not None]
    told = [error for error in errors if not isinstance(error, _Stopped)]
    if told:
        raise told[0]
    return tally


@dataclass(frozen=True)
class _Shared:
    driver: Driver
    database: str
    graph_set: GraphSet
    plan: SetPlan
    folder: Path
    operations: tuple[Operation, ...]
    tuning: Tuning
    tally: Tally
    stop: threading.Event
    size: BatchSize
    ends: list[threading.Lock]
    check: Callable[[], None]
    progress: Progress


def _work(
    shared: _Shared, lanes: SimpleQueue[int], positions: Mapping[int, int], lane_offset: int
) -> None:
    try:
        while True:
            try:
                lane = lanes.get_nowait()
            except Empty:
                return
            _Lane(shared, lane, lane + lane_offset).run(positions.get(lane + lane_offset, 0))
    except BaseException:
        shared.stop.set()
        raise


class _Lane:
    """One lane's batches, in order, in one session at a time."""

    def __init__(self, shared: _Shared, lane: int, ledger_lane: int) -> None:
        self._shared = shared
        self._lane = lane
        self._id = ledger.lane_id(shared.plan.name, shared.plan.plan_id, ledger_lane)
        self._session: Session | None = None
        self._statements = {
            operation: batch(shared.graph_set, operation)
            for operation in shared.operations
            if operation in shared.plan.groups
        }

    def run(self, position: int) -> None:
        shared = self._shared
        units = lane_units(shared.plan, shared.folder, self._lane, shared.operations, position)
        try:
            for unit in units:
                with ExitStack() as held:
                    self._hold(held, unit.bucket)
                    self._write(unit)
        finally:
            self._close()

    def _hold(self, held: ExitStack, bucket: int) -> None:
        """Own the unit's end nodes: no other lane of this load writes to them meanwhile."""
        if isinstance(self._shared.graph_set, NodeSet):
            return
        wanted = self._shared.ends if bucket == ALL_BUCKETS else [self._shared.ends[bucket]]
        for lock in wanted:
            while not lock.acquire(timeout=0.2):
                if self._shared.stop.is_set():
                    raise _Stopped
            held.callback(lock.release)

    def _write(self, unit: Unit) -> None:
        shared, done = self._shared, 0
        removes_nodes = isinstance(shared.graph_set, NodeSet) and unit.operation in (
            Operation.DELETE,
            Operation.STRAY,
        )
        columns = list(payload(shared.graph_set, unit.operation))
        while done < unit.rows.height:
            if shared.stop.is_set():
                raise _Stopped
            shared.check()
            size = min(shared.size.rows, max(1, VALUES_A_BATCH // len(columns)))
            if removes_nodes:
                size = max(1, size // _ROWS_A_NODE_REMOVED)
            part = unit.rows.slice(done, size)
            rows = part.select(columns).with_columns(pl.col(pl.Date).cast(pl.String)).rows()
            try:
                self._commit(unit.operation, unit.position + done, rows)
            except (Neo4jError, DriverError) as error:
                if not out_of_memory(error) or not shared.size.halve():
                    raise
                _LOG.warning(
                    "%s: the server is out of memory, batches of %s rows from here",
                    shared.plan.name,
                    shared.size.rows,
                )
                shared.tally.retry(halved=True)
                self._close()
                continue
            shared.size.succeeded()
            shared.progress(len(rows))
            done += len(rows)

    def _commit(self, operation: Operation, position: int, rows: list[tuple[object, ...]]) -> None:
        retrying = Retrying(
            retry=retry_if_exception(transient),
            wait=random_exponential(multiplier=0.2, max=5),
            stop=stop_after_delay(self._shared.tuning.retry_seconds),
            before_sleep=self._note,
            reraise=True,
        )
        for attempt in retrying:
            with attempt:
                again = attempt.retry_state.attempt_number > 1
                counters = self._attempt(operation, position, rows, again=again)
        self._count(operation, counters, len(rows))

    def _note(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        _LOG.warning(
            "%s: %s, attempt %s is repeated",
            self._shared.plan.name,
            getattr(error, "code", None) or type(error).__name__,
            state.attempt_number,
        )
        self._shared.tally.retry(halved=False)
        self._close()
        if self._shared.stop.is_set():
            raise _Stopped

    def _attempt(
        self,
        operation: Operation,
        position: int,
        rows: list[tuple[object, ...]],
        *,
        again: bool,
    ) -> SummaryCounters | None:
        """Send a batch; None when an earlier attempt was committed and only its answer lost."""
        shared, to = self._shared, position + len(rows)
        parameters = {
            "lane": self._id,
            "plan": shared.plan.plan_id,
            "from": position,
            "to": to,
            "rows": rows,
        }
        try:
            counters = self._send(self._statements[operation], parameters)
        except ClientError as error:
            if error.code != NOT_EXACTLY:
                raise
            raise DriftError(
                f"writing {shared.graph_set.title} ({operation})",
                f"the graph does not hold what a batch of {len(rows):,} rows was to work on: it "
                "was changed by hand since the last load. The batch was rolled back.",
                "start the load again; every set is then read back from the graph and repaired.",
                rerun_helps=True,
            ) from None
        if counters is not None:
            return counters
        found = ledger.position_of(self._open_session(), self._id)
        if again and found == to:
            return None
        raise GraphError(
            f"writing {shared.graph_set.title}",
            f"the ledger in the graph stands at {found}, this run at {position}: another run "
            "writes the same load.",
            "let that run end, then start this load again.",
            rerun_helps=True,
        )

    def _send(self, statement: str, parameters: dict[str, object]) -> SummaryCounters | None:
        """One round trip; None when the lane does not stand where the batch begins."""
        result = self._open_session().run(statement, parameters)
        record = result.single()
        counters = result.consume().counters
        return None if record is None else counters

    def _open_session(self) -> Session:
        if self._session is None:
            self._session = self._shared.driver.session(database=self._shared.database)
        return self._session

    def _count(self, operation: Operation, counters: SummaryCounters | None, rows: int) -> None:
        """Add up what the store counted (of a batch whose answer was lost: what it ensures)."""
        updated = rows if operation is Operation.UPDATE else 0
        if counters is None:
            created = rows if operation in (Operation.CREATE, Operation.MOVE) else 0
            deleted = rows if operation not in (Operation.CREATE, Operation.UPDATE) else 0
        elif isinstance(self._shared.graph_set, NodeSet):
            # A removed node takes its relationships along; they are no nodes of this set.
            created, deleted = counters.nodes_created, counters.nodes_deleted
        else:
            created, deleted = counters.relationships_created, counters.relationships_deleted
        self._shared.tally.add(created=created, updated=updated, deleted=deleted, rows=rows)

    def _close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            try:
                session.close()
            except (Neo4jError, DriverError) as error:
                _LOG.debug("closing a broken session: %s", type(error).__name__)
