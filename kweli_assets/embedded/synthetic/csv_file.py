"""Synthetic learners as a CSV file.

Here: the dialect and the writing of whole files. Not here: the rows themselves.

Dialect: RFC 4180, UTF-8, a header with the 58 names; an empty field is NULL in numeric columns and
the empty text in the others.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

import polars as pl

from kweli_assets.embedded.synthetic.pool import in_order
from kweli_assets.embedded.synthetic.rows import (
    CHUNK_ROWS,
    DEFAULT_DIRT,
    DEFAULT_SEED,
    DEFAULT_SNAPSHOT_ID,
    Plan,
)
from kweli_assets.errors import ConfigurationError
from kweli_assets.snapshot.columns import COLUMNS

Progress = Callable[[int], None]
"""Called with the number of rows written so far."""

LINE_END = b"\r\n"


def write_csv(
    path: Path,
    rows: int,
    seed: int = DEFAULT_SEED,
    dirt: float = DEFAULT_DIRT,
    snapshot_id: int = DEFAULT_SNAPSHOT_ID,
    *,
    progress: Progress | None = None,
    processes: int | None = None,
) -> int:
    """Writes a table of synthetic learners; the file is there whole or not at all.

    Args:
        rows: number of rows, without the header.
        dirt: share of the rows that hold something nasty, 0 to 1.
        processes: how many compute; by default as many as there are cores. The bytes don't depend
            on it.

    Returns:
        Bytes written.

    Raises:
        ConfigurationError: the file can't be written.
    """
    plan = Plan(rows, seed, dirt, snapshot_id)
    with written_aside(path) as file:
        file.write(header())
        for number, text in enumerate(
            in_order(partial(_chunk_bytes, plan), plan.chunks(), processes)
        ):
            file.write(text)
            if progress is not None:
                progress(min(rows, (number + 1) * CHUNK_ROWS))
        return file.tell()


def header() -> bytes:
    """The first line of the file."""
    return ",".join(column.name for column in COLUMNS).encode("ascii") + LINE_END


def csv_bytes(table: pl.DataFrame) -> bytes:
    """Rows of text in the dialect, without a header."""
    buffer = io.BytesIO()
    # Polars writes the empty text as "" and NULL as nothing: here both are nothing.
    names = table.columns
    bare = table.with_columns(
        pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in names
    )
    bare.write_csv(buffer, include_header=False, line_terminator=LINE_END.decode())
    return buffer.getvalue()


def _chunk_bytes(plan: Plan, number: int) -> bytes:
    return csv_bytes(plan.chunk(number))


@contextmanager
def written_aside(path: Path) -> Iterator[BinaryIO]:
    """A file under a temporary name beside `path`, renamed to it when the block ends well."""
    tried = f"writing synthetic learners to {path}"
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    except OSError as problem:
        raise ConfigurationError(
            tried,
            f"the folder can't be written ({problem.strerror}).",
            "Give a file in a folder that exists and that you may write.",
        ) from problem
    aside = Path(name)
    try:
        with os.fdopen(handle, "wb", buffering=1 << 20) as file:
            yield file
        aside.chmod(0o644)
        aside.replace(path)
    except OSError as problem:
        aside.unlink(missing_ok=True)
        raise ConfigurationError(
            tried,
            f"the file can't be written ({problem.strerror}).",
            "Free some space, or give another file.",
        ) from problem
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
