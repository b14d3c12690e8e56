"""The Dagster UI as a child process that ends with its parent.

Here: starting `dagster dev` on this project and ending it. Not here:
what it shows (definitions).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import psutil

from kweli_assets.errors import ConfigurationError
from kweli_assets.resources.settings import StoreSettings, project_folder

_ORDERLY_SECONDS = 20


def serve(
    folders: StoreSettings,
    port: int,
    ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Run the UI and its daemon until Ctrl-C; whatever ends this call, they are ended as well.

    Args:
        folders: where Dagster keeps its runs, and the embedded servers are found.
        port: where the UI answers.
        ready: told the address.

    Raises:
        ConfigurationError: the port is in use, or the UI ended by itself.
    """
    taken = {
        connection.laddr.port
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    if port in taken:
        raise ConfigurationError(
            "starting the Dagster UI", f"port {port} is in use.", "Give another one with --port."
        )
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "dagster", "dev"),
            *("--module-name", "kweli_assets.definitions"),
            *("--host", "127.0.0.1", "--port", str(port)),
        ],
        cwd=project_folder(),
        env={
            **os.environ,
            "KWELI_HOME": str(folders.home),
            "DAGSTER_HOME": str(folders.dagster_home),
            # It recommends `dg dev`, which is a developer's package.
            "PYTHONWARNINGS": "ignore:Function `dev_command`",
        },
        # A session of its own: Ctrl-C reaches this process alone, which then ends the other.
        start_new_session=True,
    )
    # All three unwind: SIGTERM and SIGHUP would end this process alone, and a shell that starts a
    # job in the background has it ignore Ctrl-C's signal.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        ready(f"http://127.0.0.1:{port}")
        code = process.wait()
    finally:
        _end(process)
    raise ConfigurationError(
        "running the Dagster UI",
        f"it ended by itself (exit code {code}).",
        "Its last lines above say why.",
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the UI, its daemon, its code servers and the runs that they started."""
    try:
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(True)]
    except psutil.NoSuchProcess:
        return
    process.send_signal(signal.SIGINT)
    _, alive = psutil.wait_procs(family, timeout=_ORDERLY_SECONDS)
    for each in alive:
        each.kill()
    psutil.wait_procs(alive, timeout=5)
