"""From a table in a real MySQL-protocol server to the graph in a real Neo4j, by the command line.

The graph is compared with the worked sample; rules and loads in detail are their stages' tests.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import dagster as dg
import neo4j
import pytest

from kweli_assets.embedded.servers import status
from kweli_assets.embedded.state import ServersState
from kweli_assets.snapshot.columns import COLUMNS, MysqlType
from kweli_assets_tests.conftest import MysqlDatabase
from kweli_assets_tests.snapshot.tables import create_table, insert, write_csv
from kweli_assets_tests.test_cli import Kweli, kweli

__all__ = ["kweli"]

SAMPLE = Path(__file__).parent / "sample"
DAY = "2025-12-01"
NUMBERS = {column.name for column in COLUMNS if column.mysql_type is not MysqlType.TEXT}


def _sample_rows() -> list[dict[str, str | None]]:
    with (SAMPLE / "learners.csv").open(newline="", encoding="utf-8") as file:
        return [
            {
                name: None if value == "" and name in NUMBERS else value
                for name, value in row.items()
            }
            for row in csv.DictReader(file)
        ]


def _expected() -> dict[str, int]:
    files = [*(SAMPLE / "expected/nodes").iterdir(), *(SAMPLE / "expected/rels").iterdir()]
    return {file.stem: len(file.read_text(encoding="utf-8").splitlines()) for file in files}


def _held(driver: neo4j.Driver) -> dict[str, int]:
    """What the graph counts, but for the bookkeeping."""
    counts: Counter[str] = Counter()
    with driver.session() as session:
        for name, count in session.run(
            "MATCH (n) UNWIND labels(n) AS name RETURN name, count(*) "
            "UNION ALL MATCH ()-[r]->() RETURN type(r) AS name, count(*)"
        ).values():
            counts[name] += count
    return {name: counts[name] for name in _expected()}


@pytest.fixture
def environment(servers: ServersState, clean_graph: neo4j.Driver) -> dict[str, str]:
    """The session's servers, with an empty graph."""
    return servers.environment()


def test_a_dump_becomes_the_graph_and_again_nothing_is_written(
    kweli: Kweli, environment: dict[str, str], clean_graph: neo4j.Driver, tmp_path: Path
) -> None:
    arguments = ("load", "--snapshot-date", DAY, "--csv", str(SAMPLE / "learners.csv"))
    first = kweli(*arguments, **environment)
    assert first.code == 0, first.err
    assert _held(clean_graph) == _expected()
    assert f"complete: snapshot {DAY}" in first.out

    again = kweli(*arguments)
    assert again.code == 0, again.err
    with dg.DagsterInstance.from_config(str(tmp_path / "home" / "dagster")) as instance:
        latest, *earlier = instance.get_run_records()
        assert [record.dagster_run.status for record in (latest, *earlier)] == [
            dg.DagsterRunStatus.SUCCESS
        ] * 2
        planned = instance.fetch_materializations(
            dg.AssetRecordsFilter(dg.AssetKey(["graph", "load_plan"])), limit=2
        ).records
        changes = [record.asset_materialization.metadata["changes"].value for record in planned]
    assert changes[0] == 0
    assert changes[1] == sum(_expected().values())

    told = kweli("status")
    assert told.code == 0
    assert f"complete: snapshot {DAY}" in told.out
    # Without a dump the stored snapshot is used, since the table can't give a past day.
    assert kweli("load", "--snapshot-date", DAY).code == 0
    assert DAY in kweli("snapshots").out


def test_the_table_becomes_the_graph(
    kweli: Kweli,
    environment: dict[str, str],
    clean_graph: neo4j.Driver,
    mysql: MysqlDatabase,
    tmp_path: Path,
) -> None:
    rows = _sample_rows()
    with mysql.connect() as connection, connection.cursor() as cursor:
        create_table(connection)
        cursor.execute("SET sql_mode = ''")
        insert(connection, rows)
    result = kweli("load", **(environment | mysql.environment()))
    assert result.code == 0, result.err
    # Another day than the sample's moves states and dates, but no learner, place or enrolment.
    held, expected = _held(clean_graph), _expected()
    for name in ("Learner", "Country", "City", "Skill", "Program", "ENROLLED_IN", "HAS_SKILL"):
        assert held[name] == expected[name]
    store = tmp_path / "home" / "store"
    assert not [
        file for file in store.rglob("*") if file.is_file() and b"never-leaves" in file.read_bytes()
    ]


