"""The embedded servers, for real: what they answer, what they leave, and who may end them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import neo4j
import pymysql
import pytest
from typer.testing import CliRunner

from kweli_assets.embedded import servers as embedded
from kweli_assets.embedded.commands import servers_app
from kweli_assets.embedded.state import ServersState, new_password, read_password
from kweli_assets_tests.conftest import MysqlDatabase


def test_both_answer_their_drivers(servers: ServersState, neo4j_driver: neo4j.Driver) -> None:
    assert servers.mysql is not None
    with MysqlDatabase(servers.mysql).connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT VERSION(), DATABASE(), @@character_set_database")
        version, database, charset = cursor.fetchone()
    assert (version[:5], database, charset) == ("11.4.", "kweli", "utf8mb4")
    records, _, _ = neo4j_driver.execute_query("CALL dbms.components() YIELD edition")
    assert {record["edition"] for record in records} >= {"community"}


def test_the_reader_reads_and_writes_nothing(mysql: MysqlDatabase) -> None:
    with mysql.connect() as owner, owner.cursor() as cursor:
        cursor.execute("CREATE TABLE t (x INT)")
        cursor.execute("INSERT INTO t VALUES (1)")
    with mysql.connect(owner=False) as reader, reader.cursor() as cursor:
        cursor.execute("SELECT x FROM t")
        assert cursor.fetchall() == ((1,),)
        for statement in ("INSERT INTO t VALUES (2)", "DROP TABLE t", "CREATE TABLE u (x INT)"):
            with pytest.raises(pymysql.err.OperationalError, match="denied"):
                cursor.execute(statement)


def test_bulk_loading_is_the_owners(mysql: MysqlDatabase, tmp_path: Path) -> None:
    file = tmp_path / "rows.tsv"
    file.write_text("1\n2\n", encoding="utf-8")
    with mysql.connect() as owner, owner.cursor() as cursor:
        cursor.execute("CREATE TABLE t (x INT)")
        assert cursor.execute(f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE t") == 2


def test_the_client_program_reads_with_the_printed_variables(mysql: MysqlDatabase) -> None:
    with mysql.connect() as owner, owner.cursor() as cursor:
        cursor.execute("CREATE TABLE t (x INT)")
        cursor.execute("INSERT INTO t VALUES (7)")
    variables = mysql.environment()
    result = subprocess.run(
        [
            embedded.mariadb_client(),
            "--no-defaults",
            "--skip-ssl",
            "--quick",
            "--batch",
            "--skip-column-names",
            f"--host={variables['MYSQL_HOST']}",
            f"--port={variables['MYSQL_PORT']}",
            f"--user={variables['MYSQL_USER']}",
            f"--execute=SELECT x FROM {variables['MYSQL_DATABASE']}.t",
        ],
        env={"MYSQL_PWD": variables["MYSQL_PASSWORD"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "7\n"


def test_env_is_fit_for_eval(servers: ServersState) -> None:
    code = "from kweli_assets.embedded.commands import servers_app; servers_app()"
    result = subprocess.run(
        [
            "sh",
            "-c",
            f'eval "$({sys.executable} -c "{code}" env)"; '
            "echo $MYSQL_HOST $MYSQL_PORT $MYSQL_USER $MYSQL_DATABASE $NEO4J_URI $NEO4J_USERNAME; "
            'test "$MYSQL_PASSWORD" && test "$NEO4J_PASSWORD" && test "$NEO4J_DATABASE"',
        ],
        env={"PATH": os.environ["PATH"], "KWELI_HOME": str(servers.home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert servers.mysql is not None
    assert servers.neo4j is not None
    assert result.stdout.split() == [
        "127.0.0.1",
        str(servers.mysql.port),
        "kweli_reader",
        "kweli",
        f"bolt://127.0.0.1:{servers.neo4j.port}",
        "neo4j",
    ]


def test_env_without_servers_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KWELI_HOME", str(tmp_path))
    result = CliRunner().invoke(servers_app, ["env"])
    assert result.exit_code == 1
    assert result.stdout == ""


def test_status_and_down_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KWELI_HOME", str(tmp_path / "home"))
    run = CliRunner().invoke
    assert run(servers_app, ["up", "--only", "mysql"]).exit_code == 0
    assert [each.running for each in embedded.status(tmp_path / "home")] == [True, False]
    assert run(servers_app, ["down"]).exit_code == 0
    assert [each.running for each in embedded.status(tmp_path / "home")] == [False, False]
    assert "No embedded server" in run(servers_app, ["down"]).stderr


def test_neo4j_alone_is_stopped_for_offline_work_and_keeps_its_data(
    servers: ServersState, clean_graph: neo4j.Driver, tmp_path: Path
) -> None:
    clean_graph.execute_query("CREATE (:Kept {value: 1})")
    embedded.stop_neo4j(servers.home)
    try:
        assert list(embedded.environment(servers.home)) == [
            name for name in servers.environment() if name.startswith("MYSQL")
        ]
        dump = embedded.neo4j_admin(
            servers.home, "database", "dump", "neo4j", f"--to-path={tmp_path}"
        )
        assert dump.returncode == 0, dump.stderr
        assert (tmp_path / "neo4j.dump").stat().st_size > 0
    finally:
        assert embedded.start_neo4j(servers.home) == servers
    records, _, _ = clean_graph.execute_query("MATCH (k:Kept) RETURN k.value AS value")
    assert [record["value"] for record in records] == [1]


def test_a_password_is_no_option_for_any_program(tmp_path: Path) -> None:
    made = set()
    for number in range(200):
        path = tmp_path / f"{number}.password"
        new_password(path)
        made.add(read_password(path))
        assert path.stat().st_mode & 0o777 == 0o600
    assert len(made) == 200
    assert all(password.isalnum() and len(password) >= 32 for password in made)


def test_up_again_changes_nothing(servers: ServersState) -> None:
    before = embedded.status(servers.home)
    assert embedded.up(servers.home, keep=False) == servers
    assert embedded.status(servers.home) == before
