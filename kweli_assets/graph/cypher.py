"""Every Cypher statement of the graph stage, made from the declarations.

Here: strings only. Not here: drivers, sessions, what the statements are good for. Labels, types
and property names come from declarations that were validated at import, never from data; data
travels in parameters, as lists of lists in the order that each function's docstring names.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import polars as pl

from kweli_assets.graph.model import END, GraphSet, NodeSet, RelationshipSet

LEDGER = "GraphLoad"
LANE = "GraphLoadLane"
LEASE = "GraphLease"
SNAPSHOT = "Snapshot"

BOOKKEEPING_KEYS: dict[str, str] = {LEDGER: "set", LANE: "id", LEASE: "name", SNAPSHOT: "name"}


class Operation(StrEnum):
    """What a batch does; lanes work through them in this order."""

    STRAY = "stray"  # nodes and relationships that no declaration knows, by element id
    DELETE = "delete"
    MOVE = "move"  # a relationship whose end changed: deleted and created in one transaction
    CREATE = "create"
    UPDATE = "update"


# -- schema -------------------------------------------------------------------------------------


def constraint_name(label: str, key: str) -> str:
    """The name of the uniqueness constraint on a label's key."""
    return f"{label}_{key}_unique"


def index_name(label: str, name: str) -> str:
    """The name of the index on a label's property."""
    return f"{label}_{name}_index"


def create_constraint(label: str, key: str) -> str:
    """A uniqueness constraint; Community knows no other kind."""
    return (
        f"CREATE CONSTRAINT {constraint_name(label, key)} IF NOT EXISTS "
        f"FOR (n:{label}) REQUIRE n.{key} IS UNIQUE"
    )


def create_index(label: str, name: str) -> str:
    """An index for readers' look-ups."""
    return f"CREATE INDEX {index_name(label, name)} IF NOT EXISTS FOR (n:{label}) ON (n.{name})"


SHOW_CONSTRAINTS = (
    "SHOW CONSTRAINTS YIELD type, entityType, labelsOrTypes, properties "
    "WHERE entityType = 'NODE' AND (type CONTAINS 'UNIQUE' OR type CONTAINS 'NODE_KEY' "
    "OR type CONTAINS 'NODE_PROPERTY_UNIQUENESS') "
    "RETURN labelsOrTypes[0] AS label, properties AS properties"
)
SHOW_INDEXES = (
    "SHOW INDEXES YIELD type, state, entityType, labelsOrTypes, properties "
    "WHERE entityType = 'NODE' AND type = 'RANGE' AND state <> 'FAILED' "
    "RETURN labelsOrTypes[0] AS label, properties AS properties"
)
# An index that could not be filled (a full disk) stays FAILED until it is dropped.
SHOW_FAILED_INDEXES = (
    "SHOW INDEXES YIELD name, type, state, entityType, labelsOrTypes, properties, "
    "owningConstraint WHERE entityType = 'NODE' AND type = 'RANGE' AND state = 'FAILED' "
    "RETURN name, labelsOrTypes[0] AS label, properties AS properties, "
    "owningConstraint AS constraint"
)
AWAIT_INDEXES = "CALL db.awaitIndexes(600)"


def drop_index(name: str) -> str:
    """Drop an index by the name that the server gave."""
    return f"DROP INDEX `{name.replace('`', '``')}` IF EXISTS"


def drop_constraint(name: str) -> str:
    """Drop a constraint, and with it its index, by the name that the server gave."""
    return f"DROP CONSTRAINT `{name.replace('`', '``')}` IF EXISTS"


def duplicates(node_set: NodeSet) -> str:
    """How many keys stand on more than one node."""
    return (
        f"MATCH (n:{node_set.label}) WHERE n.{node_set.key} IS NOT NULL "
        f"WITH n.{node_set.key} AS key, count(*) AS times WHERE times > 1 RETURN count(*) AS keys"
    )


def remove_duplicates(node_set: NodeSet) -> str:
    """Delete all nodes but one of each key, at most `$limit` keys."""
    return (
        f"MATCH (n:{node_set.label}) WHERE n.{node_set.key} IS NOT NULL "
        f"WITH n.{node_set.key} AS key, collect(n) AS nodes WHERE size(nodes) > 1 "
        "WITH nodes LIMIT $limit UNWIND nodes[1..] AS surplus DETACH DELETE surplus"
    )


# -- counts -------------------------------------------------------------------------------------


