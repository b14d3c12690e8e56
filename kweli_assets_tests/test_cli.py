"""The command line: one clear message and an exit code for whatever is wrong, and what is printed.

Loads that succeed are in test_end_to_end.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from kweli_assets import cli
from kweli_assets.embedded.state import ServersState
from kweli_assets.resources import settings
from kweli_assets_tests.conftest import MysqlDatabase
from kweli_assets_tests.snapshot.tables import create_table, insert, write_csv

VARIABLES = (
    *settings.SOURCE_REQUIRED,
    *settings.SOURCE_OPTIONAL,
    *settings.GRAPH_REQUIRED,
    *settings.GRAPH_OPTIONAL,
)


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str


Kweli = Callable[..., Result]


@pytest.fixture
def kweli(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Kweli:
    """Runs a command as the shell would, in an installation of its own with nothing configured."""
    for name in (*VARIABLES, "DAGSTER_HOME", "KWELI_STORE", "KWELI_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KWELI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **variables: str) -> Result:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["kweli", *arguments])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as exit:
            code = exit.code if isinstance(exit.code, int) else 1
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err + printed.out
        return Result(code, printed.out, printed.err)

    return run


def test_half_a_configuration_names_what_is_missing(kweli: Kweli, tmp_path: Path) -> None:
    result = kweli("load", MYSQL_HOST="db.example.org", MYSQL_USER="reader")
    assert result.code == 1
    assert "MYSQL_PASSWORD, MYSQL_DATABASE are not set" in result.err
    assert not (tmp_path / "home").exists()  # nothing was started for it


def test_half_a_graph_names_what_is_missing(kweli: Kweli) -> None:
    result = kweli("status", NEO4J_URI="bolt://localhost:7687")
    assert result.code == 1
    assert "NEO4J_USERNAME, NEO4J_PASSWORD are not set" in result.err


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"NEO4J_PASSWORD": "wrong-s3cret"}, "NEO4J_PASSWORD"),
        ({"NEO4J_URI": "bolt://127.0.0.1:1"}, "NEO4J_URI"),
        ({"NEO4J_URI": "neo4j://no-such-host.invalid"}, "NEO4J_URI"),
        ({"NEO4J_DATABASE": "nowhere"}, "NEO4J_DATABASE"),
        ({"NEO4J_URI": "localhost"}, "NEO4J_URI"),
    ],
)
def test_a_graph_that_can_not_be_used_is_named_before_anything_is_read(
    kweli: Kweli, servers: ServersState, tmp_path: Path, change: dict[str, str], named: str
) -> None:
    dump = write_csv(tmp_path / "dump.csv", [{"hashed_email": "a"}])
    result = kweli("load", "--csv", str(dump), **(servers.environment() | change))
    assert result.code == 1
    assert named in result.err
    assert "s3cret" not in result.err + result.out
    assert not (tmp_path / "home" / "store").exists()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"MYSQL_PASSWORD": "wrong-s3cret"}, "MYSQL_PASSWORD"),
        ({"MYSQL_DATABASE": "nowhere"}, "MYSQL_DATABASE"),
        ({"MYSQL_TABLE": "nothing"}, "MYSQL_TABLE"),
    ],
)
def test_a_source_that_can_not_be_used_is_named(
    kweli: Kweli, servers: ServersState, mysql: MysqlDatabase, change: dict[str, str], named: str
) -> None:
    with mysql.connect() as connection:
        create_table(connection)
    result = kweli("load", **(servers.environment() | mysql.environment() | change))
    assert result.code == 1
    assert named in result.err
    assert "s3cret" not in result.err + result.out
    assert mysql.server.password not in result.err + result.out


def test_another_contract_is_shown_as_a_table(
    kweli: Kweli, servers: ServersState, mysql: MysqlDatabase
) -> None:
    with mysql.connect() as connection:
        create_table(connection, is_rural="text", bio=None)
        insert(connection, [{"hashed_email": "a"}])
    result = kweli("load", **(servers.environment() | mysql.environment()))
    assert result.code == 1
    lines = [line.split() for line in result.err.splitlines()]
    assert ["bio", "text", "missing"] in lines
    assert ["is_rural", "bigint", "text"] in lines


def test_a_csv_with_other_columns_is_named(
    kweli: Kweli, servers: ServersState, tmp_path: Path
) -> None:
    with (tmp_path / "other.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["name", "phone"], ["a", "b"]])
    result = kweli("load", "--csv", "other.csv", **servers.environment())
    assert result.code == 1
    assert "other.csv" in result.err
    assert "hashed_email" in result.err


def test_a_csv_that_is_not_there_is_named(kweli: Kweli) -> None:
    result = kweli("load", "--csv", "nowhere.csv")
    assert result.code == 1
    assert "nowhere.csv" in result.err


def test_a_folder_that_can_not_be_written_is_named(
    kweli: Kweli, servers: ServersState, tmp_path: Path
) -> None:
    dump = write_csv(tmp_path / "dump.csv", [{"hashed_email": "a"}])
    (tmp_path / "file").write_text("")
    home = str(tmp_path / "file" / "home")
    result = kweli("load", "--csv", str(dump), KWELI_HOME=home, **servers.environment())
    assert result.code == 1
    assert home in result.err


def test_wrong_options_are_explained(kweli: Kweli) -> None:
    assert kweli("load", "--snapshot-date", "yesterday").code == 2
    assert kweli("load", "--max-rows", "0").code == 2
    assert kweli("unload").code == 2


def test_an_unexpected_fault_shows_no_stack_trace(
    kweli: Kweli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("s3cret")

    monkeypatch.setattr(cli, "_today", broken)
    result = kweli("quarantine")
    assert result.code == 1
    assert "ZeroDivisionError" in result.err
    assert "KWELI_DEBUG=1" in result.err
    assert "s3cret" not in result.err


def test_it_is_a_module_too_and_help_names_every_command() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "kweli_assets", "--help"], capture_output=True, text=True, check=True
    )
    for command in ("demo", "load", "status", "servers", "generate", "dev", "plan", "quarantine"):
        assert f" {command} " in shown.stdout


@pytest.mark.parametrize(("most", "told"), [(4, True), (5, False)])
def test_a_free_instance_too_small_is_named_before_reading(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    most: int,
    told: bool,
) -> None:
    monkeypatch.setattr("kweli_assets.graph.plan.FREE_NODES", most)
    dump = write_csv(tmp_path / "dump.csv", [{"hashed_email": str(n)} for n in range(5)])
    cli._warn_of_tier(Console(), dump)
    assert ("Aura Free ends at" in capsys.readouterr().out) is told
