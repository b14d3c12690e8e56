"""The quarantine as people use it: counts, a selection by reason, an export.

Belongs here: looking at a stored quarantine. Does not belong here: putting anything into it (the
frame modules), the command line around it.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from kweli_assets.cleaning.json_arrays import BAD_JSON, NOT_AN_ARRAY, NOT_AN_OBJECT
from kweli_assets.errors import ConfigurationError
from kweli_assets.frames.built import (
    DUPLICATE_LEARNER,
    EMPTY_ENTRY,
    NAME_TOO_LONG,
    NO_COHORT_CODE,
    NO_LEARNER_KEY,
)
from kweli_assets.resources.frame_store import written_aside

REASONS = (
    BAD_JSON,
    DUPLICATE_LEARNER,
    EMPTY_ENTRY,
    NAME_TOO_LONG,
    NO_COHORT_CODE,
    NO_LEARNER_KEY,
    NOT_AN_ARRAY,
    NOT_AN_OBJECT,
)
"""Every reason that an entry or a row can be quarantined for."""


def counts(quarantine: pl.LazyFrame) -> pl.DataFrame:
    """Entries by reason and column.

    Args:
        quarantine: the quarantine frame.

    Returns:
        reason, column (`(row)` for whole rows), entries (Int64); the most frequent first.
    """
    return (
        quarantine.group_by("reason", pl.col("column").fill_null("(row)"))
        .agg(pl.len().cast(pl.Int64).alias("entries"))
        .sort("entries", "reason", "column", descending=[True, False, False])
        .collect()
    )


def of_reason(quarantine: pl.LazyFrame, reason: str | None) -> pl.LazyFrame:
    """The entries of one reason, or all.

    Raises:
        ConfigurationError: there is no such reason.
    """
    if reason is None:
        return quarantine
    if reason not in REASONS:
        raise ConfigurationError(
            "looking at the quarantine",
            f"there is no reason {reason!r}.",
            f"Name one of: {', '.join(REASONS)}.",
        )
    return quarantine.filter(pl.col("reason") == reason)


def export(quarantine: pl.LazyFrame, path: Path) -> int:
    """Writes entries as CSV: hashed_email, column, index, reason, raw; returns their number.

    The file holds learners' data as it came. It appears when it is whole.

    Raises:
        FrameError: the folder can't be written.
    """
    rows = quarantine.rename({"learner": "hashed_email"}).collect()
    with written_aside(path) as aside:
        rows.write_csv(aside)
        aside.chmod(0o600)
    return len(rows)
