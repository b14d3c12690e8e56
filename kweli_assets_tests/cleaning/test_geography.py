"""Country names to codes: exact after folding, never guessed."""

from __future__ import annotations

import pycountry
import pytest

from kweli_assets.cleaning.geography import ALIASES, country_code, country_name, fold_country


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Ivory Coast", "CI"),
        ("Côte d'Ivoire", "CI"),
        ("Cote d’Ivoire", "CI"),
        ("COTE D IVOIRE", "CI"),
        ("Swaziland", "SZ"),
        ("Eswatini", "SZ"),
        ("Congo", "CG"),
        ("Republic of the Congo", "CG"),
        ("The Democratic Republic of the Congo", "CD"),
        ("Democratic Republic of Congo", "CD"),
        ("DRC", "CD"),
        ("Gambia", "GM"),
        ("The Gambia", "GM"),
        ("Gambia, The", "GM"),
        ("Palestine", "PS"),
        ("Kosovo", "XK"),
        ("Cape Verde", "CV"),
        ("Cabo Verde", "CV"),
        ("Turkey", "TR"),
        ("Türkiye", "TR"),
        ("Turkiye", "TR"),
        ("Russia", "RU"),
        ("Russian Federation", "RU"),
        ("UK", "GB"),
        ("United Kingdom", "GB"),
        ("USA", "US"),
        ("United States", "US"),
        ("Tanzania", "TZ"),
        ("United Republic of Tanzania", "TZ"),
        ("South Korea", "KR"),
        ("Vietnam", "VN"),
        ("Viet Nam", "VN"),
        ("Laos", "LA"),
        ("Syria", "SY"),
        ("Bolivia", "BO"),
        ("Venezuela", "VE"),
        ("Czech Republic", "CZ"),
        ("Czechia", "CZ"),
        ("Macedonia", "MK"),
        ("North Macedonia", "MK"),
        ("Burma", "MM"),
        ("Myanmar", "MM"),
        ("São Tomé", "ST"),
        ("Sao Tome and Principe", "ST"),
        ("São Tomé & Príncipe", "ST"),
        ("Niger", "NE"),
        ("Nigeria", "NG"),
        ("Federal Republic of Nigeria", "NG"),
        ("Guinea", "GN"),
        ("Guinea-Bissau", "GW"),
        ("Equatorial Guinea", "GQ"),
    ],
)
def test_known(name: str, code: str) -> None:
    assert country_code(name) == code


@pytest.mark.parametrize(
    "name",
    ["Nigerya", "NG", "NGA", "ng", "Other", "Africa", "Etiopia-", "Not said", "???"],
)
def test_unknown_has_no_code(name: str) -> None:
    assert country_code(name) is None


def test_every_country_of_the_library_is_known_by_all_its_names() -> None:
    for country in pycountry.countries:
        for attribute in ("name", "common_name", "official_name"):
            name = getattr(country, attribute, None)
            assert name is None or country_code(name) == country.alpha_2, name


def test_aliases_add_to_the_library() -> None:
    names = {
        fold_country(name)
        for country in pycountry.countries
        for name in (getattr(country, a, None) for a in ("name", "common_name", "official_name"))
        if name
    }
    assert [alias for alias in ALIASES if fold_country(alias) in names] == []


def test_shown_names() -> None:
    assert country_name("TZ") == "Tanzania"
    assert country_name("NG") == "Nigeria"
    assert country_name("XK") == "Kosovo"
    with pytest.raises(KeyError):
        country_name("ZZ")
