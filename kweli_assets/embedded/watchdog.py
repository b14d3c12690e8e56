"""The process that ends servers whose user died without a chance to do it (SIGKILL, a crash).

Started by `running_servers` with the home and the user's process record as arguments; it sleeps
until that process ends. Not for use by hand.
"""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

from kweli_assets.embedded.processes import ProcessRecord
from kweli_assets.embedded.servers import leave


def main(arguments: list[str]) -> None:
    home, pid, started, mark = arguments
    user = ProcessRecord(int(pid), float(started), mark)
    process = user.find()
    if process is not None:
        # It can't be reaped from here, so a zombie counts as ended.
        psutil.wait_procs([process])
    leave(Path(home), user)


if __name__ == "__main__":
    main(sys.argv[1:])
