"""A local graph's first load in bulk: import offline, start, prove that nothing is left to do.

Here: what is refused, the order of stopping, importing, replacing and starting, and the dump. Not
here: the importer's files (graph/bulk), the embedded server itself (embedded).

The embedded server's data folder is replaced as a whole by one that was filled beside it, so that
a bulk load that breaks off leaves the graph that was there. An ordinary load of the same snapshot
follows: it creates constraints and indexes, finds the ledger complete and has to write nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import neo4j

from kweli_assets.embedded import neo4j_server, servers
from kweli_assets.errors import ConfigurationError, GraphError, GuardError
from kweli_assets.graph import ledger
from kweli_assets.graph.bulk import ImportFiles, require_imported, write_import_files
from kweli_assets.graph.load import GraphLoader, LoadReport
from kweli_assets.graph.sets import ALL_SETS
from kweli_assets.graph.sorted_rows import RowsFile
from kweli_assets.resources.frame_store import FrameStore
from kweli_assets.resources.graph_database import PRESETS, connected
from kweli_assets.resources.settings import GraphSettings, resolve_graph

_TRIED = "loading the graph in bulk"

Tell = Callable[[str], None]


def _silent(message: str) -> None:
    """Progress that nobody follows."""


@dataclass(frozen=True)
class BulkReport:
    """A bulk load.

    Attributes:
        nodes, relationships: what was imported, the ledger's nodes not counted.
        seconds: by phase: rows, files, import, check; and dump, if one was made.
        dump: the file, if one was asked for.
    """

    snapshot: date
    nodes: int
    relationships: int
    seconds: Mapping[str, float] = field(default_factory=dict)
    dump: Path | None = None


def bulk_load_embedded(
    home: Path,
    store: FrameStore,
    snapshot: date,
    *,
    run: str,
    replace_graph: bool = False,
    dump_to: Path | None = None,
    tell: Tell = _silent,
) -> BulkReport:
    """Load a snapshot's frames into the embedded graph, which has to be running.

    Args:
        home: KWELI_HOME of the embedded server.
        replace_graph: let the import replace a graph that is not empty.
        dump_to: a folder for a dump of the finished graph (`neo4j.dump`), as Aura takes it.

    Raises:
        GuardError: the graph is not empty; nothing was touched.
        GraphError: the frames, the import or the check afterwards failed.
    """
    settings = _embedded_settings(home)
    clock = _Clock(tell)
    with _loader(settings, store, run) as loader:
        _require_empty(loader, snapshot, replace_graph)
        _require_quiet(loader, snapshot)
        with clock("rows"):
            rows = loader.desired(snapshot)
    folder = neo4j_server.folder(home) / "import"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        with clock("files"):
            files = write_import_files(rows, folder, snapshot, datetime.now(UTC))
        with clock("import"):
            servers.stop_neo4j(home)
            try:
                _replace_data(home, files, snapshot)
            finally:
                servers.start_neo4j(home)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    with clock("check"), _loader(_embedded_settings(home), store, run, rows) as loader:
        _require_nothing_left(loader.load(snapshot), snapshot)
    dump = None
    if dump_to is not None:
        with clock("dump"):
            dump = dump_embedded(home, dump_to)
    return _report(snapshot, files, clock.seconds, dump)


def bulk_load_installed(
    neo4j_home: Path,
    store: FrameStore,
    snapshot: date,
    *,
    database: str = "neo4j",
    replace_graph: bool = False,
    tell: Tell = _silent,
) -> BulkReport:
    """Import a snapshot's frames into a database of a stopped Neo4j of this machine.

    The ledger is part of the import; constraints and indexes are created by the next ordinary
    load, once the server runs: it writes nothing else.

    Args:
        neo4j_home: the installation's folder, with `bin/neo4j-admin` in it.
        replace_graph: let the import replace a database that exists.

    Raises:
        ConfigurationError: there is no neo4j-admin.
        GraphError: the import failed, for example because the server runs.
    """
    admin = neo4j_home / "bin" / "neo4j-admin"
    if not os.access(admin, os.X_OK):
        raise ConfigurationError(
            _TRIED,
            f"there is no program {admin}.",
            "give the folder of a Neo4j installation, or unset NEO4J_* to use the embedded one.",
        )
    clock = _Clock(tell)
    folder = store.root / "graph" / "import"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        # A driver connects with its first use; building rows needs none.
        with clock("rows"), neo4j.GraphDatabase.driver("bolt://127.0.0.1") as driver:
            rows = GraphLoader(driver, database, store, run="bulk").desired(snapshot)
        with clock("files"):
            files = write_import_files(rows, folder, snapshot, datetime.now(UTC))
        overwrite = ("--overwrite-destination",) if replace_graph else ()
        with clock("import"):
            done = subprocess.run(
                [admin, "database", "import", "full", database, *overwrite, *files.options],
                cwd=folder,
                env={**os.environ, "NEO4J_HOME": str(neo4j_home)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            require_imported(done.returncode, done.stdout + done.stderr, files, snapshot)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _report(snapshot, files, clock.seconds, None)


def dump_embedded(home: Path, folder: Path) -> Path:
    """Write the embedded graph into `<folder>/neo4j.dump`; the server is stopped meanwhile.

    Raises:
        GraphError: the dump could not be made.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    servers.stop_neo4j(home)
    try:
        done = servers.neo4j_admin(
            home,
            *("database", "dump", neo4j_server.DATABASE),
            *(f"--to-path={folder}", "--overwrite-destination"),
        )
    finally:
        servers.start_neo4j(home)
    dump = folder / f"{neo4j_server.DATABASE}.dump"
    if done.returncode != 0 or not dump.is_file():
        raise GraphError(
            "dumping the graph",
            f"neo4j-admin ended with code {done.returncode}.",
            f"see that {folder} can be written and has room for the graph.",
        )
    return dump


