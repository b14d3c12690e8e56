"""What the command line asks of the graph: plan, reconcile, roll back, status, snapshots.

Here: plain functions and plain results, each on an open driver. Not here: printing (cli), the
load itself (load), Dagster.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from neo4j import Driver
from neo4j.exceptions import ClientError, DatabaseError

from kweli_assets.errors import GraphError
from kweli_assets.graph import ledger
from kweli_assets.graph.load import GraphLoader, LoadOptions, LoadPlan, LoadReport
from kweli_assets.graph.sets import ALL_SETS
from kweli_assets.graph.sorted_rows import RowsFile
from kweli_assets.graph.writer import Tuning
from kweli_assets.resources.frame_store import FrameStore

SAMPLE_ROWS = 5

# Measured on two cores with the server beside; an order of magnitude, no promise.
CHANGES_A_SECOND = 15_000

# Aura Free ends at these.
FREE_NODES = 200_000
FREE_RELATIONSHIPS = 400_000

# What a load needs -> the actions, as SHOW USER PRIVILEGES names them, that grant it.
_GRANTING = {
    "reading": {"match", "read", "graph_actions"},
    "writing": {"write", "graph_actions"},
    "creating constraints": {"create_constraint", "constraint", "database_actions"},
    "creating indexes": {"create_index", "index", "database_actions"},
}


@dataclass(frozen=True)
class SetOutlook:
    """One set of a dry run: what is held, what would be done, and rows as they would be written."""

    name: str
    title: str
    held: int
    rows: int
    created: int
    updated: int
    moved: int
    deleted: int
    drift: dict[str, int] | None
    basis: str | None
    sample: list[dict[str, Any]]


@dataclass(frozen=True)
class Outlook:
    """A dry run.

    Attributes:
        server: name, version and edition of the server.
        missing_rights: privileges that the user lacks (empty where the server can't tell).
        missing_schema: constraints and indexes that the load would create.
        seconds: a rough estimate of the writing.
        refusal: why the load would be refused, None when it would not.
        over_free_tier: nodes or relationships that an Aura Free instance does not take.
    """

    snapshot: date
    before: date | None
    up_to_date: bool
    server: str
    missing_rights: list[str]
    missing_schema: list[str]
    sets: list[SetOutlook]
    seconds: float
    refusal: str | None
    over_free_tier: str | None

    @property
    def changes(self) -> int:
        """Nodes and relationships that would be written."""
        return sum(item.created + item.updated + item.moved + item.deleted for item in self.sets)


@dataclass(frozen=True)
class GraphStatus:
    """What the graph says of itself.

    Attributes:
        status: "empty", "complete", "loading" or "unknown" (data, but no ledger).
        snapshot, coming_from, going_to: the snapshot held, or those between which a load is.
        sets: per set its count, the ledger's count, status and snapshot date.
        writer: who holds the lease, and for how many seconds nothing was heard of it.
    """

    status: str
    snapshot: date | None
    coming_from: date | None
    going_to: date | None
    sets: dict[str, dict[str, Any]]
    writer: str | None


@dataclass(frozen=True)
class StoredSnapshot:
    """One day in the store."""

    date: date
    has_rows: bool
    has_frames: bool
    bytes: int
    loaded: bool


def plan(
    driver: Driver,
    database: str,
    store: FrameStore,
    snapshot: date,
    *,
    tuning: Tuning | None = None,
) -> Outlook:
    """What a load of the snapshot would do; writes nothing anywhere in the graph."""
    loader = GraphLoader(driver, database, store, tuning=tuning, run="plan")
    decided = loader.plan(snapshot)
    refused = loader.refusal(decided)
    sets = []
    for item in ALL_SETS:
        step = decided.steps[item.name]
        rows = RowsFile(
            loader.folder("rows", item) / f"{step.fingerprint}.parquet", step.fingerprint, step.rows
        )
        sets.append(
            SetOutlook(
                name=item.name,
                title=item.title,
                held=step.held,
                rows=step.rows,
                created=step.plan.created if step.plan else 0,
                updated=step.plan.updated if step.plan else 0,
                moved=step.plan.moved if step.plan else 0,
                deleted=step.plan.vanishing if step.plan else 0,
                drift=step.drift,
                basis=step.basis,
                sample=pl.scan_parquet(rows.path).head(SAMPLE_ROWS).collect().to_dicts(),
            )
        )
    return Outlook(
        snapshot=snapshot,
        before=decided.before,
        up_to_date=decided.up_to_date,
        server=_server(driver, database),
        missing_rights=_missing_rights(driver, database),
        missing_schema=loader.missing_schema(),
        sets=sets,
        seconds=decided.changes / CHANGES_A_SECOND,
        refusal=str(refused) if refused else None,
        over_free_tier=_over_free_tier(decided),
    )


def reconcile(
    driver: Driver,
    database: str,
    store: FrameStore,
    *,
    run: str,
    holder: str = "reconcile",
    tuning: Tuning | None = None,
    allow_shrink: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> LoadReport:
    """Read every set back from the graph and make it what its snapshot says.

    The drift of each set is in `plan.steps[...].drift` (missing, edited, foreign) and the
    repairs in the set's report. Raises GraphError when no load of this project was ever complete.
    """
    options = LoadOptions(read_back=True, allow_shrink=allow_shrink, allow_rollback=True)
    loader = GraphLoader(
        driver,
        database,
        store,
        options=options,
        tuning=tuning,
        run=run,
        holder=holder,
        **({"progress": progress} if progress else {}),
    )
    state = loader.state()
    snapshot = state.complete_date or (state.marker.to_snapshot_date if state.marker else None)
    if snapshot is None:
        raise GraphError(
            "reconciling the graph",
            "it does not say which snapshot it holds: no load of this project is known to it.",
            "load a snapshot (`kweli load`); it reads back what is there.",
        )
    return loader.load(snapshot)


def rollback(
    driver: Driver,
    database: str,
    store: FrameStore,
    to: date,
    *,
    run: str,
    holder: str = "rollback",
    tuning: Tuning | None = None,
    allow_shrink: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> LoadReport:
    """Bring back the graph of an older snapshot from its stored frames."""
    loader = GraphLoader(
        driver,
        database,
        store,
        options=LoadOptions(allow_rollback=True, allow_shrink=allow_shrink),
        tuning=tuning,
        run=run,
        holder=holder,
        **({"progress": progress} if progress else {}),
    )
    return loader.load(to)


def status(driver: Driver, database: str, store: FrameStore) -> GraphStatus:
    """What the graph holds and whether somebody is writing it."""
    loader = GraphLoader(driver, database, store, run="status")
    state = loader.state()
    counts = loader.counts()
    with loader.session() as session:
        lease = ledger.read_lease(session)
    marker = state.marker
    sets = {}
    for item in ALL_SETS:
        entry = state.entries.get(item.name)
        sets[item.name] = {
            "title": item.title,
            "held": counts[item.name],
            "rows": entry.rows if entry else None,
            "status": entry.status if entry else "unknown",
            "snapshot": entry.snapshot_date if entry else None,
        }
    told = marker.status if marker else ("unknown" if any(counts.values()) else "empty")
    return GraphStatus(
        status=told,
        snapshot=state.complete_date,
        coming_from=marker.from_snapshot_date if marker else None,
        going_to=marker.to_snapshot_date if marker else None,
        sets=sets,
        writer=f"{lease.holder} (last heard of {lease.age} s ago)" if lease else None,
    )


def snapshots(store: FrameStore, loaded: date | None) -> list[StoredSnapshot]:
    """The days that the store holds, oldest first; `loaded` is the one in the graph."""
    taken = set(store.dates("snapshot", "learner_rows"))
    framed = set(store.dates("frames", "learners"))
    return [
        StoredSnapshot(
            date=day,
            has_rows=day in taken,
            has_frames=day in framed,
            bytes=sum(
                file.stat().st_size
                for stage in ("snapshot", "frames")
                for file in (store.root / stage).glob(f"*/{day.isoformat()}.parquet")
            ),
            loaded=day == loaded,
        )
        for day in sorted(taken | framed)
    ]


def _server(driver: Driver, database: str) -> str:
    with driver.session(database=database) as session:
        record = session.run(
            "CALL dbms.components() YIELD name, versions, edition WHERE name = 'Neo4j Kernel' "
            "RETURN name, versions[0] AS version, edition"
        ).single(strict=True)
    return f"{record['name']} {record['version']} {record['edition']}"


def _missing_rights(driver: Driver, database: str) -> list[str]:
    """Rights that the user lacks; Community has no privileges, there every user may do all."""
    with driver.session(database=database) as session:
        try:
            granted = {
                str(record["action"])
                for record in session.run("SHOW USER PRIVILEGES YIELD action, access")
                if record["access"] == "GRANTED"
            }
        except (ClientError, DatabaseError) as error:
            if re.search("Unsupported|Syntax|NotSupported", str(error.code)):
                return []
            raise
    return [needed for needed, granting in _GRANTING.items() if not granted & granting]


def _over_free_tier(decided: LoadPlan) -> str | None:
    rows = {item.name: decided.steps[item.name].rows for item in ALL_SETS}
    nodes = sum(rows[item.name] for item in ALL_SETS if item.title.startswith(":"))
    relationships = sum(rows.values()) - nodes
    if nodes <= FREE_NODES and relationships <= FREE_RELATIONSHIPS:
        return None
    return (
        f"{nodes:,} nodes and {relationships:,} relationships; Aura Free ends at "
        f"{FREE_NODES:,} and {FREE_RELATIONSHIPS:,}"
    )
