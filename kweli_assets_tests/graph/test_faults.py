"""What a server does to a load: too little memory, a password changed, rights taken away.

On a Neo4j of its own, since the faults would hit other tests. A full disk can't be made without
root: decision 3 says what was found by hand.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import neo4j
import pytest
from neo4j.exceptions import ClientError
from pydantic import SecretStr

from kweli_assets.embedded import neo4j_server
from kweli_assets.embedded.servers import running_servers
from kweli_assets.embedded.state import Neo4jServer
from kweli_assets.errors import GraphError
from kweli_assets.graph import ledger, plan, writer
from kweli_assets.graph.load import GraphLoader
from kweli_assets.graph.writer import Tuning
from kweli_assets.resources.frame_store import FrameStore
from kweli_assets.resources.graph_database import (
    PRESETS,
    connected,
    open_driver,
    translated,
)
from kweli_assets.resources.settings import GraphSettings
from kweli_assets_tests.graph.conftest import DAYS, MakeLoader
from kweli_assets_tests.graph.interruptions import Commits, coded, fail
from kweli_assets_tests.graph.learner_days import (
    graph_content,
    learners,
    promised_content,
    store_day,
)

DAY = DAYS[0]
# 1,500 learners in one batch take more than this, and the server can't start with much less.
MEMORY_OF_A_TRANSACTION = "8m"
LEARNERS = 1_500


@pytest.fixture(scope="module")
def small_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    """A Neo4j of this module alone, with little memory for a transaction."""
    configure = neo4j_server._write_configuration

    def with_little_memory(home: Path, port: int) -> None:
        configure(home, port)
        with (neo4j_server.folder(home) / "conf" / "neo4j.conf").open("a") as file:
            file.write(f"db.memory.transaction.max={MEMORY_OF_A_TRANSACTION}\n")
            # Wrong passwords on purpose would lock out the right one for a while.
            file.write("dbms.security.auth_max_failed_attempts=0\n")

    with ExitStack() as running:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(neo4j_server, "_write_configuration", with_little_memory)
            home = tmp_path_factory.mktemp("small-server")
            state = running.enter_context(running_servers(home, which=("neo4j",)))
        assert state.neo4j is not None
        yield state.neo4j


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> FrameStore:
    """A store with the day's frames of 1,500 learners."""
    store = FrameStore(tmp_path_factory.mktemp("many"))
    store_day(store, DAY, learners(LEARNERS))
    return store


@pytest.fixture
def settings(small_server: Neo4jServer) -> GraphSettings:
    """How the small server is reached, emptied."""
    found = GraphSettings(
        uri=small_server.uri,
        username=small_server.user,
        password=SecretStr(small_server.password),
    )
    with connected(found, PRESETS["local"]) as driver, driver.session() as session:
        # In one transaction it would be too much for this server.
        for some in ("MATCH ()-[x]->()", "MATCH (x)"):
            statement = f"{some} WITH x LIMIT 200 DELETE x"
            while session.run(statement).consume().counters.contains_updates:
                pass
    return found


def load(driver: neo4j.Driver, store: FrameStore, **options: object) -> dict[str, int]:
    """A load of the day; gives halvings by set."""
    tuning = Tuning(sessions=1, batch_rows=LEARNERS, retry_seconds=10.0)
    loader = GraphLoader(driver, "neo4j", store, tuning=tuning, run="faults", **options)  # type: ignore[arg-type]
    return {name: report.halvings for name, report in loader.load(DAY).sets.items()}


def test_a_server_with_little_memory_gets_smaller_batches(
    settings: GraphSettings, many: FrameStore
) -> None:
    with connected(settings, PRESETS["local"]) as driver:
        halvings = load(driver, many)
        assert halvings["learner"] >= 1
        assert graph_content(driver) == promised_content(many, DAY)


def test_too_little_memory_for_any_batch_is_told(
    settings: GraphSettings, many: FrameStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "SMALLEST_BATCH", LEARNERS)
    with connected(settings, PRESETS["local"]) as driver:
        with (
            pytest.raises(GraphError, match="too little memory even for the smallest") as told,
            translated("loading", settings),
        ):
            load(driver, many)
        assert told.value.rerun_helps
        monkeypatch.undo()
        load(driver, many)
        assert graph_content(driver) == promised_content(many, DAY)


