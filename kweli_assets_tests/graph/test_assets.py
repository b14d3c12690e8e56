"""The graph as Dagster assets: what users see, and one materialization on the real graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import neo4j
import polars as pl
import pytest

from kweli_assets.embedded.state import Neo4jServer
from kweli_assets.frames.build import ACCOUNT_SCHEMA, note_failed_checks
from kweli_assets.graph.assets import (
    GRAPH_ASSETS,
    LOAD_PLAN,
    LOADED_SNAPSHOT,
    POOL,
    SET_ASSETS,
    set_key,
)
from kweli_assets.graph.model import RelationshipSet
from kweli_assets.graph.sets import ALL_SETS
from kweli_assets.operations.graph_plan import graph_plan
from kweli_assets.resources.frame_store import FrameStore, FrameStoreResource
from kweli_assets.resources.graph_database import GraphDatabaseResource
from kweli_assets_tests.graph.learner_days import (
    SAMPLE_DAY,
    graph_content,
    promised_content,
    sample_rows,
    store_day,
)


def test_every_set_is_an_asset_that_says_what_it_is() -> None:
    assert [item.key for item in SET_ASSETS] == [set_key(item) for item in ALL_SETS]
    for item in GRAPH_ASSETS:
        spec = next(iter(item.specs))
        assert spec.group_name == "graph"
        assert spec.key.path[0] == "graph"
        assert "neo4j" in spec.kinds
        assert spec.description
        assert item.op.pool == POOL
        assert item.partitions_def is not None
    for item, asset in zip(ALL_SETS, SET_ASSETS, strict=True):
        spec = next(iter(asset.specs))
        schema = spec.metadata["dagster/column_schema"]
        assert [column.name for column in schema.columns] == list(item.columns)
        lineage = spec.metadata["dagster/column_lineage"].deps_by_column
        if item.frames:
            assert set(item.identity) - {"source"} <= set(lineage)
        assert all(check.blocking for check in asset.check_specs)
        assert len(list(asset.check_specs)) == 2


def test_relationships_come_after_both_of_their_nodes_and_the_end_after_all() -> None:
    upstream = {
        next(iter(item.specs)).key: {dep.asset_key for dep in next(iter(item.specs)).deps}
        for item in GRAPH_ASSETS
    }
    for item in ALL_SETS:
        assert LOAD_PLAN in upstream[set_key(item)]
        assert {dg.AssetKey(["frames", name]) for name in item.frames} <= upstream[set_key(item)]
        if isinstance(item, RelationshipSet):
            assert {set_key(item.start), set_key(item.end)} <= upstream[set_key(item)]
    assert upstream[LOADED_SNAPSHOT] == {LOAD_PLAN, *(set_key(item) for item in ALL_SETS)}


@pytest.fixture
def resources(neo4j_server: Neo4jServer, store: FrameStore) -> dict[str, object]:
    return {
        "graph": GraphDatabaseResource(
            uri=neo4j_server.uri,
            username=neo4j_server.user,
            password=neo4j_server.password,
            database=neo4j_server.database,
        ),
        "frame_store": FrameStoreResource(root=str(store.root)),
    }


def test_materializing_all_gives_the_graph_and_again_writes_nothing(
    clean_graph: neo4j.Driver, store: FrameStore, resources: dict[str, object]
) -> None:
    store_day(store, SAMPLE_DAY, sample_rows())
    for attempt in range(2):
        result = dg.materialize(
            GRAPH_ASSETS, partition_key=SAMPLE_DAY.isoformat(), resources=resources
        )
        assert result.success
        checks = result.get_asset_check_evaluations()
        assert len(checks) == 2 * 18 + 1
        assert all(check.passed for check in checks)
        metadata = {
            event.asset_key.path[-1]: event.step_materialization_data.materialization.metadata
            for event in result.get_asset_materialization_events()
            if event.asset_key
        }
        created = sum(int(metadata[item.name]["created"].value) for item in ALL_SETS)
        assert created == (5_170, 0)[attempt]
        assert metadata["learner"]["dagster/row_count"].value == 382
        assert metadata["load_plan"]["up to date"].value is (attempt == 1)
    assert graph_content(clean_graph) == promised_content(store, SAMPLE_DAY)


def test_the_dry_run_shows_figures_and_no_learner(
    clean_graph: neo4j.Driver, store: FrameStore, resources: dict[str, object]
) -> None:
    store_day(store, SAMPLE_DAY, sample_rows())
    result = dg.materialize([graph_plan], partition_key=SAMPLE_DAY.isoformat(), resources=resources)
    event = result.get_asset_materialization_events()[0]
    metadata = event.step_materialization_data.materialization.metadata
    assert metadata["changes"].value == 5_170
    assert metadata["would be refused"].value == "no"
    assert len(metadata["sets"].value.records) == 18
    assert set(metadata["sample"].value) >= {":Company", ":Skill"}
    learner = min(promised_content(store, SAMPLE_DAY)["learner"])[0]
    assert learner not in str(metadata)
    with clean_graph.session() as session:
        assert session.run("MATCH (n) RETURN count(n)").single(strict=True)[0] == 0


def lose_an_entry(store: FrameStore) -> None:
    lost = pl.DataFrame([("learning", 7, 5, 1)], schema=ACCOUNT_SCHEMA, orient="row")
    with store.writer("frames", "account", SAMPLE_DAY, lost.schema) as writer:
        writer.write(lost)


def fail_a_check(store: FrameStore) -> None:
    note_failed_checks(store, SAMPLE_DAY, [("learning_history", "intervals_hold")])


@pytest.mark.parametrize("fail", [lose_an_entry, fail_a_check])
def test_a_failed_gate_stops_every_set(
    clean_graph: neo4j.Driver,
    store: FrameStore,
    resources: dict[str, object],
    fail: Callable[[FrameStore], None],
) -> None:
    store_day(store, SAMPLE_DAY, sample_rows())
    fail(store)
    result = dg.materialize(
        GRAPH_ASSETS,
        partition_key=SAMPLE_DAY.isoformat(),
        resources=resources,
        raise_on_error=False,
    )
    assert not result.success
    assert result.get_asset_materialization_events() == []
    with clean_graph.session() as session:
        assert session.run("MATCH (n) RETURN count(n)").single(strict=True)[0] == 0


def test_a_set_alone_says_that_no_load_is_open(
    clean_graph: neo4j.Driver, store: FrameStore, resources: dict[str, object], tmp_path: Path
) -> None:
    store_day(store, SAMPLE_DAY, sample_rows())
    result = dg.materialize(
        [SET_ASSETS[0]],
        partition_key=SAMPLE_DAY.isoformat(),
        resources=resources,
        raise_on_error=False,
    )
    assert not result.success
    failure = result.failure_data_for_node("graph__learner")
    assert failure is not None
    assert "graph/load_plan" in str(failure.user_failure_data or failure.error)
