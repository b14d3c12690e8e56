"""The one place that knows what day it is.

Here: today's date, as a resource that tests replace. Not here: anything that a rule could want;
rules take the snapshot date.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from dagster import ConfigurableResource


class Clock(ConfigurableResource):  # type: ignore[type-arg]
    """Today, in UTC like the partitions."""

    def today(self) -> date:
        return datetime.now(UTC).date()


class FixedClock(Clock):
    """A day that does not pass."""

    day: str

    def today(self) -> date:
        return date.fromisoformat(self.day)
