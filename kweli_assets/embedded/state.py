"""What is known of the embedded servers between two commands: one small file under KWELI_HOME.

Here: the state's shape, reading and writing it whole, the folders of each server, and the lock
around changes. Not here: starting and ending anything.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from kweli_assets.embedded.processes import ProcessRecord
from kweli_assets.errors import ServerError

HOST = "127.0.0.1"


class ServerRecord(msgspec.Struct, frozen=True):
    """One server that was started.

    Attributes:
        port: where it answers, on 127.0.0.1.
        process: which process it is, or was: a record stays after the end, for its port.
        keep: it stays until `down`, whoever uses it meanwhile.
    """

    port: int
    process: ProcessRecord
    keep: bool = False


class State(msgspec.Struct):
    """The state file.

    Attributes:
        servers: by name, `mysql` and `neo4j`; records may be stale.
        users: processes that need the servers for their own time. The last to leave ends those
            that are not kept.
    """

    servers: dict[str, ServerRecord] = msgspec.field(default_factory=dict)
    users: list[ProcessRecord] = msgspec.field(default_factory=list)


@dataclass(frozen=True)
class MysqlServer:
    """A running MariaDB: `user` may only read, `owner_user` fills the table."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    owner_user: str
    owner_password: str = field(repr=False)


@dataclass(frozen=True)
class Neo4jServer:
    """A running Neo4j and its administrator."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)

    @property
    def uri(self) -> str:
        return f"bolt://{self.host}:{self.port}"


@dataclass(frozen=True)
class ServersState:
    """What runs under a home; None for a server that does not."""

    home: Path
    mysql: MysqlServer | None = None
    neo4j: Neo4jServer | None = None

    def environment(self) -> dict[str, str]:
        """The MYSQL_* and NEO4J_* assignments of the servers that run, for any other client."""
        assignments: dict[str, str] = {}
        if self.mysql is not None:
            assignments |= {
                "MYSQL_HOST": self.mysql.host,
                "MYSQL_PORT": str(self.mysql.port),
                "MYSQL_USER": self.mysql.user,
                "MYSQL_PASSWORD": self.mysql.password,
                "MYSQL_DATABASE": self.mysql.database,
            }
        if self.neo4j is not None:
            assignments |= {
                "NEO4J_URI": self.neo4j.uri,
                "NEO4J_USERNAME": self.neo4j.user,
                "NEO4J_PASSWORD": self.neo4j.password,
                "NEO4J_DATABASE": self.neo4j.database,
            }
        return assignments


def servers_folder(home: Path) -> Path:
    """Where everything of the embedded servers lies."""
    return home / "servers"


def create_folder(folder: Path) -> Path:
    """Make a folder that only its owner may enter.

    Raises:
        ServerError: it can't be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError("no write access")
    except OSError as error:
        raise ServerError(
            "preparing the embedded servers",
            f"the folder {folder} can't be written ({error.strerror or error}).",
            "give write access there or set KWELI_HOME to another folder.",
        ) from error
    return folder


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600, whole or not at all."""
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # 0600 from birth
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(aside, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(aside)
        raise


def new_password(path: Path) -> None:
    """Generate the password file unless it is there.

    Hexadecimal digits only: one password in 64 would begin with `-` otherwise, and neo4j-admin
    takes that for an option.
    """
    if not path.exists():
        write_private(path, secrets.token_hex(24) + "\n")


def read_password(path: Path) -> str:
    """The password in `path`.

    Raises:
        ServerError: the file is gone.
    """
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ServerError(
            "reading an embedded server's password",
            f"{path} can't be read ({error.strerror}).",
            f"put it back, or remove {path.parent} (with the data in it) and start anew.",
        ) from error


def read_state(home: Path) -> State:
    """The state as last written; an empty one where there is none."""
    path = servers_folder(home) / "state.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except FileNotFoundError:
        return State()
    except (msgspec.DecodeError, OSError) as error:
        raise ServerError(
            "reading the embedded servers' state",
            f"{path} can't be read ({type(error).__name__}).",
            "end the servers by hand if they run, then remove that file.",
        ) from error


def write_state(home: Path, state: State) -> None:
    """Write the state, whole or not at all."""
    write_private(
        servers_folder(home) / "state.json",
        msgspec.json.format(msgspec.json.encode(state), indent=2).decode() + "\n",
    )


@contextlib.contextmanager
def locked(home: Path, *, seconds: float = 900) -> Iterator[None]:
    """Hold the home's lock: one process at a time starts or ends servers.

    Raises:
        ServerError: another process holds it for longer than `seconds`.
    """
    folder = create_folder(servers_folder(home))
    try:
        with FileLock(folder / "lock", timeout=seconds):
            yield
    except Timeout as error:
        raise ServerError(
            "waiting for another process that starts or ends the embedded servers",
            f"it still holds {folder / 'lock'} after {seconds:.0f} seconds.",
            "wait for it or end it.",
            rerun_helps=True,
        ) from error
