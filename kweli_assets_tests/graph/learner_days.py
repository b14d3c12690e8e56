"""Days of learners for the graph's tests: frames of a store, and a graph's whole content.

Here: making frames out of source rows, turning a day into the next one, reading a graph with
plain Cypher that shares nothing with the code under test. Not here: assertions.
"""

from __future__ import annotations

import csv
import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import neo4j
import polars as pl

from kweli_assets.embedded.synthetic.rows import frame as synthetic_rows
from kweli_assets.frames import bucket
from kweli_assets.frames.places import cities, countries
from kweli_assets.graph.model import NodeSet
from kweli_assets.graph.sets import ALL_SETS
from kweli_assets.resources.frame_store import FrameStore
from kweli_assets.snapshot.columns import SELECTED, MysqlType

SAMPLE = Path(__file__).parent.parent / "sample"
SAMPLE_DAY = date(2025, 12, 1)
NAMES = [column.name for column in SELECTED]
NULL_WHEN_EMPTY = {item.name for item in SELECTED if item.mysql_type is not MysqlType.TEXT}

Content = dict[str, dict[Any, Any]]


@cache
def sample_rows() -> pl.DataFrame:
    """The worked sample's 400 source rows."""
    csv.field_size_limit(10**9)
    with (SAMPLE / "learners.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = {
        name: [None if row[name] == "" and name in NULL_WHEN_EMPTY else row[name] for row in rows]
        for name in NAMES
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(NAMES, pl.String))


@cache
def learners(rows: int, seed: int = 7) -> pl.DataFrame:
    """So many synthetic source rows."""
    return synthetic_rows(rows, seed=seed).select(NAMES)


def next_day(rows: pl.DataFrame, *, seed: int = 1) -> pl.DataFrame:
    """The day after: every 97th learner left, every 50th changed, as many came as left."""
    number = pl.int_range(pl.len())
    stayed = rows.filter(number % 97 != 5)
    other = stayed.sample(fraction=1.0, shuffle=True, seed=seed)
    changed = number % 50 == 3
    exchanged = ["employment_details", "skills_list", "city_of_residence", "bio", "is_placed"]
    stayed = stayed.with_columns(
        pl.when(changed).then(other[name]).otherwise(pl.col(name)).alias(name)
        for name in exchanged
        if name in stayed.columns
    )
    came = learners(rows.height // 97 + 1, 1000 + seed)
    return pl.concat([stayed, came])


def store_day(store: FrameStore, day: date, rows: pl.DataFrame) -> None:
    """Write every frame of these source rows as the day's partition."""
    built = bucket.build(rows, day)
    frames = dict(built.frames)
    people = frames["learners"].lazy()
    frames |= {"countries": countries(people).collect(), "cities": cities(people).collect()}
    for name, content in frames.items():
        with store.writer("frames", name, day, content.schema) as writer:
            writer.write(content)


def promised_content(store: FrameStore, day: date) -> Content:
    """What the graph shall hold: by set, identity -> (end, properties), from the declarations."""
    content: Content = {}
    for item in ALL_SETS:
        frames = {name: store.scan("frames", name, day) for name in item.frames}
        rows = item.build(frames).collect().to_dicts()
        found: dict[Any, Any] = {}
        for row in rows:
            properties = {key: value for key, value in row.items() if value is not None}
            if isinstance(item, NodeSet):
                found[(row[item.key],)] = properties
            else:
                start, end = properties.pop("start"), properties.pop("end")
                identity = (start, *(row[name] for name in item.identity[1:]))
                found[identity] = (end, properties)
        content[item.name] = found
    return content


def graph_content(driver: neo4j.Driver) -> Content:
    """The same of the graph as it is; what repeats an identity gets one of its own."""
    content: Content = {}
    with driver.session() as session:
        for item in ALL_SETS:
            found: dict[Any, Any] = {}
            if isinstance(item, NodeSet):
                answer = session.run(f"MATCH (n:{item.label}) RETURN properties(n) AS p")
                for number, record in enumerate(answer):
                    properties = _native(record["p"])
                    key = (properties.get(item.key),)
                    found[key if key not in found else (*key, number)] = properties
            else:
                answer = session.run(
                    f"MATCH (a)-[r:{item.type}]->(b) RETURN a.{item.start.key} AS a, "
                    f"b.{item.end.key} AS b, properties(r) AS p, labels(a) AS la, labels(b) AS lb"
                )
                for number, record in enumerate(answer):
                    assert record["la"] == [item.start.label]
                    assert record["lb"] == [item.end.label]
                    properties = _native(record["p"])
                    whole = {"start": record["a"], "end": record["b"], **properties}
                    key = tuple(whole.get(name) for name in item.identity)
                    found[key if key not in found else (*key, number)] = (record["b"], properties)
            content[item.name] = found
    return content


def expected_sample() -> Content:
    """The worked sample's graph; Country.name and Skill.category are not in it."""
    content: Content = {}
    for item in ALL_SETS:
        found: dict[Any, Any] = {}
        if isinstance(item, NodeSet):
            for line in _lines(SAMPLE / "expected" / "nodes" / f"{item.label}.jsonl"):
                found[(line["key"],)] = line["properties"]
        else:
            for line in _lines(SAMPLE / "expected" / "rels" / f"{item.type}.jsonl"):
                told = line["identity"] or {"end": line["end"]}
                identity = (line["start"], *(told[name] for name in item.identity[1:]))
                found[identity] = (line["end"], line["properties"])
        content[item.name] = found
    return content


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _native(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value.to_native() if hasattr(value, "to_native") else value
        for key, value in properties.items()
    }
