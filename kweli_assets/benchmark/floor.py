"""The floor: what the servers' own programs need for the same rows, whatever a pipeline does.

Here: draining the table with the server's client and importing finished files with neo4j-admin.
Not here: our stages.
"""

from __future__ import annotations

import os
import subprocess
import time
from datetime import date
from pathlib import Path

from kweli_assets.benchmark.measure import Measurement, StageError
from kweli_assets.embedded import servers
from kweli_assets.embedded.state import MysqlServer
from kweli_assets.graph.bulk import ImportFiles, require_imported

TABLE = "impact_learners_profile"


def drain(server: MysqlServer, rows: int) -> Measurement:
    """`SELECT *` by the server's own client, a row at a time, into nothing."""
    command: list[str | Path] = [
        servers.mariadb_client(),
        *("--no-defaults", "--quick", "--batch", "--raw", "--skip-column-names", "--protocol=tcp"),
        *(f"--host={server.host}", f"--port={server.port}", f"--user={server.user}"),
        *(f"--execute=SELECT * FROM {TABLE}", server.database),
    ]
    began = time.monotonic()
    done = subprocess.run(
        command,
        env={**os.environ, "MYSQL_PWD": server.password},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began
    if done.returncode != 0:
        raise StageError(
            "draining the table with the mariadb client",
            f"it ended with code {done.returncode}: {done.stderr.strip()[-500:]}",
            "see whether the embedded server still runs.",
        )
    return Measurement("floor: SELECT * by the client", rows, seconds, seconds)


def offline_import(home: Path, files: ImportFiles, rows: int, snapshot: date) -> Measurement:
    """`neo4j-admin database import full` of finished files into a home of its own.

    Args:
        home: gets the database.
        rows: learners among the files' nodes.
        snapshot: for messages.
    """
    home.mkdir(mode=0o700)
    began = time.monotonic()
    done = servers.neo4j_admin(
        home, "database", "import", "full", "neo4j", *files.options, cwd=files.folder
    )
    seconds = time.monotonic() - began
    require_imported(done.returncode, done.stdout + done.stderr, files, snapshot)
    return Measurement(
        "floor: neo4j-admin import",
        rows,
        seconds,
        seconds,
        details={"nodes": files.nodes, "relationships": files.relationships},
    )
