"""The command line: `kweli`, also `python -m kweli_assets`.

Here: options, printing, exit codes, which servers a command needs. Not here: anything that an
asset does as well; commands call what the assets call, or run the assets themselves.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from kweli_assets.benchmark.command import benchmark
from kweli_assets.embedded import servers
from kweli_assets.embedded.commands import servers_app
from kweli_assets.embedded.synthetic.command import generate
from kweli_assets.errors import ConfigurationError, KweliError, SourceError
from kweli_assets.resources import settings

if TYPE_CHECKING:
    import neo4j

    from kweli_assets.operations.run import LoadOutcome, LoadRequest
    from kweli_assets.resources.frame_store import FrameStore

# Dagster, Polars and the driver take seconds to import; `kweli --help` and `kweli servers` need
# none of them, so the commands that do import them themselves.

app = typer.Typer(
    help="The learner table becomes a graph of careers in Neo4j.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(servers_app, name="servers")
app.command()(generate)
app.command()(benchmark)

_SnapshotDate = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="The snapshot date; today (UTC) by default."),
]
_AllowShrink = Annotated[
    bool,
    typer.Option("--allow-shrink", help="Let a load delete more than 5% of a set."),
]


_RELATIONSHIPS_A_ROW = 5
"""Production: 7 to 9 million of 1.6 million rows."""


def main() -> None:
    """Run a command: one clear message on stderr and a non-zero exit for whatever goes wrong."""
    if settings.environment().get("KWELI_DEBUG"):
        app()
        return
    try:
        app()
    except KweliError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        _fail("Interrupted.", code=130)
    except BrokenPipeError:
        os._exit(141)  # the reader of a pipe went away: nothing is left to say to it
    except Exception as error:  # noqa: BLE001 (the last resort before a stack trace)
        _fail(
            f"An unexpected fault: {type(error).__name__}. Run it again with KWELI_DEBUG=1 to see "
            "where, and report that."
        )


@app.command()
def demo(
    rows: Annotated[int, typer.Option(min=1, help="Synthetic learners.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same learners.")] = 42,
) -> None:
    """From nothing to a graph: start both servers, fill the source, load it, ask the graph."""
    began = time.monotonic()
    console = Console()
    folders = settings.resolve_store()
    _forget_configuration()
    with servers.running_servers(folders.home, echo=Console(stderr=True).print) as state:
        os.environ.update(state.environment())
        up = time.monotonic()
        console.print(f"Servers up after {up - began:.1f} s.")
        generate(rows=rows, mysql=True, seed=seed)
        filled = time.monotonic()
        # Another demo may have left more learners, or hand-made changes.
        request = _request(_today(), replace_snapshot=True, allow_shrink=True, allow_rollback=True)
        outcome = _run(console, request)
        loaded = time.monotonic()
        _show_checks(console, outcome)
        _finish(outcome)
        console.print(
            f"{rows:,} rows loaded in {loaded - filled:.1f} s, {loaded - up:.1f} s after the "
            "servers were up.",
            soft_wrap=True,
        )
        with _graph() as (driver, database):
            _show_counts(console, driver, database, request.snapshot)
            _show_answers(console, driver, database)


@app.command()
def load(
    snapshot_date: _SnapshotDate = None,
    csv: Annotated[
        Path | None, typer.Option(help="Import this dump instead of reading the table.")
    ] = None,
    max_rows: Annotated[
        int | None, typer.Option(min=1, help="Read so many rows only: a partial snapshot.")
    ] = None,
    replace_snapshot: Annotated[
        bool,
        typer.Option(
            "--replace-snapshot", help="Let a smaller or partial snapshot replace a stored one."
        ),
    ] = False,
    allow_rollback: Annotated[
        bool,
        typer.Option("--allow-rollback", help="Load an older snapshot than the graph holds."),
    ] = False,
    allow_shrink: _AllowShrink = False,
    bulk: Annotated[
        bool,
        typer.Option(
            "--bulk",
            help="First load through neo4j-admin, offline: into the embedded graph, or into the "
            "stopped server of --neo4j-home.",
        ),
    ] = False,
    neo4j_home: Annotated[
        Path | None, typer.Option(help="With --bulk: the folder of a stopped local Neo4j.")
    ] = None,
    replace_graph: Annotated[
        bool, typer.Option("--replace-graph", help="With --bulk: replace a graph that holds data.")
    ] = False,
    dump: Annotated[
        Path | None,
        typer.Option(help="With --bulk: a folder for a dump that can be uploaded to Aura."),
    ] = None,
) -> None:
    """Materialize one snapshot date, from the source to the graph.

    Exits with 0 only if everything was materialized and every blocking check passed.
    """
    console = Console()
    if (neo4j_home or replace_graph or dump) and not bulk:
        raise ConfigurationError(
            "loading a snapshot", "an option of --bulk is given without it.", "Add --bulk."
        )
    store = _store()
    day = _today() if snapshot_date is None else snapshot_date.date()
    is_stored = store.exists("snapshot", "learner_rows", day)
    take = csv is not None or day >= _today() or not is_stored
    if csv is not None and not csv.is_file():
        raise ConfigurationError("loading a dump", f"there is no file {csv}.", "Check --csv.")
    if bulk and neo4j_home is None and settings.graph_is_configured():
        raise ConfigurationError(
            "loading the graph in bulk",
            "NEO4J_URI names a running server, and the import works on a stopped one.",
            "Unset the NEO4J_* variables to load the embedded graph, or give --neo4j-home.",
        )
    request = _request(
        day,
        take_snapshot=take,
        write_graph=not bulk,
        csv=csv,
        max_rows=max_rows,
        replace_snapshot=replace_snapshot,
        allow_rollback=allow_rollback,
        allow_shrink=allow_shrink,
    )
    with _servers(source=take and csv is None, graph=neo4j_home is None):
        if neo4j_home is None:
            # A wrong password of the graph must not show after an hour of reading.
            with _graph():
                pass
            if take and settings.resolve_graph().preset == "aura":
                _warn_of_tier(console, csv)
        outcome = _run(console, request)
        _show_checks(console, outcome)
        _finish(outcome)
        if bulk:
            _bulk(console, day, neo4j_home, replace_graph, dump)
        if neo4j_home is None:
            with _graph() as (driver, database):
                _show_status(console, driver, database)


def _warn_of_tier(console: Console, csv: Path | None) -> None:
    """Say before a long reading that a free instance can't hold what comes."""
    from kweli_assets.graph.plan import FREE_NODES, FREE_RELATIONSHIPS
    from kweli_assets.resources.source import CsvSource, MysqlSource

    source = MysqlSource(settings.resolve_source()) if csv is None else CsvSource(csv, ())
    with source.open() as reader:
        rows = reader.count()
    relationships = rows * _RELATIONSHIPS_A_ROW
    if rows > FREE_NODES or relationships > FREE_RELATIONSHIPS:
        console.print(
            f"{rows:,} rows make more than {rows:,} nodes and about {relationships:,} "
            f"relationships. Aura Free ends at {FREE_NODES:,} and {FREE_RELATIONSHIPS:,}: this "
            "needs a larger instance.",
            style="yellow",
            soft_wrap=True,
        )