def _replace_data(home: Path, files: ImportFiles, snapshot: date) -> None:
    """Import into a new data folder beside the server's, then let it take its place."""
    server = neo4j_server.folder(home)
    data, new, old = server / "data", files.folder / "data", server / "data.before"
    database = neo4j_server.DATABASE
    # Users and what else is no part of the graph go along.
    shutil.copytree(data, new, ignore=shutil.ignore_patterns(database, "databases.*", "store_lock"))
    additional = files.folder / "import.conf"
    additional.write_text(f"server.directories.data={new}\n", encoding="utf-8")
    done = servers.neo4j_admin(
        home,
        *("database", "import", "full", database, f"--additional-config={additional}"),
        *files.options,
        cwd=files.folder,
    )
    require_imported(done.returncode, done.stdout + done.stderr, files, snapshot)
    shutil.rmtree(old, ignore_errors=True)
    os.replace(data, old)
    os.replace(new, data)
    shutil.rmtree(old)


def _require_empty(loader: GraphLoader, snapshot: date, replace_graph: bool) -> None:
    with loader.session() as session:
        nodes = int(session.run("MATCH (n) RETURN count(n) AS nodes").single(strict=True)["nodes"])
    if nodes and not replace_graph:
        raise GuardError(
            _TRIED,
            f"the graph is not empty ({nodes:,} nodes), and an import replaces it as a whole.",
            "load it without --bulk (only differences are written), or allow it by name: "
            "--replace-graph.",
            snapshot=snapshot,
        )


def _require_nothing_left(report: LoadReport, snapshot: date) -> None:
    if report.written or any(step.plan is not None for step in report.plan.steps.values()):
        different = [name for name, step in report.plan.steps.items() if step.plan is not None]
        raise GraphError(
            "checking the imported graph",
            f"the load that follows had something to write ({', '.join(different)}).",
            "the graph is right now, as that load left it; report what happened.",
            snapshot=snapshot,
        )


def _require_quiet(loader: GraphLoader, snapshot: date) -> None:
    with loader.session() as session:
        lease = ledger.read_lease(session)
    if lease is not None and lease.age < ledger.LEASE_SECONDS:
        raise GraphError(
            _TRIED,
            f"{lease.holder} is writing the graph (last heard of {lease.age} s ago).",
            "wait until that load has ended, then start this one again.",
            snapshot=snapshot,
            rerun_helps=True,
        )


class _PreparedLoader(GraphLoader):
    """A loader that builds its rows once."""

    prepared: Mapping[str, RowsFile] | None = None

    def desired(self, snapshot: date) -> dict[str, RowsFile]:
        return super().desired(snapshot) if self.prepared is None else dict(self.prepared)


@contextmanager
def _loader(
    settings: GraphSettings,
    store: FrameStore,
    run: str,
    rows: Mapping[str, RowsFile] | None = None,
) -> Iterator[_PreparedLoader]:
    with connected(settings, PRESETS["local"]) as driver:
        loader = _PreparedLoader(driver, settings.database, store, run=run, holder="kweli --bulk")
        loader.prepared = rows
        yield loader


def _embedded_settings(home: Path) -> GraphSettings:
    environment = servers.environment(home)
    if "NEO4J_URI" not in environment:
        raise ConfigurationError(
            _TRIED,
            f"the embedded Neo4j of {home} does not run.",
            "start it with `kweli servers up`.",
        )
    return resolve_graph(environment)


class _Clock:
    """Measures phases and tells when each begins."""

    def __init__(self, tell: Tell) -> None:
        self.seconds: dict[str, float] = {}
        self._tell = tell

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        self._tell(_PHASES[phase])
        began = time.monotonic()
        yield
        self.seconds[phase] = time.monotonic() - began


_PHASES = {
    "rows": "Building every set's rows.",
    "files": "Writing the importer's files.",
    "import": "Importing with Neo4j stopped.",
    "check": "Creating constraints and indexes; an ordinary load checks the graph.",
    "dump": "Dumping the graph with Neo4j stopped.",
}


def _report(
    snapshot: date, files: ImportFiles, seconds: Mapping[str, float], dump: Path | None
) -> BulkReport:
    bookkeeping = len(ALL_SETS) + 1
    return BulkReport(snapshot, files.nodes - bookkeeping, files.relationships, seconds, dump)
