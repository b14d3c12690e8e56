"""All stages in their order, as Dagster loads them.

Here: merging what the stages define, and the resources of an ordinary installation. Not here: any
logic; adding a column, a frame or a set changes nothing in this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from kweli_assets.frames.assets import IO_MANAGER, cities, countries, frame_pass
from kweli_assets.graph.assets import GRAPH_ASSETS
from kweli_assets.operations.graph_plan import graph_plan
from kweli_assets.operations.jobs import EXECUTOR, LOAD_SNAPSHOT
from kweli_assets.operations.schedules import daily_snapshot
from kweli_assets.resources.clock import Clock
from kweli_assets.resources.frame_store import FrameIOManager, FrameStoreResource
from kweli_assets.resources.graph_database import GraphDatabaseResource
from kweli_assets.resources.settings import resolve_store
from kweli_assets.resources.source import SourceResource
from kweli_assets.snapshot.assets import learner_rows, learner_table
from kweli_assets.snapshot.checks import rows_equal_source


def build_defs(resource_overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """The definitions, connected to nothing.

    Args:
        resource_overrides: resources by key (`source`, `clock`, `frame_store`,
            `frame_io_manager`, `graph`) in place of the ordinary ones.
    """
    store = str(resolve_store().store)
    resources = {
        "source": SourceResource(),
        "clock": Clock(),
        "frame_store": FrameStoreResource(root=store),
        IO_MANAGER: FrameIOManager(base_dir=store),
        "graph": GraphDatabaseResource(),
    }
    return dg.Definitions(
        assets=[
            learner_table,
            learner_rows,
            frame_pass,
            countries,
            cities,
            *GRAPH_ASSETS,
            graph_plan,
        ],
        asset_checks=[rows_equal_source],
        jobs=[LOAD_SNAPSHOT],
        schedules=[daily_snapshot],
        resources={**resources, **(resource_overrides or {})},
        executor=EXECUTOR,
    )


defs = build_defs()
