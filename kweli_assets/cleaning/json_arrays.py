"""JSON columns: a text that holds an array of objects becomes one row an entry.

Belongs here: decoding, what is quarantined on the way (`bad json`, `not an array`,
`not an object`), and turning an entry's fields into texts. Does not belong here: what the fields
mean (frames).

Two paths give the same result, and a property test holds them to it. Well-formed texts whose
fields have the expected types are decoded by msgspec into typed structs (about 2 microseconds a
row); every text that it declines goes through the careful path, Python's json with the literal
text of numbers kept (about 30 microseconds a row).

Rules (Values, JSON array): NULL, empty or a word for "missing" is no entries; a JSON string is
decoded once more and follows the same rule; what RFC 8259 does not allow, and lone surrogates,
is `bad json`; of double keys the last counts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NoReturn

import msgspec
import polars as pl

from kweli_assets.cleaning.missing import is_missing, strip
from kweli_assets.cleaning.values import COUNTED_AS, Kind, Value

BAD_JSON = "bad json"
NOT_AN_ARRAY = "not an array"
NOT_AN_OBJECT = "not an object"

_DEEPEST = 500
"""Levels of nesting that are followed; RFC 8259 lets a reader set a limit."""

_NO_ENTRIES = ("[]",)

_NEEDS_CARE = r"[\x00-\x1f]|\\u[dD][89a-fA-F]"
"""Control characters and escaped surrogates: left to the careful path."""


class NumberText(str):
    """A JSON number, as the text that stood in the source."""

    __slots__ = ()


@dataclass(frozen=True)
class Rejected:
    """A quarantined column text (index None) or element."""

    row: int
    index: int | None
    reason: str
    raw: str


@dataclass(frozen=True)
class Entries:
    """The entries of one JSON column.

    Attributes:
        frame: row (Int64, position in the series that was decoded), index (Int64, 1-based
            position in the array), one String column a field, and `fields present` (Boolean)
            when asked for: whether one of the marking fields stands in the entry.
        rejected: what could not be decoded.
        unreadable: (field, kind, row, index, JSON) of values whose JSON type can't be read as
            their kind.
        entries_in: elements of arrays, plus one for each column text that is no array.
    """

    frame: pl.DataFrame
    rejected: list[Rejected]
    unreadable: list[tuple[str, str, int, int, str]]
    entries_in: int


class BadJsonError(ValueError):
    """The text is not JSON as RFC 8259 has it."""


def _no_constant(name: str) -> NoReturn:
    raise BadJsonError(name)


def _checked_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Looks at values too that a double key overwrites."""
    for _, value in pairs:
        if isinstance(value, str):
            _refuse_surrogates(value)
    return dict(pairs)


_careful_decoder = json.JSONDecoder(
    parse_float=NumberText,
    parse_int=NumberText,
    parse_constant=_no_constant,
    object_pairs_hook=_checked_object,
    strict=True,
)


def decode_carefully(text: str) -> Any:
    """Decodes JSON with numbers as NumberText.

    Raises:
        BadJsonError: RFC 8259 does not allow the text, or it holds lone surrogates, or it nests
            deeper than 500 levels.
    """
    try:
        value = _careful_decoder.decode(text)
        _check(value, _DEEPEST)
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadJsonError(type(error).__name__) from None
    return value


def _refuse_surrogates(text: str) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise BadJsonError("lone surrogate") from None


def _check(value: Any, levels: int) -> None:
    if isinstance(value, str):
        _refuse_surrogates(value)
    elif isinstance(value, (dict, list)):
        if levels == 0:
            raise BadJsonError("too deep")
        if isinstance(value, dict):
            for key in value:
                _check(key, levels)
            value = list(value.values())
        for item in value:
            _check(item, levels - 1)


