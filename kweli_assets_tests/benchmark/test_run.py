"""A small benchmark from end to end: it measures what it says, and its loads are right."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from kweli_assets.benchmark import measure
from kweli_assets.benchmark.command import show
from kweli_assets.benchmark.measure import Measurement, StageError
from kweli_assets.benchmark.run import Benchmark, Plan, measure_all, measure_frames

ROWS = 2_000


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    """All stages at 2,000 rows, in a folder that has to be empty afterwards."""
    folder = tmp_path_factory.mktemp("benchmark")
    told: list[str] = []
    found = measure_all(Plan(rows=ROWS, folder=folder), told.append)
    assert list(folder.iterdir()) == []
    assert told
    return found


def test_every_stage_is_measured_beside_the_floor(found: Benchmark) -> None:
    names = [each.name for each in found.measured]
    assert names == [
        "generator into MySQL (not counted)",
        "floor: SELECT * by the client",
        "scan",
        "all frames",
        "frames one by one, one thread",
        "writing the frames again",
        "places",
        "checks of the frames",
        "rows of all sets",
        "files for the importer",
        "floor: neo4j-admin import",
        "first load",
        "unchanged reload",
        "day 2 in the table (not counted)",
        "day 2 load",
        "bulk load of stored frames",
    ]
    for each in found.measured:
        assert each.seconds > 0
        assert each.rows == ROWS
        if not each.name.startswith("floor"):
            assert each.peak_mb is not None
            assert each.peak_mb > 50
    assert set(found.ratios) == {
        "scan / SELECT * by the client",
        "first load / floor",
        "bulk load / neo4j-admin import",
        "scan, frames and bulk load / floor",
    }


def test_the_measured_loads_are_right(found: Benchmark) -> None:
    assert found.of("scan").details["read"] == ROWS
    rows = found.of("rows of all sets").details["sets"]
    for name in ("first load", "unchanged reload", "bulk load of stored frames"):
        details = found.of(name).details
        assert details["sets"] == details["in the graph"] == rows
    day_2 = found.of("day 2 load").details
    assert day_2["graph counts as the frames"]
    assert day_2["sets"] != rows
    imported = found.of("floor: neo4j-admin import").details
    assert imported["nodes"] + imported["relationships"] == sum(rows.values()) + 19
    assert found.of("first load").details["graph was written"]
    assert not found.of("unchanged reload").details["graph was written"]
    assert day_2["graph was written"]


def test_figures_are_shown_and_kept(found: Benchmark) -> None:
    kept = json.loads(json.dumps(found.as_json()))
    assert kept["rows"] == ROWS
    assert kept["machine"]["cores"] >= 1
    assert {"python", "polars", "neo4j"} <= set(kept["versions"])
    assert len(kept["stages"]) == len(found.measured)
    shown = io.StringIO()
    show(found, Console(file=shown, width=200))
    assert "unchanged reload" in shown.getvalue()
    assert "first load / floor" in shown.getvalue()


def test_frames_alone_need_no_server(tmp_path: Path) -> None:
    found = measure_frames(Plan(rows=500, folder=tmp_path), lambda _: None)
    assert list(tmp_path.iterdir()) == []
    one_by_one = found.of("frames one by one, one thread").parts
    assert {"accept", "learners", "learning", "skills", "professional_history"} <= set(one_by_one)
    assert found.of("all frames").details["frames"]["learners"] > 450


def test_a_stage_that_fails_is_an_error_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="holds no frames/findings"):
        measure.in_process(
            "checks", 1, {"day": "2025-12-01"}, {"KWELI_STORE": str(tmp_path), "KWELI_HOME": "x"}
        )


def test_a_measurement_s_rate() -> None:
    assert Measurement("scan", rows=100, seconds=0.5).rows_a_second == 200
    assert Measurement("nothing", rows=0, seconds=0.0).rows_a_second == 0
