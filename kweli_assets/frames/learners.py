"""Learners: one row an accepted row of the source.

Belongs here: the learner's own properties, the country and city of residence, the learning state
of now (Cleaning, Country and City; Learning state, Now). Does not belong here: entries of JSON
columns, both histories, which position a place is shown at (places).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from kweli_assets.cleaning.geography import country_code
from kweli_assets.cleaning.names import LONGEST_NAME, city_slug, map_unique
from kweli_assets.cleaning.values import Kind, Value, read
from kweli_assets.frames.built import NAME_TOO_LONG, Quarantine, unreadable_frame

VALUES = (
    Value("sand_id", "sandId"),
    Value("full_name", "fullName"),
    Value("profile_photo_url", "profilePhotoUrl"),
    Value("bio", "bio"),
    Value("gender", "gender"),
    Value("education_level_of_study", "educationLevel"),
    Value("education_field_of_study", "educationField"),
    Value("country_of_residence", "countryOfResidence"),
    Value("country_of_origin", "countryOfOrigin"),
    Value("city_of_residence", "cityName"),
    Value("country_of_residence_latitude", "countryLatitude", Kind.NUMBER),
    Value("country_of_residence_longitude", "countryLongitude", Kind.NUMBER),
    Value("city_of_residence_latitude", "cityLatitude", Kind.NUMBER),
    Value("city_of_residence_longitude", "cityLongitude", Kind.NUMBER),
    Value("is_placed", "isPlaced", Kind.FLAG),
    Value("is_featured", "isFeatured", Kind.FLAG),
    Value("is_rural", "isRural", Kind.FLAG),
    Value("description_of_living_location", "descriptionOfLivingLocation"),
    Value("has_disability", "hasDisability", Kind.FLAG),
    Value("type_of_disability", "typeOfDisability"),
    Value("is_from_low_income_household", "isFromLowIncomeHousehold", Kind.FLAG),
    Value("meta_ui_lat", "latitude", Kind.NUMBER),
    Value("meta_ui_lng", "longitude", Kind.NUMBER),
    Value("snapshot_id", "snapshotId", Kind.COUNT),
    Value("is_graduate_learner", "isGraduateLearner", Kind.FLAG),
    Value("is_a_dropped_out", "isADroppedOut", Kind.FLAG),
    Value("is_active_learner", "isActiveLearner", Kind.FLAG),
    Value("is_running_a_venture", "isRunningAVenture", Kind.FLAG),
    Value("is_a_freelancer", "isAFreelancer", Kind.FLAG),
    Value("is_wage_employed", "isWageEmployed", Kind.FLAG),
)

CLAIM_VALUES = (
    Value("has_employment_details", "hasEmploymentDetails", Kind.FLAG),
    Value("has_education_details", "hasEducationDetails", Kind.FLAG),
    Value("has_placement_details", "hasPlacementDetails", Kind.FLAG),
    Value("has_profile_profile_photo", "hasProfilePhoto", Kind.FLAG),
)
"""What the source claims of its JSON columns and the photo; only checks read it."""

SCHEMA = pl.Schema(
    {
        "hashedEmail": pl.String,
        "sandId": pl.String,
        "fullName": pl.String,
        "profilePhotoUrl": pl.String,
        "bio": pl.String,
        "gender": pl.String,
        "educationLevel": pl.String,
        "educationField": pl.String,
        "countryOfResidenceCode": pl.String,
        "countryOfOriginCode": pl.String,
        "cityOfResidenceId": pl.String,
        "currentLearningState": pl.String,
        "currentProfessionalStatus": pl.String,
        "isPlaced": pl.Boolean,
        "isFeatured": pl.Boolean,
        "isRural": pl.Boolean,
        "descriptionOfLivingLocation": pl.String,
        "hasDisability": pl.Boolean,
        "typeOfDisability": pl.String,
        "isFromLowIncomeHousehold": pl.Boolean,
        "latitude": pl.Float64,
        "longitude": pl.Float64,
        "snapshotId": pl.Int64,
        "cityName": pl.String,
        "countryLatitude": pl.Float64,
        "countryLongitude": pl.Float64,
        "cityLatitude": pl.Float64,
        "cityLongitude": pl.Float64,
    }
)
"""The Learner node's properties, then what the places are made of: the city as written and the
positions that the learner reports (both halves known, or both null)."""

_POSITIONS = (("countryLatitude", "countryLongitude"), ("cityLatitude", "cityLongitude"))


@dataclass(frozen=True)
class Learners:
    """Learners of one bucket.

    Attributes:
        frame: SCHEMA without currentProfessionalStatus, plus the flags that histories and claims
            read; sorted by hashedEmail.
        quarantine: over-long city names.
        unreadable: unreadable values by column; kind `country` lists names without a code,
            spelt out, one count a learner and column.
    """

    frame: pl.DataFrame
    quarantine: pl.DataFrame
    unreadable: pl.DataFrame


def build(rows: pl.LazyFrame) -> Learners:
    """Learners of accepted rows.

    Args:
        rows: learner and the source columns (String), one row a learner, sorted by learner.
    """
    sources = dict.fromkeys(v.source for v in (*VALUES, *CLAIM_VALUES))
    texts = rows.select("learner", *sources).collect()
    typed, lost = read(texts, (*VALUES, *CLAIM_VALUES))
    claims = {v.source for v in CLAIM_VALUES}
    unreadable = [
        replace(values, kind="claim" if values.column in claims else values.kind).counts()
        for values in lost
    ]
    quarantine = Quarantine("city_of_residence")
    for source, name in (
        ("country_of_residence", "countryOfResidence"),
        ("country_of_origin", "countryOfOrigin"),
    ):
        written = typed.get_column(name)
        codes = map_unique(written, country_code)
        typed = typed.with_columns(codes.alias(f"{name}Code"))
        unreadable.append(_unknown_countries(source, written, codes))
    typed = _with_city(typed)
    long_city = pl.col("cityName").str.len_chars() > LONGEST_NAME
    if typed.select(long_city.any()).item():
        raw = texts.get_column("city_of_residence")
        for row, learner in (
            typed.with_row_index("row").filter(long_city).select("row", "learner").iter_rows()
        ):
            quarantine.reject(learner, None, NAME_TOO_LONG, raw[row])
        typed = typed.with_columns(
            pl.when(~long_city).then(pl.col(c)).alias(c) for c in ("cityName", "cityOfResidenceId")
        )
    known_pairs = [
        pl.when(pl.all_horizontal(pl.col(*pair).is_not_null())).then(pl.col(half)).alias(half)
        for pair in _POSITIONS
        for half in pair
    ]
    frame = typed.with_columns(
        *known_pairs,
        pl.when(pl.col("isGraduateLearner"))
        .then(pl.lit("Graduate"))
        .when(pl.col("isADroppedOut"))
        .then(pl.lit("Dropped Out"))
        .when(pl.col("isActiveLearner"))
        .then(pl.lit("Active"))
        .otherwise(pl.lit("Inactive"))
        .alias("currentLearningState"),
    ).rename({"learner": "hashedEmail"})
    return Learners(frame, quarantine.frame(), unreadable_frame(unreadable))


def _with_city(typed: pl.DataFrame) -> pl.DataFrame:
    """Adds cityOfResidenceId: only with a known country, and only where the slug is not empty."""
    slugs = map_unique(typed.get_column("cityName"), _slug_or_none)
    identifier = pl.concat_str("countryOfResidenceCode", pl.lit("-"), slugs)
    return typed.with_columns(identifier.alias("cityOfResidenceId")).with_columns(
        pl.when(pl.col("cityOfResidenceId").is_not_null())
        .then(pl.col("cityName"))
        .alias("cityName")
    )


def _slug_or_none(name: str) -> str | None:
    return city_slug(name) or None


def _unknown_countries(source: str, written: pl.Series, codes: pl.Series) -> pl.DataFrame:
    unknown = written.filter(written.is_not_null() & codes.is_null())
    return (
        pl.DataFrame({"value": unknown})
        .group_by("value")
        .agg(pl.len().cast(pl.Int64).alias("count"))
        .select(pl.lit(source).alias("column"), pl.lit("country").alias("kind"), "value", "count")
    )


def with_status(learners: pl.DataFrame, professional_history: pl.LazyFrame) -> pl.LazyFrame:
    """The frame in SCHEMA: the last interval's status is the learner's current one.

    Args:
        learners: `Learners.frame`.
        professional_history: the history of the same learners.
    """
    current = professional_history.filter("isCurrent").select(
        "learner", pl.col("state").alias("currentProfessionalStatus")
    )
    return (
        learners.lazy()
        .join(current, left_on="hashedEmail", right_on="learner", how="left", maintain_order="left")
        .select(*SCHEMA.names())
    )


CLAIMS = (
    ("has_employment_details", "hasEmploymentDetails", "employment_details"),
    ("has_education_details", "hasEducationDetails", "education_details"),
    ("has_placement_details", "hasPlacementDetails", "placement_details"),
)
"""has_… column, its name here, and the JSON column that it speaks of."""


def claim_disagreements(
    learners: pl.DataFrame, entries_by_column: dict[str, pl.Series]
) -> dict[str, int]:
    """How many learners' has_… columns disagree with what they speak of.

    A missing flag claims nothing and never disagrees.

    Args:
        learners: `Learners.frame`.
        entries_by_column: for each JSON column of CLAIMS a Boolean series in the learners' order:
            whether the column holds anything.
    """
    found = {
        column: int((learners.get_column(name) != entries_by_column[json_column]).sum())
        for column, name, json_column in CLAIMS
    }
    photo = learners.get_column("profilePhotoUrl").is_not_null()
    found["has_profile_profile_photo"] = int(
        (learners.get_column("hasProfilePhoto") != photo).sum()
    )
    return found
