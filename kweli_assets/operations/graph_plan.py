"""The dry run as an asset, for those who plan a load in the UI.

Here: the asset and how its figures are shown. Not here: the dry run itself (graph.plan), the
command line's `kweli plan`.
"""

# No `from __future__ import annotations`: Dagster reads the annotation of the context.
from typing import Any

import dagster as dg

from kweli_assets.errors import KweliError
from kweli_assets.graph.assets import POOL, frame_key
from kweli_assets.graph.model import NodeSet
from kweli_assets.graph.nodes import LEARNER
from kweli_assets.graph.plan import Outlook, SetOutlook, plan
from kweli_assets.graph.sets import ALL_SETS, BY_NAME
from kweli_assets.partitions import SNAPSHOTS, snapshot_date
from kweli_assets.resources.frame_store import FrameStoreResource
from kweli_assets.resources.graph_database import GraphDatabaseResource


@dg.asset(
    key=["operations", "graph_plan"],
    deps=sorted({frame_key(name) for item in ALL_SETS for name in item.frames}),
    group_name="operations",
    kinds={"neo4j", "polars"},
    partitions_def=SNAPSHOTS,
    pool=POOL,
    description="Dry run: what a load of this snapshot would create, update and delete, whether "
    "it would be refused, what is missing in the graph. Writes nothing to the graph.",
)
def graph_plan(
    context: dg.AssetExecutionContext,
    graph: GraphDatabaseResource,
    frame_store: FrameStoreResource,
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Ask what `graph/load_plan` would decide."""
    try:
        with graph.driver() as driver:
            outlook = plan(
                driver,
                graph.settings.database,
                frame_store.store,
                snapshot_date(context.partition_key),
            )
    except KweliError as error:
        raise dg.Failure(str(error), allow_retries=error.rerun_helps) from error
    return dg.MaterializeResult(metadata=_metadata(outlook))


def _metadata(outlook: Outlook) -> dict[str, Any]:
    return {
        "changes": outlook.changes,
        "up to date": outlook.up_to_date,
        "graph holds": str(outlook.before),
        "would be refused": outlook.refusal or "no",
        "server": outlook.server,
        "rights missing": ", ".join(outlook.missing_rights) or "none",
        "constraints and indexes missing": ", ".join(outlook.missing_schema) or "none",
        "over the limits of Aura Free": outlook.over_free_tier or "no",
        "estimated seconds of writing": round(outlook.seconds, 1),
        "sets": dg.MetadataValue.table(
            [
                dg.TableRecord(
                    {
                        "set": item.title,
                        "in the graph": item.held,
                        "in the snapshot": item.rows,
                        "created": item.created,
                        "updated": item.updated,
                        "moved": item.moved,
                        "deleted": item.deleted,
                    }
                )
                for item in outlook.sets
            ]
        ),
        # The event log is no place for learners' data: rows of shared nodes only; `kweli plan`
        # shows the others.
        "sample": dg.MetadataValue.json(
            {item.title: item.sample for item in outlook.sets if _is_shared(item)}
        ),
    }


def _is_shared(item: SetOutlook) -> bool:
    graph_set = BY_NAME[item.name]
    return isinstance(graph_set, NodeSet) and graph_set is not LEARNER
