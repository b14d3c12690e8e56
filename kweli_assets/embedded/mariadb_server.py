"""MariaDB as the embedded source: data folder, accounts, command line, and how it is asked.

Here: what is particular to MariaDB. Not here: the order of starting and ending (servers).
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import threading
from pathlib import Path

import psutil
import pymysql

from kweli_assets.embedded import processes
from kweli_assets.embedded.processes import ProcessRecord
from kweli_assets.embedded.state import (
    HOST,
    MysqlServer,
    create_folder,
    new_password,
    read_password,
    servers_folder,
    write_private,
)
from kweli_assets.errors import ServerError

NAME = "mysql"
TITLE = "MariaDB"
DATABASE = "kweli"
OWNER = "kweli_owner"
READER = "kweli_reader"
_OWNER_FILE = "owner.password"
_READER_FILE = "reader.password"
_SYSTEM_SQL = (
    "mariadb_system_tables.sql",
    "mariadb_performance_tables.sql",
    "mariadb_system_tables_data.sql",
)
START_SECONDS = 120.0
END_SECONDS = 60.0
# System tables, redo log and undo tablespaces of an empty server (143 MB measured), plus rows.
DISK_BYTES = 400 * 1024**2


def folder(home: Path) -> Path:
    """Everything of this server."""
    return servers_folder(home) / NAME


def log(home: Path) -> Path:
    """The server's log, its output included."""
    return folder(home) / "mariadb.log"


def last_words(home: Path) -> str:
    """What the server logged last, without secrets."""
    return processes.log_tail(log(home), secrets(home))


def check_platform() -> None:
    """Raise ServerError where the packaged binaries can't run."""
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "AMD64"):
        raise ServerError(
            "starting the embedded MariaDB",
            f"its packaged binaries are for 64-bit x86 Linux, not {sys.platform} on "
            f"{platform.machine()}.",
            "set MYSQL_HOST (and the other MYSQL_* variables) to a server of your own, or start "
            "one with `docker compose up` (compose.yaml).",
        )


def details(home: Path, port: int) -> MysqlServer:
    """How the server at `port` is reached."""
    return MysqlServer(
        host=HOST,
        port=port,
        database=DATABASE,
        user=READER,
        password=read_password(folder(home) / _READER_FILE),
        owner_user=OWNER,
        owner_password=read_password(folder(home) / _OWNER_FILE),
    )


def secrets(home: Path) -> list[str]:
    """What must never be shown."""
    server = details(home, 0)
    return [server.password, server.owner_password]


def prepare(home: Path, binaries: Path, cancelled: threading.Event) -> None:
    """Make the data folder, unless it is there; a broken-off attempt leaves none."""
    data = create_folder(folder(home)) / "data"
    for file in (_OWNER_FILE, _READER_FILE):
        new_password(folder(home) / file)
    if data.exists():
        return
    aside = folder(home) / "data.new"
    shutil.rmtree(aside, ignore_errors=True)
    create_folder(aside)
    # What the packaged mariadb-install-db does, without its help tables and without the shell,
    # which can't have a blank in any path. Root gets in by the socket alone, without a password.
    statements = folder(home) / "system_tables.sql"
    write_private(
        statements,
        # One statement a line, as bootstrap reads them.
        "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket='root';\n"
        + "".join((binaries / "share" / name).read_text(encoding="utf-8") for name in _SYSTEM_SQL),
    )
    code = processes.run(
        [
            binaries / "bin" / "mariadbd",
            "--no-defaults",
            "--bootstrap",
            f"--basedir={binaries}",
            f"--datadir={aside}",
            f"--lc-messages-dir={binaries / 'share'}",
            "--log-warnings=0",
            "--max-allowed-packet=8M",
            *_as_root(),
        ],
        log=log(home),
        cwd=folder(home),
        stdin=statements,
        cancelled=cancelled,
    )
    if code != 0:
        raise ServerError(
            "preparing the embedded MariaDB's data folder",
            f"mariadbd --bootstrap ended with code {code}. {last_words(home)}",
            "a missing system library or a full disk is the usual reason; or set MYSQL_HOST to a "
            "server of your own.",
        )
    statements.unlink()
    os.replace(aside, data)


def launch(home: Path, binaries: Path, port: int) -> ProcessRecord:
    """Start the server process; it answers only after the accounts are in place."""
    write_private(folder(home) / "accounts.sql", _accounts(home))
    create_folder(folder(home) / "tmp")
    return processes.start(
        [
            binaries / "bin" / "mariadbd",
            "--no-defaults",
            f"--basedir={binaries}",
            f"--datadir={folder(home) / 'data'}",
            f"--tmpdir={folder(home) / 'tmp'}",
            f"--lc-messages-dir={binaries / 'share'}",
            f"--character-sets-dir={binaries / 'share' / 'charsets'}",
            f"--init-file={folder(home) / 'accounts.sql'}",
            f"--port={port}",
            f"--bind-address={HOST}",
            # Relative to the data folder: a socket's whole path may have 107 bytes only.
            "--socket=mariadb.sock",
            "--skip-name-resolve",
            "--skip-log-bin",
            # Loopback only; making a key for it takes 3 to 13 seconds of every start.
            "--skip-ssl",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_unicode_ci",
            "--local-infile=1",
            "--max-allowed-packet=64M",
            # A reader that pauses while its rows are written to disk is not hung up on.
            "--net-write-timeout=600",
            f"--innodb-buffer-pool-size={_buffer_pool_megabytes()}M",
            # What it holds can be generated again: no disk flush per transaction.
            "--innodb-flush-log-at-trx-commit=0",
            "--skip-innodb-doublewrite",
            *_as_root(),
        ],
        log=log(home),
        cwd=folder(home),
        mark=str(folder(home) / "data"),
    )


def answers(home: Path, port: int) -> bool:
    """Whether this server, known by its generated password, answers a query."""
    server = details(home, port)
    if not processes.listens(port):
        return False
    try:
        connection = pymysql.connect(
            host=server.host,
            port=port,
            user=server.user,
            password=server.password,
            database=server.database,
            connect_timeout=5,
            read_timeout=10,
        )
    except pymysql.MySQLError:
        return False
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def client(binaries: Path) -> Path:
    """The `mariadb` command line client that comes with the server."""
    return binaries / "bin" / "mariadb"


def _accounts(home: Path) -> str:
    """SQL that runs before the server accepts its first connection, at every start.

    Databases whose name begins with `kweli_` are the owner's and the reader's as well, so that
    tests can have their own.
    """
    server = details(home, 0)
    lines = [
        f"CREATE DATABASE IF NOT EXISTS `{DATABASE}` CHARACTER SET utf8mb4;",
    ]
    for user, secret, rights in (
        (OWNER, server.owner_password, "ALL PRIVILEGES"),
        (READER, server.password, "SELECT"),
    ):
        account = f"'{user}'@'{HOST}'"
        lines += [
            f"CREATE USER IF NOT EXISTS {account};",
            f"ALTER USER {account} IDENTIFIED BY '{secret}';",
            f"GRANT {rights} ON `{DATABASE}`.* TO {account};",
            f"GRANT {rights} ON `{DATABASE}\\_%`.* TO {account};",
        ]
    return "\n".join(lines) + "\n"


def _as_root() -> list[str]:
    # mariadbd refuses to run as root unless told so by name.
    return ["--user=root"] if os.geteuid() == 0 else []


def _buffer_pool_megabytes() -> int:
    megabytes = psutil.virtual_memory().total // 1024**2
    return int(max(64, min(512, megabytes // 16)))
