"""Interrupted loads: at every batch boundary, with answers lost, killed at random moments."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import neo4j
import pytest
from neo4j.exceptions import IncompleteCommit, Neo4jError, ServiceUnavailable, TransientError

from kweli_assets.embedded.state import Neo4jServer
from kweli_assets.graph import plan, writer
from kweli_assets.graph.writer import BatchSize, Tuning, out_of_memory, transient
from kweli_assets.resources.frame_store import FrameStore
from kweli_assets_tests.graph.conftest import DAYS, MakeLoader
from kweli_assets_tests.graph.interruptions import Commits, Interrupted, coded, fail
from kweli_assets_tests.graph.learner_days import (
    graph_content,
    learners,
    next_day,
    promised_content,
    store_day,
)

DAY_1, DAY_2, DAY_3 = DAYS


@pytest.fixture(scope="module")
def small_days(tmp_path_factory: pytest.TempPathFactory) -> FrameStore:
    store = FrameStore(tmp_path_factory.mktemp("small-days"))
    rows = learners(60)
    store_day(store, DAY_1, rows)
    store_day(store, DAY_2, next_day(rows).tail(58))
    return store


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_load_interrupted_at_every_batch_goes_on_and_repeats_none(
    moment: str,
    clean_graph: neo4j.Driver,
    small_days: FrameStore,
    make_loader: MakeLoader,
    commits: Commits,
) -> None:
    tuning = Tuning(sessions=1, batch_rows=100, retry_seconds=5.0)
    setattr(commits, moment, fail(Interrupted(moment)))
    expected = {day: promised_content(small_days, day) for day in (DAY_1, DAY_2)}
    interruptions = 0
    day = DAY_1
    while True:
        # Each attempt gets one batch further, then ends.
        commits.count, commits.at = 0, {"before": 2, "after": 1}[moment]
        loader = make_loader(small_days, tuning=tuning, allow_shrink=True)
        try:
            report = loader.load(day)
        except Interrupted:
            interruptions += 1
            continue
        assert graph_content(clean_graph) == expected[day]
        for step in report.plan.steps.values():
            assert step.basis in {"interrupted load", "last load", "empty", None}
        if day == DAY_2:
            break
        day = DAY_2
    assert interruptions > 25


def test_an_answer_lost_at_commit_is_no_repetition(
    clean_graph: neo4j.Driver, small_days: FrameStore, make_loader: MakeLoader, commits: Commits
) -> None:
    tuning = Tuning(sessions=1, batch_rows=50, retry_seconds=5.0)
    commits.after = fail(IncompleteCommit("the answer was lost"))
    for day, at in ((DAY_1, 3), (DAY_2, 2)):
        commits.count, commits.at = 0, at
        report = make_loader(small_days, tuning=tuning, allow_shrink=True).load(day)
        assert graph_content(clean_graph) == promised_content(small_days, day)
        assert sum(item.retries for item in report.sets.values()) == 1
        changes = sum(
            step.plan.changes + step.plan.moved for step in report.plan.steps.values() if step.plan
        )
        assert report.written == changes


def test_transient_errors_are_retried_and_counted(
    clean_graph: neo4j.Driver, small_days: FrameStore, make_loader: MakeLoader, commits: Commits
) -> None:
    errors: Iterator[Exception] = iter(
        [
            ServiceUnavailable("gone"),
            coded("Neo.TransientError.Transaction.DeadlockDetected"),
            coded("Neo.TransientError.Database.DatabaseUnavailable"),
        ]
    )

    def next_error() -> None:
        error = next(errors, None)
        if error is not None:
            commits.at = commits.count + 1
            raise error

    commits.at, commits.before = 2, next_error
    report = make_loader(small_days, tuning=Tuning(1, 40, 20.0)).load(DAY_1)
    assert graph_content(clean_graph) == promised_content(small_days, DAY_1)
    assert sum(item.retries for item in report.sets.values()) == 3


def test_a_batch_that_is_too_big_is_halved_and_grows_back(
    clean_graph: neo4j.Driver,
    small_days: FrameStore,
    make_loader: MakeLoader,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []
    send = writer._Lane._send

    def limited(lane: writer._Lane, statement: str, parameters: dict[str, list[object]]) -> object:
        sizes.append(len(parameters["rows"]))
        if sizes[-1] > 13 and len(sizes) < 12:
            raise coded("Neo.TransientError.General.MemoryPoolOutOfMemoryError")
        return send(lane, statement, parameters)  # type: ignore[arg-type]

    monkeypatch.setattr(writer._Lane, "_send", limited)
    monkeypatch.setattr(writer, "SMALLEST_BATCH", 5)
    monkeypatch.setattr(writer, "_SUCCESSES_TO_GROW", 3)
    report = make_loader(small_days, tuning=Tuning(1, 50, 20.0)).load(DAY_1)
    assert graph_content(clean_graph) == promised_content(small_days, DAY_1)
    assert sizes[:3] == [50, 25, 12]
    assert report.sets["learner"].halvings >= 2
    assert max(sizes[12:]) == 50


@pytest.mark.parametrize(
    ("error", "is_transient", "is_memory"),
    [
        (coded("Neo.TransientError.Transaction.DeadlockDetected"), True, False),
        (coded("Neo.TransientError.General.MemoryPoolOutOfMemoryError"), False, True),
        (coded("Neo.ClientError.Statement.SyntaxError"), False, False),
        (coded("Neo.ClientError.Schema.ConstraintValidationFailed"), False, False),
        (coded("Neo.ClientError.Security.Unauthorized"), False, False),
        (ServiceUnavailable("gone"), True, False),
        (IncompleteCommit("lost"), True, False),
        (ValueError("a bug"), False, False),
    ],
)
def test_which_errors_are_worth_another_attempt(
    error: Exception, is_transient: bool, is_memory: bool
) -> None:
    assert transient(error) is is_transient
    assert out_of_memory(error) is is_memory
    assert issubclass(TransientError, Neo4jError)


def test_batch_sizes_end_at_the_smallest_and_at_the_first() -> None:
    size = BatchSize(120)
    assert [size.halve(), size.rows] == [True, 60]
    assert [size.halve(), size.rows] == [True, 50]
    assert [size.halve(), size.rows] == [False, 50]
    for _ in range(100):
        size.succeeded()
    assert size.rows == 120


def test_plan_files_lost_on_the_way_are_planned_anew_from_the_graph(
    clean_graph: neo4j.Driver, small_days: FrameStore, make_loader: MakeLoader, commits: Commits
) -> None:
    commits.at, commits.after = 5, fail(Interrupted())
    with pytest.raises(Interrupted):
        make_loader(small_days, tuning=Tuning(1, 30, 5.0)).load(DAY_1)
    for file in (small_days.root / "graph" / "plans").glob("*/*/plan.json"):
        file.unlink()
    commits.at = None
    report = make_loader(small_days, tuning=Tuning(1, 30, 5.0)).load(DAY_1)
    assert "read back" in {step.basis for step in report.plan.steps.values()}
    assert graph_content(clean_graph) == promised_content(small_days, DAY_1)


def test_another_day_after_an_interrupted_load_is_exact_too(
    clean_graph: neo4j.Driver, small_days: FrameStore, make_loader: MakeLoader, commits: Commits
) -> None:
    tuning = Tuning(1, 30, 5.0)
    commits.at, commits.after = 8, fail(Interrupted())
    with pytest.raises(Interrupted):
        make_loader(small_days, tuning=tuning).load(DAY_1)
    told = plan.status(clean_graph, "neo4j", small_days)
    assert (told.status, told.coming_from, told.going_to) == ("loading", None, DAY_1)
    commits.count = 0
    commits.at = None
    make_loader(small_days, tuning=tuning, allow_shrink=True).load(DAY_2)
    assert graph_content(clean_graph) == promised_content(small_days, DAY_2)
    commits.count, commits.at = 0, 4
    with pytest.raises(Interrupted):
        make_loader(small_days, tuning=tuning, allow_rollback=True, allow_shrink=True).load(DAY_1)
    told = plan.status(clean_graph, "neo4j", small_days)
    assert (told.status, told.coming_from, told.going_to) == ("loading", DAY_2, DAY_1)
    commits.at = None
    make_loader(small_days, tuning=tuning, allow_shrink=True).load(DAY_2)
    assert graph_content(clean_graph) == promised_content(small_days, DAY_2)


LOAD = """
import sys, neo4j
from datetime import date
from pathlib import Path
from kweli_assets.graph import diff
from kweli_assets.graph.load import GraphLoader
from kweli_assets.graph.writer import Tuning
from kweli_assets.resources.frame_store import FrameStore
diff._ROWS_WORTH_A_LANE = 100
uri, user, password, root, day = sys.argv[1:]
with neo4j.GraphDatabase.driver(uri, auth=(user, password)) as driver:
    print("ready", flush=True)
    GraphLoader(
        driver, "neo4j", FrameStore(Path(root)), tuning=Tuning(2, 20, 20.0), run="killed",
        progress=lambda name, done, rows: print("batch", flush=True),
    ).load(date.fromisoformat(day))
"""


def test_killed_at_random_moments_and_started_again(
    clean_graph: neo4j.Driver, days: FrameStore, neo4j_server: Neo4jServer, make_loader: MakeLoader
) -> None:
    rng = random.Random(11)
    arguments = [neo4j_server.uri, neo4j_server.user, neo4j_server.password, str(days.root)]
    killed = 0
    # At the planning, and after some batches; a day's difference is a few dozen batches.
    for day, most in ((DAY_1, 60), (DAY_2, 6)):
        for batches in (0, *(rng.randint(1, most) for _ in range(4))):
            killed += killed_after(batches, arguments, day.isoformat(), rng.uniform(0.0, 0.6))
        make_loader(days, run="killed").load(day)
        assert graph_content(clean_graph) == promised_content(days, day)
    assert killed >= 8


def killed_after(batches: int, arguments: list[str], day: str, seconds: float) -> bool:
    """Start a load and kill it after so many batches (0: some time after its begin)."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", LOAD, *arguments, day],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for _ in range(batches):
            if not process.stdout.readline():
                return False
        if not batches:
            time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)
    return process.returncode == -signal.SIGKILL
