"""The graph that the pipeline's own stages make of rows, in the reference's form.

Here: rows -> frames -> node and relationship sets, in memory, without a server. Not here: any rule.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import polars as pl

from kweli_assets.frames import bucket, places
from kweli_assets.graph.nodes import NODE_SETS
from kweli_assets.graph.relationships import RELATIONSHIP_SETS
from kweli_assets.snapshot.columns import SELECTED
from kweli_assets_tests.reference.graph import Counts, Graph, Row, present

COLUMN_OF_FRAME = {
    "learners": "learners",
    "learning": "learning_details",
    "employment": "employment_details",
    "placement": "placement_details",
    "education": "education_details",
}


def pipeline_graph(rows: Sequence[Row], snapshot_date: datetime.date) -> Graph:
    """What `kweli_assets` makes of the rows."""
    built = bucket.build(
        pl.DataFrame(
            {column.name: [row[column.name] for row in rows] for column in SELECTED},
            schema={column.name: pl.String for column in SELECTED},
        ),
        snapshot_date,
    )
    frames = {name: frame.lazy() for name, frame in built.frames.items()}
    frames["countries"] = places.countries(frames["learners"])
    frames["cities"] = places.cities(frames["learners"])

    nodes = {
        node_set.label: {
            str(row[node_set.key]): present(row)
            for row in node_set.build(frames).collect().iter_rows(named=True)
        }
        for node_set in NODE_SETS
    }
    relationships = {}
    for relationship_set in RELATIONSHIP_SETS:
        found: dict[tuple[str, object], tuple[str, dict[str, object]]] = {}
        for row in relationship_set.build(frames).collect().iter_rows(named=True):
            start, end = row.pop("start"), row.pop("end")
            told_apart_by = tuple(row[name] for name in relationship_set.identity_properties)
            key = (start, told_apart_by or end)
            assert key not in found, (relationship_set.type, key)
            found[key] = (end, present(row))
        relationships[relationship_set.type] = found

    counts = Counts(skills_beyond_50=built.skills_beyond)
    for frame, account in built.accounts.items():
        column = COLUMN_OF_FRAME[frame]
        counts.entries_in[column] = account.entries_in
        counts.entries_out[column] = account.entries_out
        counts.entries_quarantined[column] = account.quarantined
    for frame, column, kind, value, times in built.unreadable.iter_rows():
        if kind == "country":
            counts.unknown_countries[value] += times
        elif kind != "claim":  # has_... columns: a check of their own reports them
            counts.unreadable[COLUMN_OF_FRAME[frame], column, kind] += times
    quarantine = list(built.frames["quarantine"].iter_rows())
    return Graph(nodes, relationships, quarantine, Counts(**vars(counts)))
