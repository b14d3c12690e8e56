"""The daily schedule.

Here: when the job starts and for which partition. Not here: what it does (jobs).
"""

# No `from __future__ import annotations`: Dagster reads the annotation of the context.
from datetime import UTC

import dagster as dg

from kweli_assets.operations.jobs import LOAD_SNAPSHOT
from kweli_assets.resources.settings import resolve_schedule

_TIME = resolve_schedule()


@dg.schedule(
    name="daily_snapshot",
    cron_schedule=f"{_TIME.minute} {_TIME.hour} * * *",
    execution_timezone="UTC",
    job=LOAD_SNAPSHOT,
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Loads the same day's snapshot, daily at KWELI_SCHEDULE (UTC). Off until it is "
    "switched on.",
)
def daily_snapshot(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The table holds today's rows only, so the day of the tick is the partition."""
    day = context.scheduled_execution_time.astimezone(UTC).date().isoformat()
    return dg.RunRequest(run_key=day, partition_key=day)
