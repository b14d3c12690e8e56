"""The flat columns of synthetic learners: who they are, where they live, what they can do.

Here: every column that is neither JSON nor a flag that follows from it. Not here: entries of the
JSON columns (entries), nasty values (dirt).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from kweli_assets.embedded.synthetic import catalog
from kweli_assets.embedded.synthetic import vocabulary as words
from kweli_assets.embedded.synthetic.catalog import CITY_SPELLINGS, SKILL_SPELLINGS
from kweli_assets.embedded.synthetic.drawing import (
    Ints,
    Mask,
    WordList,
    chance,
    choose,
    cumulated,
    glue,
    hashed_texts,
    joined,
    pick,
    take,
)

SAND_ID_MISSING = 0.875

# 101,317 names stand in 357,406 of 1,597,198 rows: draws from a pool that is 0.0798 names a row,
# by 23.61% of the rows, repeat that often.
REPEATED_NAME = 0.2361
REPEATED_NAME_POOL = 0.0798

SKILLED = 0.6
SKILLS = cumulated((26, 20, 16, 12, 8, 6, 4, 3, 2, 1.5, 1, 0.5))
"""1 to 12 skills a learner who has any: 3.4 on average."""
MANY_SKILLS = 0.0005

COUNTRY_MISSING = 0.006
OTHER_SPELLING = 0.02
OTHER_NAME = 0.15
MOST_SURE_OF_THEIR_NAME = 6
"""Ivory Coast for Côte d'Ivoire is more usual than `nigeria` for Nigeria: of the countries but the
six with most learners, one row in seven has another spelling (where there is one)."""
CITY_MISSING = 0.04
BIO = 0.35

_PURPOSE_KEY, _PURPOSE_NAME = 1, 2


@dataclass(frozen=True)
class Profile:
    """Flat columns of a chunk by name, and each row's country as an index of the catalog."""

    columns: dict[str, pl.Series]
    country: Ints


def learner_keys(seed: int, rows: Ints) -> pl.Series:
    """hashed_email of these rows (numbered from 0 over all chunks)."""
    return hashed_texts(rows, seed, _PURPOSE_KEY)


def profile(rng: np.random.Generator, seed: int, rows: Ints) -> Profile:
    """Flat columns of the rows with these numbers."""
    count = len(rows)
    missing = catalog.missing_texts()
    key = learner_keys(seed, rows)
    columns: dict[str, pl.Series] = {
        "hashed_email": key,
        "sand_id": _sand_ids(rng, count),
        "email": glue(key.str.slice(0, 10), "@never-leaves.example"),
        "full_name": _full_names(rng, seed, rows),
    }
    has_photo = chance(rng, count, 0.12)
    photo = glue("https://photos.example/", key.str.slice(0, 12), ".jpg")
    columns["profile_photo_url"] = missing.put(rng, photo, has_photo)
    columns["has_profile_profile_photo"] = numbers(has_photo)
    columns["bio"] = _bios(rng, count)
    columns["skills_list"] = _skill_lists(rng, count)
    columns["gender"] = missing.put(
        rng, WordList.of_pairs(words.GENDERS).draw(rng, count), chance(rng, count, 0.965)
    )
    country = _places(rng, count, columns)
    columns["region_name"] = WordList.of_pairs(words.REGIONS).draw(rng, count)
    columns["education_level_of_study"] = catalog.levels().draw(rng, count)
    columns["education_field_of_study"] = missing.put(
        rng, catalog.fields().draw(rng, count), chance(rng, count, 0.7)
    )
    columns["designation"] = WordList(words.DESIGNATIONS).draw(rng, count)
    columns["testimonial"] = WordList(
        ['It was "great",\nreally', "n/a", ""], [0.02, 0.88, 0.1]
    ).draw(rng, count)
    columns["youtube_id"] = WordList(["dQw4w9WgXcQ", "n/a"], [0.01, 0.99]).draw(rng, count)
    columns["is_featured"] = flags(rng, count, 0.03, 0.002)
    for name, share in (
        ("is_featured_video", 0.01),
        ("has_data", 0.9),
        ("is_learning_data", 0.97),
        ("has_social_economic_data", 0.44),
    ):
        columns[name] = numbers(chance(rng, count, share))
    _circumstances(rng, count, columns)
    _raw_columns(rng, count, columns)
    small = pl.Series(["1", "2", "3"])
    columns["meta_rn"] = take(small, rng.integers(0, 3, count))
    columns["student_record_ranking"] = take(small, rng.integers(0, 2, count))
    columns["rnk"] = take(small, np.zeros(count, dtype=np.int64))
    return Profile(columns, country)


