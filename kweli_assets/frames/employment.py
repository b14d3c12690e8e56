"""Jobs that learners list: one row an entry of `employment_details`.

Belongs here: the fields of a job and their rules (Cleaning, Employment). Does not belong here:
the status over time (professional_history), a company's shown name (graph).
"""

from __future__ import annotations

from datetime import date

import polars as pl

from kweli_assets.cleaning.names import LONGEST_NAME
from kweli_assets.cleaning.values import OPEN_END, Kind, Value
from kweli_assets.frames.built import EMPTY_ENTRY, NAME_TOO_LONG, Built
from kweli_assets.frames.entries import (
    JsonColumn,
    end_or_today,
    whole_months,
    with_organisation,
)

COLUMN = "employment_details"

VALUES = (
    Value("organisation_name", "organisationName"),
    Value("organization_name", "organizationName"),
    Value("institution_name", "institutionName"),
    Value("start_date", "startDate", Kind.DATE),
    Value("end_date", "endDate", Kind.END_DATE),
    Value("country", "country"),
    Value("job_title", "position"),
    Value("is_current", "currentFlag", Kind.FLAG),
    Value("duration_in_years", "durationInYears", Kind.NUMBER),
)

SCHEMA = pl.Schema(
    {
        "learner": pl.String,
        "index": pl.Int64,
        "companyId": pl.String,
        "companyName": pl.String,
        "position": pl.String,
        "country": pl.String,
        "startDate": pl.Date,
        "endDate": pl.Date,
        "isCurrent": pl.Boolean,
        "duration": pl.Int64,
        "writtenCompany": pl.String,
        "endOpen": pl.Boolean,
        "currentFlag": pl.Boolean,
        "durationInYears": pl.Float64,
    }
)
"""learner key, position in the array, the job's properties (duration in months; companyId and
companyName null where there is no company), then what the history needs: the company as written,
whether the end is open, the entry's own flag and duration."""

_COLUMN = JsonColumn(COLUMN, VALUES)


def build(rows: pl.LazyFrame, snapshot_date: date) -> Built:
    """Jobs of accepted rows.

    Args:
        rows: learner, employment_details (String), one row a learner, sorted by learner.
        snapshot_date: "today" of every rule.

    Returns:
        The frame in SCHEMA, sorted by learner and index.
    """
    entries = _COLUMN.open(rows)
    written = pl.coalesce("organisationName", "organizationName", "institutionName")
    entries.frame = with_organisation(
        entries.frame.with_columns(written.alias("writtenCompany")), "writtenCompany", "company"
    )
    too_long = pl.col("companyName").str.len_chars() > LONGEST_NAME
    entries.quarantine(
        pl.when(too_long)
        .then(pl.lit(NAME_TOO_LONG))
        .when(pl.all_horizontal(pl.col("companyId", "position", "startDate").is_null()))
        .then(pl.lit(EMPTY_ENTRY))
    )
    is_open = (
        (pl.col("endDate") == OPEN_END)
        | (pl.col("endDate").is_null() & pl.col("currentFlag").fill_null(value=False))
    ).fill_null(value=False)
    final = (
        entries.frame.lazy()
        .with_columns(is_open.alias("endOpen"))
        .with_columns(pl.when(~pl.col("endOpen")).then(pl.col("endDate")).alias("endDate"))
        .with_columns(
            (pl.col("endOpen") | (pl.col("endDate") >= snapshot_date))
            .fill_null(value=False)
            .alias("isCurrent"),
            whole_months(
                pl.col("startDate"),
                end_or_today(pl.col("endDate"), pl.col("endOpen"), snapshot_date),
            ).alias("duration"),
        )
    )
    return entries.built(final, SCHEMA)
