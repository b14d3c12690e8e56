"""Who ends which server: every way a command can end, stale ids, and servers of others.

MariaDB alone stands for both wherever the code is the same: it starts in a second.
"""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kweli_assets.embedded import artifacts, mariadb_server, neo4j_server, processes, servers
from kweli_assets.embedded.processes import ProcessRecord
from kweli_assets.embedded.state import ServerRecord, read_state, servers_folder, write_state
from kweli_assets.errors import ServerError

MYSQL = ("mysql",)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """An own KWELI_HOME, ended and checked to be empty of processes afterwards."""
    folder = tmp_path / "home"
    yield folder
    servers.down(folder)
    assert _processes_of(folder) == []


def _processes_of(home: Path) -> list[psutil.Process]:
    """Every process whose command line names the home, this one excepted."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if process.pid != os.getpid() and any(
            str(home) in part for part in process.info["cmdline"] or ()
        ):
            found.append(process)
    return found


def _pid(home: Path) -> int:
    pid = servers.status(home)[0].pid
    assert pid is not None
    return pid


def _python(script: str, *arguments: object, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | variables,
    )


def test_secrets_are_for_their_owner_only(home: Path) -> None:
    servers.up(home, which=MYSQL)
    folder = servers_folder(home)
    modes = {
        path.relative_to(folder).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in (
            folder,
            folder / "state.json",
            folder / "mysql",
            folder / "mysql" / "owner.password",
            folder / "mysql" / "reader.password",
            folder / "mysql" / "accounts.sql",
        )
    }
    assert modes == {
        ".": 0o700,
        "state.json": 0o600,
        "mysql": 0o700,
        "mysql/owner.password": 0o600,
        "mysql/reader.password": 0o600,
        "mysql/accounts.sql": 0o600,
    }
    secrets = mariadb_server.secrets(home)
    assert len(set(secrets)) == 2
    for process in _processes_of(home):
        assert not any(secret in part for part in process.cmdline() for secret in secrets)


def test_it_listens_on_loopback_only(home: Path) -> None:
    servers.up(home, which=MYSQL)
    listening = [
        connection.laddr.ip
        for connection in psutil.Process(_pid(home)).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1"]


def test_down_ends_what_up_started_and_nothing_else(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    servers.up(other, which=MYSQL)
    servers.up(home, which=MYSQL)
    mine, others = _pid(home), _pid(other)
    try:
        assert servers.down(home) == ["mysql"]
        assert not psutil.pid_exists(mine)
        assert _pid(other) == others
        assert servers.down(home) == []
    finally:
        servers.down(other)


def test_a_killed_server_is_started_again_on_its_port(home: Path) -> None:
    before = servers.up(home, which=MYSQL).mysql
    server = psutil.Process(_pid(home))
    server.kill()
    server.wait(10)
    assert servers.environment(home) == {}
    assert servers.up(home, which=MYSQL).mysql == before


def test_a_port_that_was_taken_meanwhile_is_left_alone(home: Path) -> None:
    before = servers.up(home, which=MYSQL).mysql
    assert before is not None
    servers.down(home)
    with socket.create_server(("127.0.0.1", before.port)):
        after = servers.up(home, which=MYSQL).mysql
        assert after is not None
        assert after.port != before.port


@pytest.mark.parametrize("recycled", ["other start", "other command"])
def test_a_recycled_process_id_is_never_ended(home: Path, recycled: str) -> None:
    with subprocess.Popen(["sleep", "60"]) as bystander:
        try:
            started = psutil.Process(bystander.pid).create_time()
            record = (
                ProcessRecord(bystander.pid, started - 3600, "sleep")
                if recycled == "other start"
                else ProcessRecord(bystander.pid, started, str(home))
            )
            servers_folder(home).mkdir(parents=True)
            state = read_state(home)
            state.servers["mysql"] = ServerRecord(port=1, process=record, keep=True)
            write_state(home, state)
            assert [each.running for each in servers.status(home)] == [False, False]
            assert servers.down(home) == []
            assert bystander.poll() is None
        finally:
            bystander.kill()


def test_the_block_ends_its_servers_also_when_it_fails(home: Path) -> None:
    def use() -> None:
        with servers.running_servers(home, which=MYSQL) as state:
            assert state.mysql is not None
            assert len(_processes_of(home)) == 2  # the server and its watchdog
            raise LookupError

    with pytest.raises(LookupError):
        use()
    assert _processes_of(home) == []


def test_the_block_leaves_servers_that_were_up(home: Path) -> None:
    servers.up(home, which=MYSQL)
    pid = _pid(home)
    with servers.running_servers(home, which=MYSQL):
        assert _pid(home) == pid
    assert _pid(home) == pid


def test_up_within_the_block_keeps_the_servers(home: Path) -> None:
    with servers.running_servers(home, which=MYSQL):
        servers.up(home, which=MYSQL)
        pid = _pid(home)
    assert _pid(home) == pid


def test_the_last_of_two_blocks_ends_the_servers(home: Path) -> None:
    with servers.running_servers(home, which=MYSQL):
        pid = _pid(home)
        with servers.running_servers(home, which=MYSQL):
            assert _pid(home) == pid
        assert _pid(home) == pid
    assert _processes_of(home) == []


_USER = """
    import sys, time
    from pathlib import Path
    from kweli_assets.embedded.servers import running_servers
    with running_servers(Path(sys.argv[1]), which=("mysql",)):
        print("up", flush=True)
        time.sleep(120)
