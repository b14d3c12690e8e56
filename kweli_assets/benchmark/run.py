"""The order of a benchmark: which stages, on what, one after the other.

Here: a temporary home with servers of its own, the sequence, and what is compared with what. Not
here: what a stage does (stages), the floor's programs (floor), printing (command).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from kweli_assets.benchmark import floor
from kweli_assets.benchmark.machine import machine, versions
from kweli_assets.benchmark.measure import Measurement, in_process
from kweli_assets.embedded import servers
from kweli_assets.graph.bulk import ImportFiles
from kweli_assets.resources.settings import (
    GRAPH_OPTIONAL,
    GRAPH_REQUIRED,
    SOURCE_OPTIONAL,
    SOURCE_REQUIRED,
)

# The synthetic learners live around this day.
DAY = date(2025, 12, 1)

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        rows: learners.
        seed, dirt: of the synthetic learners.
        changed, new, vanished: shares of the rows on day 2.
        folder: where the temporary home is made; None for the system's own place.
    """

    rows: int
    seed: int = 42
    dirt: float = 0.01
    changed: float = 0.01
    new: float = 0.005
    vanished: float = 0.002
    folder: Path | None = None


@dataclass
class Benchmark:
    """A benchmark's figures."""

    plan: Plan
    measured: list[Measurement] = field(default_factory=list)
    ratios: dict[str, float] = field(default_factory=dict)
    machine: Mapping[str, str | int | float] = field(default_factory=machine)
    versions: Mapping[str, str] = field(default_factory=versions)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "began": self.began.isoformat(timespec="seconds"),
            "rows": self.plan.rows,
            "seed": self.plan.seed,
            "dirt": self.plan.dirt,
            "machine": dict(self.machine),
            "versions": dict(self.versions),
            "stages": [each.as_json() for each in self.measured],
            "ratios": {name: round(value, 2) for name, value in self.ratios.items()},
        }

    def of(self, name: str) -> Measurement:
        """The measurement of that name."""
        return next(each for each in self.measured if each.name == name)


class Run:
    """One benchmark under way: its home, its variables, its figures.

    Args:
        home: a temporary KWELI_HOME.
        tell: told each measurement and each beginning.
    """

    def __init__(self, plan: Plan, home: Path, tell: Tell) -> None:
        self.plan = plan
        self.home = home
        self.result = Benchmark(plan)
        self._tell = tell

    def stage(
        self,
        stage: str,
        name: str | None = None,
        *,
        rows: int | None = None,
        store: str = "stages",
        **arguments: object,
    ) -> Measurement:
        """Measure a stage in a process of its own, in the store of that name."""
        self._tell(f"{name or stage} …")
        found = in_process(
            stage, self.plan.rows if rows is None else rows, arguments, self.environment(store)
        )
        return self.add(found, name)

    def add(self, found: Measurement, name: str | None = None) -> Measurement:
        """Keep a measurement, under another name if one is given."""
        if name is not None:
            found = Measurement(**{**vars(found), "name": name})
        self.result.measured.append(found)
        return found

    def environment(self, store: str) -> dict[str, str]:
        """Variables of a child: this home, nothing that is configured outside of it."""
        configured = (*SOURCE_REQUIRED, *SOURCE_OPTIONAL, *GRAPH_REQUIRED, *GRAPH_OPTIONAL)
        return {
            **os.environ,
            **dict.fromkeys((*configured, "MYSQL_COMPRESS"), ""),
            "KWELI_HOME": str(self.home),
            "KWELI_STORE": str(self.home / store),
            "DAGSTER_HOME": str(self.home / "dagster"),
        }

    def drop_store(self, store: str) -> None:
        """Free the disk of a store that is done with."""
        shutil.rmtree(self.home / store, ignore_errors=True)


