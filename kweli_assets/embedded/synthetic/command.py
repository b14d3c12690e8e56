"""`kweli generate`: synthetic learners into a file or a table, or a table's next day.

Here: options, where the table is, progress, the closing line. Not here: rows, files, tables.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from kweli_assets.embedded import servers
from kweli_assets.embedded.synthetic.csv_file import write_csv
from kweli_assets.embedded.synthetic.evolution import Evolution, Rates, evolve_csv, evolve_mysql
from kweli_assets.embedded.synthetic.rows import DEFAULT_DIRT, DEFAULT_SEED, DEFAULT_SNAPSHOT_ID
from kweli_assets.embedded.synthetic.table import connected, exists, write_mysql
from kweli_assets.errors import ConfigurationError
from kweli_assets.resources.settings import (
    SourceSettings,
    resolve_source,
    resolve_store,
    source_is_configured,
)

_TRIED = "generating synthetic learners"


def generate(
    rows: Annotated[int | None, typer.Option(min=0, help="Number of learners.")] = None,
    csv: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write (or evolve) this CSV file.")
    ] = None,
    mysql: Annotated[
        bool, typer.Option("--mysql", help="Fill (or evolve) the source table.")
    ] = False,
    seed: Annotated[
        int, typer.Option(min=0, help="Same seed, same learners, on any number of cores.")
    ] = DEFAULT_SEED,
    snapshot_id: Annotated[
        int | None,
        typer.Option(min=0, max=2**63 - 1, help="The load that wrote the rows, such as 20251201."),
    ] = None,
    dirt: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Share of the (new) rows with something nasty."),
    ] = None,
    evolve: Annotated[
        bool, typer.Option("--evolve", help="Turn the file or table into the next day's.")
    ] = False,
    into: Annotated[
        Path | None, typer.Option(dir_okay=False, help="With --evolve --csv: write here instead.")
    ] = None,
    changed: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="With --evolve: share of learners that change.")
    ] = 0.01,
    new: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="With --evolve: share of learners that join.")
    ] = 0.005,
    vanished: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="With --evolve: share of learners that leave.")
    ] = 0.002,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Replace a table on a server that MYSQL_HOST names."),
    ] = False,
) -> None:
    """Make synthetic learners with the properties of the real table, nasty ones included."""
    _check_options(rows, csv, mysql, evolve, into)
    console = Console(stderr=True)
    started = time.monotonic()
    if evolve:
        rates = Rates(changed, new, vanished)
        with _shown(console, None) as progress:
            result = (
                evolve_csv(
                    csv, into or csv, rates, seed, snapshot_id, dirt or 0.0, progress=progress
                )
                if csv is not None
                else _evolve_table(rates, seed, snapshot_id, dirt or 0.0, replace, progress)
            )
        console.print(
            f"snapshot_id {result.snapshot_id}: {result.changed:,} learners changed, "
            f"{result.new:,} new, {result.vanished:,} vanished, {result.kept:,} as before."
        )
        return
    number = rows or 0
    plan = (
        number,
        seed,
        DEFAULT_DIRT if dirt is None else dirt,
        DEFAULT_SNAPSHOT_ID if snapshot_id is None else snapshot_id,
    )
    with _shown(console, number) as progress:
        if csv is not None:
            size = write_csv(csv, *plan, progress=progress)
            where = f"{csv} ({size / 1e6:,.1f} MB)"
        else:
            engine, table = _table(replace)
            write_mysql(engine, table, *plan, progress=progress)
            where = f"the table {table}"
    seconds = time.monotonic() - started
    pace = number / max(seconds, 1e-9)
    console.print(f"{number:,} learners in {where}, {seconds:.1f} s, {pace:,.0f} a second.")


def _check_options(
    rows: int | None, csv: Path | None, mysql: bool, evolve: bool, into: Path | None
) -> None:
    wrong = None
    if (csv is None) == (not mysql):
        wrong = "exactly one of --csv FILE and --mysql must be given."
    elif not evolve and rows is None:
        wrong = "--rows is not given."
    elif evolve and rows is not None:
        wrong = "--rows has no meaning with --evolve."
    elif into is not None and not (evolve and csv is not None):
        wrong = "--into has a meaning only with --evolve --csv."
    if wrong is not None:
        raise ConfigurationError(_TRIED, wrong, "See kweli generate --help.")


def _evolve_table(
    rates: Rates,
    seed: int,
    snapshot_id: int | None,
    dirt: float,
    replace: bool,
    progress: Callable[[int], None],
) -> Evolution:
    engine, table = _table(replace, evolve=True)
    return evolve_mysql(engine, table, rates, seed, snapshot_id, dirt, progress=progress)


def _table(replace: bool, *, evolve: bool = False) -> tuple[sa.Engine, str]:
    """The source table with the right to write it: on the embedded server, or where MYSQL_* says.

    Raises:
        ConfigurationError: the server is no loopback one, or a table there would be replaced
            without leave.
    """
    settings = resolve_source()
    embedded = servers.details(resolve_store().home).mysql
    if embedded is not None and (settings.host, settings.port) == (embedded.host, embedded.port):
        engine = _engine(settings, embedded.owner_user, embedded.owner_password)
        return engine, settings.table
    if source_is_configured() and not settings.is_loopback:
        raise ConfigurationError(
            _TRIED,
            "MYSQL_HOST names a server on another machine.",
            "Synthetic learners are written to servers of this machine only: unset the MYSQL_* "
            "variables to use the embedded one, or write a file with --csv.",
        )
    engine = _engine(settings, settings.user, settings.password.get_secret_value())
    with connected(engine, settings.table) as connection:
        if exists(connection, settings.table) and not replace:
            raise ConfigurationError(
                _TRIED,
                f"the server that MYSQL_HOST names has a table {settings.table} already.",
                f"Give --replace to have it {'evolved' if evolve else 'replaced'}.",
            )
    return engine, settings.table


def _engine(settings: SourceSettings, user: str, password: str) -> sa.Engine:
    url = sa.URL.create(
        "mysql+pymysql",
        username=user,
        host=settings.host,
        port=settings.port,
        database=settings.database,
        query={"charset": "utf8mb4"},
    )
    tls = {} if settings.ssl_ca is None else {"ssl_ca": str(settings.ssl_ca)}
    return sa.create_engine(
        url,
        connect_args={"password": password.encode(), "local_infile": True, **tls},
        hide_parameters=True,
    )


@contextmanager
def _shown(console: Console, total: int | None) -> Iterator[Callable[[int], None]]:
    """A progress line while rows are written."""
    columns = (
        SpinnerColumn(),
        TextColumn("learners"),
        *((BarColumn(),) if total else ()),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as display:
        task = display.add_task("learners", total=total)
        yield lambda done: display.update(task, completed=done)