def test_a_dry_run_tells_what_a_load_would_write_and_writes_nothing(
    kweli: Kweli, environment: dict[str, str], clean_graph: neo4j.Driver
) -> None:
    arguments = ("--snapshot-date", DAY, "--csv", str(SAMPLE / "learners.csv"))
    planned = kweli("plan", *arguments, **environment)
    assert planned.code == 0, planned.err
    changes = sum(_expected().values())
    assert f"{changes:,} changes" in planned.out
    assert clean_graph.execute_query("MATCH (n) RETURN count(n) AS n").records[0]["n"] == 0
    assert kweli("load", "--snapshot-date", DAY).code == 0
    assert _held(clean_graph) == _expected()
    assert "0 changes" in kweli("plan", "--snapshot-date", DAY).out


def test_quarantine_is_shown_and_exported(
    kweli: Kweli, environment: dict[str, str], tmp_path: Path
) -> None:
    loaded = kweli(
        *("load", "--snapshot-date", DAY, "--csv", str(SAMPLE / "learners.csv")), **environment
    )
    assert loaded.code == 0, loaded.err
    expected = [
        json.loads(line)
        for line in (SAMPLE / "expected/quarantine.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    shown = kweli("quarantine")
    assert shown.code == 0
    assert "duplicate learner" in shown.out
    assert kweli("quarantine", "--export", str(tmp_path / "out.csv")).code == 0
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["hashed_email", "column", "index", "reason", "raw"]
    assert Counter(row["reason"] for row in rows) == Counter(row["reason"] for row in expected)
    one = kweli("quarantine", "--reason", "bad json", "--export", str(tmp_path / "bad.csv"))
    assert one.code == 0
    with (tmp_path / "bad.csv").open(newline="", encoding="utf-8") as file:
        assert {row["reason"] for row in csv.DictReader(file)} == {"bad json"}
    strange = kweli("quarantine", "--reason", "strange")
    assert strange.code != 0
    assert "bad json" in strange.err
    nowhere = kweli("quarantine", "--export", str(tmp_path))
    assert nowhere.code != 0
    assert str(tmp_path) in nowhere.err


def test_a_refused_load_fails_and_leaves_the_graph(
    kweli: Kweli, environment: dict[str, str], clean_graph: neo4j.Driver, tmp_path: Path
) -> None:
    rows = [{"hashed_email": f"{n:032x}", "snapshot_id": "1"} for n in range(1500)]
    many = write_csv(tmp_path / "many.csv", rows)
    few = write_csv(tmp_path / "few.csv", rows[:1000])
    assert kweli(*("load", "--snapshot-date", DAY, "--csv", str(many)), **environment).code == 0
    refused = kweli("load", "--snapshot-date", "2025-12-02", "--csv", str(few))
    assert refused.code == 1
    assert "--allow-shrink" in refused.err or "allow_shrink" in refused.err
    assert _held(clean_graph)["Learner"] == 1500
    allowed = kweli("load", "--snapshot-date", "2025-12-02", "--allow-shrink")
    assert allowed.code == 0, allowed.err
    assert _held(clean_graph)["Learner"] == 1000
    back = kweli("rollback", "--to", DAY)
    assert back.code == 0, back.err
    assert _held(clean_graph)["Learner"] == 1500


def test_a_first_load_in_bulk_ends_in_the_same_graph(kweli: Kweli, tmp_path: Path) -> None:
    """On servers of its own: the import stops the server."""
    arguments = ("load", "--snapshot-date", DAY, "--csv", str(SAMPLE / "learners.csv"))
    loaded = kweli(*arguments, "--bulk")
    assert loaded.code == 0, loaded.err
    assert f"complete: snapshot {DAY}" in loaded.out
    for count in _expected().values():
        assert f" {count:,} " in loaded.out
    refused = kweli(*arguments, "--bulk")
    assert refused.code == 1
    assert not [each.name for each in status(tmp_path / "home") if each.running]
