"""Fixtures that several stages' tests use: one pair of real servers for the whole session.

Here: the servers and fresh places in them. Not here: data of any stage.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace

import neo4j
import pymysql
import pytest

from kweli_assets.embedded.servers import running_servers
from kweli_assets.embedded.state import MysqlServer, Neo4jServer, ServersState

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServersState]:
    """Both embedded servers under a temporary KWELI_HOME, ended with the session whatever ends it.

    `servers.home` is that home, `servers.mysql` and `servers.neo4j` how each is reached, and
    `servers.environment()` the MYSQL_* and NEO4J_* variables.
    """
    # Within a test SystemExit would be one failed test; as Ctrl-C it ends the session.
    before = {
        number: signal.signal(number, signal.default_int_handler)
        for number in (signal.SIGTERM, signal.SIGHUP)
    }
    # Several test sessions may share a machine; tests need little.
    os.environ.setdefault("KWELI_NEO4J_HEAP", "1g")
    os.environ.setdefault("KWELI_NEO4J_PAGECACHE", "256m")
    try:
        with running_servers(tmp_path_factory.mktemp("kweli-home")) as state:
            yield state
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True)
class MysqlDatabase:
    """A database of its own on the session's MariaDB.

    `server.user` may only read it, `server.owner_user` does everything.
    """

    server: MysqlServer

    def connect(self, *, owner: bool = True, **options: object) -> pymysql.Connection:
        """An autocommit connection, the owner's or the reader's."""
        user, password = (
            (self.server.owner_user, self.server.owner_password)
            if owner
            else (self.server.user, self.server.password)
        )
        return pymysql.connect(
            host=self.server.host,
            port=self.server.port,
            user=user,
            password=password,
            database=self.server.database,
            charset="utf8mb4",
            autocommit=True,
            local_infile=owner,
            **options,
        )

    def environment(self) -> dict[str, str]:
        """The MYSQL_* variables of the reader in this database."""
        return ServersState(home=None, mysql=self.server).environment()


@pytest.fixture
def mysql(servers: ServersState) -> Iterator[MysqlDatabase]:
    """A fresh, empty MySQL database for one test."""
    assert servers.mysql is not None
    name = f"kweli_test_{os.getpid()}_{next(_numbers)}"
    with MysqlDatabase(servers.mysql).connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
    yield MysqlDatabase(replace(servers.mysql, database=name))
    with MysqlDatabase(servers.mysql).connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE `{name}`")


@pytest.fixture(scope="session")
def neo4j_server(servers: ServersState) -> Neo4jServer:
    """How the session's Neo4j is reached."""
    assert servers.neo4j is not None
    return servers.neo4j


@pytest.fixture(scope="session")
def neo4j_driver(neo4j_server: Neo4jServer) -> Iterator[neo4j.Driver]:
    """A driver for the session's Neo4j, whatever the tests before left in it."""
    with neo4j.GraphDatabase.driver(
        neo4j_server.uri, auth=(neo4j_server.user, neo4j_server.password)
    ) as driver:
        yield driver


@pytest.fixture
def clean_graph(neo4j_driver: neo4j.Driver) -> neo4j.Driver:
    """The driver, with the graph emptied first: data, constraints and indexes."""
    empty_graph(neo4j_driver)
    return neo4j_driver


def empty_graph(driver: neo4j.Driver) -> None:
    """Remove every constraint, index, relationship and node."""
    with driver.session() as session:
        for kind, names in (
            ("CONSTRAINT", session.run("SHOW CONSTRAINTS YIELD name").value()),
            ("INDEX", session.run("SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP'").value()),
        ):
            for name in names:
                session.run(f"DROP {kind} `{name}` IF EXISTS").consume()
        session.run(
            "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS"
        ).consume()
