"""Computes the chunks of a table on several cores and hands them on in order.

Here: processes, their number and what is in flight. Not here: what a chunk is or where it goes.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

MOST_PROCESSES = 8
CHUNKS_WORTH_A_PROCESS = 4
"""A process costs about a second to start: the time of some ten chunks."""


def process_count(chunks: int, wanted: int | None = None) -> int:
    """Processes for so many chunks: as wanted, else as many as cores allow and chunks deserve."""
    if wanted is not None:
        return max(1, min(wanted, chunks))
    return max(1, min(os.cpu_count() or 1, MOST_PROCESSES, chunks // CHUNKS_WORTH_A_PROCESS))


def in_order(make: Callable[[int], T], chunks: int, processes: int | None = None) -> Iterator[T]:
    """make(0), make(1), … in this order, computed by several processes where that pays.

    At most two results a process wait to be taken, so memory does not grow with `chunks`. `make`
    and its results must be picklable.
    """
    workers = process_count(chunks, processes)
    if workers == 1:
        yield from map(make, range(chunks))
        return
    with _one_thread_each(), _pool(workers) as pool:
        waiting: deque[Future[T]] = deque()
        try:
            for number in range(chunks):
                waiting.append(pool.submit(make, number))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _pool(workers: int) -> ProcessPoolExecutor:
    # Spawned, since a forked process would inherit Polars' threads as locked mutexes.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker)


def _begin_worker() -> None:
    """Ctrl-C is the parent's to handle, and no worker outlives it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """The processes share the cores already: Polars need not multiply them by threads."""
    name = "POLARS_MAX_THREADS"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
