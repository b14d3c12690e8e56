"""One partition is one snapshot date.

Here: the partitions that all stages share, and the way from a partition's key to its date. Not
here: which days can be read from where (snapshot.days).
"""

from __future__ import annotations

import warnings
from datetime import date

import dagster as dg

# Backfill policies and partitioned checks are still marked beta and preview; Dagster is pinned to
# one minor version, and forty warnings at every start would hide real ones.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)

FIRST_SNAPSHOT = date(2020, 1, 1)
"""Dumps of any later day can be imported."""

SNAPSHOTS = dg.DailyPartitionsDefinition(
    start_date=FIRST_SNAPSHOT.isoformat(),
    timezone="UTC",
    end_offset=1,  # today is a partition, not only yesterday
)


def snapshot_date(partition_key: str) -> date:
    """The snapshot date of a partition key, YYYY-MM-DD."""
    return date.fromisoformat(partition_key)