def _bulk(
    console: Console, day: date, neo4j_home: Path | None, replace_graph: bool, dump: Path | None
) -> None:
    """Import the frames of a day offline."""
    from kweli_assets.operations import bulk_load

    def tell(message: str) -> None:
        console.print(message, markup=False, highlight=False, soft_wrap=True)

    if neo4j_home is not None:
        report = bulk_load.bulk_load_installed(
            neo4j_home, _store(), day, replace_graph=replace_graph, tell=tell
        )
    else:
        report = bulk_load.bulk_load_embedded(
            settings.resolve_store().home,
            _store(),
            day,
            run=_run_name(),
            replace_graph=replace_graph,
            dump_to=dump,
            tell=tell,
        )
    seconds = ", ".join(f"{phase} {spent:.1f} s" for phase, spent in report.seconds.items())
    tell(f"{report.nodes:,} nodes and {report.relationships:,} relationships: {seconds}.")
    if report.dump is not None:
        tell(f"Dump: {report.dump}")


@app.command()
def status() -> None:
    """What the graph holds, which snapshot that is, and whether somebody is writing it."""
    with _servers(source=False), _graph() as (driver, database):
        _show_status(Console(), driver, database)


@app.command()
def snapshots() -> None:
    """The stored snapshots, their sizes, and which one the graph holds."""
    from kweli_assets.graph import plan as graph_plan

    store = _store()
    with _servers(source=False), _graph() as (driver, database):
        loaded = graph_plan.status(driver, database, store).snapshot
    table = Table("snapshot", "rows", "frames", "size", "in the graph")
    for each in graph_plan.snapshots(store, loaded):
        table.add_row(
            each.date.isoformat(),
            "yes" if each.has_rows else "no",
            "yes" if each.has_frames else "no",
            f"{each.bytes / 1e6:,.1f} MB",
            "loaded" if each.loaded else "",
        )
    Console().print(table)


