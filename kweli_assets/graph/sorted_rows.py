"""Parquet files of rows sorted by identity, read and written a range at a time.

Here: the writer, the fingerprint and `aligned`, which walks several such files side by side in
little memory. Not here: what the rows mean, comparing them (diff), Neo4j.

A fingerprint is the SHA-256 of the file: Parquet stores no bytes under a null, row groups have a
fixed size, so equal rows give equal files. Another version of the writing library may give
another file; then two sets are compared in vain, nothing worse.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from polars.datatypes import DataTypeClass

from kweli_assets.errors import FrameError, GraphError

# 65,536 rows of the widest set (enrolments, 25 columns) are about 12 MB.
ROW_GROUP_ROWS = 65_536


@dataclass(frozen=True)
class RowsFile:
    """A finished file of sorted rows.

    Attributes:
        path: where it lies.
        fingerprint: SHA-256 of its bytes, in hex.
        rows: how many rows it holds.
    """

    path: Path
    fingerprint: str
    rows: int


class SortedWriter:
    """Writes rows that come in order into a Parquet file, aside first, renamed when complete.

    Used as a context manager; `finish` gives the file its name, leaving without it removes
    what was written. Raises FrameError when an identity repeats, is null or is out of order.
    """

    def __init__(
        self,
        aside: Path,
        columns: Mapping[str, DataTypeClass],
        identity: Sequence[str],
        title: str,
    ) -> None:
        self.rows = 0
        self._aside = aside
        self._columns = dict(columns)
        self._identity = list(identity)
        self._title = title
        self._last: tuple[object, ...] | None = None
        self._pending: list[pl.DataFrame] = []
        self._pending_rows = 0
        self._file: pq.ParquetWriter | None = None

    def __enter__(self) -> SortedWriter:
        self._aside.parent.mkdir(parents=True, exist_ok=True)
        empty = pl.DataFrame(schema=self._columns)
        self._file = pq.ParquetWriter(self._aside, to_arrow(empty).schema, compression="lz4")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._aside.unlink(missing_ok=True)

    def append(self, rows: pl.DataFrame) -> None:
        """Add rows of one range; they are sorted here, the ranges must come in order."""
        if rows.is_empty():
            return
        rows = rows.select(list(self._columns)).sort(self._identity)
        self._check(rows)
        self._pending.append(rows)
        self._pending_rows += rows.height
        while self._pending_rows >= ROW_GROUP_ROWS:
            self._flush(ROW_GROUP_ROWS)

    def finish(self, folder: Path) -> RowsFile:
        """Complete the file and name it by its fingerprint inside `folder`."""
        self._flush(self._pending_rows)
        if self._file is None:
            raise RuntimeError("the writer is not open")
        self._file.close()
        self._file = None
        digest = fingerprint(self._aside)
        path = folder / f"{digest}.parquet"
        folder.mkdir(parents=True, exist_ok=True)
        os.replace(self._aside, path)
        return RowsFile(path, digest, self.rows)

    def _flush(self, size: int) -> None:
        if not size or self._file is None:
            return
        joined = pl.concat(self._pending) if len(self._pending) > 1 else self._pending[0]
        self._file.write_table(to_arrow(joined.head(size)), row_group_size=size)
        rest = joined.slice(size)
        self._pending = [rest] if rest.height else []
        self._pending_rows = rest.height
        self.rows += size

    def _check(self, rows: pl.DataFrame) -> None:
        identity = rows.select(self._identity)
        nulls = sum(identity.null_count().row(0))
        twice = identity.height - identity.n_unique()
        first = identity.row(0)
        backwards = self._last is not None and first <= self._last
        if nulls or twice or backwards:
            raise FrameError(
                f"building the rows of {self._title}",
                f"its identity ({', '.join(self._identity)}) is missing in {nulls} rows, repeats "
                f"in {twice}" + (", and the frame is not sorted by learner." if backwards else "."),
                "materialize the frames again; if it stays, the frame's rules are broken.",
            )
        self._last = identity.row(-1)


def to_arrow(rows: pl.DataFrame) -> pa.Table:
    """The rows as an Arrow table whose strings every Parquet reader knows."""
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())


def fingerprint(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class SortedFile:
    """A Parquet file sorted by the string column `key`, read with `columns` only."""

    path: Path
    key: str
    columns: tuple[str, ...]


class _Cursor:
    """One file's reading position: a buffer of rows not handed out yet."""

    def __init__(self, file: SortedFile) -> None:
        self._file = file
        self._parquet = pq.ParquetFile(file.path)
        self._key_column = self._parquet.schema_arrow.get_field_index(file.key)
        self._next = 0
        self.rows = self._empty()
        self.extend()

    @property
    def exhausted(self) -> bool:
        return self._next >= int(self._parquet.num_row_groups)

    @property
    def bound(self) -> str:
        """All rows with a key below it are in the buffer."""
        last = str(self.rows[-1, self._file.key])
        group = self._parquet.metadata.row_group(self._next)
        statistics = group.column(self._key_column).statistics
        # A lower bound of the next row group's keys (a long one may be cut off): where it is
        # above the last key, the whole buffer can be handed out.
        lowest = statistics.min if statistics is not None and statistics.has_min_max else None
        return max(last, lowest) if isinstance(lowest, str) else last

    def extend(self) -> None:
        """Read row groups until one brought rows or none is left."""
        while not self.exhausted:
            table = self._parquet.read_row_group(self._next, columns=list(self._file.columns))
            self._next += 1
            if table.num_rows:
                fresh = pl.from_arrow(table)
                assert isinstance(fresh, pl.DataFrame)  # noqa: S101 - a table gives a frame
                fresh = fresh.select(list(self._file.columns))
                joined = pl.concat([self.rows, fresh]) if self.rows.height else fresh
                if not joined[self._file.key].is_sorted() or joined[self._file.key].has_nulls():
                    raise FrameError(
                        f"reading {self._file.path.parent.name}/{self._file.path.name}",
                        f"its rows are not sorted by {self._file.key}.",
                        "materialize that frame again.",
                    )
                self.rows = joined
                return

    def take_below(self, bound: str | None) -> pl.DataFrame:
        """Hand out the rows whose key is below `bound` (None: all)."""
        if bound is None:
            taken, self.rows = self.rows, self._empty()
            return taken
        size = int(self.rows[self._file.key].search_sorted(bound, side="left"))
        taken, self.rows = self.rows.head(size), self.rows.slice(size)
        return taken

    def close(self) -> None:
        self._parquet.close()

    def _empty(self) -> pl.DataFrame:
        schema = pl.from_arrow(self._parquet.schema_arrow.empty_table())
        assert isinstance(schema, pl.DataFrame)  # noqa: S101 - a table gives a frame
        return schema.select(list(self._file.columns))