def numbers(mask: Mask) -> pl.Series:
    """A flag column: 1 where the mask is true, else 0."""
    return take(pl.Series(["0", "1"]), mask.astype(np.int64))


def flags(rng: np.random.Generator, count: int, share: float, missing: float) -> pl.Series:
    """A flag column with some -99 and NULL."""
    drawn = numbers(chance(rng, count, share))
    absent = take(pl.Series(["-99", None], dtype=pl.String), rng.integers(0, 2, count))
    return choose(chance(rng, count, missing), absent, drawn)


def _sand_ids(rng: np.random.Generator, count: int) -> pl.Series:
    identifiers = glue("SAND", pl.Series(rng.integers(100_000, 9_999_999, count)).cast(pl.String))
    na = pl.Series(["n/a"]).gather(pl.Series(np.zeros(count, dtype=np.int64)))
    return choose(chance(rng, count, SAND_ID_MISSING), na, identifiers)


def _full_names(rng: np.random.Generator, seed: int, rows: Ints) -> pl.Series:
    """A hash of the name; who draws from the pool of a chunk shares the name with others."""
    count = len(rows)
    pool = max(1, int(REPEATED_NAME_POOL * count))
    shared = rows[0] + rng.integers(0, pool, count) + 2**40
    person = np.where(chance(rng, count, REPEATED_NAME), shared, rows)
    return hashed_texts(person, seed, _PURPOSE_NAME)


def _bios(rng: np.random.Generator, count: int) -> pl.Series:
    sentences = WordList(words.BIO_SENTENCES)
    separators = WordList([" ", "\n", "\r\n", " "])
    text = glue(
        sentences.draw(rng, count),
        separators.draw(rng, count),
        sentences.draw(rng, count),
        separators.draw(rng, count),
        sentences.draw(rng, count),
    )
    return catalog.missing_texts().put(rng, text, chance(rng, count, BIO))


def _skill_lists(rng: np.random.Generator, count: int) -> pl.Series:
    known = chance(rng, count, SKILLED)
    many = chance(rng, count, MANY_SKILLS)
    number = np.where(many, rng.integers(51, 81, count), 1 + pick(rng, SKILLS, count))
    number = np.where(known, number, 0)
    total = int(number.sum())
    skill = pick(rng, catalog.skill_weights(), total)
    spelling = np.where(chance(rng, total, 0.03), rng.integers(1, SKILL_SPELLINGS, total), 0) * len(
        catalog.skill_weights()
    )
    separator = take(pl.Series([",", ", "]), rng.integers(0, 2, count))
    lists = joined(take(catalog.skills(), skill + spelling), number, separator)
    return catalog.missing_texts().put(rng, lists, known)


