"""Graph: the sets of nodes and relationships, and bringing Neo4j to a snapshot.

Belongs here: declarations, Cypher, the difference, the load and its ledger, assets, checks. Does
not belong here: rules that make the frames (frames), the driver (resources).
"""