@app.command()
def plan(
    snapshot_date: _SnapshotDate = None,
    csv: Annotated[Path | None, typer.Option(help="Plan the load of this dump.")] = None,
) -> None:
    """A dry run: what a load of this snapshot would write; nothing is written in the graph.

    The snapshot is taken and cleaned first where that has not been done.
    """
    from kweli_assets.graph import plan as graph_plan

    console = Console()
    store = _store()
    day = _today() if snapshot_date is None else snapshot_date.date()
    is_stored = store.exists("snapshot", "learner_rows", day)
    is_cleaned = is_stored and store.exists("frames", "cities", day) and csv is None
    take = csv is not None or not is_stored
    with _servers(source=take and csv is None):
        if not is_cleaned:
            _finish(_run(console, _request(day, take_snapshot=take, write_graph=False, csv=csv)))
        with _graph() as (driver, database):
            outlook = graph_plan.plan(driver, database, store, day)
    table = Table("set", "held", "rows", "create", "update", "move", "delete")
    for each in outlook.sets:
        numbers = (
            each.held, each.rows, each.created, each.updated, each.moved, each.deleted
        )  # fmt: skip
        table.add_row(each.title, *(f"{number:,}" for number in numbers))
    console.print(table)
    for each in outlook.sets:
        for row in each.sample:
            console.print(f"{each.name}: {row}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"Server: {outlook.server}. The graph holds {outlook.before or 'no snapshot'}.")
    console.print(f"{outlook.changes:,} changes, about {outlook.seconds:.0f} s.")
    for what, missing in (
        ("rights", outlook.missing_rights),
        ("constraints and indexes, which the load creates", outlook.missing_schema),
    ):
        if missing:
            console.print(f"Missing {what}: {', '.join(missing)}")
    for warning in (outlook.over_free_tier, outlook.refusal):
        if warning:
            console.print(warning, style="yellow", markup=False)
    if outlook.refusal:
        raise typer.Exit(1)


@app.command()
def reconcile(allow_shrink: _AllowShrink = False) -> None:
    """Read every set back from the graph, report what was changed by hand, and repair it."""
    from kweli_assets.graph import plan as graph_plan

    console = Console()
    store = _store()
    with _servers(source=False), _graph() as (driver, database), _sets_shown(console) as progress:
        report = graph_plan.reconcile(
            driver,
            database,
            store,
            run=_run_name(),
            holder="kweli reconcile",
            allow_shrink=allow_shrink,
            progress=progress,
        )
    table = Table("set", "drift", "created", "updated", "deleted")
    for name, done in report.sets.items():
        drift = report.plan.steps[name].drift or {}
        told = ", ".join(f"{count:,} {kind}" for kind, count in drift.items() if count)
        table.add_row(
            name, told or "none", f"{done.created:,}", f"{done.updated:,}", f"{done.deleted:,}"
        )
    console.print(table)


@app.command()
def rollback(
    to: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The snapshot date.")],
    allow_shrink: _AllowShrink = False,
) -> None:
    """Bring the graph back to an older stored snapshot, exactly."""
    from kweli_assets.graph import plan as graph_plan

    console = Console()
    store = _store()
    with _servers(source=False), _graph() as (driver, database):
        with _sets_shown(console) as progress:
            report = graph_plan.rollback(
                driver,
                database,
                store,
                to.date(),
                run=_run_name(),
                holder="kweli rollback",
                allow_shrink=allow_shrink,
                progress=progress,
            )
        console.print(f"{report.written:,} changes written.")
        _show_status(console, driver, database)


@app.command()
def quarantine(
    snapshot_date: _SnapshotDate = None,
    reason: Annotated[str | None, typer.Option(help="Only entries with this reason.")] = None,
    export: Annotated[Path | None, typer.Option(help="Write them into this CSV file.")] = None,
) -> None:
    """What could not be used of a snapshot, by column and reason; whole with --export."""
    from kweli_assets.frames import quarantine as quarantined

    store = _store()
    stored = store.dates("frames", "quarantine")
    day = snapshot_date.date() if snapshot_date else max(stored, default=_today())
    entries = quarantined.of_reason(store.scan("frames", "quarantine", day), reason)
    if export is not None:
        written = quarantined.export(entries, export)
        Console().print(f"{written:,} entries in {export}, readable by you alone.")
        return
    table = Table("reason", "column", "entries", title=f"Quarantine of {day.isoformat()}")
    for why, column, number in quarantined.counts(entries).iter_rows():
        table.add_row(why, column, f"{number:,}")
    Console().print(table)
    findings = store.scan("frames", "findings", day)
    shown = findings.sort("count", descending=True).head(20).collect()
    if reason is None and len(shown):
        table = Table("frame", "column", "kind", "value", "count", title="Noticed, cost no entry")
        for *texts, number in shown.iter_rows():
            table.add_row(*(str(text) for text in texts), f"{number:,}")
        Console().print(table)


@app.command()
def dev(
    port: Annotated[int, typer.Option(help="Where the UI answers.")] = 3000,
    rows: Annotated[int, typer.Option(min=1, help="Learners of a new demo source.")] = 20_000,
) -> None:
    """Servers and the Dagster UI, until Ctrl-C; with nothing configured on the demo source."""
    from kweli_assets.operations import run, ui
    from kweli_assets.resources.source import MysqlSource

    console = Console(stderr=True)
    folders = settings.resolve_store()
    with _servers():
        if not settings.source_is_configured():
            try:
                with MysqlSource(settings.resolve_source()).open() as reader:
                    reader.columns()
            except SourceError:
                generate(rows=rows, mysql=True)
        run.open_instance(folders).dispose()
        ui.serve(
            folders,
            port,
            ready=lambda address: console.print(
                f"The Dagster UI comes up at {address} (Assets, Materialize). Ctrl-C ends it and "
                "the servers."
            ),
        )


@contextmanager
def _servers(*, source: bool = True, graph: bool = True) -> Iterator[None]:
    """The embedded servers that stand in for what is not configured, for the command's time.

    Args:
        source, graph: whether the command needs them at all.
    """
    needed = []
    if source:
        if settings.source_is_configured():
            settings.resolve_source()  # half a configuration shows before anything is started
        else:
            needed.append("mysql")
    if graph:
        if settings.graph_is_configured():
            settings.resolve_graph()
        else:
            needed.append("neo4j")
    if not needed:
        yield
        return
    home = settings.resolve_store().home
    with servers.running_servers(home, which=needed, echo=Console(stderr=True).print):
        yield


@contextmanager
def _graph() -> Iterator[tuple[neo4j.Driver, str]]:
    """The graph's driver and database name."""
    from kweli_assets.resources.graph_database import PRESETS, connected

    place = settings.resolve_graph()
    with connected(place, PRESETS[place.preset]) as driver:
        yield driver, place.database


def _forget_configuration() -> None:
    """The demo writes made-up learners: never into a configured graph, nor from a real table."""
    for name in (
        *settings.SOURCE_REQUIRED,
        *settings.SOURCE_OPTIONAL,
        *settings.GRAPH_REQUIRED,
        *settings.GRAPH_OPTIONAL,
    ):
        os.environ[name] = ""


def _store() -> FrameStore:
    from kweli_assets.resources.frame_store import FrameStore

    return FrameStore(settings.resolve_store().store)


def _today() -> date:
    return datetime.now(UTC).date()


def _run_name() -> str:
    return f"cli-{os.getpid()}-{time.time_ns()}"


def _request(snapshot: date, **options: object) -> LoadRequest:
    from kweli_assets.operations.run import LoadRequest

    return LoadRequest(snapshot, **options)  # type: ignore[arg-type]


def _run(console: Console, request: LoadRequest) -> LoadOutcome:
    """Run the load job in this process with a progress display."""
    from kweli_assets.definitions import build_defs
    from kweli_assets.operations import run

    folders = settings.resolve_store()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} steps"),
        TimeElapsedColumn(),
    )
    with run.open_instance(folders) as instance, Progress(*columns, console=console) as shown:
        task = shown.add_task(f"snapshot {request.snapshot.isoformat()}", total=None)

        def tell(progress: run.Progress) -> None:
            shown.update(
                task, description=progress.step, completed=progress.done, total=progress.steps
            )
            if progress.message and not (console.is_terminal and progress.message == "done"):
                line = f"{progress.step}: {progress.message}"
                shown.console.print(line, markup=False, highlight=False, soft_wrap=True)

        return run.run_load(build_defs(), instance, request, tell)


