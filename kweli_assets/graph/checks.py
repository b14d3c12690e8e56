"""What must hold of each set in the graph once it is written.

Here: the checks of a set, asked of the graph itself, and their Dagster specs; the assets run them
in their own step, so that a broken set stops what comes after it. Not here: what to do when one
fails (load reads the set back).
"""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
from neo4j import Session

from kweli_assets.graph import cypher
from kweli_assets.graph.cypher import SHOW_CONSTRAINTS
from kweli_assets.graph.model import GraphSet, NodeSet
from kweli_assets.graph.sets import ALL_SETS

COUNT = "count_equals_frame"
KEYS = "keys_unique"
ENDS = "both_ends_exist"
WHOLE = "graph_equals_snapshot"


def specs(graph_set: GraphSet, key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """The blocking checks of one set's asset."""
    second = (
        (KEYS, "Every node has a key, and no key stands on two nodes.")
        if isinstance(graph_set, NodeSet)
        else (ENDS, "Every relationship runs from its start label to its end label.")
    )
    told = (
        (COUNT, "The graph counts as many as the frames give (and what the last step removes)."),
        second,
    )
    return [
        dg.AssetCheckSpec(name, asset=key, blocking=True, description=description)
        for name, description in told
    ]


def whole_spec(key: dg.AssetKey) -> dg.AssetCheckSpec:
    """The check of the completed load."""
    return dg.AssetCheckSpec(
        WHOLE,
        asset=key,
        blocking=True,
        description="Every set's count in the graph equals the rows of its frames.",
    )


def results(
    session: Session, graph_set: GraphSet, key: dg.AssetKey, *, rows: int, leaving: int
) -> Iterator[dg.AssetCheckResult]:
    """Ask the graph; `leaving` nodes of the set stay until the last step."""
    held = _count(session, cypher.count(graph_set))
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name=COUNT,
        passed=held == rows + leaving,
        description=f"{held:,} in the graph, {rows:,} in the frames"
        + (f", {leaving:,} leave in the last step" if leaving else ""),
        metadata={"in the graph": held, "in the frames": rows, "leaving": leaving},
    )
    if isinstance(graph_set, NodeSet):
        without = _count(session, cypher.without_key(graph_set))
        unique = (graph_set.label, [graph_set.key]) in [
            (record["label"], record["properties"]) for record in session.run(SHOW_CONSTRAINTS)
        ]
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=KEYS,
            passed=unique and not without,
            description=f"{without:,} nodes without a key; uniqueness "
            + ("is enforced by the graph" if unique else "is not enforced: no constraint"),
        )
        return
    loose = 2 * held - sum(
        _count(session, statement)
        for statement in (cypher.count_from_start(graph_set), cypher.count_to_end(graph_set))
    )
    yield dg.AssetCheckResult(
        asset_key=key, check_name=ENDS, passed=loose == 0, description=f"{loose:,} foreign ends"
    )


def whole_result(session: Session, key: dg.AssetKey, rows: dict[str, int]) -> dg.AssetCheckResult:
    """Compare every set's count with the rows promised by the frames."""
    different = {}
    for item in ALL_SETS:
        held = _count(session, cypher.count(item))
        if held != rows[item.name]:
            different[item.name] = f"{held:,} in the graph, {rows[item.name]:,} in the frames"
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=WHOLE,
        passed=not different,
        description="all counts are equal" if not different else str(different),
    )


def _count(session: Session, statement: str) -> int:
    return int(session.run(statement).single(strict=True)["held"])
