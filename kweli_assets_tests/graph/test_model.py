"""Declarations: what is refused at import, and one test that polices all eighteen."""

from __future__ import annotations

import polars as pl
import pytest

from kweli_assets.errors import GraphError
from kweli_assets.frames import bucket, places
from kweli_assets.graph.model import (
    GraphSet,
    NodeSet,
    Property,
    RelationshipSet,
    dates,
    integer,
    string,
)
from kweli_assets.graph.nodes import LEARNER, NODE_SETS, PROGRAM
from kweli_assets.graph.relationships import RELATIONSHIP_SETS
from kweli_assets.graph.sets import ALL_SETS, BY_NAME, LEAVING_LAST
from kweli_assets_tests.graph import learner_days

FRAMES = {
    **bucket.SCHEMAS,
    "countries": places.COUNTRIES_SCHEMA,
    "cities": places.CITIES_SCHEMA,
}


def _rows(frames: object) -> pl.LazyFrame:
    return pl.LazyFrame({"id": ["a"]})


GOOD_NODE = {
    "label": "Thing",
    "key": "id",
    "properties": string("id", "name"),
    "rows": _rows,
    "frames": ("things",),
    "description": "Things.",
}
THING = NodeSet(**GOOD_NODE)  # type: ignore[arg-type]
GOOD_RELATIONSHIP = {
    "type": "NEAR_TO",
    "start": THING,
    "end": THING,
    "properties": integer("index"),
    "identity_properties": ("index",),
    "rows": _rows,
    "frames": ("things",),
    "description": "Nearness.",
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"label": "thing"}, "UpperCamelCase"),
        ({"label": "Thing) DETACH"}, "UpperCamelCase"),
        ({"key": "name2"}, "key"),
        ({"key": "day", "properties": dates("day")}, "key"),
        ({"indexes": ("id",)}, "index"),
        ({"indexes": ("other",)}, "index"),
        ({"properties": string("id", "id")}, "twice"),
        ({"frames": ("Things",)}, "frames"),
        ({"frames": ("things", "things")}, "frames"),
        ({"rows": None}, "rows"),
        ({"description": "things"}, "sentence"),
        ({"renamed": {"nothing": "x"}}, "renamed"),
    ],
)
def test_wrong_node_declarations_are_refused(change: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        NodeSet(**(GOOD_NODE | change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"type": "nearTo"}, "UPPER_SNAKE_CASE"),
        ({"type": "NEAR__TO"}, "UPPER_SNAKE_CASE"),
        ({"identity_properties": ("other",)}, "identity"),
        ({"properties": string("start")}, "start"),
        ({"frames": ()}, "no frame"),
        ({"properties": integer("index", "index")}, "twice"),
    ],
)
def test_wrong_relationship_declarations_are_refused(change: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        RelationshipSet(**(GOOD_RELATIONSHIP | change))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["Name", "first_name", "a b", "", "x`"])
def test_property_names_are_camel_case(name: str) -> None:
    with pytest.raises(ValueError, match="camelCase"):
        Property(name, integer("a")[0].kind)


def test_rows_of_another_type_name_the_column() -> None:
    declared = NodeSet(
        **(GOOD_NODE | {"rows": lambda _: pl.LazyFrame({"id": ["a"], "name": [1]})})  # type: ignore[arg-type]
    )
    with pytest.raises(GraphError, match="name is Int64, declared String"):
        declared.build({})


@pytest.mark.parametrize("graph_set", ALL_SETS, ids=lambda item: item.name)
def test_every_declaration_fits_the_frames(graph_set: GraphSet) -> None:
    empty = {name: FRAMES[name].to_frame().lazy() for name in graph_set.frames}
    rows = graph_set.build(empty).collect()
    assert dict(rows.schema) == graph_set.columns
    assert set(graph_set.identity) <= set(graph_set.columns)
    for column, origin in graph_set.renamed.items():
        assert any(origin in FRAMES[name] for name in graph_set.frames), column


