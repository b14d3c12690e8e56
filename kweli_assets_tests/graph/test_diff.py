"""Desired against held: exactly the difference, once, in lanes and buckets that stay apart."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from kweli_assets.graph import diff, sorted_rows
from kweli_assets.graph.cypher import Operation
from kweli_assets.graph.diff import Layout, SetPlan, lane_units, load_plan, plan_changes
from kweli_assets.graph.model import GraphSet
from kweli_assets.graph.sets import BY_NAME
from kweli_assets.graph.sorted_rows import RowsFile, SortedWriter

ENROLLED, SKILLS, STUDIED = (BY_NAME[name] for name in ("enrolled_in", "has_skill", "studied_at"))
SKILL, LEARNER = BY_NAME["skill"], BY_NAME["learner"]
ONE_LANE = Layout(lanes=1, buckets=2)


def file_of(graph_set: GraphSet, rows: list[dict[str, Any]], folder: Path) -> RowsFile:
    frame = pl.DataFrame(rows, schema=graph_set.columns, orient="row")
    aside = folder / ".aside"
    with SortedWriter(aside, graph_set.columns, graph_set.identity, "rows") as writer:
        writer.append(frame)
        return writer.finish(folder)


def learners(folder: Path, *keys: str) -> RowsFile:
    return file_of(LEARNER, [{"hashedEmail": key} for key in keys], folder)


def changes(
    graph_set: GraphSet,
    desired: list[dict[str, Any]],
    held: list[dict[str, Any]],
    folder: Path,
    starts: RowsFile | None = None,
) -> tuple[SetPlan, dict[str, list[tuple[Any, ...]]]]:
    before = file_of(graph_set, held, folder / "held")
    plan = plan_changes(
        graph_set,
        file_of(graph_set, desired, folder / "desired"),
        before.path if held else None,
        len(held),
        starts,
        [],
        folder / "plans",
        ONE_LANE,
    )
    return plan, sent(plan, folder / "plans" / plan.plan_id)


def sent(plan: SetPlan, folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for lane in plan.lanes(tuple(Operation)):
        position = 0
        for unit in lane_units(plan, folder, lane, tuple(Operation), 0):
            assert unit.position == position
            position += unit.rows.height
            found.setdefault(str(unit.operation), []).extend(unit.rows.rows())
    return found


def skill(key: str, name: str | None = None, category: str = "Other") -> dict[str, Any]:
    return {"id": key, "name": name or key, "category": category}


def test_nodes_are_created_updated_deleted_and_left_alone(tmp_path: Path) -> None:
    held = [skill("a"), skill("b"), skill("c", "C"), skill("d")]
    desired = [skill("a"), skill("c", "c!"), skill("d", category="Technical"), skill("e")]
    plan, found = changes(SKILL, desired, held, tmp_path)
    assert found == {
        "delete": [("b",)],
        "create": [("e", "e", "Other")],
        "update": [("c", "c!", "Other"), ("d", "d", "Technical")],
    }
    assert (plan.created, plan.updated, plan.deleted, plan.unchanged) == (1, 2, 1, 1)
    assert (plan.rows, plan.held, plan.vanishing) == (4, 4, 1)


def study(start: str, index: int, end: str, **more: Any) -> dict[str, Any]:
    return {"start": start, "end": end, "index": index, **more}


def test_a_relationship_with_another_end_is_moved(tmp_path: Path) -> None:
    day = date(2020, 1, 1)
    held = [study("a", 1, "x", startDate=day), study("a", 2, "y"), study("b", 1, "x")]
    desired = [
        study("a", 1, "x"),
        study("a", 2, "z", graduated=True),
        study("b", 1, "x"),
        study("b", 2, "x", graduated=False),
    ]
    plan, found = changes(STUDIED, desired, held, tmp_path, learners(tmp_path, "a", "b"))
    assert found == {
        "move": [("a", "z", 2, None, None, None, None, True, "y")],
        "create": [("b", "x", 2, None, None, None, None, False)],
        "update": [("a", "x", 1, None, None, None, None, None)],
    }
    assert (plan.created, plan.moved, plan.updated, plan.deleted) == (1, 1, 1, 0)


def test_relationships_leave_with_their_start_node(tmp_path: Path) -> None:
    held = [study("a", 1, "x"), study("a", 2, "x"), study("b", 1, "x"), study("b", 2, "x")]
    desired = [study("b", 1, "x")]
    plan, found = changes(STUDIED, desired, held, tmp_path, learners(tmp_path, "b", "c"))
    assert found == {"delete": [("b", 2)]}
    assert (plan.deleted, plan.with_start, plan.vanishing) == (1, 2, 3)


def test_what_the_end_tells_apart_has_no_moves(tmp_path: Path) -> None:
    def has(start: str, end: str) -> dict[str, Any]:
        return {"start": start, "end": end, "source": "skills_list"}

    plan, found = changes(
        SKILLS, [has("a", "y")], [has("a", "x")], tmp_path, learners(tmp_path, "a")
    )
    assert found == {"delete": [("a", "x")], "create": [("a", "y", "skills_list")]}
    assert plan.moved == 0


@pytest.mark.parametrize(
    ("old", "new", "differs"),
    [
        ({"lmsOverallScore": None}, {"lmsOverallScore": 0.0}, True),
        ({"lmsOverallScore": 0.0}, {"lmsOverallScore": 0.0}, False),
        ({"lmsOverallScore": 0.1}, {"lmsOverallScore": 0.1 + 1e-16}, True),
        ({"enrollmentStatus": None}, {"enrollmentStatus": None}, False),
        ({"enrollmentStatus": "Active"}, {"enrollmentStatus": "active"}, True),
        ({"isCompleted": False}, {"isCompleted": None}, True),
        ({"endDate": date(2020, 1, 1)}, {"endDate": date(2020, 1, 2)}, True),
    ],
)
def test_every_property_counts_null_included(
    old: dict[str, Any], new: dict[str, Any], differs: bool, tmp_path: Path
) -> None:
    same = {"start": "a", "end": "p", "index": 1}
    starts = learners(tmp_path, "a")
    plan, _ = changes(ENROLLED, [same | new], [same | old], tmp_path, starts)
    assert plan.updated == differs


def test_many_rows_in_lanes_and_buckets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorted_rows, "ROW_GROUP_ROWS", 100)
    monkeypatch.setattr(diff, "_ROWS_WORTH_A_LANE", 50)
    desired = [
        study(f"{number:05d}", index, ["hot", f"rare{number % 7}"][index - 1])
        for number in range(1_000)
        for index in (1, 2)
    ]
    plan = plan_changes(
        STUDIED,
        file_of(STUDIED, desired, tmp_path),
        None,
        0,
        learners(tmp_path, "0"),
        [],
        tmp_path / "plans",
        Layout(lanes=8, buckets=4),
    )
    folder = tmp_path / "plans" / plan.plan_id
    assert load_plan(folder) == plan
    lanes = plan.lanes((Operation.CREATE,))
    assert set(lanes) == set(range(8))
    assert max(lanes.values()) < 2 * min(lanes.values())
    starts_of_lane, bucket_of_end, rows = {}, {}, []
    for lane in lanes:
        for unit in lane_units(plan, folder, lane, (Operation.CREATE,), 0):
            rows += unit.rows.rows()
            for row in unit.rows.rows(named=True):
                assert starts_of_lane.setdefault(row["start"], lane) == lane
                assert bucket_of_end.setdefault(row["end"], unit.bucket) == unit.bucket
    assert sorted(rows) == sorted(
        (row["start"], row["end"], row["index"], None, None, None, None, None) for row in desired
    )
    assert len(set(bucket_of_end.values())) == 4

    # Any position: exactly the rest.
    for position in (0, 1, 7, 130, lanes[3]):
        rest = [
            row
            for unit in lane_units(plan, folder, 3, (Operation.CREATE,), position)
            for row in unit.rows.rows()
        ]
        whole = [
            row
            for unit in lane_units(plan, folder, 3, (Operation.CREATE,), 0)
            for row in unit.rows.rows()
        ]
        assert rest == whole[position:]


def test_an_incomplete_plan_is_none(tmp_path: Path) -> None:
    plan, _ = changes(SKILL, [skill("a")], [], tmp_path)
    folder = tmp_path / "plans" / plan.plan_id
    (folder / "create.parquet").unlink()
    assert load_plan(folder) is None
    assert load_plan(tmp_path / "nowhere") is None
