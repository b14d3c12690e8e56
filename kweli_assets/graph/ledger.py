"""The bookkeeping in the graph: what each set holds, how far a load is, who may write.

Here: reading and moving the ledger nodes (`GraphLoad`, one a set; `GraphLoadLane`, one a lane of
a load under way), the `Snapshot` node for analysts, and the writer's lease (`GraphLease`). Not
here: what to load (load), the batches themselves (writer; they move their lane in their own
transaction).

Times are the server's, so that machines with different clocks agree.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import psutil
from neo4j import Driver, Query, Session
from neo4j.exceptions import DriverError, Neo4jError

from kweli_assets.errors import GraphError
from kweli_assets.graph.cypher import LANE, LEASE, LEDGER, SNAPSHOT

_LOG = logging.getLogger(__name__)

COMPLETE = "complete"
LOADING = "loading"
DRIFTED = "drifted"

LEASE_SECONDS = 120
HEARTBEAT_SECONDS = 5
# A holder on this machine whose process is gone is given this long for its next step's process.
_STEP_GAP_SECONDS = 5
_MISSED_BEATS = 3


@dataclass(frozen=True)
class Entry:
    """One set's ledger node.

    `fingerprint`, `rows` and `snapshot_date` are of what the set held when it was last complete;
    `plan` and the `to_...` fields are of the load under way, None when there is none.
    """

    set: str
    status: str
    snapshot_date: date | None = None
    fingerprint: str | None = None
    rows: int | None = None
    plan: str | None = None
    to_snapshot_date: date | None = None
    to_fingerprint: str | None = None


@dataclass(frozen=True)
class Marker:
    """The `Snapshot` node: which snapshot the graph holds, or between which two it is."""

    status: str
    snapshot_date: date | None
    from_snapshot_date: date | None
    to_snapshot_date: date | None


@dataclass(frozen=True)
class LedgerState:
    """All bookkeeping of the graph at one moment."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    positions: Mapping[tuple[str, str], Mapping[int, int]] = field(default_factory=dict)
    marker: Marker | None = None

    @property
    def newest_date(self) -> date | None:
        """The newest snapshot that a load, complete or not, has begun to write."""
        dates = [
            day
            for entry in self.entries.values()
            for day in (entry.snapshot_date, entry.to_snapshot_date)
            if day is not None
        ]
        return max(dates, default=None)

    @property
    def complete_date(self) -> date | None:
        """The snapshot that the whole graph holds; None while it is between two."""
        if self.marker is None or self.marker.status != COMPLETE:
            return None
        return self.marker.snapshot_date

    def done(self, entry: Entry) -> Mapping[int, int]:
        """Lane -> rows done of the load under way."""
        return self.positions.get((entry.set, entry.plan or ""), {})


@dataclass(frozen=True)
class Opening:
    """What the ledger is told when a set's load begins: its plan and the lanes to come."""

    set: str
    plan: str
    fingerprint: str
    rows: int
    lanes: tuple[int, ...]


def lane_id(set_name: str, plan: str, lane: int) -> str:
    """The key of a lane's ledger node."""
    return f"{set_name}/{plan}/{lane}"


_READ_ENTRIES = f"""MATCH (g:{LEDGER})
RETURN g.set AS set, g.status AS status, g.snapshotDate AS snapshot_date,
  g.fingerprint AS fingerprint, g.rows AS rows, g.plan AS plan,
  g.toSnapshotDate AS to_snapshot_date, g.toFingerprint AS to_fingerprint"""

_READ_LANES = f"""MATCH (l:{LANE})
RETURN l.set AS set, l.plan AS plan, l.lane AS lane, l.position AS position"""

_READ_MARKER = f"""MATCH (s:{SNAPSHOT} {{name: 'graph'}})
RETURN s.status AS status, s.snapshotDate AS snapshot_date,
  s.fromSnapshotDate AS from_snapshot_date, s.toSnapshotDate AS to_snapshot_date"""


def read_state(session: Session) -> LedgerState:
    """The bookkeeping as it stands."""
    entries = {
        record["set"]: Entry(**_native(record.data())) for record in session.run(_READ_ENTRIES)
    }
    positions: dict[tuple[str, str], dict[int, int]] = {}
    for record in session.run(_READ_LANES):
        lanes = positions.setdefault((record["set"], record["plan"]), {})
        lanes[record["lane"]] = record["position"]
    marker = session.run(_READ_MARKER).single()
    return LedgerState(entries, positions, Marker(**_native(marker.data())) if marker else None)


def _native(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.to_native() if hasattr(value, "to_native") else value
        for name, value in values.items()
    }


_OPEN_SET = f"""MERGE (g:{LEDGER} {{set: $set}})
SET g.status = '{LOADING}', g.plan = $plan, g.toSnapshotDate = $date,
  g.toFingerprint = $fingerprint, g.toRows = $rows, g.startedAt = datetime.realtime(),
  g.finishedAt = null
WITH g
CALL () {{ MATCH (old:{LANE} {{set: $set}}) DETACH DELETE old }}
CALL () {{
  UNWIND $lanes AS lane
  CREATE (:{LANE} {{id: lane.id, set: $set, plan: $plan, lane: lane.lane, position: 0}})
}}"""

