"""`kweli generate`: options, messages, and where it may write."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from kweli_assets.embedded.synthetic.command import generate
from kweli_assets.embedded.synthetic.csv_file import csv_bytes, header
from kweli_assets.embedded.synthetic.rows import frame
from kweli_assets.errors import ConfigurationError
from kweli_assets_tests.conftest import MysqlDatabase
from kweli_assets_tests.embedded.test_synthetic_table import TABLE, engine_of, stored


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HOST", "PORT", "USER", "PASSWORD", "DATABASE", "TABLE", "SSL_CA"):
        monkeypatch.delenv(f"MYSQL_{name}", raising=False)
    monkeypatch.setenv("KWELI_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command("generate")(generate)
    return CliRunner().invoke(app, arguments)


def refused(*arguments: str) -> str:
    result = run(*arguments)
    assert isinstance(result.exception, ConfigurationError), result.output
    return str(result.exception)


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    result = run(
        "--rows",
        "300",
        "--seed",
        "7",
        "--snapshot-id",
        "20260101",
        "--dirt",
        "0.1",
        "--csv",
        str(path),
    )
    assert result.exit_code == 0, result.output
    assert "300 learners in" in result.stderr
    assert path.read_bytes() == header() + csv_bytes(frame(300, 7, 0.1, 20260101))


def test_the_next_day(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert run("--rows", "1000", "--csv", str(path), "--dirt", "0").exit_code == 0
    today = path.read_bytes()
    rates = ("--changed", "0.1", "--new", "0.05", "--vanished", "0")
    result = run("--evolve", "--csv", str(path), "--into", str(tmp_path / "b.csv"), *rates)
    assert result.exit_code == 0, result.output
    assert "snapshot_id 20251202" in result.stderr
    assert "50 new, 0 vanished" in result.stderr
    assert path.read_bytes() == today
    assert run("--evolve", "--csv", str(path), *rates).exit_code == 0
    assert path.read_bytes() == (tmp_path / "b.csv").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--rows", "5"), "exactly one of --csv FILE and --mysql"),
        (("--rows", "5", "--csv", "a.csv", "--mysql"), "exactly one of --csv FILE and --mysql"),
        (("--csv", "a.csv"), "--rows is not given"),
        (("--evolve", "--rows", "5", "--csv", "a.csv"), "--rows has no meaning"),
        (("--rows", "5", "--csv", "a.csv", "--into", "b.csv"), "--into has a meaning only"),
        (("--evolve", "--csv", "none.csv"), "none.csv can't be read"),
        (("--rows", "5", "--mysql"), "the embedded server does not run"),
    ],
)
def test_options_that_make_no_sense(arguments: tuple[str, ...], message: str) -> None:
    assert message in refused(*arguments)


@pytest.mark.parametrize("option", ["--dirt", "--changed"])
def test_shares_beyond_one_are_refused(option: str) -> None:
    assert run("--rows", "5", "--csv", "a.csv", option, "1.5").exit_code == 2
    assert not Path("a.csv").exists()


def configure(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_a_server_elsewhere_is_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(
        monkeypatch,
        {
            "MYSQL_HOST": "db.example",
            "MYSQL_USER": "u",
            "MYSQL_PASSWORD": "very-secret",
            "MYSQL_DATABASE": "d",
        },
    )
    message = refused("--rows", "5", "--mysql")
    assert "another machine" in message
    assert "very-secret" not in message


def test_a_configured_server_of_this_machine(
    mysql: MysqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = {"MYSQL_USER": mysql.server.owner_user, "MYSQL_PASSWORD": mysql.server.owner_password}
    configure(monkeypatch, mysql.environment() | owner)
    engine = engine_of(mysql, bulk=True)
    assert run("--rows", "30", "--mysql").exit_code == 0
    assert len(stored(engine)) == 30
    assert "has a table" in refused("--rows", "20", "--mysql")
    assert "--replace" in refused("--evolve", "--mysql")
    assert run("--rows", "20", "--mysql", "--replace").exit_code == 0
    assert len(stored(engine)) == 20
    assert run("--evolve", "--mysql", "--replace", "--new", "0.5").exit_code == 0
    assert 28 <= len(stored(engine)) <= 30
    engine.dispose()


def test_the_embedded_server_is_written_by_its_owner(
    mysql: MysqlDatabase, monkeypatch: pytest.MonkeyPatch, servers: object
) -> None:
    # `eval "$(kweli servers env)"` names the reader; the owner is known from the home.
    home = servers.home  # type: ignore[attr-defined]
    configure(monkeypatch, {**mysql.environment(), "KWELI_HOME": str(home)})
    result = run("--rows", "25", "--mysql", "--dirt", "0")
    assert result.exit_code == 0, result.output
    assert f"the table {TABLE}" in result.stderr
    engine = engine_of(mysql, bulk=True)
    assert len(stored(engine)) == 25
    engine.dispose()
