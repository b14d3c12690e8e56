"""The frames as Dagster materializes them: metadata, checks, nothing personal in the event log."""

from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from kweli_assets.frames import assets
from kweli_assets.frames.build import SNAPSHOT_KEY
from kweli_assets.resources.frame_store import FrameIOManager, FrameStore, FrameStoreResource
from kweli_assets.resources.source import CsvSource
from kweli_assets.snapshot import scan
from kweli_assets_tests.frames.rows import NULL_WHEN_EMPTY, SAMPLE, SNAPSHOT_DATE

DAY = SNAPSHOT_DATE.isoformat()


@dg.asset(key=assets.SNAPSHOT, partitions_def=assets.SNAPSHOTS)
def snapshot_stands_already() -> None:
    """Stands for the asset that takes the snapshot; the test stores one itself."""


def resources(store: FrameStore) -> dict[str, Any]:
    return {
        "frame_store": FrameStoreResource(root=str(store.root)),
        "frame_io_manager": FrameIOManager(base_dir=str(store.root)),
    }


def materialize(store: FrameStore, **kwargs: Any) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [assets.frame_pass, assets.countries, assets.cities, snapshot_stands_already],
        selection=dg.AssetSelection.groups("frames"),
        partition_key=DAY,
        resources=resources(store),
        **kwargs,
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FrameStore:
    store = FrameStore(tmp_path_factory.mktemp("store"))
    path = store.path("snapshot", "learner_rows", SNAPSHOT_DATE)
    with CsvSource(SAMPLE / "learners.csv", NULL_WHEN_EMPTY).open() as reader:
        scan.write_snapshot(reader, path, snapshot=SNAPSHOT_DATE, source="sample")
    return store


@pytest.fixture(scope="module")
def result(store: FrameStore) -> dg.ExecuteInProcessResult:
    return materialize(store)


def test_all_frames_are_materialized_and_checked(result: dg.ExecuteInProcessResult) -> None:
    assert result.success
    keys = {event.asset_key.path[-1] for event in result.get_asset_materialization_events()}
    assert keys == set(assets.SCHEMAS)
    checks = result.get_asset_check_evaluations()
    failed = {(c.asset_key.path[-1], c.check_name) for c in checks if not c.passed}
    assert failed == {("learners", "countries_known"), ("learners", "claims_agree")}
    assert len(checks) == len(assets.CHECKS) + 2


def test_metadata_says_what_came_in_and_what_went_out(result: dg.ExecuteInProcessResult) -> None:
    (event,) = result.asset_materializations_for_node("frames")[:1]
    by_key = {
        m.asset_key.path[-1]: m.metadata for m in result.asset_materializations_for_node("frames")
    }
    learning = by_key["learning"]
    assert [
        learning[name].value for name in ("entries in", "entries out", "entries quarantined")
    ] == [414, 407, 7]
    quarantine = by_key["quarantine"]["by reason and column"].records
    reasons = {(r.data["column"], r.data["reason"]): r.data["entries"] for r in quarantine}
    assert reasons[("(row)", "duplicate learner")] == 13
    assert reasons[("employment_details", "not an object")] == 4
    assert event.partition == DAY


def test_nothing_personal_in_the_event_log(result: dg.ExecuteInProcessResult) -> None:
    said = "\n".join(str(event) for event in result.all_events)
    rows = pl.read_csv(SAMPLE / "learners.csv", infer_schema=False)
    for column in ("hashed_email", "email", "full_name", "profile_photo_url"):
        values = [v for v in rows[column].drop_nulls().unique() if len(v.strip()) > 8]
        assert len(values) > 30
        assert [v for v in values if v in said] == []


def test_frames_know_their_snapshot(store: FrameStore, result: dg.ExecuteInProcessResult) -> None:
    fingerprint = scan.read_info(store.path("snapshot", "learner_rows", SNAPSHOT_DATE)).fingerprint
    for name in assets.DESCRIPTIONS:
        assert store.metadata("frames", name, SNAPSHOT_DATE)[SNAPSHOT_KEY] == fingerprint


def test_frames_of_the_same_snapshot_and_rules_are_kept(
    store: FrameStore, result: dg.ExecuteInProcessResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = store.path("frames", "learners", SNAPSHOT_DATE)
    before = path.stat().st_mtime_ns

    def rows_and_kept(run: dg.ExecuteInProcessResult) -> dict[str, tuple[Any, Any]]:
        return {
            m.asset_key.path[-1]: (
                m.metadata["dagster/row_count"].value,
                m.metadata["kept as they were"].value,
            )
            for m in run.asset_materializations_for_node("frames")
        }

    again = rows_and_kept(materialize(store))
    assert path.stat().st_mtime_ns == before
    assert again == {name: (rows, True) for name, (rows, _) in rows_and_kept(result).items()}
    monkeypatch.setattr(assets.build, "rules_version", lambda: "other rules")
    assert {kept for _, kept in rows_and_kept(materialize(store)).values()} == {False}
    assert path.stat().st_mtime_ns > before


def test_a_broken_frame_fails_its_check(store: FrameStore, tmp_path: Path) -> None:
    copy = FrameStore(tmp_path)
    for path in store.root.rglob("*.parquet"):
        target = tmp_path / path.relative_to(store.root)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    learning = copy.path("frames", "learning", SNAPSHOT_DATE)
    pl.read_parquet(learning).head(-1).write_parquet(learning)
    history = copy.path("frames", "professional_history", SNAPSHOT_DATE)
    pl.read_parquet(history).with_columns(isCurrent=pl.lit(value=True)).write_parquet(history)
    findings = copy.scan("frames", "findings", SNAPSHOT_DATE).collect()
    failed = {
        (r.asset_key.path[-1], r.check_name)
        for r in assets.check_results(copy, SNAPSHOT_DATE, findings)
        if not r.passed and r.severity is dg.AssetCheckSeverity.ERROR
    }
    assert failed == {
        ("learning", "entries_accounted_for"),
        ("professional_history", "intervals_hold"),
    }


def test_failed_checks_are_noted_for_other_runs_until_they_pass(
    store: FrameStore, result: dg.ExecuteInProcessResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = store.path("frames", "failed_checks", SNAPSHOT_DATE)
    assert not note.exists()
    monkeypatch.setattr(assets.invariants, "broken_histories", lambda history, current: 3)
    assert not materialize(store, raise_on_error=False).success
    assert pl.read_parquet(note).rows() == [
        ("learning_history", "intervals_hold"),
        ("professional_history", "intervals_hold"),
    ]
    monkeypatch.undo()
    assert materialize(store).success
    assert not note.exists()


def test_a_missing_snapshot_is_one_clear_failure(tmp_path: Path) -> None:
    failed = materialize(FrameStore(tmp_path), raise_on_error=False)
    assert not failed.success
    (event,) = [e for e in failed.all_events if e.event_type_value == "STEP_FAILURE"]
    assert "2025-12-01" in str(event.event_specific_data)