def test_a_password_changed_in_mid_load(
    settings: GraphSettings, days: FrameStore, commits: Commits
) -> None:
    old, new = settings.password.get_secret_value(), "another-password-of-a-test"

    def change(driver: neo4j.Driver, before: str, after: str) -> None:
        driver.execute_query(
            "ALTER CURRENT USER SET PASSWORD FROM $before TO $after",
            before=before,
            after=after,
            database_="system",
        )

    def change_and_cut() -> None:
        # Connections that were let in stay in: cut them, as a restart or an idle time does.
        with neo4j.GraphDatabase.driver(settings.uri, auth=("neo4j", old)) as other:
            change(other, old, new)
        with neo4j.GraphDatabase.driver(settings.uri, auth=("neo4j", new)) as other:
            other.execute_query(
                "CALL dbms.listConnections() YIELD connectionId, userAgent "
                "WHERE userAgent = 'kweli-assets' WITH collect(connectionId) AS ids "
                "CALL dbms.killConnections(ids) YIELD message RETURN count(*)"
            )

    commits.at, commits.after = 6, change_and_cut
    with (
        pytest.raises(GraphError, match="does not accept NEO4J_USERNAME with") as told,
        translated("loading", settings),
        connected(settings, PRESETS["local"]) as driver,
    ):
        load(driver, days)
    assert old not in str(told.value)
    assert new not in str(told.value)
    commits.at = None
    changed = settings.model_copy(update={"password": SecretStr(new)})
    try:
        with connected(changed, PRESETS["local"]) as driver:
            assert plan.status(driver, "neo4j", days).status == "loading"
            load(driver, days)
            assert graph_content(driver) == promised_content(days, DAY)
    finally:
        with connected(changed, PRESETS["local"]) as driver:
            change(driver, new, old)


def test_a_heartbeat_that_is_not_let_in_stops_the_load(
    settings: GraphSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "HEARTBEAT_SECONDS", 0.1)
    wrong = settings.model_copy(update={"password": SecretStr("not-the-password")})
    with connected(settings, PRESETS["local"]) as right:
        loader = GraphLoader(right, "neo4j", FrameStore(Path("unused")), run="beats")
        loader._prepare_lease()
        lease = ledger.Lease(right, "neo4j", "beats", "a test")

        def work() -> None:
            with lease.held(release=True), open_driver(wrong, PRESETS["local"]) as refused:
                lease.check()
                lease._driver = refused
                for _ in range(100):
                    time.sleep(0.1)
                    lease.check()

        with (
            pytest.raises(GraphError, match="does not accept NEO4J_USERNAME with"),
            translated("loading", settings),
        ):
            work()


def test_rights_taken_away_in_mid_load(
    clean_graph: neo4j.Driver, days: FrameStore, make_loader: MakeLoader, commits: Commits
) -> None:
    # Injected: Community has no rights that could be taken away.
    commits.at, commits.before = 4, fail(coded("Neo.ClientError.Security.Forbidden"))
    with pytest.raises(GraphError, match="lacks a right"), translated("loading"):
        make_loader(days, run="rights").load(DAY)
    assert plan.status(clean_graph, "neo4j", days).status == "loading"
    commits.at = None
    make_loader(days, run="rights").load(DAY)
    assert graph_content(clean_graph) == promised_content(days, DAY)


@pytest.mark.parametrize(
    ("actions", "missing"),
    [
        (["match", "write", "create_constraint", "create_index"], []),
        (["read", "graph_actions", "constraint", "index"], []),
        (["graph_actions", "database_actions"], []),
        (["match"], ["writing", "creating constraints", "creating indexes"]),
        (["match", "write"], ["creating constraints", "creating indexes"]),
        ([], ["reading", "writing", "creating constraints", "creating indexes"]),
    ],
)
def test_missing_rights_are_named_where_the_server_has_rights(
    actions: list[str],
    missing: list[str],
    clean_graph: neo4j.Driver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Answered by hand, in the columns of Enterprise and Aura: Community refuses the statement.
    with clean_graph.session() as session, pytest.raises(ClientError) as refused:
        session.run("SHOW USER PRIVILEGES YIELD action, access").consume()
    assert "Unsupported" in str(refused.value.code)
    assert plan._missing_rights(clean_graph, "neo4j") == []
    answer = [{"action": action, "access": "GRANTED"} for action in actions]
    answer += [{"action": "write", "access": "DENIED"}] if "write" not in actions else []
    monkeypatch.setattr(neo4j.Session, "run", lambda *_: answer)
    assert plan._missing_rights(clean_graph, "neo4j") == missing
