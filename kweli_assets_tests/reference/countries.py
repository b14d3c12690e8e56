"""Which country a name means: the section "Country".

Here: folding, the library's names and this implementation's own aliases. Not here: positions.
"""

from __future__ import annotations

import unicodedata

import pycountry

from kweli_assets_tests.reference.names import is_letter_or_digit, is_mark

# "plus a small alias table in the project"; written for this implementation.
ALIASES = {
    "AE": ["UAE"],
    "BN": ["Brunei"],
    "CD": [
        "Democratic Republic of the Congo",
        "Democratic Republic of Congo",
        "Congo, Democratic Republic of the",
        "Congo, Democratic Republic",
        "Congo, Dem. Rep.",
        "Congo (DRC)",
        "Congo DR",
        "DR Congo",
        "DRC",
        "D.R.C.",
        "Congo-Kinshasa",
        "Zaire",
    ],
    "CG": ["Congo, Republic of the", "Congo Republic", "Republic of Congo", "Congo-Brazzaville"],
    "CI": ["Ivory Coast"],
    "CV": ["Cape Verde"],
    "CZ": ["Czech Republic"],
    "FK": ["Falkland Islands"],
    "FM": ["Micronesia"],
    "GB": ["UK", "U.K.", "Great Britain"],
    "KP": ["North Korea"],
    "KR": ["South Korea", "Republic of Korea"],
    "LA": ["Laos", "Lao PDR"],
    "LY": ["Libyan Arab Jamahiriya"],
    "MD": ["Moldova"],
    "MK": ["Macedonia", "FYROM", "Republic of Macedonia"],
    "MM": ["Burma"],
    "MO": ["Macau"],
    "PS": ["Palestine", "Palestinian Territories", "Palestinian Territory"],
    "RU": ["Russia"],
    "ST": ["São Tomé", "São Tomé and Príncipe"],
    "SY": ["Syria"],
    "SZ": ["Swaziland"],
    "TL": ["East Timor"],
    "TR": ["Turkey", "Turkiye"],
    "TZ": ["Tanzania"],
    "US": ["USA", "U.S.A.", "United States of America"],
    "VA": ["Vatican", "Vatican City", "Holy See"],
    "VN": ["Vietnam"],
    "XK": ["Kosovo", "Republic of Kosovo"],  # "Kosovo is XK (user-assigned)"
}


def fold(name: str) -> str:
    # "NFKD, combining marks dropped, case folded, `&` is `and`, anything but letters and digits is
    # a blank, blanks collapsed, a leading or trailing `the` dropped"
    decomposed = unicodedata.normalize("NFKD", name)
    folded = "".join(c for c in decomposed if not is_mark(c)).casefold()
    folded = folded.replace("&", " and ")
    words = "".join(c if is_letter_or_digit(c) else " " for c in folded).split(" ")
    words = [word for word in words if word != ""]
    if words and words[0] == "the":
        words = words[1:]
    if words and words[-1] == "the":
        words = words[:-1]
    return " ".join(words)


def codes_by_name() -> dict[str, str]:
    table: dict[str, str] = {}
    for country in pycountry.countries:
        # "name, common name and official name of a maintained ISO 3166 library"
        for field in ("name", "common_name", "official_name"):
            name = getattr(country, field, None)
            if name is not None:
                table[fold(name)] = country.alpha_2
    for code, aliases in ALIASES.items():
        for alias in aliases:
            table[fold(alias)] = code
    table["congo"] = "CG"  # "`Congo` is CG"
    return table


CODES = codes_by_name()
_known: dict[str, str | None] = {}


def code_of(name: str) -> str | None:
    """The code, or None where neither library nor aliases know the name."""
    if name not in _known:
        _known[name] = CODES.get(fold(name))
    return _known[name]


def shown_name(code: str) -> str:
    # "The shown name is the library's common name, or its name."
    if code == "XK":
        return "Kosovo"
    country = pycountry.countries.get(alpha_2=code)
    assert country is not None
    return str(getattr(country, "common_name", None) or country.name)
