"""The snapshot's assets in Dagster: what a run may ask, what it reports, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from kweli_assets.resources.clock import FixedClock
from kweli_assets.resources.frame_store import FrameStoreResource
from kweli_assets.resources.source import SourceResource
from kweli_assets.snapshot.assets import SnapshotConfig, learner_rows
from kweli_assets.snapshot.checks import rows_equal_source
from kweli_assets_tests.conftest import MysqlDatabase
from kweli_assets_tests.snapshot.tables import create_table, insert, write_csv

TODAY = "2025-12-01"
ROWS = [
    {"hashed_email": f"{n:032x}", "email": f"{n}@never-leaves.example", "snapshot_id": "20251201"}
    for n in range(30)
]


def _materialize(
    store: Path, day: str = TODAY, *, instance: dg.DagsterInstance | None = None, **config: Any
) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [learner_rows, rows_equal_source],
        partition_key=day,
        instance=instance,
        resources={
            "source": SourceResource(),
            "clock": FixedClock(day=TODAY),
            "frame_store": FrameStoreResource(root=str(store)),
        },
        run_config={"ops": {"snapshot__learner_rows": {"config": config}}},
        raise_on_error=False,
    )


def _refusal(result: dg.ExecuteInProcessResult) -> str:
    assert not result.success
    failed = [event for event in result.all_events if event.is_step_failure]
    data = failed[0].step_failure_data.user_failure_data
    assert data is not None
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
    return str(data.description)


def _file(store: Path, day: str = TODAY) -> Path:
    return store / "snapshot" / "learner_rows" / f"{day}.parquet"


@pytest.fixture
def table(mysql: MysqlDatabase, monkeypatch: pytest.MonkeyPatch) -> MysqlDatabase:
    """A filled table that the environment names."""
    with mysql.connect() as connection:
        create_table(connection, phone="text")
        insert(connection, ROWS)
    for name, value in mysql.environment().items():
        monkeypatch.setenv(name, value)
    return mysql


def test_todays_table_becomes_a_snapshot(table: MysqlDatabase, tmp_path: Path) -> None:
    result = _materialize(tmp_path)
    assert result.success
    stored = pl.read_parquet(_file(tmp_path))
    assert sorted(stored["hashed_email"]) == [row["hashed_email"] for row in ROWS]
    assert "email" not in stored.columns
    metadata = result.asset_materializations_for_node("snapshot__learner_rows")[0].metadata
    assert metadata["dagster/row_count"].value == 30
    assert metadata["rows in source"].value == 30
    assert metadata["snapshot ids"].value == {"20251201": 30}
    assert metadata["columns not read"].value == ["phone"]
    assert metadata["bytes"].value == _file(tmp_path).stat().st_size
    assert {"seconds", "rows per second"} <= set(metadata)
    checks = result.get_asset_check_evaluations()
    assert [(check.check_name, check.passed) for check in checks] == [("rows_equal_source", True)]


def test_no_secret_and_no_learner_is_recorded(table: MysqlDatabase, tmp_path: Path) -> None:
    with dg.instance_for_test() as instance:
        result = _materialize(tmp_path, instance=instance)
        recorded = json.dumps(
            [str(entry) for entry in instance.all_logs(result.dagster_run.run_id)]
        )
    assert table.server.password not in recorded
    assert ROWS[1]["hashed_email"] not in recorded
    assert b"never-leaves" not in _file(tmp_path).read_bytes()


def test_a_past_day_is_refused_from_the_table_and_imported_from_a_dump(
    table: MysqlDatabase, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    assert "--csv FILE" in _refusal(_materialize(store, "2025-11-30"))
    dump = write_csv(tmp_path / "dump.csv", ROWS[:20])
    assert _materialize(store, "2025-11-30", csv=str(dump)).success
    assert len(pl.read_parquet(_file(store, "2025-11-30"))) == 20
    assert "stored snapshot is kept" in _refusal(_materialize(store, "2025-11-30"))
    smaller = write_csv(tmp_path / "smaller.csv", ROWS[:10])
    assert "20 rows" in _refusal(_materialize(store, "2025-11-30", csv=str(smaller)))
    assert len(pl.read_parquet(_file(store, "2025-11-30"))) == 20
    assert _materialize(store, "2025-11-30", csv=str(smaller), replace_snapshot=True).success
    assert len(pl.read_parquet(_file(store, "2025-11-30"))) == 10


def test_a_partial_snapshot_replaces_no_complete_one(table: MysqlDatabase, tmp_path: Path) -> None:
    assert _materialize(tmp_path, max_rows=5).success
    assert _materialize(tmp_path).success
    assert "5 of 30" in _refusal(_materialize(tmp_path, max_rows=5))
    assert len(pl.read_parquet(_file(tmp_path))) == 30


def test_the_table_and_its_dump_are_interchangeable(table: MysqlDatabase, tmp_path: Path) -> None:
    dump = write_csv(tmp_path / "dump.csv", ROWS)
    assert _materialize(tmp_path / "a").success
    assert _materialize(tmp_path / "b", csv=str(dump)).success
    numbers = pl.exclude("bucket", "^is_.*$", "^has_.*$")
    frames = [
        pl.read_parquet(_file(tmp_path / name)).sort("hashed_email").select(numbers)
        for name in ("a", "b")
    ]
    # NULL texts are empty texts in a CSV, which no rule tells apart.
    assert frames[0].fill_null("").equals(frames[1].fill_null(""))


def test_another_contract_stops_before_a_row_is_read(
    mysql: MysqlDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mysql.connect() as connection:
        create_table(connection, is_rural="text", bio=None)
        insert(connection, ROWS[:1])
    for name, value in mysql.environment().items():
        monkeypatch.setenv(name, value)
    message = _refusal(_materialize(tmp_path))
    assert "is_rural" in message
    assert "bio" in message
    assert not _file(tmp_path).exists()


@pytest.mark.parametrize(
    ("change", "retried"), [({"MYSQL_PORT": "1"}, True), ({"MYSQL_PASSWORD": "wrong"}, False)]
)
def test_only_what_a_rerun_can_heal_is_tried_again(
    table: MysqlDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, str],
    retried: bool,
) -> None:
    for name, value in change.items():
        monkeypatch.setenv(name, value)
    with (
        dg.build_asset_context(partition_key=TODAY) as context,
        pytest.raises(dg.Failure) as raised,
    ):
        learner_rows(
            context,
            SnapshotConfig(),
            source=SourceResource(),
            clock=FixedClock(day=TODAY),
            frame_store=FrameStoreResource(root=str(tmp_path)),
        )
    assert raised.value.allow_retries is retried
    assert learner_rows.op.retry_policy is not None
