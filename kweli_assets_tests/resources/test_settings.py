"""Settings: which groups are used, and the one message that names what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from kweli_assets.errors import ConfigurationError
from kweli_assets.resources import settings

MYSQL = {
    "MYSQL_HOST": "db.example.org",
    "MYSQL_USER": "reader",
    "MYSQL_PASSWORD": "s3cret-Wörter",
    "MYSQL_DATABASE": "impact",
}
NEO4J = {
    "NEO4J_URI": "neo4j+s://abc.databases.neo4j.io",
    "NEO4J_USERNAME": "neo4j",
    "NEO4J_PASSWORD": "s3cret",
}


def test_complete_source_group_with_defaults() -> None:
    source = settings.resolve_source(MYSQL)
    assert (source.host, source.port, source.table) == (
        "db.example.org",
        3306,
        "impact_learners_profile",
    )
    assert source.password.get_secret_value() == "s3cret-Wörter"
    assert "s3cret" not in repr(source)
    assert not source.is_loopback


@pytest.mark.parametrize("name", settings.SOURCE_REQUIRED)
def test_one_missing_variable_of_the_source_is_named(name: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        settings.resolve_source({key: value for key, value in MYSQL.items() if key != name})
    assert f"{name} is not set" in str(raised.value)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("name", [*MYSQL, "MYSQL_PORT", "MYSQL_TABLE", "MYSQL_SSL_CA"])
def test_one_variable_alone_names_all_that_are_missing(name: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        settings.resolve_source({name: "x"})
    wrong = raised.value.wrong
    for required in settings.SOURCE_REQUIRED:
        assert (required in wrong.split("not set")[0]) == (required != name)


def test_one_missing_variable_of_the_graph_is_named() -> None:
    with pytest.raises(ConfigurationError, match="NEO4J_USERNAME, NEO4J_PASSWORD are not set"):
        settings.resolve_graph({"NEO4J_URI": NEO4J["NEO4J_URI"]})


def test_an_empty_password_is_a_password_but_an_empty_user_is_none() -> None:
    source = settings.resolve_source({**MYSQL, "MYSQL_PASSWORD": ""})
    assert source.password.get_secret_value() == ""
    with pytest.raises(ConfigurationError, match="MYSQL_USER is not set"):
        settings.resolve_source({**MYSQL, "MYSQL_USER": ""})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MYSQL_PORT", "high"),
        ("MYSQL_PORT", "70000"),
        ("MYSQL_TABLE", "learners; DROP TABLE x"),
        ("MYSQL_SSL_CA", "/no/such/file.pem"),
        ("NEO4J_URI", "http://localhost:7474"),
        ("NEO4J_URI", "neo4j://user:hunter2@host"),
    ],
)
def test_a_wrong_value_is_named_by_its_variable_and_not_shown(variable: str, value: str) -> None:
    resolve = settings.resolve_source if "MYSQL" in variable else settings.resolve_graph
    with pytest.raises(ConfigurationError) as raised:
        resolve({**MYSQL, **NEO4J, variable: value})
    assert variable in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.8.0.1", True), ("::1", True), ("10.0.0.1", False), ("db", False)],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert settings.resolve_source({**MYSQL, "MYSQL_HOST": host}).is_loopback is loopback


@pytest.mark.parametrize(
    ("uri", "preset"),
    [("neo4j+s://1a2b.databases.neo4j.io", "aura"), ("bolt://localhost:7687", "local")],
)
def test_preset(uri: str, preset: str) -> None:
    assert settings.resolve_graph({**NEO4J, "NEO4J_URI": uri}).preset == preset


def test_nothing_set_and_no_server_running_says_how_to_start_one(tmp_path: Path) -> None:
    empty = {"KWELI_HOME": str(tmp_path)}
    with pytest.raises(ConfigurationError, match="kweli servers up"):
        settings.resolve_source(empty)
    with pytest.raises(ConfigurationError, match="kweli servers up"):
        settings.resolve_graph(empty)


def test_environment_wins_over_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("MYSQL_HOST=from-file\nMYSQL_USER=from-file\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MYSQL_USER", "from-environment")
    found = settings.environment()
    assert (found["MYSQL_HOST"], found["MYSQL_USER"]) == ("from-file", "from-environment")


def test_folders(tmp_path: Path) -> None:
    folders = settings.resolve_store({"KWELI_HOME": str(tmp_path)})
    assert folders.store == tmp_path / "store"
    assert folders.dagster_home == tmp_path / "dagster"
    elsewhere = settings.resolve_store({"KWELI_HOME": "a", "KWELI_STORE": str(tmp_path)})
    assert elsewhere.store == tmp_path
    assert elsewhere.home.is_absolute()
