"""The embedded servers as one: up, down, status, and a context that leaves nothing behind.

Here: who may start and end what, in which order, and what happens when something breaks. Not
here: what is particular to MariaDB or Neo4j, the files they are made of, the command line.

`up` is for servers that stay until `down`. `running_servers` is for commands that need them for
their own time: it ends what it started, whatever ends the command (a watchdog process covers the
case that the command is killed outright); servers that were already up are left running.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, ModuleType
from typing import NoReturn

import msgspec
import psutil

from kweli_assets.embedded import mariadb_server, neo4j_server, processes
from kweli_assets.embedded.processes import CancelledError, ProcessRecord
from kweli_assets.embedded.state import (
    ServerRecord,
    ServersState,
    State,
    create_folder,
    locked,
    read_state,
    servers_folder,
    write_state,
)
from kweli_assets.errors import ServerError

ALL = (mariadb_server.NAME, neo4j_server.NAME)
_MODULES: dict[str, ModuleType] = {
    mariadb_server.NAME: mariadb_server,
    neo4j_server.NAME: neo4j_server,
}
_PORT_ATTEMPTS = 3
Echo = Callable[[str], None]


def _silent(message: str) -> None:
    del message


@dataclass(frozen=True)
class ServerStatus:
    """One line of `kweli servers status`."""

    name: str
    title: str
    running: bool
    port: int | None
    pid: int | None
    log: Path


def up(
    home: Path, *, which: Sequence[str] = ALL, keep: bool = True, echo: Echo = _silent
) -> ServersState:
    """Start the servers that do not run yet and wait until each answers.

    Args:
        home: KWELI_HOME.
        which: `mysql`, `neo4j` or both.
        keep: the servers stay until `down`, also when another command that uses them ends.
        echo: told what happens, a sentence at a time.

    Raises:
        ServerError: a server can't be brought or does not come up; what this call started is
            ended again.
    """
    home = home.absolute()
    create_folder(servers_folder(home))
    _bring(home, which)
    with _signals_raise(os.getpid()), locked(home):
        _start_missing(home, which, keep, echo)
        state = read_state(home)
        if keep:
            for name in which:
                state.servers[name] = msgspec.structs.replace(state.servers[name], keep=True)
            write_state(home, state)
        return _details(home, state)


def down(home: Path, *, which: Sequence[str] = ALL, echo: Echo = _silent) -> list[str]:
    """End the servers that were started under `home` and wait for it; return which did run."""
    home = home.absolute()
    if not servers_folder(home).is_dir():
        return []
    with locked(home):
        return _end(home, which, echo)


def status(home: Path) -> list[ServerStatus]:
    """What runs under `home`, by the state file and the processes themselves."""
    home = home.absolute()
    state = read_state(home)
    result = []
    for name, module in _MODULES.items():
        record = state.servers.get(name)
        process = record.process.find() if record else None
        result.append(
            ServerStatus(
                name=name,
                title=module.TITLE,
                running=process is not None,
                port=record.port if record and process else None,
                pid=process.pid if process else None,
                log=module.log(home),
            )
        )
    return result


def details(home: Path) -> ServersState:
    """How the servers that run under `home` are reached."""
    home = home.absolute()
    return _details(home, read_state(home))


def environment(home: Path) -> dict[str, str]:
    """The MYSQL_* and NEO4J_* assignments of the servers that run under `home`."""
    return details(home).environment()


@contextmanager
def running_servers(
    home: Path, *, which: Sequence[str] = ALL, echo: Echo = _silent
) -> Iterator[ServersState]:
    """The servers for the time of a `with` block.

    What it started is ended when the block is left, by whatever: its end, an exception, Ctrl-C,
    SIGTERM, SIGHUP, or the death of this process. Servers that were up before are left running,
    and those that another `running_servers` still uses end with the last of them.

    Raises:
        ServerError: see `up`.
    """
    home = home.absolute()
    create_folder(servers_folder(home))
    _bring(home, which)
    owner = os.getpid()
    user = ProcessRecord.of(owner, psutil.Process().cmdline()[0])
    with _signals_raise(owner):
        watchdog = _start_watchdog(home, user)
        try:
            with locked(home):
                state = read_state(home)
                state.users = [*_alive(state.users), user]
                write_state(home, state)
                _start_missing(home, which, False, echo)
            yield details(home)
        finally:
            if os.getpid() == owner:  # a forked child that unwinds must not end its parent's
                leave(home, user, echo=echo)
                _end_watchdog(watchdog)


def leave(home: Path, user: ProcessRecord, *, echo: Echo = _silent) -> None:
    """Note that `user` no longer needs the servers; the last one to leave ends them."""
    with locked(home):
        state = read_state(home)
        users = _alive(state.users)
        if user in users:
            users.remove(user)  # once: a process may be in two `with` blocks
        state.users = users
        write_state(home, state)
        if not users:
            _end(home, [name for name, each in state.servers.items() if not each.keep], echo)


def start_neo4j(home: Path, *, echo: Echo = _silent) -> ServersState:
    """Start Neo4j alone and wait until it answers; who it runs for stays as it is."""
    earlier = read_state(home.absolute()).servers.get(neo4j_server.NAME)
    keep = earlier is not None and earlier.keep
    return up(home, which=(neo4j_server.NAME,), keep=keep, echo=echo)


def stop_neo4j(home: Path, *, echo: Echo = _silent) -> None:
    """End Neo4j alone, so that its store can be worked on offline."""
    down(home, which=(neo4j_server.NAME,), echo=echo)


def neo4j_admin(
    home: Path, *arguments: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `neo4j-admin` on the home's Neo4j, for example `database import full neo4j ...`.

    The server has to be stopped for most commands (`stop_neo4j`). Arguments are visible in the
    process list: no secrets there.

    Returns:
        The finished process with its output as text; its return code is not checked.
    """
    from kweli_assets.embedded import artifacts

    binaries = artifacts.install(artifacts.NEO4J)[artifacts.NEO4J.name]
    create_folder(neo4j_server.folder(home.absolute()))
    return neo4j_server.admin(home.absolute(), binaries, *arguments, cwd=cwd)


