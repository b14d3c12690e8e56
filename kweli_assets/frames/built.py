"""What every frame's `build` gives back: entries, quarantine, unreadable values, the account.

Belongs here: the shared result types, the quarantine's schema and reasons. Does not belong here:
any rule about what a value or an entry means.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from kweli_assets.cleaning.values import UNREADABLE_SCHEMA

QUARANTINE_SCHEMA = pl.Schema(
    {
        "learner": pl.String,
        "column": pl.String,
        "index": pl.Int64,
        "reason": pl.String,
        "raw": pl.String,
    }
)
"""learner key (null where there is none), source column (null for a row), 1-based position of
the entry (null for a whole column or row), reason, and the text as it came."""

NO_LEARNER_KEY = "no learner key"
DUPLICATE_LEARNER = "duplicate learner"
NO_COHORT_CODE = "no cohort code"
EMPTY_ENTRY = "empty entry"
NAME_TOO_LONG = "name too long"


@dataclass(frozen=True)
class Account:
    """Entries in, out and quarantined of one frame. What always holds: in = out + quarantined."""

    entries_in: int = 0
    entries_out: int = 0
    quarantined: int = 0

    def __add__(self, other: Account) -> Account:
        return Account(
            self.entries_in + other.entries_in,
            self.entries_out + other.entries_out,
            self.quarantined + other.quarantined,
        )


@dataclass(frozen=True)
class Built:
    """One frame of one bucket.

    Attributes:
        frame: the frame's rows, in its schema.
        quarantine: QUARANTINE_SCHEMA.
        unreadable: UNREADABLE_SCHEMA, values that could not be read and did not cost their entry.
        account: entries in, out and quarantined.
    """

    frame: pl.LazyFrame
    quarantine: pl.DataFrame
    unreadable: pl.DataFrame
    account: Account


@dataclass
class Quarantine:
    """Collects quarantined entries of one source column (None: whole rows)."""

    column: str | None
    rows: list[tuple[str | None, str | None, int | None, str, str]] = field(default_factory=list)

    def reject(self, learner: str | None, index: int | None, reason: str, raw: str) -> None:
        self.rows.append((learner, self.column, index, reason, raw))

    def frame(self) -> pl.DataFrame:
        """Shape: QUARANTINE_SCHEMA."""
        return pl.DataFrame(self.rows, schema=QUARANTINE_SCHEMA, orient="row")


def unreadable_frame(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Concatenates counts of unreadable values. Shape: UNREADABLE_SCHEMA."""
    return pl.concat([UNREADABLE_SCHEMA.to_frame(), *parts])
