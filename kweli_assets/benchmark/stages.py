"""What is measured: each public function is one stage, run in a process of its own.

Here: calling the real stages as assets and commands do, and noting seconds. Not here: watching the
process (measure), the order (run).

Every function gives `seconds` of the work without start and imports, and what else it has to say.
The embedded servers of KWELI_HOME and the store of KWELI_STORE are used.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import neo4j
import polars as pl

from kweli_assets.errors import ConfigurationError, KweliError
from kweli_assets.resources.frame_store import FrameStore
from kweli_assets.resources.settings import resolve_graph, resolve_source, resolve_store
from kweli_assets.resources.source import CsvSource, LearnerSource, MysqlSource
from kweli_assets.snapshot.columns import COLUMNS, MysqlType

Answer = dict[str, Any]

_NULL_WHEN_EMPTY = {item.name for item in COLUMNS if item.mysql_type is not MysqlType.TEXT}

_STAGES: dict[str, Callable[..., Answer]] = {}


def _stage(function: Callable[..., Answer]) -> Callable[..., Answer]:
    _STAGES[function.__name__] = function
    return function


class _Parts:
    """Seconds by part, added up."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began

    def answer(self, **more: object) -> Answer:
        """The parts and their sum."""
        return {"seconds": sum(self.seconds.values()), "parts": self.seconds, **more}


@_stage
def generate_csv(path: str, learners: int, seed: int, dirt: float) -> Answer:
    """Synthetic learners into a file."""
    from kweli_assets.embedded.synthetic.csv_file import write_csv

    parts = _Parts()
    with parts("generate"):
        size = write_csv(Path(path), rows=learners, seed=seed, dirt=dirt)
    return {"seconds": parts.seconds["generate"], "bytes": size}


@_stage
def generate_mysql(learners: int, seed: int, dirt: float) -> Answer:
    """Synthetic learners into the embedded server's table."""
    return _generated(rows=learners, seed=seed, dirt=dirt, mysql=True)


@_stage
def evolve_mysql(seed: int, changed: float, new: float, vanished: float) -> Answer:
    """The table's next day."""
    return _generated(
        seed=seed, mysql=True, evolve=True, changed=changed, new=new, vanished=vanished
    )


def _generated(**options: Any) -> Answer:
    from kweli_assets.embedded.synthetic.command import generate

    defaults = {"changed": 0.01, "new": 0.005, "vanished": 0.002}
    began = time.monotonic()
    generate(**(defaults | options))
    return {"seconds": time.monotonic() - began}


@_stage
def scan(day: str, csv: str | None = None, max_rows: int | None = None) -> Answer:
    """The source into a snapshot file."""
    from kweli_assets.snapshot.scan import write_snapshot

    source: LearnerSource = (
        MysqlSource(resolve_source()) if csv is None else CsvSource(Path(csv), _NULL_WHEN_EMPTY)
    )
    target = _store().path("snapshot", "learner_rows", date.fromisoformat(day))
    began = time.monotonic()
    with source.open() as reader:
        done = write_snapshot(
            reader,
            target,
            snapshot=date.fromisoformat(day),
            source=source.describe(),
            max_rows=max_rows,
        )
    return {"seconds": time.monotonic() - began, "read": done.info.rows, "bytes": done.bytes}


@_stage
def frames(day: str) -> Answer:
    """All frames of a stored snapshot, as the asset builds them."""
    from kweli_assets.frames import build
    from kweli_assets.snapshot.scan import read_info

    store, snapshot = _store(), date.fromisoformat(day)
    path = store.path("snapshot", "learner_rows", snapshot)
    began = time.monotonic()
    report = build.build_frames(
        path,
        store,
        snapshot,
        metadata={
            build.SNAPSHOT_KEY: read_info(path).fingerprint,
            build.RULES_KEY: build.rules_version(),
        },
    )
    return {"seconds": time.monotonic() - began, "frames": report.rows}


