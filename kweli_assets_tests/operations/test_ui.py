"""The UI comes up with the project's assets, and ends with everything it started."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from kweli_assets.embedded.state import ServersState
from kweli_assets.errors import ConfigurationError
from kweli_assets.operations.ui import serve
from kweli_assets.resources.settings import resolve_store

_QUERY = "{repositoriesOrError{... on RepositoryConnection{nodes{assetNodes{assetKey{path}}}}}}"
_SECONDS = 180


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _asset_keys(port: int) -> set[str]:
    """What the UI's server lists, empty while it does not answer."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": _QUERY}).encode(),
        {"content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 (its own port)
            nodes = json.load(answer)["data"]["repositoriesOrError"].get("nodes", [])
    except OSError:
        return set()
    return {"/".join(each["assetKey"]["path"]) for node in nodes for each in node["assetNodes"]}


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_dev_shows_the_assets_and_ends_with_all_its_processes(
    servers: ServersState, tmp_path: Path, by: signal.Signals
) -> None:
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "kweli_assets", "dev", "--port", str(port)],
        env={**os.environ, **servers.environment(), "KWELI_HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    family: list[psutil.Process] = []
    try:
        deadline = time.monotonic() + _SECONDS
        while not (keys := _asset_keys(port)) and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.5)
        assert {"snapshot/learner_rows", "frames/learners", "graph/learner"} <= keys
        family = psutil.Process(process.pid).children(recursive=True)
        assert family
        process.send_signal(by)
        process.wait(60)
    finally:
        # Also when the test fails or is interrupted: in order, so that the UI does not stay.
        if process.poll() is None:
            process.terminate()
            process.wait(60)
    assert not [each for each in family if each.is_running() and each.status() != "zombie"]


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(ConfigurationError, match="--port"),
    ):
        serve(resolve_store({"KWELI_HOME": str(tmp_path)}), taken.getsockname()[1])
