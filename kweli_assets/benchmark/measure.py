"""Seconds and memory of one stage, run in a process of its own.

Here: starting a stage as a child process, watching the memory of it and its children, reading what
it says. Not here: what a stage does (stages), the order of stages (run).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from kweli_assets.errors import KweliError

_WATCH_SECONDS = 0.05

Values = dict[str, Any]


@dataclass(frozen=True)
class Measurement:
    """What one stage took.

    Attributes:
        name: the stage.
        rows: learner rows that it worked on.
        seconds: of the work; starting Python and importing are left out.
        process_seconds: from the start of the process to its end.
        peak_mb: the most resident memory that the process and its Python children held together,
            in megabytes (10^6 bytes); a server that the stage starts is not among them.
        parts: seconds by part, where the stage has parts.
        details: whatever else the stage says.
    """

    name: str
    rows: int
    seconds: float
    process_seconds: float | None = None
    peak_mb: float | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    details: Values = field(default_factory=dict)

    @property
    def rows_a_second(self) -> float:
        """Learner rows a second of work."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0

    def as_json(self) -> Values:
        """The measurement as plain values."""
        return {
            "name": self.name,
            "rows": self.rows,
            "seconds": round(self.seconds, 3),
            "rows a second": round(self.rows_a_second),
            "process seconds": _rounded(self.process_seconds),
            "peak MB": _rounded(self.peak_mb),
            "parts": {name: round(value, 3) for name, value in self.parts.items()},
            **self.details,
        }


class StageError(KweliError):
    """A measured stage failed."""


def in_process(
    stage: str, rows: int, arguments: Mapping[str, object], environment: Mapping[str, str]
) -> Measurement:
    """Run a function of `stages` in a new Python process and watch it.

    Args:
        stage: the function's name.
        rows: the learner rows that it works on.
        arguments: keyword arguments, as JSON can hold them.
        environment: the process's variables.

    Raises:
        StageError: the stage failed; its message stands in the error.
    """
    with tempfile.TemporaryDirectory(prefix="kweli-stage-") as folder:
        answer = Path(folder) / "answer.json"
        began = time.monotonic()
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "kweli_assets.benchmark.stages", stage),
                *(json.dumps(dict(arguments)), str(answer)),
            ],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        watch = _MemoryWatch(process.pid)
        try:
            _, said = process.communicate()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        finally:
            watch.stop()
        ended = time.monotonic()
        if process.returncode != 0 or not answer.is_file():
            raise StageError(
                f"measuring the stage {stage}",
                f"it ended with code {process.returncode}: {said.strip()[-2000:]}",
                "mend what it says; a smaller number of rows (--rows) needs less of everything.",
            )
        found = json.loads(answer.read_text(encoding="utf-8"))
    return Measurement(
        name=stage,
        rows=rows,
        seconds=found.pop("seconds"),
        process_seconds=ended - began,
        peak_mb=watch.peak_bytes / 1e6,
        parts=found.pop("parts", {}),
        details=found,
    )


class _MemoryWatch:
    """Looks at the resident memory of a process and its Python children until stopped."""

    def __init__(self, pid: int) -> None:
        self.peak_bytes = 0
        self._process = psutil.Process(pid)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(_WATCH_SECONDS):
            try:
                family = [self._process, *self._process.children(recursive=True)]
            except psutil.Error:
                return
            total = 0
            for member in family:
                try:
                    # Servers and the importer, which a stage may start, are not ours.
                    if "python" in member.name():
                        total += member.memory_info().rss
                except psutil.Error:
                    continue
            self.peak_bytes = max(self.peak_bytes, total)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
