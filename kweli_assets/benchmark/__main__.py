"""`python -m kweli_assets.benchmark`: the command without the rest of the command line."""

from __future__ import annotations

import sys

import typer

from kweli_assets.benchmark.command import benchmark
from kweli_assets.errors import KweliError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command()(benchmark)

if __name__ == "__main__":
    try:
        app()
    except KweliError as error:
        sys.exit(str(error))
