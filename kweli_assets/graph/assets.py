"""The graph as Dagster assets: one a set, made by one factory, between an opening and an ending.

Here: keys, dependencies, descriptions, metadata, configuration. Not here: what happens to the
graph (load), what must hold of it (checks).

`graph/load_plan` decides and guards everything before anything is written; each set's asset
writes that set; `graph/loaded_snapshot` removes what nothing names any more and declares the
snapshot complete. All of them share a pool, so that two runs never write one graph at once; the
lease in the graph does the same between machines.
"""

# No `from __future__ import annotations`: Dagster reads the annotations of configurations.
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import dagster as dg
from pydantic import Field

from kweli_assets.errors import KweliError
from kweli_assets.frames import bucket, places
from kweli_assets.graph import checks
from kweli_assets.graph.load import GraphLoader, LoadOptions, SetReport, describe
from kweli_assets.graph.model import GraphSet, NodeSet
from kweli_assets.graph.sets import ALL_SETS
from kweli_assets.graph.writer import Tuning
from kweli_assets.partitions import SNAPSHOTS, snapshot_date
from kweli_assets.resources.frame_store import FrameStoreResource
from kweli_assets.resources.graph_database import GraphDatabaseResource
from kweli_assets.resources.progress import LOG_SECONDS

STAGE = "graph"
POOL = "neo4j_graph"
LOAD_PLAN = dg.AssetKey([STAGE, "load_plan"])
LOADED_SNAPSHOT = dg.AssetKey([STAGE, "loaded_snapshot"])


FRAME_SCHEMAS = {
    **bucket.SCHEMAS,
    "countries": places.COUNTRIES_SCHEMA,
    "cities": places.CITIES_SCHEMA,
}


class LoadConfig(dg.Config):
    """What a load may do beyond the ordinary; each is refused unless it is asked for by name."""

    allow_rollback: bool = Field(
        default=False, description="Load a snapshot older than the one that the graph holds."
    )
    allow_shrink: bool = Field(
        default=False,
        description="Delete more than 5% of a set, or let a partial snapshot delete.",
    )
    read_back: bool = Field(
        default=False,
        description="Trust nothing that is stored: read every set back from the graph, and repair "
        "what was changed by hand.",
    )


def frame_key(name: str) -> dg.AssetKey:
    """The asset key of a frame."""
    return dg.AssetKey(["frames", name])


def set_key(graph_set: GraphSet) -> dg.AssetKey:
    """The asset key of a set."""
    return dg.AssetKey([STAGE, graph_set.name])


@contextmanager
def _loader(
    context: dg.AssetExecutionContext,
    graph: GraphDatabaseResource,
    store: FrameStoreResource,
    options: LoadOptions | None = None,
) -> Iterator[GraphLoader]:
    """A loader for this run; the project's errors become failures that say if a retry helps."""
    preset = graph.tuning
    try:
        with graph.driver() as driver:
            yield GraphLoader(
                driver,
                graph.settings.database,
                store.store,
                options=options,
                tuning=Tuning(preset.sessions, preset.batch_rows, preset.retry_seconds),
                run=context.run.run_id,
                holder=f"run {context.run.run_id[:8]}",
                progress=_logged(context),
            )
    except KweliError as error:
        raise dg.Failure(str(error), allow_retries=error.rerun_helps) from error


