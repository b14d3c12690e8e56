"""Where snapshots, frames and the graph's last load stand on disk, and how they get there.

Belongs here: paths, writing aside and renaming, the Parquet writer and scanner, and the Dagster
resource and IO manager around them. Does not belong here: what stands in a file.

A file appears under its name only when it is whole: a killed write leaves a temporary file, never
a truncated Parquet at the final path.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import dagster as dg
import polars as pl
import pyarrow.parquet as pq
from dagster_polars import PolarsParquetIOManager

from kweli_assets.errors import FrameError

COMPRESSION: Final = "zstd"
COMPRESSION_LEVEL = 1
"""Level 1 writes learners at about 4 times the speed of level 3 for 6% more bytes."""

_LEFTOVER_SECONDS = 24 * 3600


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, renamed to it when the block ends well, else removed.

    What an outright killed process left in the folder is removed when it is a day old.

    Raises:
        FrameError: the folder can't be written or the disk is full.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent)
        yield aside
        os.replace(aside, path)
    except OSError as error:
        raise FrameError(
            f"writing {path}",
            f"the operating system says: {error.strerror or error}.",
            "Make the folder writable, free disk space, or name another place (for the store: "
            "KWELI_STORE).",
            rerun_helps=False,
        ) from error
    finally:
        if os.path.exists(aside):  # false where the folder itself is the trouble
            aside.unlink()


def remove_leftovers(folder: Path, pattern: str = ".*.part") -> None:
    """Remove what killed writers left: files of the pattern that are older than a day.

    By age and not by process, which another machine can't tell: a file in use is younger.
    """
    for part in folder.glob(pattern):
        with suppress(FileNotFoundError):  # another writer renamed or removed it
            if time.time() - part.stat().st_mtime > _LEFTOVER_SECONDS:
                part.unlink()


class RowGroupWriter:
    """Writes a Parquet file piece after piece; memory holds one piece.

    Args:
        path: where the (temporary) file is written.
        schema: every piece has this schema.
        metadata: text written into the file's own metadata.
    """

    def __init__(self, path: Path, schema: pl.Schema, metadata: Mapping[str, str]) -> None:
        empty = schema.to_frame().to_arrow(compat_level=pl.CompatLevel.oldest())
        self._schema = empty.schema.with_metadata(
            {key.encode(): value.encode() for key, value in metadata.items()}
        )
        self._writer = pq.ParquetWriter(
            path, self._schema, compression=COMPRESSION, compression_level=COMPRESSION_LEVEL
        )
        self.rows = 0

    def write(self, frame: pl.DataFrame) -> None:
        """Appends a frame as one row group; an empty one adds nothing."""
        if frame.is_empty():
            return
        # One chunk: where chunks end depends on the number of threads, and shows in the bytes.
        table = frame.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
        self._writer.write_table(table.cast(self._schema), row_group_size=len(frame))
        self.rows += len(frame)

    def set_metadata(self, metadata: Mapping[str, str]) -> None:
        """Adds to the file's metadata what is only known at the end."""
        self._writer.add_key_value_metadata(dict(metadata))

    def close(self) -> None:
        self._writer.close()


@dataclass(frozen=True)
class FrameStore:
    """The store's folder: `<root>/<stage>/<name>/<snapshot date>.parquet`."""

    root: Path

    def path(self, stage: str, name: str, snapshot_date: date) -> Path:
        return self.root / stage / name / f"{snapshot_date.isoformat()}.parquet"

    def exists(self, stage: str, name: str, snapshot_date: date) -> bool:
        return self.path(stage, name, snapshot_date).is_file()

    def dates(self, stage: str, name: str) -> list[date]:
        """The snapshot dates of which the store holds a file, ascending."""
        folder = self.root / stage / name
        return sorted(date.fromisoformat(file.stem) for file in folder.glob("[0-9]*.parquet"))

    def scan(self, stage: str, name: str, snapshot_date: date) -> pl.LazyFrame:
        """A stored frame, read lazily.

        Raises:
            FrameError: the store does not hold it.
        """
        return pl.scan_parquet(self._existing(stage, name, snapshot_date), cache=False)

    def metadata(self, stage: str, name: str, snapshot_date: date) -> dict[str, str]:
        """The texts that the writer put into the file's own metadata.

        Raises:
            FrameError: the store does not hold it.
        """
        found = pq.read_metadata(self._existing(stage, name, snapshot_date)).metadata or {}
        return {
            key.decode(): value.decode()
            for key, value in found.items()
            if not key.startswith(b"ARROW")
        }

    def _existing(self, stage: str, name: str, snapshot_date: date) -> Path:
        path = self.path(stage, name, snapshot_date)
        if not path.is_file():
            raise FrameError(
                f"reading {stage}/{name}",
                f"the store holds no {stage}/{name} of this date (no file {path}).",
                f"Materialize {stage}/{name} for this partition first.",
                snapshot=snapshot_date,
            )
        return path

    @contextmanager
    def writer(
        self,
        stage: str,
        name: str,
        snapshot_date: date,
        schema: pl.Schema,
        metadata: Mapping[str, str] | None = None,
    ) -> Iterator[RowGroupWriter]:
        """A writer whose file appears when the block ends well."""
        with written_aside(self.path(stage, name, snapshot_date)) as aside:
            writer = RowGroupWriter(aside, schema, metadata or {})
            try:
                yield writer
            finally:
                writer.close()


class FrameStoreResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The frame store, as Dagster hands it to assets. Opens nothing."""

    root: str

    @property
    def store(self) -> FrameStore:
        return FrameStore(Path(self.root))


class FrameIOManager(PolarsParquetIOManager):
    """Hands stored frames to assets as LazyFrames, and writes what they return aside.

    dagster-polars puts five random rows into the event log; learners' data stays out of it.
    """

    def sink_df_to_path(self, context: dg.OutputContext, df: pl.LazyFrame, path: Any) -> None:
        with written_aside(Path(str(path))) as aside:
            df.sink_parquet(aside, compression=COMPRESSION, compression_level=COMPRESSION_LEVEL)

    def scan_df_from_path(
        self, path: Any, context: dg.InputContext, partition_key: str | None = None
    ) -> pl.LazyFrame:
        # dagster-polars passes options to scan_parquet that Polars has given up.
        return pl.scan_parquet(str(path), cache=False)

    def write_df_to_path(self, context: dg.OutputContext, df: pl.DataFrame, path: Any) -> None:
        self.sink_df_to_path(context, df.lazy(), path)

    def get_metadata(
        self, context: dg.OutputContext, obj: pl.DataFrame | pl.LazyFrame | None
    ) -> dict[str, Any]:
        return {}