def test_eighteen_sets_nodes_before_relationships() -> None:
    assert len(NODE_SETS) == len(RELATIONSHIP_SETS) == 9
    assert (*NODE_SETS, *RELATIONSHIP_SETS) == ALL_SETS
    assert len(BY_NAME) == 18
    names = [item.label for item in LEAVING_LAST]
    assert names.index("City") < names.index("Country")
    assert {*names, "Learner"} == {item.label for item in NODE_SETS}
    for relationships in RELATIONSHIP_SETS:
        assert relationships.start in NODE_SETS
        assert relationships.end in NODE_SETS


def test_every_key_and_named_index_of_the_specification_is_declared() -> None:
    keys = {item.label: item.key for item in NODE_SETS}
    assert keys == {
        "Learner": "hashedEmail",
        "Country": "code",
        "City": "id",
        "Skill": "id",
        "Program": "id",
        "Company": "id",
        "Institution": "id",
        "LearningState": "state",
        "ProfessionalStatus": "status",
    }
    assert set(LEARNER.indexes) == {
        "countryOfResidenceCode",
        "cityOfResidenceId",
        "currentLearningState",
        "currentProfessionalStatus",
    }
    named = {item.label for item in NODE_SETS if item.indexes == ("name",)}
    assert named == {"Country", "City", "Skill", "Program", "Company", "Institution"}


@pytest.mark.parametrize(
    ("names", "name", "provider"),
    [
        (["Data Analyst", "Data Analyst", "Analyst"], "Data Analyst", "ALX"),
        (["b", "a"], "a", "ALX"),
        ([None, None], "C1", "ALX"),
        ([None, None, "Cloud"], "Cloud", "ALX"),
        (["UDACITY Cloud"], "UDACITY Cloud", "Udacity"),
        (["Udacity-Nanodegree"], "Udacity-Nanodegree", "Udacity"),
        (["Udacityish"], "Udacityish", "ALX"),
    ],
)
def test_programs_take_the_most_frequent_name(
    names: list[str | None], name: str, provider: str
) -> None:
    learning = pl.DataFrame({"cohortCode": ["C1"] * len(names), "programName": names}).with_columns(
        pl.col("programName").cast(pl.String)
    )
    rows = PROGRAM.build({"learning": learning.lazy()}).collect().to_dicts()
    assert rows == [{"id": "C1", "name": name, "cohortCode": "C1", "provider": provider}]


def test_skills_have_a_category() -> None:
    ids = ["python", "project_management", "team_work", "data_analysis", "knitting", "c", "ab"]
    skills = pl.LazyFrame({"skillId": ids, "skillName": ids})
    found = {
        row["id"]: row["category"]
        for row in BY_NAME["skill"].build({"skills": skills}).collect().to_dicts()
    }
    assert found == {
        "python": "Technical",
        "project_management": "Business",
        "team_work": "Soft Skill",
        "data_analysis": "Technical",
        "knitting": "Other",
        "c": "Technical",
        "ab": "Other",
    }


def test_the_declarations_give_the_worked_sample(tmp_path: object) -> None:
    from pathlib import Path

    from kweli_assets.resources.frame_store import FrameStore

    store = FrameStore(Path(str(tmp_path)))
    learner_days.store_day(store, learner_days.SAMPLE_DAY, learner_days.sample_rows())
    found = learner_days.promised_content(store, learner_days.SAMPLE_DAY)
    expected = learner_days.expected_sample()
    for rows, unknown in ((found["country"], "name"), (found["skill"], "category")):
        for properties in rows.values():
            assert properties.pop(unknown)
    for item in ALL_SETS:
        assert _as_text(found[item.name]) == _as_text(expected[item.name]), item.name


def _as_text(content: dict[object, object]) -> dict[object, object]:
    def told(value: object) -> object:
        if isinstance(value, dict):
            return {key: told(item) for key, item in value.items()}
        if isinstance(value, tuple):
            return tuple(told(item) for item in value)
        return value.isoformat() if hasattr(value, "isoformat") else value

    return {key: told(value) for key, value in content.items()}