@contextmanager
def _sets_shown(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar a set, for the graph's own functions."""
    with Progress(console=console) as shown:
        tasks: dict[str, TaskID] = {}

        def progress(name: str, done: int, planned: int) -> None:
            if name not in tasks:
                tasks[name] = shown.add_task(name, total=planned)
            shown.update(tasks[name], completed=done, total=planned)

        yield progress


def _show_counts(console: Console, driver: neo4j.Driver, database: str, day: date) -> None:
    """Every set's rows beside its count in the graph; they have to be equal."""
    from kweli_assets.graph.load import GraphLoader
    from kweli_assets.graph.nodes import NODE_SETS
    from kweli_assets.graph.sets import ALL_SETS

    store = _store()
    loader = GraphLoader(driver, database, store, run=_run_name())
    rows, held = loader.promised_rows(day), loader.counts()
    table = Table("set", "kind", "rows of the frame", "in Neo4j", title=f"Snapshot {day}")
    for item in ALL_SETS:
        kind = "node" if item in NODE_SETS else "relationship"
        table.add_row(item.title, kind, f"{rows[item.name]:,}", f"{held[item.name]:,}")
    console.print(table)
    different = [name for name in rows if rows[name] != held[name]]
    if different:
        _fail(f"The graph's counts differ from the frames' rows: {', '.join(different)}.")


def _show_answers(console: Console, driver: neo4j.Driver, database: str) -> None:
    from kweli_assets.operations.questions import QUESTIONS, ask

    for question in QUESTIONS:
        columns, rows = ask(driver, database, question)
        table = Table(*columns, title=question.title, title_justify="left")
        for row in rows:
            table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
        console.print(table)


def _show_checks(console: Console, outcome: LoadOutcome) -> None:
    if not outcome.checks:
        return
    passed = sum(check.passed for check in outcome.checks)
    table = Table(
        "asset", "check", "result", title=f"{passed} of {len(outcome.checks)} checks passed"
    )
    for check in outcome.checks:
        if not check.passed:
            kind = "FAILED" if check.blocking else "warning"
            table.add_row(check.asset, check.name, f"{kind}: {check.description}")
    console.print(table if table.row_count else f"All {passed} checks passed.")


def _finish(outcome: LoadOutcome) -> None:
    """Exit with an error unless everything went well."""
    if outcome.good:
        return
    if outcome.interrupted:
        _fail("Interrupted. Run it again: a load goes on at its last commit.", code=130)
    messages = outcome.failures or [
        f"{check.asset}: the check {check.name} failed ({check.description})."
        for check in outcome.checks
        if check.blocking and not check.passed
    ]
    _fail("\n".join(dict.fromkeys(messages)) or "The run failed.")


def _show_status(console: Console, driver: neo4j.Driver, database: str) -> None:
    from kweli_assets.graph import plan as graph_plan

    store = _store()
    found = graph_plan.status(driver, database, store)
    table = Table("set", "in the graph", "loaded", "snapshot", "status")
    for each in found.sets.values():
        table.add_row(
            each["title"],
            f"{each['held']:,}",
            "" if each["rows"] is None else f"{each['rows']:,}",
            str(each["snapshot"] or ""),
            str(each["status"]),
        )
    console.print(table)
    told = f"The graph is {found.status}"
    if found.status == "loading":
        told += f": from {found.coming_from or 'nothing'} to {found.going_to}"
    elif found.snapshot:
        told += f": snapshot {found.snapshot.isoformat()}"
    console.print(f"{told}.")
    if found.writer:
        console.print(f"Written by {found.writer}.", markup=False)


def _fail(message: str, code: int = 1) -> None:
    Console(stderr=True).print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    sys.exit(code)
