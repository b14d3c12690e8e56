"""The definitions as Dagster's users meet them: complete, described, connected to nothing."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from kweli_assets.definitions import build_defs
from kweli_assets.operations.jobs import LOAD_SNAPSHOT
from kweli_assets.operations.schedules import daily_snapshot
from kweli_assets.resources.clock import FixedClock
from kweli_assets.resources.settings import resolve_schedule, resolve_store

DEFINITIONS = build_defs()
STAGES = {"source", "snapshot", "frames", "graph", "operations"}
DRY_RUN = dg.AssetKey(["operations", "graph_plan"])
SOURCE_TABLE = dg.AssetKey(["source", "impact_learners_profile"])


def _specs() -> list[dg.AssetSpec]:
    return list(DEFINITIONS.resolve_all_asset_specs())


def test_every_asset_is_described_and_stands_in_its_stages_group() -> None:
    specs = _specs()
    assert len(specs) > 30
    for spec in specs:
        assert spec.group_name == spec.key.path[0]
        assert spec.group_name in STAGES
        assert spec.description, spec.key
        assert spec.kinds, spec.key


def test_tables_show_their_columns() -> None:
    without = {
        spec.key.path[-1] for spec in _specs() if "dagster/column_schema" not in spec.metadata
    }
    assert without == {"load_plan", "loaded_snapshot", "graph_plan"}  # no tables


def test_lineage_runs_from_the_table_to_the_end_of_the_load() -> None:
    upstream = {spec.key: {dep.asset_key for dep in spec.deps} for spec in _specs()}
    seen: set[dg.AssetKey] = set()
    ahead = [dg.AssetKey(["graph", "loaded_snapshot"])]
    while ahead:
        key = ahead.pop()
        if key not in seen:
            seen.add(key)
            ahead += upstream[key]
    assert SOURCE_TABLE in seen
    in_job = {key for key in upstream if key.path[0] in ("snapshot", "graph")}
    assert in_job <= seen


def test_the_job_holds_every_asset_but_the_source_and_the_dry_run() -> None:
    job = DEFINITIONS.resolve_job_def(LOAD_SNAPSHOT.name)
    keys = {spec.key for spec in _specs()} - {SOURCE_TABLE, DRY_RUN}
    assert set(job.asset_layer.selected_asset_keys) == keys


def test_the_gate_checks_are_blocking() -> None:
    warnings = {"countries_known", "claims_agree"}
    checks = DEFINITIONS.resolve_asset_graph().asset_check_keys
    graph = DEFINITIONS.resolve_asset_graph()
    assert len(checks) > 50
    for key in checks:
        assert graph.get(key).blocking == (key.name not in warnings), key


def test_the_schedule_loads_the_day_of_its_tick_and_is_off() -> None:
    tick = datetime(2025, 12, 1, 2, 30, tzinfo=UTC)
    context = dg.build_schedule_context(scheduled_execution_time=tick)
    request = daily_snapshot(context)
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "2025-12-01"
    assert daily_snapshot.default_status is dg.DefaultScheduleStatus.STOPPED
    assert daily_snapshot.cron_schedule == "30 2 * * *"
    assert daily_snapshot.execution_timezone == "UTC"


def test_the_schedules_time_is_one_variable() -> None:
    time = resolve_schedule({"KWELI_SCHEDULE": "23:05"})
    assert (time.hour, time.minute) == (23, 5)
    with pytest.raises(Exception, match="KWELI_SCHEDULE"):
        resolve_schedule({"KWELI_SCHEDULE": "daily"})


def test_resources_can_be_replaced() -> None:
    clock = FixedClock(day="2025-12-01")
    assert build_defs({"clock": clock}).resources is not None
    assert build_defs({"clock": clock}).resources["clock"] is clock


def test_definitions_load_where_nothing_is_configured_and_nothing_runs(tmp_path: Path) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import kweli_assets.definitions as d; print(len(d.defs.jobs))"],
        env={"KWELI_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert loaded.stdout.strip() == "1", loaded.stderr
    assert not (tmp_path / "home").exists()
    assert resolve_store({"KWELI_HOME": str(tmp_path)}).home == tmp_path
