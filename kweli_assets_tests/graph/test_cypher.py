"""The statements: data travels in parameters only, and every one is understood by a real server."""

from __future__ import annotations

import neo4j
import pytest

from kweli_assets.graph import cypher
from kweli_assets.graph.cypher import Operation, batch, payload
from kweli_assets.graph.model import GraphSet, NodeSet
from kweli_assets.graph.nodes import NODE_SETS
from kweli_assets.graph.relationships import RELATIONSHIP_SETS
from kweli_assets.graph.sets import ALL_SETS, BY_NAME


def test_a_relationship_is_found_from_its_start_by_identity() -> None:
    moved = batch(BY_NAME["works_for"], Operation.MOVE)
    assert "MATCH (a:Learner {hashedEmail: row[0]}) MATCH (b:Company {id: row[1]})" in moved
    assert (
        "MATCH (a)-[r:WORKS_FOR]->(c) WHERE r.source = row[2] AND r.index = row[3] "
        "AND c:Company AND c.id = row[12]" in moved
    )
    assert payload(BY_NAME["works_for"], Operation.MOVE)[12] == cypher.OLD_END
    deleted = batch(BY_NAME["has_skill"], Operation.DELETE)
    assert "WHERE c:Skill AND c.id = row[1]" in deleted


def test_dates_are_read_by_the_server() -> None:
    created = batch(BY_NAME["studied_at"], Operation.CREATE)
    assert "startDate: date(row[5]), endDate: date(row[6]), graduated: row[7]" in created


@pytest.mark.parametrize("operation", list(Operation))
@pytest.mark.parametrize("graph_set", ALL_SETS, ids=lambda item: item.name)
def test_every_batch_is_understood_and_plans_without_scans(
    graph_set: GraphSet, operation: Operation, planned: neo4j.Driver
) -> None:
    if isinstance(graph_set, NodeSet) and operation is Operation.MOVE:
        with pytest.raises(ValueError, match="do not move"):
            batch(graph_set, operation)
        return
    parameters = {"lane": "l", "plan": "p", "from": 0, "to": 1, "rows": []}
    with planned.session() as session:
        statement = "EXPLAIN " + batch(graph_set, operation)
        told = str(session.run(statement, parameters).consume().plan)
    assert "AllNodesScan" not in told
    assert "NodeByLabelScan" not in told
    assert "CartesianProduct" not in told or operation in (Operation.CREATE, Operation.MOVE)


@pytest.fixture(scope="module")
def planned(neo4j_driver: neo4j.Driver) -> neo4j.Driver:
    """A graph with the constraints, so that look-ups can use them."""
    from kweli_assets_tests.conftest import empty_graph

    empty_graph(neo4j_driver)
    with neo4j_driver.session() as session:
        for label, key in cypher.BOOKKEEPING_KEYS.items():
            session.run(cypher.create_constraint(label, key)).consume()
        for item in NODE_SETS:
            session.run(cypher.create_constraint(item.label, item.key)).consume()
        session.run(cypher.AWAIT_INDEXES).consume()
    return neo4j_driver


def test_counts_of_relationships_come_from_the_count_store(planned: neo4j.Driver) -> None:
    with planned.session() as session:
        for item in RELATIONSHIP_SETS:
            for statement in (
                cypher.count(item),
                cypher.count_from_start(item),
                cypher.count_to_end(item),
            ):
                told = str(session.run("EXPLAIN " + statement).consume().plan)
                assert "RelationshipCountFromCountStore" in told
        for node_set in NODE_SETS:
            told = str(session.run("EXPLAIN " + cypher.count(node_set)).consume().plan)
            assert "NodeCountFromCountStore" in told