def to_json(value: Any) -> str:
    """The JSON of a decoded value, numbers as they stood in the source, blanks as Python's."""
    if isinstance(value, NumberText):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{to_json(k)}: {to_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(to_json(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _field_text(value: Any, kind: Kind) -> tuple[str | None, bool]:
    """A field's text, and whether its JSON type can't be read as the kind."""
    if value is None:
        return None, False
    if isinstance(value, str):  # NumberText too: a number stands for its text
        if kind is Kind.FLAG and isinstance(value, NumberText):
            number = float(value)
            return {0.0: "0", 1.0: "1", -99.0: "-99"}.get(number, str(value)), False
        return str(value), False
    if kind is Kind.FLAG and isinstance(value, bool):
        return ("true" if value else "false"), False
    # true, false, arrays and objects are no text, hence a missing text; as a flag, number or date
    # they are unreadable.
    return None, kind is not Kind.TEXT


class ArrayReader:
    """Decodes one JSON column into rows of texts.

    Args:
        values: the fields to take (source: the field's name in the JSON).
        marking: fields whose presence alone matters; given, the frame has the Boolean columns
            `has <field>`.
    """

    def __init__(self, values: tuple[Value, ...], marking: tuple[str, ...] = ()) -> None:
        self.kinds = {value.source: value.kind for value in values}
        self.marking = marking
        self.schema = pl.Schema(
            {
                "row": pl.Int64(),
                "index": pl.Int64(),
                **{field: pl.String() for field in self.kinds},
                **{f"has {field}": pl.Boolean() for field in marking},
            }
        )
        names = {field: f"field_{i}" for i, field in enumerate(self.kinds)}
        self._attributes = names
        self._marks = {field: names.get(field, f"mark_{i}") for i, field in enumerate(self.marking)}
        numeric = (Kind.NUMBER, Kind.COUNT)
        fields: list[Any] = []
        for field, kind in self.kinds.items():
            accepted: Any = str | int | float | None if kind in numeric else str | None
            if field in marking:
                fields.append((names[field], accepted | msgspec.UnsetType, msgspec.UNSET))
            else:
                fields.append((names[field], accepted, None))
        fields += [
            (attribute, Any, msgspec.UNSET)
            for field, attribute in self._marks.items()
            if field not in self.kinds
        ]
        rename = {attribute: field for field, attribute in (names | self._marks).items()}
        entry = msgspec.defstruct("Entry", fields, rename=rename, gc=False)
        self._decode = msgspec.json.Decoder(list[entry]).decode  # type: ignore[valid-type]

    def read(self, texts: pl.Series) -> Entries:
        """Decodes a String series. Errors never stop it: what is bad is in `rejected`."""
        frame = pl.DataFrame({"text": texts}).with_row_index("row")
        given = frame.filter(pl.col("text").is_not_null() & ~pl.col("text").is_in(_NO_ENTRIES))
        needs_care = given.get_column("text").str.contains(_NEEDS_CARE).to_list()
        rows: list[int] = []
        positions: list[int] = []
        entries: list[Any] = []
        careful = _CarefulRows(self.kinds, self.marking)
        decode = self._decode
        for row, text, care in zip(
            given.get_column("row").to_list(),
            given.get_column("text").to_list(),
            needs_care,
            strict=True,
        ):
            if not care:
                try:
                    decoded = decode(text)
                except (msgspec.DecodeError, RecursionError):
                    # DecodeError covers wrong types too; RecursionError is its nesting limit.
                    careful.add(row, text)
                    continue
                if len(decoded) == 1:
                    rows.append(row)
                    positions.append(1)
                    entries.append(decoded[0])
                else:
                    entries += decoded
                    rows += [row] * len(decoded)
                    positions += range(1, len(decoded) + 1)
            else:
                careful.add(row, text)
        fast = self._fast_frame(rows, positions, entries)
        slow = pl.DataFrame(careful.columns, schema=self.schema, orient="col")
        both = pl.concat([fast, slow]).sort("row", "index") if len(slow) else fast
        return Entries(
            both, careful.rejected, careful.unreadable, len(both) + len(careful.rejected)
        )

    def _fast_frame(
        self, rows: list[int], positions: list[int], entries: list[Any]
    ) -> pl.DataFrame:
        columns: list[pl.Series] = [
            pl.Series("row", rows, dtype=pl.Int64),
            pl.Series("index", positions, dtype=pl.Int64),
        ]
        for field, kind in self.kinds.items():
            attribute = self._attributes[field]
            found = list(map(attrgetter(attribute), entries))
            if field in self.marking:
                found = [None if v is msgspec.UNSET else v for v in found]
            if kind in (Kind.NUMBER, Kind.COUNT):
                found = [v if v is None or v.__class__ is str else str(v) for v in found]
            columns.append(pl.Series(field, found, dtype=pl.String))
        for field, attribute in self._marks.items():
            present = [v is not msgspec.UNSET for v in map(attrgetter(attribute), entries)]
            columns.append(pl.Series(f"has {field}", present, dtype=pl.Boolean))
        return pl.DataFrame(columns)


class _CarefulRows:
    """Collects what the careful path makes of the texts that msgspec declined."""

    def __init__(self, kinds: dict[str, Kind], marking: tuple[str, ...]) -> None:
        self.kinds = kinds
        self.marking = marking
        self.rejected: list[Rejected] = []
        self.unreadable: list[tuple[str, str, int, int, str]] = []
        self.columns: list[list[Any]] = [[] for _ in range(2 + len(kinds) + len(marking))]

    def add(self, row: int, text: str) -> None:
        value: Any = text
        while isinstance(value, str) and not isinstance(value, NumberText):
            if is_missing(strip(value)):
                return
            try:
                value = decode_carefully(value)
            except BadJsonError:
                self.rejected.append(Rejected(row, None, BAD_JSON, text))
                return
        if not isinstance(value, list):
            self.rejected.append(Rejected(row, None, NOT_AN_ARRAY, text))
            return
        for index, element in enumerate(value, start=1):
            if isinstance(element, dict):
                self._take(row, index, element)
            else:
                self.rejected.append(Rejected(row, index, NOT_AN_OBJECT, to_json(element)))

    def _take(self, row: int, index: int, element: dict[str, Any]) -> None:
        taken: list[Any] = [row, index]
        for field, kind in self.kinds.items():
            text, wrong_type = _field_text(element.get(field), kind)
            if wrong_type:
                self.unreadable.append(
                    (field, COUNTED_AS[kind], row, index, to_json(element[field]))
                )
            taken.append(text)
        taken += [field in element for field in self.marking]
        for column, item in zip(self.columns, taken, strict=True):
            column.append(item)


def entry_json(text: str, index: int) -> str:
    """The JSON of one entry of a column's text (for quarantine).

    Args:
        text: the column's text, which decoded to an array before.
        index: 1-based position of the entry.
    """
    value: Any = text
    while isinstance(value, str):
        value = decode_carefully(value)
    return to_json(value[index - 1])
