"""What the figures were measured on: machine and versions.

Here: reading them. Not here: judging them.
"""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil

_PACKAGES = ("kweli-assets", "polars", "pyarrow", "dagster", "neo4j", "pymysql")


def machine() -> dict[str, str | int | float]:
    """Cores that this process may use, memory, processor, load before the run, system."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else _cores(),
        "memory GB": round(psutil.virtual_memory().total / 1e9, 1),
        "load average before": round(psutil.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.release()}",
    }


def versions() -> dict[str, str]:
    """Python and the packages that the speed hangs on."""
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def _cores() -> int:
    return os.cpu_count() or 1


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.is_file():
        for line in described.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