def count(graph_set: GraphSet) -> str:
    """How many the graph holds; answered from the count store, at once at any size."""
    if isinstance(graph_set, NodeSet):
        return f"MATCH (n:{graph_set.label}) RETURN count(n) AS held"
    return f"MATCH ()-[r:{graph_set.type}]->() RETURN count(r) AS held"


def without_key(node_set: NodeSet) -> str:
    """How many nodes of the set have no key (a constraint sees to it that none stands twice)."""
    label, key = node_set.label, node_set.key
    return f"MATCH (n:{label}) WHERE n.{key} IS NULL RETURN count(n) AS held"


def count_from_start(relationships: RelationshipSet) -> str:
    """How many relationships of the set begin at its start label; from the count store."""
    start, kind = relationships.start.label, relationships.type
    return f"MATCH (:{start})-[r:{kind}]->() RETURN count(r) AS held"


def count_to_end(relationships: RelationshipSet) -> str:
    """How many relationships of the set end at its end label; from the count store."""
    return (
        f"MATCH ()-[r:{relationships.type}]->(:{relationships.end.label}) RETURN count(r) AS held"
    )


# -- batches ------------------------------------------------------------------------------------

# The lane's ledger node is locked before its position is read (the SET of `seized`): of two
# transactions that carry the same batch, the second sees what the first committed.
_LANE = f"""MATCH (lane:{LANE} {{id: $lane}})
SET lane.seized = $to
WITH lane WHERE lane.plan = $plan AND lane.position = $from
SET lane.position = $to
WITH lane
CALL () {{
  UNWIND $rows AS row
  """
_APPLIED = """
  RETURN count(*) AS applied
}
"""
# Cypher has no assertion: an integer division by zero is the error that rolls the batch back
# when the graph did not do it for every row. So a batch is one statement that commits itself,
# one round trip, where BEGIN, RUN and COMMIT are three.
_EXACTLY = "RETURN CASE WHEN applied = size($rows) THEN applied ELSE applied / 0 END AS applied"
NOT_EXACTLY = "Neo.ClientError.Statement.ArithmeticError"


def batch(graph_set: GraphSet, operation: Operation) -> str:
    """One batch and the ledger's step, as one statement.

    Parameters: `lane`, `plan`, `from`, `to` (the lane's position before and after) and `rows`,
    lists in the order of `payload`, dates as text. Gives one row `applied`, or none when the
    lane's position is not `from` (then nothing is written). Fails with NOT_EXACTLY, writing
    nothing, when the graph does not hold all that it was to change.
    """
    if isinstance(graph_set, NodeSet):
        body = _node_body(graph_set, operation)
    else:
        body = _relationship_body(graph_set, operation)
    # A stray relationship may have left together with a stray node.
    exact = "RETURN applied" if operation is Operation.STRAY else _EXACTLY
    return _LANE + body + _APPLIED + exact


def payload(graph_set: GraphSet, operation: Operation) -> tuple[str, ...]:
    """The columns of one row of a batch, in order."""
    columns = tuple(graph_set.columns)
    match operation:
        case Operation.STRAY:
            return (ELEMENT_ID,)
        case Operation.DELETE:
            return graph_set.identity
        case Operation.MOVE:
            return (*columns, OLD_END)
        case Operation.CREATE | Operation.UPDATE:
            return columns


ELEMENT_ID = "element id"
OLD_END = "old end"


def _node_body(node_set: NodeSet, operation: Operation) -> str:
    label, key = node_set.label, node_set.key
    by_key = f"MATCH (n:{label} {{{key}: row[0]}})"
    match operation:
        case Operation.STRAY:
            return "MATCH (n) WHERE elementId(n) = row[0] DETACH DELETE n"
        case Operation.DELETE:
            return f"{by_key} DETACH DELETE n"
        case Operation.CREATE:
            return f"CREATE (n:{label} {_map(node_set, tuple(node_set.columns))})"
        case Operation.UPDATE:
            # Replaces all properties: an absent one, and one that nobody declared, is removed.
            return f"{by_key} SET n = {_map(node_set, tuple(node_set.columns))}"
        case Operation.MOVE:
            raise ValueError("nodes do not move")


