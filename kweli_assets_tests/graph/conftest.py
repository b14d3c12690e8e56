"""Fixtures of the graph's tests: a store, a loader on the real graph, a graph's whole content."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import neo4j
import pytest

from kweli_assets.graph.load import GraphLoader, LoadOptions
from kweli_assets.graph.writer import Tuning
from kweli_assets.resources.frame_store import FrameStore
from kweli_assets_tests.graph import learner_days
from kweli_assets_tests.graph.interruptions import Commits

_runs = itertools.count(1)

DAYS = (date(2025, 12, 1), date(2025, 12, 2), date(2025, 12, 3))

MakeLoader = Callable[..., GraphLoader]


@pytest.fixture
def store(tmp_path: Path) -> FrameStore:
    """An empty store."""
    return FrameStore(tmp_path / "store")


@pytest.fixture(scope="session")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> FrameStore:
    """A store with two days of 600 learners, one the other's next; not to be written to."""
    store = FrameStore(tmp_path_factory.mktemp("two-days"))
    rows = learner_days.learners(600)
    learner_days.store_day(store, DAYS[0], rows)
    learner_days.store_day(store, DAYS[1], learner_days.next_day(rows))
    return store


@pytest.fixture
def days(two_days: FrameStore, store: FrameStore) -> FrameStore:
    """A store of this test alone that begins with the frames of `two_days`."""
    (store.root).mkdir()
    (store.root / "frames").symlink_to(two_days.root / "frames")
    return store


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> Commits:
    """Counts the batches that are sent, and strikes where it is told."""
    return Commits(monkeypatch)


@pytest.fixture
def make_loader(clean_graph: neo4j.Driver) -> MakeLoader:
    """Loaders on the emptied graph, each a run of its own unless told."""

    def make(store: FrameStore, *, run: str | None = None, **options: Any) -> GraphLoader:
        tuning = options.pop("tuning", Tuning(sessions=2, batch_rows=400, retry_seconds=20.0))
        return GraphLoader(
            clean_graph,
            "neo4j",
            store,
            options=LoadOptions(**options),
            tuning=tuning,
            run=run or f"run {next(_runs)}",
        )

    return make
