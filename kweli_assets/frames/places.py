"""Countries and cities that learners name, with their positions and shown names.

Belongs here: counting what learners report and choosing the most frequent (Cleaning, Country and
City). Does not belong here: codes and slugs (cleaning), learners.
"""

from __future__ import annotations

import polars as pl

from kweli_assets.cleaning.geography import country_name

COUNTRIES_SCHEMA = pl.Schema(
    {"code": pl.String, "name": pl.String, "latitude": pl.Float64, "longitude": pl.Float64}
)
CITIES_SCHEMA = pl.Schema(
    {
        "id": pl.String,
        "name": pl.String,
        "countryCode": pl.String,
        "latitude": pl.Float64,
        "longitude": pl.Float64,
    }
)


def countries(learners: pl.LazyFrame) -> pl.LazyFrame:
    """Countries that a learner resides in or comes from.

    Args:
        learners: the frame of learners (countryOfResidenceCode, countryOfOriginCode,
            countryLatitude, countryLongitude).

    Returns:
        COUNTRIES_SCHEMA, sorted by code.
    """
    resident = _counts(learners, "countryOfResidenceCode", "countryLatitude", "countryLongitude")
    resident = resident.rename({"countryOfResidenceCode": "code"})
    origins = learners.select(pl.col("countryOfOriginCode").alias("code")).drop_nulls().unique()
    codes = pl.concat([resident.select("code"), origins]).unique()
    return (
        codes.with_columns(
            pl.col("code").map_elements(country_name, return_dtype=pl.String).alias("name")
        )
        .join(_most_frequent_position(resident, "code"), on="code", how="left")
        .sort("code")
        .select(*COUNTRIES_SCHEMA.names())
    )


def cities(learners: pl.LazyFrame) -> pl.LazyFrame:
    """Cities that a learner resides in.

    Args:
        learners: the frame of learners (cityOfResidenceId, countryOfResidenceCode, cityName,
            cityLatitude, cityLongitude).

    Returns:
        CITIES_SCHEMA, sorted by id.
    """
    counts = _counts(
        learners,
        "cityOfResidenceId",
        "cityLatitude",
        "cityLongitude",
        "countryOfResidenceCode",
        "cityName",
    ).rename(
        {"cityOfResidenceId": "id", "countryOfResidenceCode": "countryCode", "cityName": "name"}
    )
    names = (
        counts.group_by("id", "countryCode", "name")
        .agg(pl.col("learners").sum())
        .sort("id", "learners", "name", descending=[False, True, False])
        .unique("id", keep="first", maintain_order=True)
    )
    return names.join(
        _most_frequent_position(counts, "id"), on="id", how="left", maintain_order="left"
    ).select(*CITIES_SCHEMA.names())


def _counts(
    learners: pl.LazyFrame, key: str, latitude: str, longitude: str, *others: str
) -> pl.LazyFrame:
    return (
        learners.filter(pl.col(key).is_not_null())
        .group_by(
            key, *others, pl.col(latitude).alias("latitude"), pl.col(longitude).alias("longitude")
        )
        .agg(pl.len().cast(pl.Int64).alias("learners"))
    )


def _most_frequent_position(counts: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """The pair that most learners report; ties by the smaller latitude, then longitude."""
    return (
        counts.filter(pl.col("latitude").is_not_null())
        .group_by(key, "latitude", "longitude")
        .agg(pl.col("learners").sum())
        .sort(key, "learners", "latitude", "longitude", descending=[False, True, False, False])
        .unique(key, keep="first", maintain_order=True)
        .drop("learners")
    )
