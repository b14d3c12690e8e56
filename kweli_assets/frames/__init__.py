"""Frames: what the cleaning rules make of a snapshot, one Parquet file a frame and day.

Belongs here: one module a frame with its schema and one pure `build`, the pass over a snapshot
that builds them all, and the thin assets and checks. Does not belong here: reading one value
(cleaning), the source (snapshot), anything of Neo4j (graph).
"""