_OPEN_MARKER = f"""MERGE (s:{SNAPSHOT} {{name: 'graph'}})
SET s.fromSnapshotDate = CASE WHEN s.status = '{LOADING}' THEN s.fromSnapshotDate
    ELSE s.snapshotDate END,
  s.snapshotDate = null, s.toSnapshotDate = $date, s.status = '{LOADING}',
  s.startedAt = datetime.realtime(), s.completedAt = null"""


def open_sets(
    session: Session, snapshot: date, openings: list[Opening], resumed: list[str]
) -> None:
    """Say in one transaction that the graph is on its way to `snapshot`, by these plans.

    `resumed` sets go on where they stopped: their lanes stay. (Their rows may be the same for
    another day than the one that was interrupted.)
    """
    with session.begin_transaction() as tx:
        tx.run(_OPEN_MARKER, date=snapshot).consume()
        tx.run(
            f"MATCH (g:{LEDGER}) WHERE g.set IN $sets SET g.toSnapshotDate = $date",
            sets=resumed,
            date=snapshot,
        ).consume()
        for opening in openings:
            lanes = [
                {"id": lane_id(opening.set, opening.plan, lane), "lane": lane}
                for lane in opening.lanes
            ]
            tx.run(
                _OPEN_SET,
                set=opening.set,
                plan=opening.plan,
                date=snapshot,
                fingerprint=opening.fingerprint,
                rows=opening.rows,
                lanes=lanes,
            ).consume()
        tx.commit()


_COMPLETE_SET = f"""MATCH (g:{LEDGER} {{set: $set, plan: $plan}})
SET g.status = '{COMPLETE}', g.snapshotDate = g.toSnapshotDate, g.fingerprint = g.toFingerprint,
  g.rows = g.toRows, g.plan = null, g.toSnapshotDate = null, g.toFingerprint = null,
  g.toRows = null, g.created = $created, g.updated = $updated, g.deleted = $deleted,
  g.finishedAt = datetime.realtime()
WITH g
OPTIONAL MATCH (l:{LANE} {{set: $set}})
DETACH DELETE l
RETURN count(DISTINCT g) AS sets"""


def complete_set(
    session: Session, set_name: str, plan: str, *, created: int, updated: int, deleted: int
) -> bool:
    """The set holds what its plan promised; False when the ledger names another plan."""
    record = session.run(
        _COMPLETE_SET, set=set_name, plan=plan, created=created, updated=updated, deleted=deleted
    ).single(strict=True)
    return bool(record["sets"])


_COMPLETE_GRAPH = f"""MATCH (g:{LEDGER}) WHERE g.set IN $sets
WITH count(g) AS known, sum(CASE WHEN g.status = '{COMPLETE}' THEN 1 ELSE 0 END) AS complete
WHERE known = size($sets) AND complete = known
MERGE (s:{SNAPSHOT} {{name: 'graph'}})
SET s.status = '{COMPLETE}', s.snapshotDate = $date, s.fromSnapshotDate = null,
  s.toSnapshotDate = null, s.completedAt = datetime.realtime()
WITH s
MATCH (g:{LEDGER}) WHERE g.set IN $sets
SET g.snapshotDate = $date
RETURN count(g) AS sets"""


def complete_graph(session: Session, snapshot: date, sets: list[str]) -> bool:
    """The whole graph holds `snapshot`; False when a set is not complete."""
    record = session.run(_COMPLETE_GRAPH, sets=sets, date=snapshot).single()
    return bool(record and record["sets"] == len(sets))


def mark_drifted(session: Session) -> None:
    """Trust no stored rows: the next load reads every set back from the graph."""
    session.run(
        f"MATCH (g:{LEDGER}) SET g.status = '{DRIFTED}', "
        "g.fingerprint = CASE WHEN g.plan IS NULL THEN g.fingerprint END, g.plan = null"
    ).consume()


def position_of(session: Session, lane: str) -> int | None:
    """A lane's position, None when there is no such lane any more."""
    record = session.run(
        f"MATCH (l:{LANE} {{id: $lane}}) SET l.seized = l.position RETURN l.position AS position",
        lane=lane,
    ).single()
    return None if record is None else int(record["position"])


# -- lease --------------------------------------------------------------------------------------

_ACQUIRE = f"""MERGE (l:{LEASE} {{name: 'writer'}})
SET l.seized = true
WITH l, duration.inSeconds(l.heartbeat, datetime.realtime()).seconds AS age
WITH l, age, l.token IS NULL OR l.token IN $mine OR age > $expiry AS free
FOREACH (_ IN CASE WHEN free THEN [1] ELSE [] END |
  SET l.token = $token, l.holder = $holder, l.host = $host, l.pid = $pid,
    l.pidStarted = $pidStarted, l.heartbeat = datetime.realtime())
RETURN free, age, l.token AS token, l.holder AS holder, l.host AS host, l.pid AS pid,
  l.pidStarted AS pidStarted"""

