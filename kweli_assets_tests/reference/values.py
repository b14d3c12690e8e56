"""How one value is read: the section "Values" of the graph's rules.

Here: text, flag, number, count, date and the JSON array, and what makes each missing or
unreadable. Not here: names, ids and places (`names`, `countries`), anything of a whole row.
"""

from __future__ import annotations

import datetime
import json

# "A blank is a character with the Unicode property White_Space." (Unicode's PropList.txt)
# Not str.isspace(), which also holds U+001C to U+001F.
WHITE_SPACE = frozenset(
    [chr(c) for c in range(0x0009, 0x000D + 1)]
    + ["\u0020", "\u0085", "\u00a0", "\u1680"]
    + [chr(c) for c in range(0x2000, 0x200A + 1)]
    + ["\u2028", "\u2029", "\u202f", "\u205f", "\u3000"]
)
DIGITS = "0123456789"

# source.md: "text: NULL, empty, or `n/a`, `none`, `null` in any case, with blanks around them";
# graph.md: "(`-99` and `-99.0` count too)".
MISSING_WORDS = frozenset(["", "n/a", "none", "null", "-99", "-99.0"])


class JsonNumber:
    """A number of a JSON text, kept as it is written there."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class Unreadable(Exception):
    """The value is there, but its type's rule cannot read it: "missing and counted"."""


class BadJsonError(Exception):
    """The column's text is quarantined, with `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# --- text ---------------------------------------------------------------------------------------


def strip_blanks(text: str) -> str:
    start = 0
    end = len(text)
    while start < end and text[start] in WHITE_SPACE:
        start += 1
    while end > start and text[end - 1] in WHITE_SPACE:
        end -= 1
    return text[start:end]


def is_missing_word(text: str) -> bool:
    return text.lower() in MISSING_WORDS


def text(value: object) -> str | None:
    """The text, or None where it is missing."""
    # "In JSON a number stands for its text; true, false, arrays and objects are no text, hence
    # missing."
    if isinstance(value, JsonNumber):
        value = value.text
    if not isinstance(value, str):
        return None
    # "NUL bytes removed, outer blanks stripped, then "missing" as the source document says"
    cleaned = strip_blanks(value.replace("\0", ""))
    if is_missing_word(cleaned):
        return None
    return cleaned


# --- flags --------------------------------------------------------------------------------------


def flag(value: object) -> bool | None:
    # "JSON's true and false"
    if isinstance(value, bool):
        return value
    if value is None:
        return None
    if isinstance(value, JsonNumber):
        # "the numbers 0 and 1 ... -99 [is] missing"
        number_value = float(value.text)
        if number_value == 0:
            return False
        if number_value == 1:
            return True
        if number_value == -99:
            return None
        raise Unreadable
    if isinstance(value, str):
        written = text(value)
        # "A missing text and -99 are missing"
        if written is None:
            return None
        # "the texts `0`, `1`, `true`, `false` (any case)"
        if written == "0" or written.lower() == "false":
            return False
        if written == "1" or written.lower() == "true":
            return True
    # "anything else is missing and counted as unreadable"
    raise Unreadable


# --- numbers ------------------------------------------------------------------------------------


def is_number(written: str) -> bool:
    """ "a text of optional sign, digits with optional decimal point, optional exponent" """
    at = 0
    if written[at : at + 1] in ("+", "-"):
        at += 1
    digits = digits_from(written, at)
    at += digits
    if written[at : at + 1] == ".":
        at += 1
        behind = digits_from(written, at)
        at += behind
        digits += behind
    if digits == 0:
        return False
    if written[at : at + 1] in ("e", "E"):
        at += 1
        if written[at : at + 1] in ("+", "-"):
            at += 1
        exponent = digits_from(written, at)
        if exponent == 0:
            return False
        at += exponent
    return at == len(written)


def digits_from(written: str, at: int) -> int:
    """How many digits follow each other from there."""
    digits = 0
    while at + digits < len(written) and written[at + digits] in DIGITS:
        digits += 1
    return digits


def integer_of(written: str) -> int | None:
    """The integer that a number's text is, None where it has a point or an exponent."""
    if "." in written or "e" in written or "E" in written:
        return None
    digits = written.lstrip("+-").lstrip("0")  # int() refuses thousands of leading zeros
    return int(("-" if written.startswith("-") else "") + (digits or "0"))


def beyond_64_bits(integer: int) -> bool:
    return not -(2**63) <= integer < 2**63


