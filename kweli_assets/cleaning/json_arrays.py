"""JSON columns: a text that holds an array of objects becomes one row an entry.

Belongs here: decoding, what is quarantined on the way (`bad json`, `not an array`,
`not an object`), and turning an entry's fields into texts. Does not belong here: what the fields
mean (frames).

Three paths give the same result, and property tests hold them to it. Texts without a backslash
that all spell the same keys in the same order, with nothing but strings as values, are cut at
their quotes a column at a time (about 4 microseconds for an enrolment of 21 fields, without
Python's lock). Other well-formed texts whose fields have the expected types are decoded by msgspec
into typed structs (about 9 microseconds, with the lock); every text that it declines goes through
the careful path, Python's json with the literal text of numbers kept (about 30 microseconds).

Rules (Values, JSON array): NULL, empty or a word for "missing" is no entries; a JSON string is
decoded once more and follows the same rule; what RFC 8259 does not allow, and lone surrogates,
is `bad json`; of double keys the last counts.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NoReturn

import msgspec
import numpy as np
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


_NO_CUTTING = r"[\x00-\x1f\\]"
"""Without these, every quote in a text begins or ends a string."""

_LAYOUTS = 3
"""Of so many layouts the texts of one column are cut, the most frequent one first."""

_TEXTS_LOOKED_AT = 200
"""Among so many texts the most frequent layout is looked for."""

_TEXTS_AT_ONCE = 5_000
"""An enrolment is 84 pieces: so many texts are cut at once in 20 MB."""

_WORTH_CUTTING = 100
"""Fewer texts are decoded one by one."""


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
        cut, given = self._cut(given)
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
        parts = [part for part in (*cut, fast, slow) if len(part)]
        every = pl.concat(parts).sort("row", "index") if len(parts) > 1 else (parts or [fast])[0]
        return Entries(
            every, careful.rejected, careful.unreadable, len(every) + len(careful.rejected)
        )

    def _cut(self, given: pl.DataFrame) -> tuple[list[pl.DataFrame], pl.DataFrame]:
        """Cuts texts of the usual layouts; gives their entries, and the texts that are left."""
        parts: list[pl.DataFrame] = []
        plain = ~given.get_column("text").str.contains(_NO_CUTTING)
        rest, left = given.filter(plain), [given.filter(~plain)]
        for _ in range(_LAYOUTS):
            if len(rest) < _WORTH_CUTTING:
                break
            layout = _usual_layout(rest.get_column("text").head(_TEXTS_LOOKED_AT))
            if layout is None:
                break
            others = []
            for texts in rest.iter_slices(_TEXTS_AT_ONCE):
                entries, fits = layout.cut(texts)
                parts.append(self._cut_frame(entries, layout))
                others.append(texts.filter(~fits))
            rest = pl.concat(others)
        return parts, pl.concat([*left, rest]).sort("row")

    def _cut_frame(self, entries: pl.DataFrame, layout: _Layout) -> pl.DataFrame:
        absent = pl.lit(None, pl.String)
        return entries.select(
            "row",
            "index",
            *(
                (pl.col(f"value {field}") if field in layout.keys else absent).alias(field)
                for field in self.kinds
            ),
            *(pl.lit(field in layout.keys).alias(f"has {field}") for field in self.marking),
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


@dataclass(frozen=True)
class _Layout:
    """How texts are written: the keys of every entry in order, and the blanks between them.

    A text of this layout holds `keys` in every entry, each with a string.
    """

    keys: tuple[str, ...]
    colon: str
    comma: str

    def cut(self, given: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
        """Cuts texts without backslashes and control characters at their quotes.

        Args:
            given: row, text.

        Returns:
            The entries of texts of this layout (row, index, and `value <key>` for each key), and
            a mask of these texts.
        """
        text = given.get_column("text")
        boundary = "}" + self.comma + "{"
        stride = 4 * len(self.keys)
        # Each pair gives four pieces: key, colon, value, and what stands before the next key.
        pieces = (text.str.strip_prefix('[{"').str.strip_suffix('"}]') + f'"{boundary}').str.split(
            '"'
        )
        lengths = pieces.list.len()
        fits = text.str.starts_with('[{"') & text.str.ends_with('"}]') & (lengths % stride == 0)
        flat = pieces.filter(fits).explode(empty_as_null=False)
        counts = (lengths.filter(fits) // stride).cast(pl.Int64).to_numpy()
        good = np.ones(int(counts.sum()), dtype=bool)
        values = {}
        last = len(self.keys) - 1
        for number, key in enumerate(self.keys):
            following = boundary if number == last else self.comma
            for offset, expected in ((0, key), (1, self.colon), (3, following)):
                found = flat.gather_every(stride, 4 * number + offset)
                good &= (found == expected).to_numpy()
            values[f"value {key}"] = flat.gather_every(stride, 4 * number + 2)
        first = np.cumsum(counts) - counts
        # One entry of another layout, and the whole text is left to the other paths.
        whole = np.logical_and.reduceat(good, first) if len(first) else good
        entries = pl.DataFrame(
            {
                "row": np.repeat(given.get_column("row").filter(fits).to_numpy(), counts),
                "index": np.arange(len(good)) - np.repeat(first, counts) + 1,
                **values,
            },
        ).with_columns(pl.col("row", "index").cast(pl.Int64))
        kept = entries.filter(pl.Series(np.repeat(whole, counts), dtype=pl.Boolean))
        rows = given.get_column("row").filter(fits).filter(pl.Series(whole, dtype=pl.Boolean))
        return kept, given.get_column("row").is_in(rows.implode())


def _usual_layout(texts: pl.Series) -> _Layout | None:
    """The most frequent layout of texts without backslashes, None where there is none."""
    found = Counter(layout for text in texts if (layout := _layout(text)) is not None)
    return found.most_common(1)[0][0] if found else None


def _layout(text: str) -> _Layout | None:
    """The layout of a text's first entry, None where it is not made of strings alone."""
    pieces = text.split('"')
    if pieces[0] != "[{" or len(pieces) < 5:
        return None
    colon, comma = pieces[2], pieces[4] if pieces[4].strip(" ") == "," else ","
    ends = (number for number, piece in enumerate(pieces[4::4], 1) if piece != comma)
    keys = tuple(pieces[1 : 4 * next(ends, 0) : 4])
    if not keys or len(set(keys)) < len(keys) or colon.strip(" ") != ":":
        return None
    return _Layout(keys, colon, comma)


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
