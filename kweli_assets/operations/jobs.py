"""The jobs: which assets are materialized together, and by which executor.

Here: selections and executors. Not here: when a job starts (schedules), running one from the
command line (run), any rule.
"""

from __future__ import annotations

import dagster as dg

EXECUTOR = dg.in_process_executor
"""One process: a process start per step costs more than most steps take (30 empty assets: 78 s
with spawn, 35 s with forkserver, 5 s in process), and the heavy steps use all cores themselves."""

LOAD_SNAPSHOT = dg.define_asset_job(
    "load_snapshot",
    selection=dg.AssetSelection.groups("snapshot", "frames", "graph"),
    description="Everything of one snapshot date: read the table (or import a dump), clean it, "
    "bring the graph to that day.",
    executor_def=EXECUTOR,
)
