"""Which day may be read from where, and what a new snapshot may replace."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from kweli_assets.errors import SnapshotError
from kweli_assets.snapshot.days import require_no_loss, require_readable_today
from kweli_assets.snapshot.scan import SnapshotInfo

TODAY = date(2025, 12, 1)
DAY = timedelta(days=1)


def _info(rows: int, source_rows: int | None = None, content: str = "00") -> SnapshotInfo:
    return SnapshotInfo(
        rows=rows,
        source_rows=rows if source_rows is None else source_rows,
        max_rows=None,
        source="a test",
        read_at="2025-12-01T00:00:00+00:00",
        buckets=1,
        fingerprints=(content,),
        fingerprint_version="1",
        snapshot_ids={},
    )


@pytest.mark.parametrize(
    ("day", "is_live"), [(TODAY, True), (TODAY, False), (TODAY - 900 * DAY, False)]
)
def test_allowed(day: date, is_live: bool) -> None:
    require_readable_today(day, TODAY, is_live=is_live, is_stored=False)


@pytest.mark.parametrize(
    ("day", "is_live", "is_stored", "said"),
    [
        (TODAY + DAY, True, False, "future"),
        (TODAY + DAY, False, False, "future"),
        (TODAY - DAY, True, False, "--csv FILE"),
        (TODAY - DAY, True, True, "stored snapshot is kept"),
    ],
)
def test_refused_with_what_to_do(day: date, is_live: bool, is_stored: bool, said: str) -> None:
    with pytest.raises(SnapshotError, match=said):
        require_readable_today(day, TODAY, is_live=is_live, is_stored=is_stored)


@pytest.mark.parametrize(
    ("stored", "taken", "day"),
    [
        (None, _info(10, 100), TODAY),
        (_info(100), _info(100, content="11"), TODAY - DAY),
        (_info(100), _info(90, content="11"), TODAY),
        (_info(100), _info(110, content="11"), TODAY - DAY),
        (_info(10, 100), _info(20, 100, content="11"), TODAY),
        (_info(10, 100), _info(100, content="11"), TODAY),
    ],
)
def test_may_replace(stored: SnapshotInfo | None, taken: SnapshotInfo, day: date) -> None:
    require_no_loss(stored, taken, day, TODAY)


@pytest.mark.parametrize(
    ("stored", "taken", "day"),
    [
        (_info(100), _info(10, 100, content="11"), TODAY),
        (_info(100), _info(99, content="11"), TODAY - DAY),
        (_info(100), _info(200, 300, content="11"), TODAY - DAY),
    ],
)
def test_may_not_replace(stored: SnapshotInfo, taken: SnapshotInfo, day: date) -> None:
    with pytest.raises(SnapshotError, match="--replace-snapshot"):
        require_no_loss(stored, taken, day, TODAY)