"""


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGTERM, 128 + signal.SIGTERM),
        (signal.SIGHUP, 128 + signal.SIGHUP),
        (signal.SIGINT, -signal.SIGINT),
        (signal.SIGKILL, -signal.SIGKILL),
    ],
)
def test_a_signal_leaves_nothing_running(home: Path, number: int, code: int) -> None:
    with _python(_USER, home) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == "up\n"
        user.send_signal(number)
        assert user.wait(30) == code
    _, left = psutil.wait_procs(_processes_of(home), timeout=30)
    assert left == []


def test_a_signal_while_starting_leaves_nothing_running(home: Path) -> None:
    with _python(_USER, home) as user:
        until = time.monotonic() + 30
        while not (servers_folder(home) / "mysql" / "owner.password").exists():
            assert time.monotonic() < until
            time.sleep(0.02)
        user.terminate()
        assert user.wait(30) == 128 + signal.SIGTERM
    _, left = psutil.wait_procs(_processes_of(home), timeout=30)
    assert left == []


def test_two_ups_at_once_start_one_server(home: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from kweli_assets.embedded import servers
        servers.up(Path(sys.argv[1]), which=("mysql",))
        print(servers.status(Path(sys.argv[1]))[0].pid)
    """
    with _python(script, home) as first, _python(script, home) as second:
        pids = {first.communicate(timeout=60)[0], second.communicate(timeout=60)[0]}
    assert pids == {f"{_pid(home)}\n"}
    assert len(_processes_of(home)) == 1


def test_a_server_that_does_not_come_up_says_why(home: Path) -> None:
    servers.up(home, which=MYSQL)
    servers.down(home)
    system = servers_folder(home) / "mysql" / "data" / "ibdata1"
    system.write_bytes(b"not a tablespace" * 1024)
    with pytest.raises(ServerError) as caught:
        servers.up(home, which=MYSQL)
    assert "ended while starting" in str(caught.value)
    assert "InnoDB" in str(caught.value)
    assert "MYSQL_HOST" in caught.value.todo
    assert servers.environment(home) == {}


def test_a_java_that_does_not_come_up_says_why(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KWELI_NEO4J_HEAP", "1k")
    with pytest.raises(ServerError, match="heap"):
        servers.up(home, which=("neo4j",))


def test_a_lost_password_and_a_broken_store_are_told_apart(home: Path) -> None:
    binaries = artifacts.install(artifacts.NEO4J)["neo4j"]
    neo4j_server.prepare(home, binaries, threading.Event())
    folder = servers_folder(home) / "neo4j"
    password = (folder / "neo4j.password").read_text()
    (folder / "neo4j.password").write_text("another\n")
    with pytest.raises(ServerError, match="another password"):
        servers.up(home, which=("neo4j",))
    (folder / "neo4j.password").write_text(password)
    (folder / "data" / "databases" / "neo4j" / "neostore").write_bytes(b"x" * 8192)
    with pytest.raises(ServerError, match="Failed to read current store version"):
        servers.up(home, which=("neo4j",))
    assert servers.environment(home) == {}


def test_one_failing_server_takes_the_other_down_with_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KWELI_NEO4J_HEAP", "1k")
    with pytest.raises(ServerError), servers.running_servers(home):
        pytest.fail("not reached")
    assert _processes_of(home) == []


def test_logs_are_shown_without_secrets(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("\n".join([f"line {n}" for n in range(50)] + ["login with hunter2 failed"]))
    tail = processes.log_tail(log, ["hunter2"])
    assert "hunter2" not in tail
    assert "login with *** failed" in tail
    assert "line 49" in tail
    assert "line 20\n" not in tail
    assert "empty" in processes.log_tail(tmp_path / "none.log", [])


def test_servers_see_none_of_the_callers_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_PASSWORD", "hunter2")
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xmx1k")
    assert not {"NEO4J_PASSWORD", "JAVA_TOOL_OPTIONS"} & set(processes.server_environment())


@pytest.mark.parametrize("machine", ["aarch64", "riscv64"])
def test_another_platform_is_told_what_to_do(
    home: Path, monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    with pytest.raises(ServerError) as caught:
        servers.up(home, which=MYSQL)
    assert machine in caught.value.wrong
    assert "MYSQL_HOST" in caught.value.todo
    assert "compose.yaml" in caught.value.todo


@pytest.mark.parametrize("place", ["file", "/proc/home"])  # /proc: root can't write there either
def test_an_unusable_home_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServerError, match="KWELI_HOME") as caught:
        servers.up(tmp_path / place)
    assert str(tmp_path / place) in caught.value.wrong
