"""Slugs, normalised names and their ids."""

from __future__ import annotations

import hashlib

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kweli_assets.cleaning.names import (
    city_slug,
    map_unique,
    normalised_name,
    organisation_id,
    skill_slug,
)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("C", "c"),
        ("C++", "cplusplus"),
        ("C#", "csharp"),
        (".NET", "dotnet"),
        ("ASP.NET", "asp_net"),
        ("Node.js", "node_js"),
        ("A/B Testing", "a_b_testing"),
        ("  data -- analysis! ", "data_analysis"),
        ("Café", "cafe"),
        ("ﬁnance", "finance"),
        ("Straße", "strasse"),
        ("العربية", "العربية"),
        ("٣D", "٣d"),
        ("½ day", "1_2_day"),
        ("!!!", ""),
    ],
)
def test_skill_slug(name: str, slug: str) -> None:
    assert skill_slug(name) == slug


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Lagos", "lagos"),
        ("São Paulo", "sao-paulo"),
        ("Alexandria", "alexandria"),
        ("Alex", "alex"),
        ("St. Mary's", "st-mary-s"),
        ("القاهرة", "القاهرة"),
        ("İstanbul", "istanbul"),
        ("'s-Gravenhage", "s-gravenhage"),
        ("--", ""),
    ],
)
def test_city_slug(name: str, slug: str) -> None:
    assert city_slug(name) == slug


@pytest.mark.parametrize(
    ("name", "normalised"),
    [
        ("  Acme   Ltd. ", "acme ltd"),
        ("«Acme» Ltd", "acme» ltd"),
        ("(Acme) [ . ]", "acme"),
        ("ACME\u00a0LTD", "acme ltd"),
        ("Ａｃｍｅ", "acme"),
        ("$ Acme $", "$ acme $"),  # a currency sign is no punctuation
        ("STRASSE", "strasse"),
        ("straße", "strasse"),
        ("...", ""),
    ],
)
def test_normalised_name(name: str, normalised: str) -> None:
    assert normalised_name(name) == normalised


@pytest.mark.parametrize("name", ["N/A.", "(none)", "'null'", "- - -", "_N/A_"])
def test_no_organisation(name: str) -> None:
    assert organisation_id(name) is None


def test_organisation_id_is_the_start_of_a_sha256() -> None:
    assert organisation_id("Acme Ltd.") == hashlib.sha256(b"acme ltd").hexdigest()[:16]


@given(st.text(max_size=12))
def test_names_come_back_the_same(name: str) -> None:
    for rule in (city_slug, skill_slug, normalised_name):
        once = rule(name)
        if rule is not normalised_name:
            assert rule(once) == once
        assert once == once.strip(" -_.") or rule is normalised_name


def test_map_unique_keeps_rows_and_nulls() -> None:
    texts = pl.Series(["a", None, "b", "a"])
    assert map_unique(texts, lambda t: None if t == "b" else t * 2).to_list() == [
        "aa",
        None,
        None,
        "aa",
    ]
    assert map_unique(pl.Series([None], dtype=pl.String), str.upper).to_list() == [None]
