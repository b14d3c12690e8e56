"""The graph's connection: presets, nothing at construction, errors in plain words, no secrets."""

from __future__ import annotations

from dataclasses import replace

import neo4j
import pytest
from neo4j.exceptions import Neo4jError, ServiceUnavailable
from pydantic import SecretStr

from kweli_assets.embedded.state import Neo4jServer
from kweli_assets.errors import ConfigurationError, GraphError
from kweli_assets.resources.graph_database import (
    PRESETS,
    GraphDatabaseResource,
    connected,
    translated,
)
from kweli_assets.resources.settings import GraphSettings

LOCAL = replace(PRESETS["local"], retry_seconds=1.0)
SECRET = "very-secret-password"


def settings(uri: str = "bolt://127.0.0.1:9", password: str = SECRET) -> GraphSettings:
    return GraphSettings(uri=uri, username="neo4j", password=SecretStr(password))


def test_presets_are_as_documented() -> None:
    assert (PRESETS["local"].batch_rows, PRESETS["aura"].batch_rows) == (5_000, 10_000)
    assert (PRESETS["local"].pool, PRESETS["aura"].pool) == (100, 30)
    assert (PRESETS["local"].retry_seconds, PRESETS["aura"].retry_seconds) == (30.0, 60.0)


def test_the_resource_opens_nothing_and_shows_no_secret() -> None:
    resource = GraphDatabaseResource(
        uri="neo4j+s://0123abcd.databases.neo4j.io", username="neo4j", password=SECRET
    )
    assert SECRET not in repr(resource)
    assert SECRET not in repr(resource.settings)
    assert resource.settings.preset == "aura"
    assert resource.tuning == PRESETS["aura"]
    other = GraphDatabaseResource(
        uri="bolt://127.0.0.1:9", username="a", password="b", batch_rows=77, sessions=3
    )
    assert (other.tuning.batch_rows, other.tuning.sessions, other.tuning.pool) == (77, 3, 100)


def test_half_a_configuration_names_what_is_missing() -> None:
    with pytest.raises(ConfigurationError, match="NEO4J_PASSWORD"):
        _ = GraphDatabaseResource(uri="bolt://127.0.0.1:9", username="neo4j").settings


def test_a_server_that_is_not_there() -> None:
    with (
        pytest.raises(GraphError, match=r"bolt://127.0.0.1:9 can't be reached") as told,
        connected(settings(), LOCAL),
    ):
        pytest.fail("connected to nothing")
    assert told.value.rerun_helps
    assert SECRET not in str(told.value)


def test_a_wrong_password_and_a_wrong_database(neo4j_server: Neo4jServer) -> None:
    with (
        pytest.raises(GraphError, match="NEO4J_USERNAME with NEO4J_PASSWORD") as told,
        connected(settings(neo4j_server.uri), LOCAL),
    ):
        pytest.fail("let in with a wrong password")
    assert SECRET not in str(told.value)
    right = settings(neo4j_server.uri, neo4j_server.password)
    with (
        pytest.raises(GraphError, match="no database 'other'"),
        connected(right.model_copy(update={"database": "other"}), LOCAL),
    ):
        pytest.fail("connected to a database that is not there")
    with connected(right, LOCAL) as driver:
        driver.verify_connectivity()


def test_no_value_of_the_data_gets_into_a_message(clean_graph: neo4j.Driver) -> None:
    with clean_graph.session() as session:
        session.run("CREATE CONSTRAINT FOR (n:Thing) REQUIRE n.id IS UNIQUE").consume()

        def create_twice() -> None:
            with translated("writing things"):
                for _ in range(2):
                    session.run("CREATE (:Thing {id: 'ada@example.org'})").consume()

        with pytest.raises(GraphError, match="uniqueness constraint") as told:
            create_twice()
    assert "ada@example.org" not in str(told.value)
    assert told.value.__cause__ is None


@pytest.mark.parametrize(
    ("code", "told", "rerun_helps"),
    [
        ("Neo.ClientError.Security.Forbidden", "lacks a right", False),
        ("Neo.ClientError.Security.Unauthorized", "NEO4J_PASSWORD", False),
        ("Neo.ClientError.Security.AuthenticationRateLimit", "too many wrong passwords", False),
        ("Neo.ClientError.Database.DatabaseNotFound", "no database", False),
        ("Neo.TransientError.General.MemoryPoolOutOfMemoryError", "too little memory", True),
        ("Neo.DatabaseError.Transaction.TransactionCommitFailed", "restart the server", True),
        ("Neo.DatabaseError.Transaction.TransactionStartFailed", "free disk space", True),
        ("Neo.DatabaseError.General.UnknownError", "see the server's log", True),
        ("Neo.ClientError.Statement.SyntaxError", "5.23 or newer", False),
    ],
)
def test_what_the_server_says_in_plain_words(code: str, told: str, rerun_helps: bool) -> None:
    with pytest.raises(GraphError, match=told) as error, translated("testing", settings()):
        raise Neo4jError._hydrate_neo4j(code=code, message=f"quotes {SECRET}")
    assert error.value.rerun_helps is rerun_helps
    assert SECRET not in str(error.value)


def test_other_errors_pass_through() -> None:
    with pytest.raises(ValueError, match="a bug"), translated("testing"):
        raise ValueError("a bug")
    with pytest.raises(GraphError, match="went away"), translated("testing"):
        raise ServiceUnavailable("gone")
