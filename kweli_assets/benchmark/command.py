"""`kweli benchmark`: options, the table, the file of figures.

Here: what is asked for and how it is shown. Not here: measuring (run, slow_link).
"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from kweli_assets.benchmark.run import Benchmark, Plan, measure_all, measure_frames


class Stages(StrEnum):
    """What to measure."""

    ALL = "all"
    FRAMES = "frames"
    SLOW_LINK = "slow-link"


def benchmark(
    rows: Annotated[int, typer.Option(min=1, help="Synthetic learners.")] = 200_000,
    stages: Annotated[
        Stages,
        typer.Option(
            help="all: everything beside the floor; frames: scan of a CSV and frames, no server; "
            "slow-link: source and graph through a slow proxy (builds Toxiproxy: needs Go)."
        ),
    ] = Stages.ALL,
    json_file: Annotated[
        Path | None, typer.Option("--json", dir_okay=False, help="Write the figures here.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same learners.")] = 42,
    dirt: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of rows with something nasty.")
    ] = 0.01,
    folder: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            exists=True,
            help="Where the temporary home is made (disk: 10 KB a row).",
        ),
    ] = None,
) -> None:
    """Seconds, rows a second and peak memory of each stage, on servers of its own."""
    # Imported late: it brings an HTTP client that nothing else here needs.
    from kweli_assets.benchmark.slow_link import measure_slow_link

    console = Console()
    progress = Console(stderr=True)
    plan = Plan(rows=rows, seed=seed, dirt=dirt, folder=folder)
    measure = {
        Stages.ALL: measure_all,
        Stages.FRAMES: measure_frames,
        Stages.SLOW_LINK: measure_slow_link,
    }[stages]
    found = measure(plan, lambda message: progress.print(message, style="dim", markup=False))
    if json_file is not None:
        json_file.write_text(json.dumps(found.as_json(), indent=2) + "\n", encoding="utf-8")
    show(found, console)


def show(found: Benchmark, console: Console) -> None:
    """Print the figures as a table, then parts and ratios."""
    about = found.machine
    table = Table(
        "stage",
        *("seconds", "rows/s", "peak MB"),
        title=f"{found.plan.rows:,} learners · {about['processor']} · {about['cores']} cores · "
        f"{about['memory GB']} GB · load average before {about['load average before']}",
        title_justify="left",
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for each in found.measured:
        peak = "" if each.peak_mb is None else f"{each.peak_mb:,.0f}"
        table.add_row(each.name, f"{each.seconds:,.1f}", f"{each.rows_a_second:,.0f}", peak)
    console.print(table)
    for each in found.measured:
        parts = sorted(each.parts.items(), key=lambda part: -part[1])
        told = ", ".join(f"{name} {seconds:,.1f}" for name, seconds in parts if seconds >= 0.05)
        if told:
            console.print(f"{each.name}: {told}", markup=False, highlight=False)
    for name, ratio in found.ratios.items():
        console.print(f"{name}: {ratio:.2f}", markup=False, highlight=False)
    told = ", ".join(f"{name} {version}" for name, version in found.versions.items())
    console.print(told, markup=False, highlight=False)
