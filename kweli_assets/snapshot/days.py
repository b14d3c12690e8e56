"""Which day's snapshot may be taken from where, and what it may replace.

Here: the rules for past and future dates and for snapshots that are stored already. Not here:
taking a snapshot (scan), where it is stored (frame_store).

A live table holds the rows of today only. A past day can't be read from it again, so what is
stored of that day is kept, and a dump file of that day is the only way to get it.
"""

from __future__ import annotations

from datetime import date

from kweli_assets.errors import SnapshotError
from kweli_assets.snapshot.scan import SnapshotInfo


def require_readable_today(snapshot: date, today: date, *, is_live: bool, is_stored: bool) -> None:
    """Refuse a day that the source can't hold.

    Args:
        snapshot: the day asked for.
        today: the day it is.
        is_live: whether the source is the live table, and not a dump.
        is_stored: whether that day's snapshot is stored.

    Raises:
        SnapshotError: the day is in the future, or past and the source is live.
    """
    if snapshot > today:
        raise SnapshotError(
            "taking a snapshot",
            f"its date is in the future (today is {today.isoformat()}, UTC).",
            "Ask for today or for a past day's dump.",
            snapshot=snapshot,
        )
    if is_live and snapshot < today:
        kept = (
            "That day's stored snapshot is kept: materialize its frames and the graph without "
            "snapshot/learner_rows (`kweli load --snapshot-date` does that)."
            if is_stored
            else "No snapshot of that day is stored: import a dump of it (`kweli load "
            f"--snapshot-date {snapshot.isoformat()} --csv FILE`)."
        )
        raise SnapshotError(
            "taking a snapshot",
            f"the table only holds today's rows ({today.isoformat()}, UTC), so a past day can't "
            "be read from it.",
            kept,
            snapshot=snapshot,
        )


def require_no_loss(
    stored: SnapshotInfo | None, taken: SnapshotInfo, snapshot: date, today: date
) -> None:
    """Refuse to replace a stored snapshot by one that holds less.

    Today's can be read again at any time, so a complete reading always replaces it. A past day's
    is kept against a smaller dump, and a complete one against a partial one.

    Raises:
        SnapshotError: the stored snapshot holds more.
    """
    if stored is None or taken.fingerprint == stored.fingerprint:
        return
    if taken.is_partial and not stored.is_partial:
        what = f"only a part was read ({taken.rows:,} of {taken.source_rows:,} rows)"
    elif snapshot < today and taken.rows < stored.rows:
        what = f"it has only {taken.rows:,} rows, and that day can't be read again"
    else:
        return
    raise SnapshotError(
        "replacing a stored snapshot",
        f"a complete one with {stored.rows:,} rows is stored, and of the new one {what}."
        if not stored.is_partial
        else f"one with {stored.rows:,} rows is stored, and of the new one {what}.",
        "What is stored was kept. To replace it all the same, allow it by name: --replace-snapshot "
        "(replace_snapshot in the run configuration).",
        snapshot=snapshot,
    )