def _logged(context: dg.AssetExecutionContext) -> Any:
    """Progress as a log line every few seconds: the event log grows for ever."""
    began = last = time.monotonic()

    def progress(name: str, done: int, rows: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < LOG_SECONDS:
            return
        last = now
        rate = done / (now - began)
        context.log.info(
            f"{name}: {done:,} of {rows:,} rows, {rate:,.0f} a second, "
            f"about {(rows - done) / rate:.0f} s left"
        )

    return progress


@dg.asset(
    key=LOAD_PLAN,
    deps=sorted({frame_key(name) for item in ALL_SETS for name in item.frames}),
    group_name=STAGE,
    kinds={"neo4j", "polars"},
    partitions_def=SNAPSHOTS,
    backfill_policy=dg.BackfillPolicy.multi_run(1),
    pool=POOL,
    description="Compares the snapshot with what the graph holds and opens the load: what will be "
    "created, updated and deleted. Refused here, before anything is written: a rollback, and the "
    "deletion of more than 5% of a set, unless allowed by name.",
)
def load_plan(
    context: dg.AssetExecutionContext,
    config: LoadConfig,
    graph: GraphDatabaseResource,
    frame_store: FrameStoreResource,
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Decide, guard, open."""
    options = LoadOptions(
        allow_rollback=config.allow_rollback,
        allow_shrink=config.allow_shrink,
        read_back=config.read_back,
    )
    began = time.monotonic()
    with _loader(context, graph, frame_store, options) as loader:
        plan = loader.open(snapshot_date(context.partition_key))
    drifted = {name: step.drift for name, step in plan.steps.items() if step.drift}
    return dg.MaterializeResult(
        metadata={
            "changes": plan.changes,
            "up to date": plan.up_to_date,
            "graph held": str(plan.before),
            "sets": dg.MetadataValue.json(describe(plan)),
            "drift": dg.MetadataValue.json(drifted),
            "seconds": round(time.monotonic() - began, 2),
        }
    )


def set_asset(graph_set: GraphSet) -> dg.AssetsDefinition:
    """The asset that brings one set up to date."""
    key = set_key(graph_set)
    upstream = [LOAD_PLAN, *(frame_key(name) for name in graph_set.frames)]
    if not isinstance(graph_set, NodeSet):
        upstream += [set_key(graph_set.start), set_key(graph_set.end)]

    @dg.asset(
        key=key,
        deps=upstream,
        group_name=STAGE,
        kinds={"neo4j"},
        partitions_def=SNAPSHOTS,
        backfill_policy=dg.BackfillPolicy.multi_run(1),
        pool=POOL,
        description=f"{graph_set.title} {graph_set.description}",
        metadata={
            "dagster/column_schema": _column_schema(graph_set),
            "dagster/column_lineage": _column_lineage(graph_set),
        },
        check_specs=checks.specs(graph_set, key),
    )
    def asset(
        context: dg.AssetExecutionContext,
        graph: GraphDatabaseResource,
        frame_store: FrameStoreResource,
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with _loader(context, graph, frame_store) as loader:
            report = loader.write(graph_set, snapshot_date(context.partition_key))
            with loader.session() as session:
                found = list(
                    checks.results(
                        session, graph_set, key, rows=report.rows, leaving=report.leaving_later
                    )
                )
        return dg.MaterializeResult(metadata=_metadata(report), check_results=found)

    return asset


def _metadata(report: SetReport) -> dict[str, Any]:
    told = {key.replace("_", " "): value for key, value in asdict(report).items() if key != "name"}
    rate = round(report.rows_per_second)
    return told | {
        "seconds": round(report.seconds, 2),
        "rows per second": rate,
        "dagster/row_count": report.held,
    }


def _column_schema(graph_set: GraphSet) -> dg.TableSchema:
    return dg.TableSchema(
        [
            dg.TableColumn(
                name,
                str(dtype),
                constraints=dg.TableColumnConstraints(
                    nullable=name not in graph_set.identity,
                    unique=graph_set.identity == (name,),
                ),
            )
            for name, dtype in graph_set.columns.items()
        ]
    )


def _column_lineage(graph_set: GraphSet) -> dg.TableColumnLineage:
    """From which column of which frame each column comes, where a frame has it."""
    lineage = {}
    for name in graph_set.columns:
        origin = graph_set.renamed.get(name, name)
        origins = [
            dg.TableColumnDep(asset_key=frame_key(frame), column_name=origin)
            for frame in graph_set.frames
            if origin in FRAME_SCHEMAS[frame]
        ]
        if origins:
            lineage[name] = origins
    return dg.TableColumnLineage(lineage)


@dg.asset(
    key=LOADED_SNAPSHOT,
    deps=[LOAD_PLAN, *(set_key(item) for item in ALL_SETS)],
    group_name=STAGE,
    kinds={"neo4j"},
    partitions_def=SNAPSHOTS,
    backfill_policy=dg.BackfillPolicy.multi_run(1),
    pool=POOL,
    description="Removes shared nodes that nothing names any more, last of all, and declares the "
    "snapshot complete: (:Snapshot) and the ledger say so.",
    check_specs=[checks.whole_spec(LOADED_SNAPSHOT)],
)
def loaded_snapshot(
    context: dg.AssetExecutionContext,
    graph: GraphDatabaseResource,
    frame_store: FrameStoreResource,
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Finish the load."""
    day = snapshot_date(context.partition_key)
    with _loader(context, graph, frame_store) as loader:
        removed = loader.finish(day)
        with loader.session() as session:
            whole = checks.whole_result(session, LOADED_SNAPSHOT, loader.promised_rows(day))
    return dg.MaterializeResult(
        metadata={
            "removed": dg.MetadataValue.json(
                {name: report.deleted for name, report in removed.items()}
            ),
            "seconds": round(sum(report.seconds for report in removed.values()), 2),
        },
        check_results=[whole],
    )


SET_ASSETS: list[dg.AssetsDefinition] = [set_asset(item) for item in ALL_SETS]
GRAPH_ASSETS: list[dg.AssetsDefinition] = [load_plan, *SET_ASSETS, loaded_snapshot]