def _places(rng: np.random.Generator, count: int, columns: dict[str, pl.Series]) -> Ints:
    """Country, city and their positions; gives each row's country of residence."""
    places = catalog.places()
    missing = catalog.missing_texts()
    country = places.countries.indexes(rng, count)
    origin = np.where(chance(rng, count, 0.93), country, places.countries.indexes(rng, count))
    has_country = ~chance(rng, count, COUNTRY_MISSING)
    columns["country_of_residence"] = missing.put(rng, _spelt(rng, country), has_country)
    columns["country_of_origin"] = missing.put(
        rng, _spelt(rng, origin), ~chance(rng, count, COUNTRY_MISSING)
    )
    city = np.searchsorted(places.of_country, country + rng.random(count), side="right")
    city = np.minimum(city, places.cities - 1)
    spelling = np.where(
        chance(rng, count, OTHER_SPELLING), rng.integers(1, CITY_SPELLINGS, count), 0
    )
    has_city = ~chance(rng, count, CITY_MISSING)
    columns["city_of_residence"] = missing.put(
        rng, take(places.city_names, city + spelling * places.cities), has_city
    )
    unknown = pl.Series(["-99.000000", None], dtype=pl.String)
    off = chance(rng, count, 0.004)
    for axis, of_country, of_city, exact, column in (
        (
            "latitude",
            places.country_latitude,
            places.city_latitude_text,
            places.city_latitude,
            "meta_ui_lat",
        ),
        (
            "longitude",
            places.country_longitude,
            places.city_longitude_text,
            places.city_longitude,
            "meta_ui_lng",
        ),
    ):
        absent = take(unknown, rng.integers(0, 2, count))
        usual = take(of_country, country)
        # A few learners report another point of the same country.
        position = choose(off, usual.str.replace(r"\.\d\d", ".50"), usual)
        columns[f"country_of_residence_{axis}"] = choose(
            has_country & ~chance(rng, count, 0.01), position, absent
        )
        columns[f"city_of_residence_{axis}"] = choose(
            has_city & ~chance(rng, count, 0.08), take(of_city, city), absent
        )
        point = np.round(exact[city] + rng.normal(0.0, 0.05, count), 5)
        nowhere = take(pl.Series(["-99", None], dtype=pl.String), rng.integers(0, 2, count))
        columns[column] = choose(
            chance(rng, count, 0.94), pl.Series(point).cast(pl.String), nowhere
        )
    return country


def _spelt(rng: np.random.Generator, country: Ints) -> pl.Series:
    places = catalog.places()
    count = len(country)
    other = (rng.random(count) * places.spelling_count[country]).astype(np.int64)
    rate = np.where(country < MOST_SURE_OF_THEIR_NAME, OTHER_SPELLING, OTHER_NAME)
    other = np.where(rng.random(count) < rate, other, 0)
    return take(places.spellings, places.spelling_first[country] + other)


def _circumstances(rng: np.random.Generator, count: int, columns: dict[str, pl.Series]) -> None:
    missing = catalog.missing_texts()
    location = WordList.of_pairs(words.LIVING_LOCATIONS).draw(rng, count)
    columns["description_of_living_location"] = missing.put(rng, location, chance(rng, count, 0.68))
    columns["is_rural"] = flags(rng, count, 0.24, 0.06)
    columns["has_disability"] = flags(rng, count, 0.03, 0.06)
    columns["type_of_disability"] = missing.put(
        rng, WordList.of_pairs(words.DISABILITIES).draw(rng, count), chance(rng, count, 0.03)
    )
    columns["is_from_low_income_household"] = flags(rng, count, 0.24, 0.06)


def _raw_columns(rng: np.random.Generator, count: int, columns: dict[str, pl.Series]) -> None:
    small = WordList(
        ["[]", "n/a", "", '{"household": "4"}', '{"household": "6", "children": "2"}'],
        [0.6, 0.1, 0.05, 0.15, 0.1],
    )
    columns["demographic_details"] = small.draw(rng, count)
    earned = chance(rng, count, 0.3)
    number = np.where(earned, rng.integers(1, 14, count), 0)
    total = int(number.sum())
    points = glue(
        '{"points": "',
        take(catalog.small_numbers(), rng.integers(1, 60, total)),
        '", "date": "',
        catalog.day_texts(catalog.PRESENT_DAY - rng.integers(0, 1_500, total)),
        '", "note": "quiz, \\"week 1\\""}',
    )
    columns["legacy_points_transaction_history"] = glue("[", joined(points, number, ", "), "]")
    columns["has_legacy_points_transactions"] = numbers(earned)
    attended = WordList(
        ["[]", '[{"meeting": "Orientation", "minutes": "58"}]', "n/a"], [0.8, 0.15, 0.05]
    )
    columns["zoom_attendance_details"] = attended.draw(rng, count)
    columns["circle_events"] = WordList(
        ["[]", '[{"event": "Career fair, Lagos", "going": 1}]', ""], [0.85, 0.1, 0.05]
    ).draw(rng, count)
    columns["ehub_check_ins"] = WordList(
        ["[]", '[{"hub": "Nairobi", "visits": "3"}]', "n/a"], [0.9, 0.05, 0.05]
    ).draw(rng, count)
