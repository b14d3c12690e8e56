"""Processes that outlive the command which started them: identity, start, waiting, ending.

Here: what makes a recorded process id trustworthy, starting a server in a session of its own, and
ending exactly that process. Not here: which servers there are and where their files lie.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from kweli_assets.errors import ServerError

# The clock may be set between two looks at a start time; a recycled id differs by far more,
# and its command line would also have to hold the same folder.
_START_TOLERANCE_SECONDS = 5.0
_LOG_LINES = 15

# Children of this very process, kept so that they are reaped when they end.
_children: dict[int, subprocess.Popen[bytes]] = {}


class CancelledError(Exception):
    """Waiting was given up because the caller is being ended."""


@dataclass(frozen=True)
class ProcessRecord:
    """A process as it is written into the state file.

    Attributes:
        pid: its id, which the system may give to another process once it has ended.
        started: its start time in seconds since the epoch.
        mark: a text that its command line holds (the server's own data folder).
    """

    pid: int
    started: float
    mark: str

    def find(self) -> psutil.Process | None:
        """The running process that this record means; None if it ended or the id was recycled."""
        try:
            process = psutil.Process(self.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            if abs(process.create_time() - self.started) > _START_TOLERANCE_SECONDS:
                return None
            if not any(self.mark in part for part in process.cmdline()):
                return None
        except psutil.NoSuchProcess:
            return None
        except psutil.AccessDenied:
            return None  # another user's process: not one of ours
        return process

    @classmethod
    def of(cls, pid: int, mark: str) -> ProcessRecord:
        return cls(pid, psutil.Process(pid).create_time(), mark)


def start(
    command: Sequence[str | Path],
    *,
    log: Path,
    cwd: Path,
    mark: str,
    env: Mapping[str, str] | None = None,
) -> ProcessRecord:
    """Start a server in a session of its own, so that a terminal's Ctrl-C does not reach it."""
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=server_environment(env),
            start_new_session=True,
        )
    _children[process.pid] = process
    record = ProcessRecord.of(process.pid, mark)
    # For an instant after exec the command line is empty, and the process not yet to be known.
    while process.poll() is None and record.find() is None:
        time.sleep(0.001)
    return record


def run(
    command: Sequence[str | Path],
    *,
    log: Path,
    cwd: Path,
    stdin: Path | None = None,
    env: Mapping[str, str] | None = None,
    cancelled: threading.Event | None = None,
) -> int:
    """Run a setup command to its end and return its exit code; its output goes to `log`.

    Raises:
        CancelledError: `cancelled` was set; the command and what it had started are ended.
    """
    with log.open("ab") as sink, (stdin or Path(os.devnull)).open("rb") as source:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=source,
            stdout=sink,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=server_environment(env),
            start_new_session=True,
        )
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(0.1)
            if cancelled is not None and cancelled.is_set():
                raise CancelledError
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def server_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a server may see of this process's environment: no credentials, no JVM options."""
    kept = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | dict(extra or {})


def end(record: ProcessRecord, *, seconds: float) -> bool:
    """End the recorded process and wait until it is gone; False if it was not running.

    It is asked with SIGTERM, and killed when it has not ended after `seconds`.
    """
    process = record.find()
    if process is None:
        _reap(record.pid)
        return False
    try:
        process.terminate()
        if not _gone(record, seconds):
            process.kill()
            _gone(record, 10)
    except psutil.NoSuchProcess:
        pass  # it ended by itself just now
    except psutil.AccessDenied as error:
        raise ServerError(
            "ending an embedded server",
            f"process {record.pid} belongs to another user.",
            "end it as the user who started it.",
        ) from error
    _reap(record.pid)
    return True


def _gone(record: ProcessRecord, seconds: float) -> bool:
    """Wait for the end; what its parent (another command) has not reaped yet has ended too."""
    until = time.monotonic() + seconds
    while record.find() is not None:
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _reap(pid: int) -> None:
    child = _children.pop(pid, None)
    if child is not None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(5)


def free_port(preferred: int | None = None) -> int:
    """A TCP port on 127.0.0.1 that nothing listens on: the preferred one, else any."""
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            # As the servers do: a port that is only cooling down from its last use is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            number: int = probe.getsockname()[1]
            return number
    raise OSError("no free port on 127.0.0.1")


def listens(port: int) -> bool:
    """Whether anything accepts connections on 127.0.0.1 at `port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def pause(seconds: float, cancelled: threading.Event) -> None:
    """Wait a moment.

    Raises:
        CancelledError: `cancelled` is set.
    """
    if cancelled.wait(seconds):
        raise CancelledError


def log_tail(log: Path, secrets: Sequence[str]) -> str:
    """The log's last lines, with every secret blotted out; a sentence when there is none."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        text = ""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return f"Its log {log} is empty.\n"
    return f"The last lines of {log}:\n{shown(lines, secrets)}\n"


def shown(lines: Sequence[str], secrets: Sequence[str]) -> str:
    """The last of the lines, with every secret blotted out."""
    text = "\n".join(lines[-_LOG_LINES:])
    for secret in secrets:
        text = text.replace(secret, "***")
    return text
