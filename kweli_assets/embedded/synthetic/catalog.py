"""Word lists ready to draw from: cohorts with their dates, places, companies, institutions, skills.

Here: what is derived once from the vocabulary, the same for every seed (a cohort's dates and a
city's position don't change from one data set to the next). Not here: drawing for a learner.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from kweli_assets.embedded.synthetic import vocabulary as words
from kweli_assets.embedded.synthetic.drawing import (
    Floats,
    Ints,
    MissingTexts,
    NumberTexts,
    WordList,
    cumulated,
    mixed,
    take,
)

PRESENT = dt.date(2025, 12, 1)
"""The day that synthetic learners live in: open jobs go on, running cohorts end after it."""

FIRST_DAY = dt.date(1990, 1, 1)
LAST_DAY = dt.date(2030, 12, 31)
PRESENT_DAY = (PRESENT - FIRST_DAY).days

INSTITUTIONS_DRAWN_FROM = 30_700
"""Names that institutions are drawn from: about 28,600 of them turn up among 1.6 million rows."""

CITY_SPELLINGS = 6
SKILL_SPELLINGS = 6


@dataclass(frozen=True)
class Cohorts:
    """The cohorts of all programs, flat; days are counted from FIRST_DAY."""

    program: pl.Series
    code: pl.Series
    start: Ints
    end: Ints
    of_program: Floats
    """Cumulated, `program index + share within it`: searched with `program index + u`."""
    last_of_program: Ints


@dataclass(frozen=True)
class Places:
    """Countries and their cities, flat; row-aligned series and arrays."""

    countries: WordList
    country_latitude: pl.Series
    country_longitude: pl.Series
    spellings: pl.Series
    spelling_first: Ints
    spelling_count: Ints
    city_names: pl.Series
    """CITY_SPELLINGS blocks of the same length: the usual name first."""
    city_latitude: Floats
    city_longitude: Floats
    city_latitude_text: pl.Series
    city_longitude_text: pl.Series
    of_country: Floats
    """Cumulated like Cohorts.of_program."""

    @property
    def cities(self) -> int:
        """Number of cities, spellings aside."""
        return len(self.city_latitude)


@cache
def days() -> pl.Series:
    """Every day from FIRST_DAY to LAST_DAY as text, so that a day's index is its text."""
    return pl.date_range(FIRST_DAY, LAST_DAY, eager=True).dt.to_string("%Y-%m-%d")


def day_texts(indexes: Ints) -> pl.Series:
    """Days (counted from FIRST_DAY) as text."""
    return take(days(), np.clip(indexes, 0, len(days()) - 1))


@cache
def missing_texts() -> MissingTexts:
    """Spellings of "missing" for text columns; one in fifty is NULL."""
    return MissingTexts(words.MISSING_TEXTS, null_share=0.02)


@cache
def missing_dates() -> WordList:
    """Spellings of "missing" for dates inside JSON."""
    return WordList.of_pairs(words.MISSING_DATES)


@cache
def counts() -> NumberTexts:
    """0 to 60."""
    return NumberTexts([str(i) for i in range(61)], words.MISSING_NUMBERS)


@cache
def rates() -> NumberTexts:
    """0 to 1 in ten thousandths."""
    return NumberTexts([repr(i / 10_000) for i in range(10_001)], words.MISSING_NUMBERS)


@cache
def scores() -> NumberTexts:
    """0 to 100 in hundredths."""
    return NumberTexts([repr(i / 100) for i in range(10_001)], words.MISSING_NUMBERS)


@cache
def years() -> NumberTexts:
    """0 to 40 years in tenths."""
    return NumberTexts([repr(i / 10) for i in range(401)], words.MISSING_NUMBERS)


@cache
def programs() -> WordList:
    """The programs by their shares."""
    return WordList([p[0] for p in words.PROGRAMS], [p[2] for p in words.PROGRAMS])


