"""All eighteen sets in the order in which they are loaded.

Here: the tuple, the look-up by name and which sets' nodes leave last. Not here: the declarations
themselves.
"""

from __future__ import annotations

from kweli_assets.graph.model import GraphSet, NodeSet, RelationshipSet
from kweli_assets.graph.nodes import CITY, COUNTRY, LEARNER, NODE_SETS
from kweli_assets.graph.relationships import RELATIONSHIP_SETS

# Nodes before their relationships.
ALL_SETS: tuple[GraphSet, ...] = (*NODE_SETS, *RELATIONSHIP_SETS)

BY_NAME: dict[str, GraphSet] = {item.name: item for item in ALL_SETS}

# Shared nodes leave when nothing names them any more: after all relationships, and cities (with
# their relationship to a country) before countries.
LEAVING_LAST: tuple[NodeSet, ...] = (
    CITY,
    *(item for item in NODE_SETS if item not in (LEARNER, CITY, COUNTRY)),
    COUNTRY,
)

if len(BY_NAME) != len(ALL_SETS):
    raise ValueError("two sets have the same name")


def leaves_last(graph_set: GraphSet) -> bool:
    """Whether the set's surplus is removed at the end of a load, not in the set's own step."""
    return isinstance(graph_set, NodeSet) and graph_set in LEAVING_LAST


def start_of(graph_set: GraphSet) -> NodeSet | None:
    """A relationship set's start, None for nodes."""
    return graph_set.start if isinstance(graph_set, RelationshipSet) else None
