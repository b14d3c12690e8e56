"""Names of companies, institutions, cities and skills: normalised names, slugs, identifiers.

Belongs here: pure functions of one name, and `map_unique`, which applies one to a column by its
distinct values (names repeat, so the careful Python rule runs once a spelling). Does not belong
here: countries (geography) and which spelling is shown (graph).

Own slugs, not a library's: the rules keep every script and tell C, C++ and C# apart, which
python-slugify does not.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable
from functools import lru_cache

import polars as pl

from kweli_assets.cleaning.missing import BLANKS, is_missing

LONGEST_NAME = 1_000
"""Characters; a longer name is quarantined, since no index takes it."""

_BLANKS = frozenset(BLANKS)


def folded(name: str) -> str:
    """NFKD, combining marks dropped, full case folding (Cleaning, City)."""
    return _without_marks(unicodedata.normalize("NFKD", name)).casefold()


def _without_marks(decomposed: str) -> str:
    if decomposed.isascii():
        return decomposed
    return "".join(c for c in decomposed if unicodedata.category(c)[0] != "M")


def _joined_runs(text: str, joint: str) -> str:
    """Runs of anything but letters (L) and decimal digits (Nd) become one joint, none outside."""
    if text.isascii():
        kept = "".join(c if c.isalnum() else " " for c in text)
    else:
        kept = "".join(
            c if (category := unicodedata.category(c))[0] == "L" or category == "Nd" else " "
            for c in text
        )
    return (
        joint.join(kept.split(" "))
        if "  " not in kept
        else joint.join(part for part in kept.split(" ") if part)
    )


@lru_cache(maxsize=100_000)
def city_slug(name: str) -> str:
    """The slug of a city's whole name; empty where the name holds no letter or digit."""
    return _joined_runs(folded(name).strip(), "-").strip("-")


@lru_cache(maxsize=100_000)
def skill_slug(name: str) -> str:
    """A skill's id: `C`, `C++`, `C#` and `.NET` give c, cplusplus, csharp, dotnet."""
    decomposed = unicodedata.normalize("NFKD", name)
    if decomposed.startswith("."):
        decomposed = "dot" + decomposed[1:]
    spelt = decomposed.replace("+", "plus").replace("#", "sharp")
    return _joined_runs(_without_marks(spelt).casefold(), "_").strip("_")


def normalised_name(name: str) -> str:
    """NFKC, full case folding, blanks collapsed, outer punctuation and blanks stripped.

    The rule for companies and institutions.
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    text = " ".join(part for part in _split_blanks(text) if part)
    start, end = 0, len(text)
    while start < end and _is_outer(text[start]):
        start += 1
    while end > start and _is_outer(text[end - 1]):
        end -= 1
    return text[start:end]


def _split_blanks(text: str) -> list[str]:
    return "".join(" " if c in _BLANKS else c for c in text).split(" ")


def _is_outer(character: str) -> bool:
    return character in _BLANKS or unicodedata.category(character)[0] == "P"


def organisation_id(name: str) -> str | None:
    """The id of a company or institution: 16 hex digits of SHA-256 of its normalised name.

    Args:
        name: a cleaned text (the words for "missing" are looked for before and after).

    Returns:
        None where the normalised name is empty or a word for "missing": no company.
    """
    normalised = normalised_name(name)
    if is_missing(normalised):
        return None
    return hashlib.sha256(normalised.encode()).hexdigest()[:16]


def map_unique(texts: pl.Series, function: Callable[[str], str | None]) -> pl.Series:
    """Applies a rule to a String series by its distinct values; null stays null."""
    distinct = texts.drop_nulls().unique()
    if distinct.is_empty():
        return pl.Series(texts.name, [None] * len(texts), dtype=pl.String)
    results = pl.Series([function(value) for value in distinct.to_list()], dtype=pl.String)
    return texts.replace_strict(distinct, results, default=None, return_dtype=pl.String)