@cache
def cohorts() -> Cohorts:
    """All cohorts: a program's follow each other from 2021 into 2026, the last still runs."""
    program: list[str] = []
    code: list[str] = []
    start: list[int] = []
    end: list[int] = []
    cumulative: list[Floats] = []
    last: list[int] = []
    first_start = (dt.date(2021, 1, 4) - FIRST_DAY).days
    for position, (name, prefix, _, count) in enumerate(words.PROGRAMS):
        chaos = mixed(np.arange(count, dtype=np.uint64), position + 1).astype(np.uint64)
        for number in range(1, count + 1):
            draw = int(chaos[number - 1])
            program.append(name)
            code.append(
                f"{prefix} cohort {number} é" if number % 10 == 5 else f"{prefix}-C{number}"
            )
            length = (56, 90, 180, 365, 420)[draw % 5]
            if number == count:
                begin = PRESENT_DAY - 20 - draw % 25
            else:
                begin = first_start + (PRESENT_DAY - 120 - first_start) * number // count
                begin += draw // 5 % 30
                length = min(length, PRESENT_DAY - begin - 1)
            start.append(begin)
            end.append(begin + length)
        cumulative.append(position + cumulated(1.0 + 0.5 * (chaos % 7).astype(np.float64)))
        last.append(len(code) - 1)
    return Cohorts(
        program=pl.Series(program),
        code=pl.Series(code),
        start=np.array(start, dtype=np.int64),
        end=np.array(end, dtype=np.int64),
        of_program=np.concatenate(cumulative),
        last_of_program=np.array(last, dtype=np.int64),
    )


def _invented(count: int, salt: int, taken: set[str]) -> list[str]:
    """Names made of syllables, none of them in `taken` (which grows by them)."""
    names: list[str] = []
    number = 0
    syllables, endings = words.SYLLABLES, words.NAME_ENDINGS
    while len(names) < count:
        batch = mixed(np.arange(number, number + 2 * count, dtype=np.uint64), salt)
        number += 2 * count
        for draw in batch.tolist():
            length = 2 + (draw & 1)
            draw >>= 1
            name = ""
            for _ in range(length):
                draw, which = divmod(draw, len(syllables))
                name += syllables[which]
            name = name.capitalize() + endings[draw % len(endings)]
            if name not in taken:
                taken.add(name)
                names.append(name)
                if len(names) == count:
                    break
    return names


@cache
def places() -> Places:
    """185 countries and about 4,400 cities."""
    taken = {name for names in words.KNOWN_CITIES.values() for name in names}
    city_names: list[str] = []
    latitudes: list[float] = []
    longitudes: list[float] = []
    cumulative: list[Floats] = []
    spellings: list[str] = []
    first: list[int] = []
    for position, (name, latitude, longitude, _, cities) in enumerate(words.COUNTRIES):
        first.append(len(spellings))
        spellings += [name, *words.COUNTRY_SPELLINGS.get(name, ())]
        known = list(words.KNOWN_CITIES.get(name, ()))[:cities]
        city_names += known + _invented(cities - len(known), 1_000 + position, taken)
        chaos = mixed(np.arange(2 * cities, dtype=np.uint64), 5_000 + position)
        offsets = (chaos % np.uint64(5_000_000)).astype(np.float64) / 1e6 - 2.5
        latitudes += np.clip(float(latitude) + offsets[:cities], -89.0, 89.0).tolist()
        longitudes += np.clip(float(longitude) + offsets[cities:], -179.0, 179.0).tolist()
        cumulative.append(position + cumulated(1.0 / (np.arange(cities) + 2.0)))
    usual = pl.Series(city_names)
    spelt = pl.concat(
        [
            usual,
            usual.str.to_lowercase(),
            usual.str.to_uppercase(),
            usual + " ",
            "\u00a0" + usual + "\t",
            usual + ".",
        ]
    )
    ends = [*first[1:], len(spellings)]
    return Places(
        countries=WordList([c[0] for c in words.COUNTRIES], [c[3] for c in words.COUNTRIES]),
        country_latitude=pl.Series([c[1] for c in words.COUNTRIES]),
        country_longitude=pl.Series([c[2] for c in words.COUNTRIES]),
        spellings=pl.Series(spellings),
        spelling_first=np.array(first, dtype=np.int64),
        spelling_count=np.array(ends, dtype=np.int64) - np.array(first, dtype=np.int64),
        city_names=spelt,
        city_latitude=np.array(latitudes),
        city_longitude=np.array(longitudes),
        city_latitude_text=pl.Series([f"{value:.6f}" for value in latitudes]),
        city_longitude_text=pl.Series([f"{value:.6f}" for value in longitudes]),
        of_country=np.concatenate(cumulative),
    )


