"""Studies: one row an entry of `education_details`.

Belongs here: the fields of a study and their rules (Cleaning, Education). Does not belong here:
an institution's shown name (graph).
"""

from __future__ import annotations

import polars as pl

from kweli_assets.cleaning.names import LONGEST_NAME
from kweli_assets.cleaning.values import OPEN_END, Kind, Value
from kweli_assets.frames.built import EMPTY_ENTRY, NAME_TOO_LONG, Built
from kweli_assets.frames.entries import JsonColumn, with_organisation

COLUMN = "education_details"

VALUES = (
    Value("institution_name", "writtenInstitution"),
    Value("start_date", "startDate", Kind.DATE),
    Value("end_date", "endDate", Kind.END_DATE),
    Value("field_of_study", "fieldOfStudy"),
    Value("level_of_study", "levelOfStudy"),
    Value("graduated", "graduated", Kind.FLAG),
)

SCHEMA = pl.Schema(
    {
        "learner": pl.String,
        "index": pl.Int64,
        "institutionId": pl.String,
        "institutionName": pl.String,
        "levelOfStudy": pl.String,
        "fieldOfStudy": pl.String,
        "startDate": pl.Date,
        "endDate": pl.Date,
        "graduated": pl.Boolean,
    }
)
"""learner key, position in the array, the study's properties (institutionId and institutionName
null where there is no institution)."""

_COLUMN = JsonColumn(COLUMN, VALUES)


def build(rows: pl.LazyFrame) -> Built:
    """Studies of accepted rows.

    Args:
        rows: learner, education_details (String), one row a learner, sorted by learner.

    Returns:
        The frame in SCHEMA, sorted by learner and index.
    """
    entries = _COLUMN.open(rows)
    entries.frame = with_organisation(entries.frame, "writtenInstitution", "institution")
    entries.quarantine(
        pl.when(pl.col("institutionName").str.len_chars() > LONGEST_NAME)
        .then(pl.lit(NAME_TOO_LONG))
        .when(pl.all_horizontal(pl.col("institutionId", "levelOfStudy", "fieldOfStudy").is_null()))
        .then(pl.lit(EMPTY_ENTRY))
    )
    known_end = pl.when(pl.col("endDate") != OPEN_END).then(pl.col("endDate"))
    return entries.built(entries.frame.lazy().with_columns(known_end.alias("endDate")), SCHEMA)
