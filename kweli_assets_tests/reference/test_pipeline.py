"""The pipeline's stages against the reference: every node, relationship, property and entry."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kweli_assets.embedded.synthetic.rows import frame
from kweli_assets_tests import reference
from kweli_assets_tests.reference.compare import differences
from kweli_assets_tests.reference.graph import Row
from kweli_assets_tests.reference.nasty import Dirt
from kweli_assets_tests.reference.pipeline import pipeline_graph

SAMPLE = Path(__file__).parent.parent / "sample"
CATEGORY = {("Skill", "category")}  # by keywords that are the pipeline's own


def compared(rows: list[Row], snapshot_date: date) -> list[str]:
    found = pipeline_graph(rows, snapshot_date)
    expected = reference.build(rows, snapshot_date)
    assert len(expected.nodes["Learner"]) > len(rows) * 0.8
    return differences(found, expected, not_compared=CATEGORY)


@pytest.mark.parametrize("snapshot_date", [date(2025, 12, 1), date(2024, 2, 29), date(2019, 7, 1)])
def test_sample(snapshot_date: date) -> None:
    assert compared(reference.read_csv(SAMPLE / "learners.csv"), snapshot_date) == []


@pytest.mark.parametrize(("seed", "dirt"), [(1, 0.0), (2, 0.1), (3, 1.0)])
def test_synthetic_learners(seed: int, dirt: float) -> None:
    rows: list[Row] = frame(rows=1_000, seed=seed, dirt=dirt).to_dicts()
    assert compared(rows, date(2025, 12, 1)) == []


@pytest.mark.parametrize(
    ("seed", "rate", "snapshot_date"),
    [
        (1, 0.0, date(2025, 12, 1)),
        (2, 0.02, date(2025, 12, 1)),
        (3, 0.1, date(2024, 2, 29)),
        (4, 0.4, date(2025, 12, 1)),
    ],
)
def test_nasty_rows(seed: int, rate: float, snapshot_date: date) -> None:
    assert compared(Dirt(seed, rate, snapshot_date).rows(800), snapshot_date) == []
