"""Placements by the programme: one row an entry of `placement_details`, jobs and ventures.

Belongs here: telling ventures from jobs, and their fields (Cleaning, Placement). Does not belong
here: which placements the history leaves out (professional_history).
"""

from __future__ import annotations

from datetime import date

import polars as pl

from kweli_assets.cleaning.names import LONGEST_NAME
from kweli_assets.cleaning.values import Kind, Value
from kweli_assets.frames.built import NAME_TOO_LONG, Built
from kweli_assets.frames.entries import JsonColumn, whole_months, with_organisation

COLUMN = "placement_details"

VALUES = (
    Value("employment_type", "employmentType"),
    Value("job_start_date", "startDate", Kind.DATE),
    Value("organisation_name", "organisationName"),
    Value("salary_range", "salaryRange"),
    Value("job_title", "position"),
    Value("business_name", "businessName"),
    Value("jobs_created_to_date", "jobsCreated", Kind.COUNT),
    Value("capital_secured_todate", "capitalSecured", Kind.NUMBER),
    Value("female_opp_todate", "femaleOpportunities", Kind.COUNT),
)

VENTURE_FIELDS = (
    "business_name",
    "jobs_created_to_date",
    "capital_secured_todate",
    "female_opp_todate",
)
JOB_FIELD = "employment_type"

SCHEMA = pl.Schema(
    {
        "learner": pl.String,
        "index": pl.Int64,
        "isVenture": pl.Boolean,
        "companyId": pl.String,
        "companyName": pl.String,
        "position": pl.String,
        "employmentType": pl.String,
        "salaryRange": pl.String,
        "startDate": pl.Date,
        "isCurrent": pl.Boolean,
        "duration": pl.Int64,
        "jobsCreated": pl.Int64,
        "capitalSecured": pl.Float64,
        "femaleOpportunities": pl.Int64,
        "writtenCompany": pl.String,
    }
)
"""learner key, position in the array, venture or job, then the properties of both (those of the
other shape null; duration in months, capitalSecured in USD), then the company as written."""

_COLUMN = JsonColumn(COLUMN, VALUES, marking=(*VENTURE_FIELDS, JOB_FIELD))


def build(rows: pl.LazyFrame, snapshot_date: date) -> Built:
    """Placements of accepted rows.

    Args:
        rows: learner, placement_details (String), one row a learner, sorted by learner.
        snapshot_date: "today" of every rule.

    Returns:
        The frame in SCHEMA, sorted by learner and index.
    """
    entries = _COLUMN.open(rows)
    venture = pl.any_horizontal(f"has {field}" for field in VENTURE_FIELDS) & ~pl.col(
        f"has {JOB_FIELD}"
    )
    marked = entries.frame.with_columns(venture.alias("isVenture"))
    written = pl.when("isVenture").then("businessName").otherwise("organisationName")
    entries.frame = with_organisation(
        marked.with_columns(written.alias("writtenCompany")), "writtenCompany", "company"
    )
    too_long = pl.col("companyName").str.len_chars() > LONGEST_NAME
    entries.quarantine(pl.when(too_long).then(pl.lit(NAME_TOO_LONG)))
    of_jobs = ("position", "employmentType", "salaryRange", "duration")
    of_ventures = ("jobsCreated", "capitalSecured", "femaleOpportunities")
    final = (
        entries.frame.lazy()
        .with_columns(
            pl.lit(value=True).alias("isCurrent"),
            whole_months(pl.col("startDate"), pl.lit(snapshot_date)).alias("duration"),
        )
        .with_columns(
            *(pl.when(~pl.col("isVenture")).then(pl.col(c)).alias(c) for c in of_jobs),
            *(pl.when(pl.col("isVenture")).then(pl.col(c)).alias(c) for c in of_ventures),
        )
    )
    venture = pl.col("isVenture")
    unread = dict.fromkeys(VENTURE_FIELDS, ~venture)
    return entries.built(final, SCHEMA, unread)
