"""The Text rule: what is missing, and what stays as it was written."""

from __future__ import annotations

import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kweli_assets.cleaning.missing import BLANKS, clean, clean_columns, clean_text

WHITE_SPACE = [c for c in map(chr, range(0x3001)) if pl.Series([c]).str.strip_chars()[0] == ""]


def cleaned(text: str | None) -> str | None:
    return pl.DataFrame({"t": pl.Series([text], dtype=pl.String)}).select(clean_text(pl.col("t")))[
        "t"
    ][0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("", None),
        ("   ", None),
        ("n/a", None),
        (" N/a ", None),
        ("NONE", None),
        ("nUlL", None),
        ("-99", None),
        ("-99.0", None),
        ("-99.00", "-99.00"),
        ("na", "na"),
        ("None at all", "None at all"),
        ("\0n\0/a\0", None),
        ("a\0b", "ab"),
        ("\u00a0n/a\u3000", None),
        ("\x85\u2028\u202f text \u205f", "text"),
        ("\x1ctext\x1f", "\x1ctext\x1f"),  # no White_Space, though Python's strip takes them
        ("\u200btext", "\u200btext"),
        ("\ufefftext", "\ufefftext"),
        ("two  words", "two  words"),
    ],
)
def test_text(text: str | None, expected: str | None) -> None:
    assert cleaned(text) == expected
    assert clean(text) == expected


def test_blanks_are_the_white_space_characters_of_the_engine() -> None:
    assert sorted(BLANKS) == sorted(WHITE_SPACE)
    assert all(unicodedata.category(c) in ("Zs", "Zl", "Zp", "Cc") for c in BLANKS)


@given(st.lists(st.none() | st.text(alphabet="nN/aoelu-9.0 \0\x85\u00a0x", max_size=7), max_size=9))
def test_scalar_expression_and_columns_agree(texts: list[str | None]) -> None:
    frame = pl.DataFrame({"t": pl.Series(texts, dtype=pl.String)})
    expected = [clean(text) for text in texts]
    assert frame.select(clean_text(pl.col("t")))["t"].to_list() == expected
    assert clean_columns(frame, ["t"])["t"].to_list() == expected