def number_text(value: object) -> str | None:
    """The text of a number that can be read, None where it is missing."""
    if value is None:
        return None
    # "true, false, arrays, objects ... are missing and counted as unreadable"
    if not isinstance(value, str | JsonNumber):
        raise Unreadable
    written = text(value)
    if written is None:
        return None
    # "any other text ... NaN, Infinity ... missing and counted as unreadable"
    if not is_number(written):
        raise Unreadable
    # A number beyond what a float holds is Infinity.
    as_float = float(written)
    if as_float in (float("inf"), float("-inf")):
        raise Unreadable
    # "-99 is missing", however it is written
    if as_float == -99:
        return None
    # "integers beyond 64 bits are missing and counted as unreadable"
    integer = integer_of(written)
    if integer is not None and beyond_64_bits(integer):
        raise Unreadable
    return written


def number(value: object) -> float | None:
    written = number_text(value)
    return None if written is None else float(written)


def count(value: object) -> int | None:
    """ "Counts are rounded towards zero." """
    written = number_text(value)
    if written is None:
        return None
    integer = integer_of(written)
    if integer is None:  # with a point or an exponent: a float
        integer = int(float(written))
    # "integers beyond 64 bits are missing and counted as unreadable"
    if beyond_64_bits(integer):
        raise Unreadable
    return integer


# --- dates --------------------------------------------------------------------------------------

FIRST_DATE = datetime.date(1970, 1, 2)
LAST_DATE = datetime.date(2030, 12, 31)
OPEN_DATE = datetime.date(9999, 12, 31)


class Open:
    """The end of what is still going on."""

    def __repr__(self) -> str:
        return "OPEN"


OPEN = Open()
End = datetime.date | Open | None


def any_date(value: object) -> datetime.date | None:
    """The date as written, in range or not."""
    if value is None:
        return None
    # "unreadable ones are missing and counted"
    if not isinstance(value, str | JsonNumber):
        raise Unreadable
    written = text(value)
    if written is None:
        return None
    # "`YYYY-MM-DD`, also with `T` or a blank and anything behind it, which is cut off"
    if len(written) > 10 and written[10] != "T" and written[10] not in WHITE_SPACE:
        raise Unreadable
    day = written[:10]
    if len(day) != 10 or day[4] != "-" or day[7] != "-":
        raise Unreadable
    for position in (0, 1, 2, 3, 5, 6, 8, 9):
        if day[position] not in DIGITS:
            raise Unreadable
    try:
        return datetime.date(int(day[:4]), int(day[5:7]), int(day[8:]))
    except ValueError as error:  # no day of the calendar
        raise Unreadable from error


def date(value: object) -> datetime.date | None:
    day = any_date(value)
    # "outside 1970-01-02 … 2030-12-31 it is missing"
    if day is None or not FIRST_DATE <= day <= LAST_DATE:
        return None
    return day


def end_date(value: object) -> End:
    day = any_date(value)
    # "`9999-12-31` as an end date is **open**"
    if day == OPEN_DATE:
        return OPEN
    if day is None or not FIRST_DATE <= day <= LAST_DATE:
        return None
    return day


# --- JSON arrays --------------------------------------------------------------------------------


def json_value(written: str) -> object:
    def refuse(constant: str) -> object:
        raise ValueError(constant)

    try:
        # Of double keys json keeps the last, as "Of double keys the last counts" asks.
        value = json.loads(
            written,
            parse_int=JsonNumber,
            parse_float=JsonNumber,
            parse_constant=refuse,  # NaN, Infinity: "What RFC 8259 does not allow"
            object_pairs_hook=checked_object,
        )
        refuse_surrogates(value)
    except (ValueError, RecursionError) as error:
        raise BadJsonError("bad json") from error
    return value


def checked_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    for key, value in pairs:
        refuse_surrogates(key)
        refuse_surrogates(value)
    return dict(pairs)


def refuse_surrogates(value: object) -> None:
    """ "(and lone surrogates)": json joins pairs, so that any one left is a lone one."""
    if isinstance(value, str):
        if not value.isascii():
            value.encode("utf-8")  # UnicodeEncodeError is a ValueError
    elif isinstance(value, list):
        for element in value:
            refuse_surrogates(element)


def json_array(column: str | None) -> list[object]:
    """The elements of the array in a column's text. Raises BadJsonError."""
    # "NULL, empty or a text for "missing" means no entries."
    if text(column) is None:
        return []
    assert column is not None
    value = json_value(column)
    # "A JSON string is decoded once more and follows the same rule."
    if isinstance(value, str):
        return json_array(value)
    # "anything but an array `not an array`"
    if not isinstance(value, list):
        raise BadJsonError("not an array")
    return value


def json_text(value: object) -> str:
    """The JSON of a value, numbers as they were written."""
    if isinstance(value, JsonNumber):
        return value.text
    if isinstance(value, list):
        return "[" + ", ".join(json_text(element) for element in value) + "]"
    if isinstance(value, dict):
        fields = [json_text(key) + ": " + json_text(field) for key, field in value.items()]
        return "{" + ", ".join(fields) + "}"
    return json.dumps(value, ensure_ascii=False)
