"""`kweli servers up | down | status | env`: the embedded servers on the command line.

Here: arguments and printing. Not here: anything that another caller could need.
"""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from kweli_assets.embedded import servers
from kweli_assets.resources.settings import resolve_store

servers_app = typer.Typer(
    help="The embedded MariaDB and Neo4j: real servers without Docker, Java or root.",
    no_args_is_help=True,
)


class _Server(StrEnum):
    """What --only takes."""

    mysql = "mysql"
    neo4j = "neo4j"


_Only = Annotated[_Server | None, typer.Option(help="This server alone.")]


def _home() -> Path:
    return resolve_store().home


def _which(only: _Server | None) -> tuple[str, ...]:
    return servers.ALL if only is None else (only.value,)


@servers_app.command()
def up(only: _Only = None) -> None:
    """Start the servers that do not run yet and wait until they answer; they stay until down."""
    console = Console(stderr=True)
    servers.up(_home(), which=_which(only), echo=console.print)
    status()


@servers_app.command()
def down(only: _Only = None) -> None:
    """End the servers that up started, and wait for it. Their data stays."""
    console = Console(stderr=True)
    if not servers.down(_home(), which=_which(only), echo=console.print):
        console.print("No embedded server was running.")


@servers_app.command()
def status() -> None:
    """Show which servers run and where they answer."""
    table = Table("server", "running", "address", "process", Column("log", overflow="fold"))
    for each in servers.status(_home()):
        table.add_row(
            each.title,
            "yes" if each.running else "no",
            f"127.0.0.1:{each.port}" if each.running else "",
            str(each.pid) if each.running else "",
            str(each.log) if each.log.exists() else "",
        )
    Console().print(table)


@servers_app.command()
def env() -> None:
    """Print the variables of the running servers: eval "$(kweli servers env)".

    Exits with 1 when none runs, so that a script notices.
    """
    assignments = servers.environment(_home())
    for name, value in assignments.items():
        typer.echo(f"export {name}={shlex.quote(value)}")
    if not assignments:
        Console(stderr=True).print("No embedded server runs: kweli servers up")
        raise typer.Exit(1)


@servers_app.command(hidden=True)
def lock() -> None:
    """Write the lock files of the servers' artifacts anew (after a change of version)."""
    from kweli_assets.embedded import artifacts

    for distribution in (artifacts.MARIADB, artifacts.NEO4J):
        Console().print(str(artifacts.relock(distribution)))