def _relationship_body(relationships: RelationshipSet, operation: Operation) -> str:
    columns = tuple(relationships.columns)
    start, end, kind = relationships.start, relationships.end, relationships.type
    names = columns[2:]
    values = _map(relationships, names, offset=2) if names else ""
    from_start = f"MATCH (a:{start.label} {{{start.key}: row[0]}})"
    to_end = f"MATCH (b:{end.label} {{{end.key}: row[1]}})"
    match operation:
        case Operation.STRAY:
            return "MATCH ()-[r]->() WHERE elementId(r) = row[0] DELETE r"
        case Operation.CREATE:
            return f"{from_start} {to_end} CREATE (a)-[:{kind} {values}]->(b)"
        case Operation.DELETE:
            return f"{from_start} {_find(relationships, relationships.identity)} DELETE r"
        case Operation.UPDATE:
            return f"{from_start} {_find(relationships, columns)} SET r = {values or '{}'}"
        case Operation.MOVE:
            found = _find(relationships, columns, end_column=len(columns))
            return f"{from_start} {to_end} {found} DELETE r CREATE (a)-[:{kind} {values}]->(b)"


def _find(
    relationships: RelationshipSet, columns: Sequence[str], *, end_column: int | None = None
) -> str:
    """Finds `r` among the start node's own relationships: few, whereas an end may have millions.

    `columns` says where in `row` the identity stands; `end_column` where the end's key does.
    """
    wanted = [
        f"r.{name} = row[{columns.index(name)}]" for name in relationships.identity_properties
    ]
    if END in relationships.identity:
        end_column = list(columns).index(END)
    if end_column is not None:
        wanted.append(f"c:{relationships.end.label}")
        wanted.append(f"c.{relationships.end.key} = row[{end_column}]")
    carried = "row, a, b" if end_column == len(columns) else "row, a"
    return (
        f"WITH {carried} MATCH (a)-[r:{relationships.type}]->(c) WHERE {' AND '.join(wanted)} "
        f"WITH {carried}, r"
    )


def _map(graph_set: GraphSet, names: Sequence[str], *, offset: int = 0) -> str:
    """Properties from the row. Dates come as text: the driver packs a date in Python, at three
    times the cost of a text, and the server reads it in a fraction of that."""
    pairs = []
    for position, name in enumerate(names, start=offset):
        value = f"row[{position}]"
        if graph_set.columns[name] == pl.Date:
            value = f"date({value})"
        pairs.append(f"{name}: {value}")
    return "{" + ", ".join(pairs) + "}"


# -- read-back ----------------------------------------------------------------------------------


def read_back(graph_set: GraphSet, *, low: bool, high: bool) -> str:
    """All nodes (relationships) whose key (start's key) is in [$low, $high), either side open.

    Gives the set's columns, then how many properties it has, then its element id. A
    relationship's end is null where the end node is none of the declared set.
    """
    if isinstance(graph_set, NodeSet):
        owner, key, what = f"n:{graph_set.label}", graph_set.key, "n"
        values = [f"n.{name}" for name in graph_set.columns]
        more = ""
    else:
        start, end = graph_set.start, graph_set.end
        owner, key, what = f"n:{start.label}", start.key, "r"
        values = [
            f"n.{start.key}",
            f"CASE WHEN b:{end.label} THEN b.{end.key} END",
            *(f"r.{name}" for name in list(graph_set.columns)[2:]),
        ]
        more = f" MATCH (n)-[r:{graph_set.type}]->(b)"
    bounds = [f"n.{key} >= $low"] * low + [f"n.{key} < $high"] * high
    # Typed, so that a key of another type is no string key and turns up among the strays.
    bounds.append(f"n.{key} IS :: STRING NOT NULL")
    return (
        f"MATCH ({owner}) WHERE {' AND '.join(bounds)}{more} "
        f"RETURN {', '.join(values)}, size(keys({what})), elementId({what})"
    )


def strays(graph_set: GraphSet) -> str:
    """Element ids of what carries the set's label or type but can't be one of it.

    Nodes without a string key; relationships that start at no such node. (Those whose end is
    foreign turn up in `read_back`.)
    """
    if isinstance(graph_set, NodeSet):
        label, key = graph_set.label, graph_set.key
        return (
            f"MATCH (n:{label}) WHERE NOT n.{key} IS :: STRING NOT NULL RETURN elementId(n) AS id"
        )
    start = graph_set.start
    return (
        f"MATCH (a)-[r:{graph_set.type}]->() "
        f"WHERE NOT a:{start.label} OR NOT a.{start.key} IS :: STRING NOT NULL "
        "RETURN elementId(r) AS id"
    )