def mariadb_client() -> Path:
    """The `mariadb` client program that comes with the embedded server."""
    from kweli_assets.embedded import artifacts

    return mariadb_server.client(artifacts.install(artifacts.MARIADB)[artifacts.MARIADB.name])


def _details(home: Path, state: State) -> ServersState:
    running = _running(state)
    mysql = running.get(mariadb_server.NAME)
    neo4j = running.get(neo4j_server.NAME)
    return ServersState(
        home=home,
        mysql=mariadb_server.details(home, mysql.port) if mysql else None,
        neo4j=neo4j_server.details(home, neo4j.port) if neo4j else None,
    )


def _running(state: State) -> dict[str, ServerRecord]:
    return {name: each for name, each in state.servers.items() if each.process.find() is not None}


def _alive(users: Sequence[ProcessRecord]) -> list[ProcessRecord]:
    return [each for each in users if each.find() is not None]


def _missing(home: Path, which: Sequence[str]) -> list[str]:
    running = _running(read_state(home))
    return [name for name in ALL if name in which and name not in running]


def _bring(home: Path, which: Sequence[str]) -> dict[str, Path]:
    """See that the files of the servers which do not run are there; return each one's folder.

    Done before the home's lock is taken: a slow network may need long, and the cache has a lock
    of its own.
    """
    names = _missing(home, which)
    if not names:
        return {}
    # Imported late: neither the settings nor `kweli servers env` need what fetches packages.
    from kweli_assets.embedded import artifacts

    distributions = {mariadb_server.NAME: artifacts.MARIADB, neo4j_server.NAME: artifacts.NEO4J}
    for name in names:
        _MODULES[name].check_platform()
    folders = artifacts.install(*(distributions[name] for name in names))
    return {name: folders[distributions[name].name] for name in names}