@cache
def skills() -> pl.Series:
    """About 3,300 skills in SKILL_SPELLINGS blocks of the same length: the usual spelling first."""
    combined = [
        f"{subject} {activity}"
        for subject in (*words.SKILL_QUALIFIERS, *words.COMPANY_TRADE)
        for activity in words.SKILL_ACTIVITIES
    ]
    known = list(words.KNOWN_SKILLS)
    usual = pl.Series(known + [skill for skill in combined if skill not in set(known)])
    return pl.concat(
        [
            usual,
            usual.str.to_lowercase(),
            usual.str.to_uppercase(),
            "  " + usual + " ",
            usual.str.replace_all(" ", "  "),
            usual.str.replace_all(" ", "-"),
        ]
    )


@cache
def skill_weights() -> Floats:
    """Cumulated: six in ten skills are well known ones, by rank; the rest are spread evenly."""
    total = len(skills()) // SKILL_SPELLINGS
    known = len(words.KNOWN_SKILLS)
    ranked = 1.0 / (np.arange(known) + 3.0)
    weights = np.full(total, 0.4 / (total - known))
    weights[:known] = 0.6 * ranked / ranked.sum()
    return cumulated(weights)


@cache
def institutions() -> WordList:
    """Institutions: half of the entries name one of the larger ones, the rest any."""
    known = list(words.KNOWN_INSTITUTIONS)
    stems = _invented(INSTITUTIONS_DRAWN_FROM, 77, set())
    patterns = words.INSTITUTION_PATTERNS
    made = [patterns[i % len(patterns)].format(stem) for i, stem in enumerate(stems)]
    names = [*known, *made[: INSTITUTIONS_DRAWN_FROM - len(known)]]
    ranked = 1.0 / (np.arange(len(names)) + 4.0) ** 1.3
    weights = 0.4 * ranked / ranked.sum() + 0.6 / len(names)
    return WordList(names, weights.tolist())


@dataclass(frozen=True)
class CompanyWords:
    """The pieces of company names; a name's number tells its pieces."""

    known: WordList
    first: pl.Series
    trade: pl.Series
    form: pl.Series


@cache
def companies() -> CompanyWords:
    """Well known companies by rank, and the pieces that other names are made of."""
    known = words.KNOWN_COMPANIES
    return CompanyWords(
        known=WordList(known, [1.0 / (rank + 4.0) for rank in range(len(known))]),
        first=pl.Series(words.COMPANY_FIRST),
        trade=pl.Series(words.COMPANY_TRADE),
        form=pl.Series(words.COMPANY_FORM),
    )


@cache
def inner_missing_texts() -> WordList:
    """Spellings of "missing" for texts inside JSON."""
    inner = [(word, weight) for word, weight in words.MISSING_TEXTS if word.isprintable()]
    return WordList.of_pairs(inner)


@cache
def job_titles() -> WordList:
    """Job titles by weight."""
    return WordList.of_pairs(words.JOB_TITLES)


@cache
def fields() -> WordList:
    """Fields of study, all alike."""
    return WordList(words.FIELDS)


@cache
def levels() -> WordList:
    """Levels of study by their shares; one in thirty is spelt with other capitals."""
    pairs: list[tuple[str, float]] = []
    for level, share in words.LEVELS:
        other = words.LEVEL_SPELLINGS.get(level)
        pairs.append((level, share * (29 / 30 if other else 1.0)))
        if other:
            pairs.append((other, share / 30))
    return WordList.of_pairs(pairs)


@cache
def employment_types() -> WordList:
    """Employment types of placements."""
    return WordList.of_pairs(words.EMPLOYMENT_TYPES)


@cache
def salary_ranges() -> WordList:
    """Salary ranges of placements."""
    return WordList.of_pairs(words.SALARY_RANGES)


@cache
def small_numbers() -> pl.Series:
    """0 to 99 as text."""
    return pl.Series([str(number) for number in range(100)])
