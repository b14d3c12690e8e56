"""Country names to ISO 3166-1 alpha-2 codes.

Belongs here: the folding, the exact look-up and the alias table. Does not belong here: cities'
slugs (names) and positions (frames/places).

Rule (Cleaning, Country): names match exactly after folding against name, common name and official
name of pycountry plus the aliases below. No fuzzy search (it turns Niger into Nigeria), and codes
are no names. A name that neither knows has no code.
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache

import pycountry

from kweli_assets.cleaning.names import folded

ALIASES: dict[str, str] = {
    "Bosnia": "BA",
    "Britain": "GB",
    "Brunei": "BN",
    "Burma": "MM",
    "Cape Verde": "CV",
    "Congo-Brazzaville": "CG",
    "Congo Brazzaville": "CG",
    "Congo Republic": "CG",
    "Republic of Congo": "CG",
    "Congo-Kinshasa": "CD",
    "Congo Kinshasa": "CD",
    "Congo DR": "CD",
    "DR Congo": "CD",
    "D.R. Congo": "CD",
    "DRC": "CD",
    "D.R.C.": "CD",
    "Congo (DRC)": "CD",
    "Congo, Dem. Rep.": "CD",
    "Democratic Republic of Congo": "CD",
    "Democratic Republic of the Congo": "CD",
    "Congo, Democratic Republic of the": "CD",
    "Congo (Democratic Republic)": "CD",
    "Congo (Kinshasa)": "CD",
    "Congo (Brazzaville)": "CG",
    "Ivory Coast": "CI",
    "East Timor": "TL",
    "Great Britain": "GB",
    "Kosovo": "XK",
    "Republic of Kosovo": "XK",
    "Republic of Korea": "KR",
    "Macau": "MO",
    "Macedonia": "MK",
    "FYROM": "MK",
    "Micronesia": "FM",
    "Palestine": "PS",
    "Palestinian Territory": "PS",
    "Palestinian Territories": "PS",
    "Occupied Palestinian Territory": "PS",
    "Lao PDR": "LA",
    "Republic of Macedonia": "MK",
    "Russia": "RU",
    "Sao Tome": "ST",
    "Korea South": "KR",
    "Korea North": "KP",
    "Swaziland": "SZ",
    "Turkey": "TR",
    "U.K.": "GB",
    "UK": "GB",
    "UAE": "AE",
    "U.S.": "US",
    "U.S.A.": "US",
    "USA": "US",
    "Vatican": "VA",
    "Vatican City": "VA",
}
"""Usual spellings that the library does not hold. A new alias is a line here and a test case."""

KOSOVO = "XK"
"""User-assigned code: not in ISO 3166, hence not in the library."""


@lru_cache(maxsize=50_000)
def fold_country(name: str) -> str:
    """NFKD, marks dropped, case folded, `&` is `and`, the rest blanks, outer `the` dropped."""
    spelt = folded(name).replace("&", " and ")
    words = "".join(
        c if unicodedata.category(c)[0] == "L" or unicodedata.category(c) == "Nd" else " "
        for c in spelt
    ).split()
    if words and words[0] == "the":
        words = words[1:]
    if words and words[-1] == "the":
        words = words[:-1]
    return " ".join(words)


@cache
def _codes_by_name() -> dict[str, str]:
    codes: dict[str, str] = {}
    # Aliases last, then full names over common ones: `Congo` is CG.
    for attribute in ("official_name", "common_name", "name"):
        for country in pycountry.countries:
            name = getattr(country, attribute, None)
            if name:
                codes[fold_country(name)] = country.alpha_2
    for alias, code in ALIASES.items():
        codes[fold_country(alias)] = code
    return codes


def country_code(name: str) -> str | None:
    """The code of a country's name (a cleaned text); None where nothing knows it."""
    return _codes_by_name().get(fold_country(name))


def country_name(code: str) -> str:
    """The shown name of a code: the library's common name, or its name.

    Raises:
        KeyError: the code is neither in the library nor Kosovo's.
    """
    if code == KOSOVO:
        return "Kosovo"
    country = pycountry.countries.get(alpha_2=code)
    if country is None:
        raise KeyError(code)
    return str(getattr(country, "common_name", None) or country.name)