def _start_missing(home: Path, which: Sequence[str], keep: bool, echo: Echo) -> None:
    """Start what does not run, all at once; the lock is held. Ends them again if one fails."""
    binaries = _bring(home, which)
    names = list(binaries)
    if not names:
        return
    from kweli_assets.embedded import artifacts

    new = [name for name in names if not (_MODULES[name].folder(home) / "data").exists()]
    if new:
        needed = sum(_MODULES[name].DISK_BYTES for name in new)
        artifacts.require_disk(servers_folder(home), needed, "preparing the embedded servers")
    echo(f"Starting {' and '.join(_MODULES[name].TITLE for name in names)}.")

    cancelled = threading.Event()
    writing = threading.Lock()

    def record(name: str, port: int, process: ProcessRecord) -> None:
        with writing:
            state = read_state(home)
            state.servers[name] = ServerRecord(port, process, keep)
            write_state(home, state)

    pool = ThreadPoolExecutor(len(names))
    futures: list[Future[None]] = []
    try:
        for name in names:
            futures.append(
                pool.submit(_start_one, home, name, binaries[name], record, cancelled, echo)
            )
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
    except BaseException:  # Ctrl-C and SIGTERM included: nothing half started stays
        cancelled.set()
        pool.shutdown(wait=True, cancel_futures=True)
        _end(home, names, _silent)
        raise
    pool.shutdown()


def _start_one(
    home: Path,
    name: str,
    binaries: Path,
    record: Callable[[str, int, ProcessRecord], None],
    cancelled: threading.Event,
    echo: Echo,
) -> None:
    """Prepare, start and wait for one server, on another port if its port was taken meanwhile."""
    module = _MODULES[name]
    if module.log(home).exists():
        module.log(home).replace(module.log(home).with_suffix(".log.1"))
    module.prepare(home, binaries, cancelled)
    earlier = read_state(home).servers.get(name)
    preferred = earlier.port if earlier else None
    for attempt in range(1, _PORT_ATTEMPTS + 1):
        port = processes.free_port(preferred)
        process = module.launch(home, binaries, port)
        record(name, port, process)
        until = time.monotonic() + module.START_SECONDS
        while process.find() is not None:
            if module.answers(home, port):
                echo(f"{module.TITLE} answers on 127.0.0.1:{port}.")
                return
            if time.monotonic() > until:
                raise _not_up(module, home, f"does not answer after {module.START_SECONDS:.0f} s.")
            processes.pause(0.1, cancelled)
        if cancelled.is_set():
            raise CancelledError
        if attempt == _PORT_ATTEMPTS or not processes.listens(port):
            break
        preferred = None
    raise _not_up(module, home, "ended while starting.")


def _not_up(module: ModuleType, home: Path, wrong: str) -> ServerError:
    variable = "MYSQL_HOST" if module is mariadb_server else "NEO4J_URI"
    return ServerError(
        f"starting the embedded {module.TITLE}",
        f"it {wrong} " + module.last_words(home),
        f"mend what the log names, or set {variable} to a server of your own.",
        rerun_helps=True,
    )


def _end(home: Path, which: Sequence[str], echo: Echo) -> list[str]:
    """End the recorded servers, both at once; the lock is held."""
    state = read_state(home)
    recorded = {
        name: state.servers[name] for name in ALL if name in which and name in state.servers
    }
    running = [name for name, each in recorded.items() if each.process.find() is not None]
    if running:
        echo(f"Ending {' and '.join(_MODULES[name].TITLE for name in running)}.")
        with ThreadPoolExecutor(len(running)) as pool:
            list(
                pool.map(
                    lambda name: processes.end(
                        recorded[name].process, seconds=_MODULES[name].END_SECONDS
                    ),
                    running,
                )
            )
    return running


def _start_watchdog(home: Path, user: ProcessRecord) -> subprocess.Popen[bytes]:
    """Start the process that ends the servers if `user` dies without leaving."""
    with (servers_folder(home) / "watchdog.log").open("ab") as log:
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "kweli_assets.embedded.watchdog",
                str(home),
                str(user.pid),
                repr(user.started),
                user.mark,
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # The package is found where this process found it.
            env=processes.server_environment({"PYTHONPATH": os.pathsep.join(sys.path)}),
            cwd=servers_folder(home),
            start_new_session=True,
        )


def _end_watchdog(watchdog: subprocess.Popen[bytes]) -> None:
    watchdog.terminate()
    watchdog.wait()


@contextmanager
def _signals_raise(owner: int) -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the stack as Ctrl-C does, where nothing else handles them."""

    def raise_exit(number: int, frame: FrameType | None) -> NoReturn:
        del frame
        if os.getpid() != owner:  # a forked child: not its servers, and not its handler
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        raise SystemExit(128 + number)

    taken: list[signal.Signals] = []
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, raise_exit)
                taken.append(number)
    try:
        yield
    finally:
        if os.getpid() == owner:
            for number in taken:
                signal.signal(number, signal.SIG_DFL)
