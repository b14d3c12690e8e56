"""The lease on a real graph: one writer, named, renewed, taken over when its holder is dead."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import neo4j
import pytest

from kweli_assets.errors import GraphError
from kweli_assets.graph import ledger
from kweli_assets.graph.ledger import Lease
from kweli_assets.resources.frame_store import FrameStore
from kweli_assets_tests.graph.conftest import DAYS, MakeLoader
from kweli_assets_tests.graph.learner_days import graph_content, promised_content


def lease(driver: neo4j.Driver, token: str, holder: str = "a load") -> Lease:
    return Lease(driver, "neo4j", token, holder)


def holder(driver: neo4j.Driver) -> ledger.LeaseHolder | None:
    with driver.session() as session:
        return ledger.read_lease(session)


def pretend(driver: neo4j.Driver, **properties: object) -> None:
    """The lease as another machine would have left it."""
    with driver.session() as session:
        session.run(
            "MERGE (l:GraphLease {name: 'writer'}) SET l += $properties, "
            "l.heartbeat = datetime.realtime() - duration({seconds: $age})",
            age=properties.pop("age"),
            properties=properties,
        ).consume()


def test_a_second_writer_is_refused_and_told_the_holder(clean_graph: neo4j.Driver) -> None:
    with (
        lease(clean_graph, "first", "nightly load").held(release=True),
        pytest.raises(GraphError, match=r"nightly load on .*, process \d+ is writing it"),
        lease(clean_graph, "second").held(release=True),
    ):
        pytest.fail("two writers")
    assert holder(clean_graph) is None
    with lease(clean_graph, "second").held(release=True):
        assert holder(clean_graph) is not None


def test_the_steps_of_one_run_pass_the_lease_on(clean_graph: neo4j.Driver) -> None:
    with lease(clean_graph, "run").held(release=False):
        pass
    found = holder(clean_graph)
    assert found is not None
    assert found.token == "run"
    with lease(clean_graph, "run").held(release=True):
        pass
    assert holder(clean_graph) is None


def test_an_error_releases_the_lease(clean_graph: neo4j.Driver) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        lease(clean_graph, "run").held(release=False),
    ):
        raise ZeroDivisionError
    assert holder(clean_graph) is None


def test_a_dead_holder_on_another_machine_is_waited_for_until_two_minutes_are_over(
    clean_graph: neo4j.Driver, caplog: pytest.LogCaptureFixture
) -> None:
    pretend(clean_graph, token="dead", holder="run 1 on elsewhere", host="elsewhere", age=118)
    began = time.monotonic()
    with lease(clean_graph, "next").held(release=True):
        assert 1 <= time.monotonic() - began < 10
    assert "waiting for the lease of run 1 on elsewhere" in caplog.text


def test_a_slow_holder_that_beats_again_is_alive(clean_graph: neo4j.Driver) -> None:
    pretend(clean_graph, token="slow", holder="run 1 on elsewhere", host="elsewhere", age=60)
    timer = threading.Timer(
        2.0,
        pretend,
        args=(clean_graph,),
        kwargs={"token": "slow", "holder": "run 1 on elsewhere", "age": 0},
    )
    timer.start()
    with (
        pytest.raises(GraphError, match="run 1 on elsewhere is writing it"),
        lease(clean_graph, "next").held(release=True),
    ):
        pytest.fail("two writers")
    timer.join()


def test_a_dead_process_of_this_machine_is_not_waited_for(
    clean_graph: neo4j.Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    monkeypatch.setattr(ledger, "_STEP_GAP_SECONDS", 1)
    pretend(
        clean_graph,
        token="killed",
        holder="killed",
        host=ledger._host(),
        pid=process.pid,
        pidStarted=1.5,
        age=0,
    )
    began = time.monotonic()
    with lease(clean_graph, "next").held(release=True):
        assert time.monotonic() - began < 5


def test_a_lease_taken_over_stops_the_first_holder(
    clean_graph: neo4j.Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "HEARTBEAT_SECONDS", 0.1)
    first = lease(clean_graph, "first")
    with first.held(release=True):
        first.check()
        pretend(clean_graph, token="second", holder="other", age=0)
        time.sleep(1)
        with pytest.raises(GraphError, match="another run took it over"):
            first.check()
    found = holder(clean_graph)
    assert found is not None
    assert found.token == "second"


def test_the_lease_is_renewed_while_a_step_works(
    clean_graph: neo4j.Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "HEARTBEAT_SECONDS", 0.2)
    with lease(clean_graph, "run").held(release=True):
        pretend(clean_graph, token="run", holder="run", age=100)
        time.sleep(1)
        found = holder(clean_graph)
        assert found is not None
        assert found.age < 5


def test_of_two_loads_at_once_one_is_refused_and_the_graph_is_exact(
    clean_graph: neo4j.Driver, days: FrameStore, make_loader: MakeLoader
) -> None:
    loaders = [make_loader(days), make_loader(days)]
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(loader.load, DAYS[0]) for loader in loaders]
        errors = [future.exception() for future in futures]
    refused = [error for error in errors if error is not None]
    assert len(refused) == 1
    assert "is writing it" in str(refused[0])
    assert graph_content(clean_graph) == promised_content(days, DAYS[0])


def test_the_same_batch_in_two_transactions_is_applied_once(clean_graph: neo4j.Driver) -> None:
    from kweli_assets.graph.cypher import Operation, batch
    from kweli_assets.graph.sets import BY_NAME

    statement = batch(BY_NAME["skill"], Operation.CREATE)
    parameters = {
        "lane": "l", "plan": "p", "from": 0, "to": 1, "rows": [["python", "Python", "Technical"]]
    }  # fmt: skip
    with clean_graph.session() as session:
        session.run("CREATE (:GraphLoadLane {id: 'l', plan: 'p', position: 0})").consume()
    applied = []
    first = clean_graph.session()
    tx = first.begin_transaction()
    assert tx.run(statement, parameters).single(strict=True)["applied"] == 1

    def again() -> None:
        # Waits for the first transaction's lock on the lane, then sees its position.
        with clean_graph.session() as session:
            applied.append(session.run(statement, parameters).single())

    second = threading.Thread(target=again)
    second.start()
    time.sleep(0.5)
    assert applied == []
    tx.commit()
    first.close()
    second.join()
    assert applied == [None]
    with clean_graph.session() as session:
        assert session.run("MATCH (n:Skill) RETURN count(n)").single(strict=True)[0] == 1