@_stage
def frames_one_by_one(day: str) -> Answer:
    """The same buckets, one frame after the other in one thread: what each of them costs.

    The sum is more than the stage `frames` takes, which builds two buckets at a time.
    """
    from kweli_assets.frames import (
        education,
        employment,
        learners,
        learning,
        learning_history,
        placement,
        professional_history,
        skills,
    )
    from kweli_assets.frames.accepted import accept
    from kweli_assets.frames.build import SnapshotBuckets

    store, snapshot, parts = _store(), date.fromisoformat(day), _Parts()
    buckets = iter(SnapshotBuckets(store.path("snapshot", "learner_rows", snapshot)))
    while True:
        with parts("read"):
            rows = next(buckets, None)
        if rows is None:
            break
        with parts("accept"):
            lazy = accept(rows).rows.lazy()
        with parts("learners"):
            base = learners.build(lazy).frame.lazy()
        with parts("learning"):
            enrolments = learning.build(lazy).frame.collect().lazy()
        with parts("employment"):
            jobs = employment.build(lazy, snapshot).frame.collect().lazy()
        with parts("placement"):
            placements = placement.build(lazy, snapshot).frame.collect().lazy()
        with parts("education"):
            education.build(lazy).frame.collect()
        with parts("skills"):
            skills.build(lazy).frame.collect()
        with parts("learning_history"):
            learning_history.build(enrolments, base, snapshot).collect()
        with parts("professional_history"):
            professional_history.build(jobs, placements, base, snapshot).collect()
    return parts.answer()


@_stage
def write_frames(day: str) -> Answer:
    """Reading every stored frame and writing it again: the share of writing in `frames`."""
    from kweli_assets.frames import bucket

    store, snapshot = _store(), date.fromisoformat(day)
    seconds = 0.0
    for name, schema in bucket.SCHEMAS.items():
        stored = pl.read_parquet(store.path("frames", name, snapshot))
        began = time.monotonic()
        with store.writer("benchmark", name, snapshot, schema) as writer:
            for start in range(0, len(stored), 50_000):
                writer.write(stored[start : start + 50_000])
        seconds += time.monotonic() - began
    return {"seconds": seconds}


@_stage
def places(day: str) -> Answer:
    """Countries and cities."""
    from kweli_assets.frames import places as place_frames

    store, snapshot, parts = _store(), date.fromisoformat(day), _Parts()
    learners = store.scan("frames", "learners", snapshot)
    for name, build_place in (
        ("countries", place_frames.countries),
        ("cities", place_frames.cities),
    ):
        path = store.path("frames", name, snapshot)
        path.parent.mkdir(parents=True, exist_ok=True)
        with parts(name):
            build_place(learners).sink_parquet(path)
    return parts.answer()


@_stage
def checks(day: str) -> Answer:
    """What always holds of the frames, as the blocking checks look at it."""
    from kweli_assets.frames.assets import check_results

    store, snapshot = _store(), date.fromisoformat(day)
    findings = store.scan("frames", "findings", snapshot).collect()
    began = time.monotonic()
    results = list(check_results(store, snapshot, findings))
    seconds = time.monotonic() - began
    failed = [result.check_name for result in results if not result.passed]
    return {"seconds": seconds, "checks": len(results), "not passed": failed}


@_stage
def rows_of_sets(day: str) -> Answer:
    """Every set's rows out of the frames."""
    from kweli_assets.graph.diff import build_rows
    from kweli_assets.graph.sets import ALL_SETS

    store, snapshot, parts = _store(), date.fromisoformat(day), _Parts()
    counts = {}
    for item in ALL_SETS:
        paths = {name: store.path("frames", name, snapshot) for name in item.frames}
        with parts(item.name):
            built = build_rows(item, paths, store.root / "graph" / "rows" / item.name)
        counts[item.name] = built.rows
    return parts.answer(sets=counts)


@_stage
def import_files(day: str, folder: str) -> Answer:
    """The importer's input files of all sets; gives its options."""
    from kweli_assets.graph.bulk import write_import_files
    from kweli_assets.graph.load import GraphLoader

    snapshot = date.fromisoformat(day)
    with neo4j.GraphDatabase.driver("bolt://127.0.0.1") as unconnected:
        rows = GraphLoader(unconnected, "neo4j", _store(), run="benchmark").desired(snapshot)
    began = time.monotonic()
    files = write_import_files(rows, Path(folder), snapshot, datetime.now(UTC))
    return {
        "seconds": time.monotonic() - began,
        "options": list(files.options),
        "nodes": files.nodes,
        "relationships": files.relationships,
    }


@_stage
def load(day: str) -> Answer:
    """`kweli load`: every stage through Dagster in one process, from the table to the graph.

    Parts are Dagster's steps. The day is today for the run, whatever day it is.
    """
    from kweli_assets.definitions import build_defs
    from kweli_assets.operations import run
    from kweli_assets.resources.clock import FixedClock

    steps: dict[str, float] = {}
    began_at: dict[str, float] = {}

    def tell(progress: run.Progress) -> None:
        now = time.monotonic()
        if not progress.message:
            began_at[progress.step] = now
        elif progress.message == "done":
            steps[progress.step] = now - began_at.get(progress.step, now)

    before = _bookkeeping()
    with run.open_instance(resolve_store()) as instance:
        definitions = build_defs({"clock": FixedClock(day=day)})
        began = time.monotonic()
        outcome = run.run_load(
            definitions, instance, run.LoadRequest(date.fromisoformat(day)), tell
        )
        seconds = time.monotonic() - began
    failed = [check.name for check in outcome.checks if check.blocking and not check.passed]
    if not outcome.good:
        raise ConfigurationError(
            "loading", "; ".join([*outcome.failures, *failed]), "mend that and measure again."
        )
    return {
        "seconds": seconds,
        "parts": steps,
        "graph was written": _bookkeeping() != before,
        **_counts(date.fromisoformat(day)),
    }


