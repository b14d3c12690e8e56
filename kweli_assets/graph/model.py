"""What a node set and a relationship set are: frozen declarations, validated when imported.

Here: `Property`, `NodeSet`, `RelationshipSet` and what follows from a declaration alone (names,
columns, identity). Not here: the eighteen sets (nodes, relationships), Cypher, reading or
writing anything, Dagster.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

import polars as pl
from polars.datatypes import DataTypeClass

from kweli_assets.errors import GraphError

Frames: TypeAlias = Mapping[str, pl.LazyFrame]
RowsBuilder: TypeAlias = Callable[[Frames], pl.LazyFrame]

START = "start"
END = "end"

_PROPERTY = re.compile(r"[a-z][A-Za-z0-9]*\Z")
_LABEL = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
_TYPE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*\Z")
_FRAME = re.compile(r"[a-z][a-z_]*\Z")


class Kind(StrEnum):
    """A property's type, as Neo4j names it in its documentation."""

    STRING = "string"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    FLOAT = "float"
    DATE = "date"

    @property
    def dtype(self) -> DataTypeClass:
        """The Polars type of a column of such values."""
        return _DTYPES[self]


_DTYPES: dict[Kind, DataTypeClass] = {
    Kind.STRING: pl.String,
    Kind.BOOLEAN: pl.Boolean,
    Kind.INTEGER: pl.Int64,
    Kind.FLOAT: pl.Float64,
    Kind.DATE: pl.Date,
}


@dataclass(frozen=True)
class Property:
    """One typed property of a node or relationship; an absent one is null in the rows."""

    name: str
    kind: Kind

    def __post_init__(self) -> None:
        if not _PROPERTY.match(self.name):
            raise ValueError(f"property {self.name!r} is not camelCase")


def string(*names: str) -> tuple[Property, ...]:
    """Text properties of these names."""
    return tuple(Property(name, Kind.STRING) for name in names)


def boolean(*names: str) -> tuple[Property, ...]:
    """Flags of these names."""
    return tuple(Property(name, Kind.BOOLEAN) for name in names)


def integer(*names: str) -> tuple[Property, ...]:
    """Counts of these names."""
    return tuple(Property(name, Kind.INTEGER) for name in names)


def floating(*names: str) -> tuple[Property, ...]:
    """Scores, rates and coordinates of these names."""
    return tuple(Property(name, Kind.FLOAT) for name in names)


def dates(*names: str) -> tuple[Property, ...]:
    """Dates of these names."""
    return tuple(Property(name, Kind.DATE) for name in names)


@dataclass(frozen=True)
class NodeSet:
    """All nodes of one label.

    Attributes:
        label: the Neo4j label.
        key: the property that tells the nodes apart; unique, always a string.
        properties: every property, the key among them.
        rows: builds one row a node (columns: the properties) from the frames named in `frames`.
        frames: the frames that `rows` reads; none for a set of constants.
        indexes: properties, besides the key, that readers look nodes up by.
        renamed: column -> the frame's column that it comes from, where that has another name.
        per_learner: `rows` gives the rows of a range of learners from the frames' rows of that
            range, so that the set is built range by range in little memory.
        description: one sentence for the asset graph.
    """

    label: str
    key: str
    properties: tuple[Property, ...]
    rows: RowsBuilder = field(repr=False)
    frames: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict, hash=False)
    per_learner: bool = False
    description: str = ""

    def __post_init__(self) -> None:
        if not _LABEL.match(self.label):
            raise ValueError(f"label {self.label!r} is not UpperCamelCase")
        _check_properties(self.label, self.properties)
        names = {item.name: item for item in self.properties}
        if self.key not in names or names[self.key].kind is not Kind.STRING:
            raise ValueError(f"{self.label}: key {self.key!r} is no string property of it")
        for index in self.indexes:
            if index not in names or index == self.key:
                raise ValueError(f"{self.label}: index {index!r} is no property besides the key")
        _check_frames(self.label, self.frames, self.rows, self.description)
        _check_renamed(self.label, self.columns, self.renamed)

    @cached_property
    def name(self) -> str:
        """The asset's name: the label in snake_case."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.label).lower()

    @property
    def title(self) -> str:
        """How messages name the set."""
        return f":{self.label}"

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns that tell two rows apart; rows are sorted by them."""
        return (self.key,)

    @cached_property
    def columns(self) -> dict[str, DataTypeClass]:
        """Column name -> type of the set's rows, in order, the key first."""
        ordered = sorted(self.properties, key=lambda item: item.name != self.key)
        return {item.name: item.kind.dtype for item in ordered}

    def build(self, frames: Frames) -> pl.LazyFrame:
        """The set's rows: exactly `columns`, of exactly their types, in no certain order."""
        return _checked(self.title, self.columns, self.rows(frames))


