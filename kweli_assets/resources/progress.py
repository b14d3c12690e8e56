"""Progress as log lines: how far, how fast, how long still.

Belongs here: one line every few seconds, whatever is counted. Does not belong here: progress bars
of the command line.
"""

from __future__ import annotations

import time
from collections.abc import Callable

LOG_SECONDS = 5.0
"""Between two lines: event logs grow for ever."""


def logged(log: Callable[[str], object], what: str) -> Callable[[int, int], None]:
    """A function of done and expected that logs at most one line every LOG_SECONDS."""
    started = last = time.monotonic()

    def progress(done: int, expected: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < LOG_SECONDS:
            return
        last = now
        rate = done / (now - started)
        left = f"{max(0, expected - done) / rate:.0f} s left" if rate else "time left unknown"
        share = 100 * done / max(expected, 1)
        log(f"{done:,} of {expected:,} {what} ({share:.0f}%), {rate:,.0f} a second, {left}")

    return progress
