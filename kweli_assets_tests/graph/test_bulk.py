"""The bulk load on a real server: the same graph, the same ledger, and deltas from there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import neo4j
import polars as pl
import pytest

from kweli_assets.embedded import servers
from kweli_assets.embedded.servers import running_servers
from kweli_assets.errors import ConfigurationError, GraphError, GuardError
from kweli_assets.graph import bulk
from kweli_assets.graph.load import GraphLoader, LoadOptions
from kweli_assets.graph.sets import ALL_SETS
from kweli_assets.operations import bulk_load
from kweli_assets.resources.frame_store import FrameStore
from kweli_assets_tests.conftest import empty_graph
from kweli_assets_tests.graph.learner_days import (
    graph_content,
    learners,
    next_day,
    promised_content,
    store_day,
)

DAY_1, DAY_2 = date(2025, 12, 1), date(2025, 12, 2)

# Each of them stands in a row's bio, which may hold anything.
AWKWARD = (
    'He said "hello", twice',
    'ends with a quote"',
    "two\nlines",
    "two\r\nWindows lines",
    "an old Mac's\rline",
    "back\\slash and \\n that is no line",
    "a\\",
    "semi;colon,comma\ttab|pipe",
    "line\u2028separator\u0085next line",
    "'single', ‘curly’, 日本語, 👩🏾‍💻",
    '"',
    "=1+1",
    "x" * 50_000,
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with a Neo4j of its own, since bulk loads stop it."""
    home = tmp_path_factory.mktemp("bulk-home")
    with running_servers(home, which=("neo4j",)):
        yield home


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a store with two days of learners."""
    store = FrameStore(tmp_path_factory.mktemp("bulk-days"))
    rows = learners(400)
    number = pl.int_range(pl.len())
    rows = rows.with_columns(
        pl.when(number < len(AWKWARD))
        .then(pl.Series([*AWKWARD, *[None] * (400 - len(AWKWARD))], dtype=pl.String))
        .otherwise("bio")
        .alias("bio")
    )
    store_day(store, DAY_1, rows)
    store_day(store, DAY_2, next_day(rows))
    return store.root


def _store(stored: Path, folder: Path) -> FrameStore:
    """A store of one test with the frames of both days."""
    folder.mkdir()
    (folder / "frames").symlink_to(stored / "frames")
    return FrameStore(folder)


def _driver(home: Path) -> neo4j.Driver:
    server = servers.details(home).neo4j
    assert server is not None
    return neo4j.GraphDatabase.driver(
        server.uri, auth=(server.user, server.password), notifications_min_severity="OFF"
    )


def _bookkeeping(driver: neo4j.Driver) -> list[dict[str, Any]]:
    """The ledger's nodes without their times (but with the times' types)."""
    with driver.session() as session:
        found = session.run(
            "MATCH (n:GraphLoad|GraphLoadLane|GraphLease|Snapshot) "
            "RETURN labels(n) AS labels, properties(n) AS properties "
            "ORDER BY labels(n)[0], n.set"
        ).data()
    for node in found:
        for name, value in node["properties"].items():
            if name in ("startedAt", "finishedAt", "completedAt"):
                node["properties"][name] = type(value)
    return found


def _schema(driver: neo4j.Driver) -> set[tuple[str, ...]]:
    with driver.session() as session:
        return {
            (str(kind), *labels, *properties)
            for kind, labels, properties in session.run(
                "SHOW INDEXES YIELD owningConstraint, labelsOrTypes, properties, type "
                "WHERE type = 'RANGE' RETURN owningConstraint, labelsOrTypes, properties"
            ).values()
        }


def test_bulk_gives_the_ordinary_load_s_graph_and_ledger_and_goes_on_as_a_delta(
    home: Path, stored: Path, tmp_path: Path
) -> None:
    ordinary, store = _store(stored, tmp_path / "ordinary"), _store(stored, tmp_path / "bulk")
    with _driver(home) as driver:
        empty_graph(driver)
        GraphLoader(driver, "neo4j", ordinary, run="ordinary").load(DAY_1)
        content, ledger, schema = graph_content(driver), _bookkeeping(driver), _schema(driver)
        assert content == promised_content(store, DAY_1)
        bios = {node["bio"] for node in content["learner"].values() if "bio" in node}
        assert len(bios & set(AWKWARD)) == len(AWKWARD)

    with pytest.raises(GuardError, match=r"not empty.*--replace-graph"):
        bulk_load.bulk_load_embedded(home, store, DAY_1, run="refused")

    told: list[str] = []
    report = bulk_load.bulk_load_embedded(
        home,
        store,
        DAY_1,
        run="bulk",
        replace_graph=True,
        dump_to=tmp_path / "dumps",
        tell=told.append,
    )
    assert report.nodes == sum(len(content[item.name]) for item in ALL_SETS[:9])
    assert report.relationships == sum(len(content[item.name]) for item in ALL_SETS[9:])
    assert list(report.seconds) == ["rows", "files", "import", "check", "dump"]
    assert len(told) == len(report.seconds)
    assert report.dump == tmp_path / "dumps" / "neo4j.dump"
    described = servers.neo4j_admin(
        home, "database", "load", "neo4j", f"--from-path={tmp_path / 'dumps'}", "--info"
    )
    assert described.returncode == 0, described.stderr

    with _driver(home) as driver:
        assert graph_content(driver) == content
        assert _bookkeeping(driver) == ledger
        assert _schema(driver) == schema
        again = GraphLoader(driver, "neo4j", store, run="again").load(DAY_1)
        assert again.plan.up_to_date
        assert again.written == 0

        expected = GraphLoader(driver, "neo4j", ordinary, run="dry").plan(DAY_2).changes
        delta = GraphLoader(driver, "neo4j", store, run="delta").load(DAY_2)
        assert {step.basis for step in delta.plan.steps.values()} <= {"last load", None}
        assert (
            0 < delta.plan.changes == expected < sum(len(found) for found in content.values()) / 4
        )
        assert graph_content(driver) == promised_content(store, DAY_2)


def test_a_failed_import_leaves_the_graph_that_was_there(
    home: Path, stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = _store(stored, tmp_path / "store")
    with _driver(home) as driver:
        options = LoadOptions(allow_rollback=True, allow_shrink=True)
        GraphLoader(driver, "neo4j", store, options=options, run="first").load(DAY_1)
        content = graph_content(driver)

    def spoiled(*arguments: Any) -> bulk.ImportFiles:
        files = bulk.write_import_files(*arguments)
        with (files.folder / "resides_in.csv").open("a", encoding="utf-8") as file:
            file.write("nobody of this name,nowhere\n")
        return files

    monkeypatch.setattr(bulk_load, "write_import_files", spoiled)
    with pytest.raises(GraphError, match="neo4j-admin") as raised:
        bulk_load.bulk_load_embedded(home, store, DAY_1, run="bulk", replace_graph=True)
    assert "nobody of this name" not in str(raised.value)
    with _driver(home) as driver:
        assert graph_content(driver) == content
    assert not list((home / "servers" / "neo4j").glob("import*"))
    assert not (home / "servers" / "neo4j" / "data.before").exists()


def test_an_installation_that_is_stopped_gets_the_import_and_its_ledger(
    home: Path, stored: Path, tmp_path: Path
) -> None:
    """The embedded server's own program stands in for an installation's."""
    installation = tmp_path / "installed neo4j"
    program = installation / "bin" / "neo4j-admin"
    program.parent.mkdir(parents=True)
    calls = installation / "calls"
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > "{calls}"\nls > "{calls}.files"\nexit 1\n'
    )
    program.chmod(0o755)
    store = _store(stored, tmp_path / "store")
    with pytest.raises(GraphError, match="ended with code 1"):
        bulk_load.bulk_load_installed(installation, store, DAY_1, database="careers")
    given = calls.read_text(encoding="utf-8").splitlines()
    assert given[:4] == ["database", "import", "full", "careers"]
    assert "--overwrite-destination" not in given
    named = {
        name
        for option in given
        if option.startswith(("--nodes=", "--relationships="))
        for name in option.split("=")[2].replace("./", "").split(",")
    }
    assert named <= set((installation / "calls.files").read_text(encoding="utf-8").split())
    assert len(named) == 2 * len(ALL_SETS) + 2
    assert not (store.root / "graph" / "import").exists()


def test_what_can_t_be_loaded_in_bulk_is_said(tmp_path: Path) -> None:
    store = FrameStore(tmp_path)
    with pytest.raises(ConfigurationError, match="no program"):
        bulk_load.bulk_load_installed(tmp_path, store, DAY_1)
    with pytest.raises(ConfigurationError, match="does not run"):
        bulk_load.bulk_load_embedded(tmp_path / "no home", store, DAY_1, run="bulk")


@pytest.mark.parametrize(
    ("code", "output", "told"),
    [
        (0, "Imported:\n  5 nodes\n  2 relationships\n", None),
        (0, "Imported:\n  4 nodes\n  2 relationships\n", "4"),
        (0, "", "nodes"),
        (1, "The database is in use. Stop database 'neo4j' and try again.", "its server runs"),
        (1, "java.io.IOException: No space left on device", "disk is full"),
        (2, "o.n.b.InputException: key 'a learner' is wrong", r"code 2 \(InputException\)"),
    ],
)
def test_the_importer_s_answer(code: int, output: str, told: str | None) -> None:
    files = bulk.ImportFiles(Path(), (), nodes=5, relationships=2)
    if told is None:
        bulk.require_imported(code, output, files, DAY_1)
        return
    with pytest.raises(GraphError, match=told) as raised:
        bulk.require_imported(code, output, files, DAY_1)
    assert "a learner" not in str(raised.value)


def test_the_ledger_s_times_are_utc(stored: Path, tmp_path: Path) -> None:
    store = _store(stored, tmp_path / "store")
    with neo4j.GraphDatabase.driver("bolt://127.0.0.1") as driver:
        rows = GraphLoader(driver, "neo4j", store, run="rows").desired(DAY_1)
    folder = tmp_path / "files"
    folder.mkdir()
    bulk.write_import_files(rows, folder, DAY_1, datetime(2025, 12, 1, 2, 30, tzinfo=UTC))
    assert "2025-12-01T02:30:00Z" in (folder / "Snapshot.csv").read_text(encoding="utf-8")
    assert (
        subprocess.run(["wc", "-l", folder / "GraphLoad.csv"], capture_output=True).stdout[:2]
        == b"19"
    )