def aligned(files: Sequence[SortedFile]) -> Iterator[tuple[pl.DataFrame, ...]]:
    """Walk sorted files side by side: each step gives all rows of one range of keys from each.

    All rows of one key come in the same step. Memory is a few row groups a file. Raises
    FrameError for a file that is not sorted by its key, GraphError for one that can't be read.
    """
    cursors: list[_Cursor] = []
    try:
        for file in files:
            cursors.append(_open(file))
        while True:
            for cursor in cursors:
                if cursor.rows.is_empty():
                    cursor.extend()
            open_ends = [cursor.bound for cursor in cursors if not cursor.exhausted]
            if not open_ends:
                rest = tuple(cursor.take_below(None) for cursor in cursors)
                if any(part.height for part in rest):
                    yield rest
                return
            bound = min(open_ends)
            step = tuple(cursor.take_below(bound) for cursor in cursors)
            if any(part.height for part in step):
                yield step
            for cursor in cursors:
                # What is left has the bound's key and may go on in the next row group.
                if not cursor.exhausted and (cursor.rows.is_empty() or cursor.bound == bound):
                    cursor.extend()
    finally:
        for cursor in cursors:
            cursor.close()


def _open(file: SortedFile) -> _Cursor:
    try:
        return _Cursor(file)
    except (OSError, pa.ArrowException) as error:
        raise GraphError(
            f"reading {file.path.parent.name}/{file.path.name}",
            f"the file can't be read ({type(error).__name__}).",
            "materialize the frame (or load the set) again.",
        ) from error