@contextmanager
def started(plan: Plan, tell: Tell, which: tuple[str, ...] = servers.ALL) -> Iterator[Run]:
    """A run in a temporary home with these servers; both are gone when the block ends."""
    with tempfile.TemporaryDirectory(prefix="kweli-benchmark-", dir=plan.folder) as folder:
        home = Path(folder)
        if not which:
            yield Run(plan, home, tell)
            return
        with servers.running_servers(home, which=which, echo=tell):
            yield Run(plan, home, tell)


def measure_frames(plan: Plan, tell: Tell) -> Benchmark:
    """Scan of a CSV, all frames, each frame for itself, places and checks; needs no server."""
    with started(plan, tell, which=()) as run:
        csv = run.home / "learners.csv"
        run.stage("generate_csv", "generator (not counted)", path=str(csv), **_learners(plan))
        run.stage("scan", "scan of a CSV", day=DAY.isoformat(), csv=str(csv))
        _frame_stages(run)
        return run.result


def measure_all(plan: Plan, tell: Tell) -> Benchmark:
    """Every stage, the floor, first load, unchanged reload, day 2 and the bulk load."""
    with started(plan, tell) as run:
        run.stage("generate_mysql", "generator into MySQL (not counted)", **_learners(plan))
        server = servers.details(run.home).mysql
        assert server is not None  # noqa: S101 - it was started with the run
        run.add(floor.drain(server, plan.rows))
        run.stage("scan", day=DAY.isoformat())
        _frame_stages(run)
        run.stage("rows_of_sets", "rows of all sets", day=DAY.isoformat())
        _import_floor(run)
        day_2 = DAY + timedelta(days=1)
        run.stage("load", "first load", store="store", day=DAY.isoformat())
        run.stage("load", "unchanged reload", store="store", day=DAY.isoformat())
        run.stage(
            "evolve_mysql",
            "day 2 in the table (not counted)",
            seed=plan.seed,
            changed=plan.changed,
            new=plan.new,
            vanished=plan.vanished,
        )
        run.stage("load", "day 2 load", store="store", day=day_2.isoformat())
        run.drop_store("store")
        run.stage("bulk", "bulk load of stored frames", day=DAY.isoformat())
        run.result.ratios |= _ratios(run.result)
        return run.result


def _learners(plan: Plan) -> dict[str, Any]:
    return {"learners": plan.rows, "seed": plan.seed, "dirt": plan.dirt}


def _frame_stages(run: Run) -> None:
    day = DAY.isoformat()
    run.stage("frames", "all frames", day=day)
    run.stage("frames_one_by_one", "frames one by one, one thread", day=day)
    run.stage("write_frames", "writing the frames again", day=day)
    run.stage("places", day=day)
    run.stage("checks", "checks of the frames", day=day)


def _import_floor(run: Run) -> None:
    folder = run.home / "import"
    folder.mkdir()
    files = run.stage(
        "import_files", "files for the importer", day=DAY.isoformat(), folder=str(folder)
    )
    told = files.details
    run.add(
        floor.offline_import(
            run.home / "floor",
            ImportFiles(folder, tuple(told["options"]), told["nodes"], told["relationships"]),
            run.plan.rows,
            DAY,
        )
    )
    shutil.rmtree(folder)
    shutil.rmtree(run.home / "floor")


def _ratios(found: Benchmark) -> dict[str, float]:
    """What the goals are about: multiples of the floor of the same run."""
    drained = found.of("floor: SELECT * by the client").seconds
    imported = found.of("floor: neo4j-admin import").seconds
    bulk = found.of("bulk load of stored frames").seconds
    before_bulk = sum(found.of(name).seconds for name in ("scan", "all frames", "places"))
    return {
        "scan / SELECT * by the client": found.of("scan").seconds / drained,
        "first load / floor": found.of("first load").seconds / (drained + imported),
        "bulk load / neo4j-admin import": bulk / imported,
        "scan, frames and bulk load / floor": (before_bulk + bulk) / (drained + imported),
    }