_BEAT = f"""MATCH (l:{LEASE} {{name: 'writer'}}) WHERE l.token = $token
SET l.heartbeat = datetime.realtime() RETURN count(l) AS held"""

_RELEASE = f"MATCH (l:{LEASE} {{name: 'writer'}}) WHERE l.token = $token DETACH DELETE l"

_READ_LEASE = f"""MATCH (l:{LEASE} {{name: 'writer'}}) WHERE l.token IS NOT NULL
RETURN l.holder AS holder, l.token AS token,
  duration.inSeconds(l.heartbeat, datetime.realtime()).seconds AS age"""


@dataclass(frozen=True)
class LeaseHolder:
    """Who holds the lease, and for how many seconds nothing was heard of it."""

    holder: str
    token: str
    age: int


def read_lease(session: Session) -> LeaseHolder | None:
    """The lease's holder, also one that is dead; None when nobody holds it."""
    record = session.run(_READ_LEASE).single()
    return LeaseHolder(**record.data()) if record else None


class Lease:
    """The right to write: one run at a time, on whichever machine.

    The same run (`token`) takes it again in each of its steps. While a step works, a thread
    renews it; two minutes after the last renewal anyone may take it, sooner when the holder's
    process is known to be gone from this machine.
    """

    def __init__(self, driver: Driver, database: str, token: str, holder: str) -> None:
        self._driver = driver
        self._database = database
        self._token = token
        self._holder = f"{holder} on {socket.gethostname()}, process {os.getpid()}"
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._refused: Neo4jError | None = None

    @contextmanager
    def held(self, *, release: bool) -> Iterator[Lease]:
        """Hold the lease for a while; an error releases it, success as `release` says.

        Raises GraphError, naming the holder, when another run holds it.
        """
        self._acquire()
        self._refused = None
        self._stop.clear()
        beats = threading.Thread(target=self._beat, name="graph-lease", daemon=True)
        beats.start()
        failed = True
        try:
            yield self
            failed = False
        finally:
            self._stop.set()
            beats.join()
            if failed or release:
                self._release(quietly=failed)

    def check(self) -> None:
        """Raises GraphError when another run has taken the lease over.

        Raises the driver's error when the server no longer lets this user in: connections that
        were open stay so, but the next one would fail.
        """
        if self._refused is not None:
            raise self._refused
        if self._lost.is_set():
            raise GraphError(
                "writing the graph",
                "this run's lease ended and another run took it over.",
                "let that run end, then start this load again.",
                rerun_helps=True,
            )

    def _acquire(self) -> None:
        mine = [self._token]
        last_age: int | None = None
        while True:
            with self._driver.session(database=self._database) as session:
                record = session.execute_write(
                    lambda tx: tx.run(
                        _ACQUIRE,
                        mine=mine,
                        token=self._token,
                        holder=self._holder,
                        host=_host(),
                        pid=os.getpid(),
                        pidStarted=_started(os.getpid()),
                        expiry=LEASE_SECONDS,
                    ).single(strict=True)
                )
            if record["free"]:
                return
            age = int(record["age"])
            gone = record["host"] == _host() and (_started(record["pid"]) != record["pidStarted"])
            beating = age < _MISSED_BEATS * HEARTBEAT_SECONDS and not gone
            renewed = last_age is not None and age < last_age
            if beating or renewed:
                raise GraphError(
                    "asking for the right to write the graph",
                    f"{record['holder']} is writing it (last heard of {age} s ago).",
                    "wait until that load has ended, then start this one again.",
                    rerun_helps=True,
                )
            if gone and age >= _STEP_GAP_SECONDS:
                mine.append(record["token"])
                continue
            if last_age is None:
                _LOG.warning(
                    "waiting for the lease of %s, not heard of for %s s (ends after %s s)",
                    record["holder"],
                    age,
                    _STEP_GAP_SECONDS if gone else LEASE_SECONDS,
                )
            last_age = age
            time.sleep(1)

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_SECONDS):
            try:
                with self._driver.session(database=self._database) as session:
                    beat = session.run(Query(_BEAT, timeout=30), token=self._token)
                    if not beat.single(strict=True)["held"]:
                        self._lost.set()
                        return
            except (Neo4jError, DriverError) as error:
                if isinstance(error, Neo4jError) and "Security" in (error.code or ""):
                    # Trying again would only have the server lock the user out for a while.
                    self._refused = error
                    return
                # The next beat tries again; the lanes' own errors tell what is wrong.
                _LOG.warning("the lease could not be renewed: %s", type(error).__name__)

    def _release(self, *, quietly: bool) -> None:
        try:
            with self._driver.session(database=self._database) as session:
                session.run(_RELEASE, token=self._token).consume()
        except (Neo4jError, DriverError):
            if not quietly:
                raise
            # The error under way says more; the lease ends by itself.
            _LOG.warning("the lease could not be released; it ends in %s s", LEASE_SECONDS)


def _host() -> str:
    """This machine and process namespace: only there a process id says something."""
    try:
        namespace = os.readlink("/proc/self/ns/pid")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        namespace = boot = "unknown"
    return f"{socket.gethostname()} {boot} {namespace}"


def _started(pid: int) -> float | None:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None