@dataclass(frozen=True)
class RelationshipSet:
    """All relationships of one type, from one node set to another.

    Attributes:
        type: the Neo4j relationship type.
        start, end: the node sets at its ends.
        identity_properties: what tells relationships of one start node apart; where empty, the
            end node does.
        properties: every property, the identity's among them.
        rows: builds one row a relationship: `start` and `end` keys, then the properties.
        frames: the frames that `rows` reads.
        renamed: column -> the frame's column that it comes from, where that has another name.
        description: one sentence for the asset graph.
    """

    type: str
    start: NodeSet
    end: NodeSet
    rows: RowsBuilder = field(repr=False)
    frames: tuple[str, ...]
    properties: tuple[Property, ...] = ()
    identity_properties: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict, hash=False)
    description: str = ""

    def __post_init__(self) -> None:
        if not _TYPE.match(self.type):
            raise ValueError(f"relationship type {self.type!r} is not UPPER_SNAKE_CASE")
        _check_properties(self.type, self.properties)
        names = {item.name for item in self.properties}
        for name in (START, END):
            if name in names:
                raise ValueError(f"{self.type}: a property can't be called {name!r}")
        for name in self.identity_properties:
            if name not in names:
                raise ValueError(f"{self.type}: identity {name!r} is no property of it")
        if not self.frames:
            raise ValueError(f"{self.type}: reads no frame")
        _check_frames(self.type, self.frames, self.rows, self.description)
        _check_renamed(self.type, self.columns, self.renamed)

    @property
    def name(self) -> str:
        """The asset's name: the type in lower case."""
        return self.type.lower()

    @property
    def title(self) -> str:
        """How messages name the set."""
        return f"[:{self.type}]"

    @property
    def per_learner(self) -> bool:
        """Rows can be built range by range: the start is a learner."""
        return self.start.per_learner

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns that tell two rows apart; rows are sorted by them."""
        return (START, *(self.identity_properties or (END,)))

    @cached_property
    def columns(self) -> dict[str, DataTypeClass]:
        """Column name -> type of the set's rows, in order: start, end, properties."""
        ends: dict[str, DataTypeClass] = {START: pl.String, END: pl.String}
        return ends | {item.name: item.kind.dtype for item in self.properties}

    def build(self, frames: Frames) -> pl.LazyFrame:
        """The set's rows: exactly `columns`, of exactly their types, in no certain order."""
        return _checked(self.title, self.columns, self.rows(frames))


GraphSet: TypeAlias = NodeSet | RelationshipSet


def _check_properties(owner: str, properties: tuple[Property, ...]) -> None:
    names = [item.name for item in properties]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{owner}: properties declared twice: {', '.join(twice)}")


def _check_frames(owner: str, frames: tuple[str, ...], rows: object, description: str) -> None:
    if not callable(rows):
        raise ValueError(f"{owner}: rows is no function")
    if len(set(frames)) != len(frames) or not all(_FRAME.match(name) for name in frames):
        raise ValueError(f"{owner}: frames {frames!r} are no distinct snake_case names")
    if not description.endswith("."):
        raise ValueError(f"{owner}: the description is no sentence")


def _check_renamed(
    owner: str, columns: Mapping[str, DataTypeClass], renamed: Mapping[str, str]
) -> None:
    unknown = sorted(set(renamed) - set(columns))
    if unknown:
        raise ValueError(f"{owner}: renamed columns that it does not have: {', '.join(unknown)}")


def _checked(title: str, columns: dict[str, DataTypeClass], rows: pl.LazyFrame) -> pl.LazyFrame:
    found = rows.collect_schema()
    wrong = [
        f"{name} is {found.get(name, 'missing')}, declared {dtype}"
        for name, dtype in columns.items()
        if found.get(name) != dtype
    ]
    extra = [name for name in found if name not in columns]
    if wrong or extra:
        raise GraphError(
            f"building the rows of {title}",
            "; ".join(wrong + [f"{name} is not declared" for name in extra]) + ".",
            "make the frame and the declaration in graph/ agree, then materialize the frame again.",
        )
    return rows.select(list(columns))