@_stage
def bulk(day: str) -> Answer:
    """`kweli load --bulk` from stored frames on, in place of the graph that is there."""
    from kweli_assets.operations.bulk_load import bulk_load_embedded

    snapshot = date.fromisoformat(day)
    began = time.monotonic()
    done = bulk_load_embedded(
        resolve_store().home, _store(), snapshot, run="benchmark", replace_graph=True
    )
    return {"seconds": time.monotonic() - began, "parts": dict(done.seconds), **_counts(snapshot)}


@_stage
def write_graph(day: str, sessions: int, batch_rows: int, uri: str | None = None) -> Answer:
    """A first load of stored frames into an empty graph, without Dagster.

    Parts are sets. Only the sets' own seconds count, not the building of their rows.
    """
    from kweli_assets.graph.load import GraphLoader
    from kweli_assets.graph.sets import ALL_SETS
    from kweli_assets.graph.writer import Tuning

    snapshot = date.fromisoformat(day)
    with _driver(uri) as (driver, database):
        _empty(driver, database)
        loader = GraphLoader(
            driver,
            database,
            _store(),
            tuning=Tuning(sessions=sessions, batch_rows=batch_rows),
            run=f"benchmark {time.monotonic_ns()}",
        )
        loader.open(snapshot)
        parts, written = _Parts(), 0
        for item in ALL_SETS:
            with parts(item.name):
                written += loader.write(item, snapshot).written
        loader.finish(snapshot)
    return parts.answer(written=written)


@_stage
def read_rows(compress: bool, limit: int | None, port: int | None = None) -> Answer:
    """Read the table without keeping anything, as the scan reads it."""
    from kweli_assets.snapshot.columns import SELECTED

    settings = resolve_source()
    changes: dict[str, Any] = {"compress": compress} | ({"port": port} if port else {})
    names = [column.name for column in SELECTED]
    read = text_bytes = 0
    with MysqlSource(settings.model_copy(update=changes)).open() as reader:
        began = time.monotonic()
        for batch in reader.batches(names, limit):
            read += len(batch)
            sizes = batch.select(pl.all().str.len_bytes().sum().cast(pl.UInt64)).row(0)
            text_bytes += sum(size or 0 for size in sizes)
        seconds = time.monotonic() - began
    return {"seconds": seconds, "read": read, "bytes": text_bytes}


def _store() -> FrameStore:
    return FrameStore(resolve_store().store)


@contextmanager
def _driver(uri: str | None = None) -> Iterator[tuple[neo4j.Driver, str]]:
    from kweli_assets.resources.graph_database import PRESETS, connected

    settings = resolve_graph()
    if uri is not None:
        settings = settings.model_copy(update={"uri": uri})
    with connected(settings, PRESETS["local"]) as driver:
        yield driver, settings.database


def _counts(day: date) -> Answer:
    """Every set's rows and what the graph counts; they are to be equal."""
    from kweli_assets.graph.load import GraphLoader

    with _driver() as (driver, database):
        loader = GraphLoader(driver, database, _store(), run="benchmark")
        rows, held = loader.promised_rows(day), loader.counts()
    return {"sets": rows, "in the graph": held, "graph counts as the frames": rows == held}


def _bookkeeping() -> list[dict[str, Any]]:
    """The ledger with its times: equal before and after a load that wrote nothing."""
    with _driver() as (driver, database):
        found = driver.execute_query(
            "MATCH (n:GraphLoad|Snapshot) RETURN properties(n) AS p ORDER BY n.set, n.name",
            database_=database,
        )
    return [record["p"] for record in found.records]


def _empty(driver: neo4j.Driver, database: str) -> None:
    with driver.session(database=database) as session:
        session.run(
            "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS"
        ).consume()


def main() -> None:
    """Run one stage: its name, its arguments as JSON, the file for the answer."""
    name, arguments, answer = sys.argv[1:]
    try:
        found = _STAGES[name](**json.loads(arguments))
    except KweliError as error:
        sys.exit(str(error))
    Path(answer).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
