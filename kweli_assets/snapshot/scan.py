"""One scan of the source into one Parquet file, in constant memory.

Here: the file's layout (buckets of learner keys as row groups, what its metadata says) and the
write that shows either the whole snapshot or nothing. Not here: how rows are read (source), which
days may be read from where (days), what the values mean (cleaning, frames).

The file holds the 57 selected columns as text, exactly as they came, and `bucket`: ranges of the
cleaned learner key in code point order, a row group never mixing two. Whoever reads bucket after
bucket and sorts inside each has a sorted table without ever holding it whole, and all rows of a
learner are in one bucket.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from kweli_assets.cleaning.missing import clean_text
from kweli_assets.errors import SnapshotError
from kweli_assets.resources.frame_store import COMPRESSION, COMPRESSION_LEVEL, written_aside
from kweli_assets.resources.source import SourceReader
from kweli_assets.snapshot.columns import LEARNER_KEY, SELECTED, SNAPSHOT_ID, MysqlType

BUCKET = "bucket"
_HASH = "hash"

_ROWS_A_BUCKET = 50_000
_MOST_BUCKETS = 64
_SORTED_BYTES = 16 << 20
"""Of text, about 10,000 rows, that are sorted by bucket and made contiguous at once."""

_BUFFERED_BYTES = 96 << 20
"""Of text, before all buckets are written: what memory allows, since longer row groups are read
faster. At 1.6 million rows and 32 buckets they have about 2,000 rows."""

_METADATA_KEY = b"kweli.snapshot"
_MOST_SNAPSHOT_IDS = 100
"""A load writes one id into all rows; this many mean that the column holds something else."""

_NAMES = [column.name for column in SELECTED]
_REPETITIVE = [
    column.name
    for column in SELECTED
    if column.mysql_type is not MysqlType.TEXT
    or column.name.startswith(("country", "region", "city", "education_level", "education_field"))
    or column.name in ("sand_id", "gender", "designation", "type_of_disability", "youtube_id")
]
"""Columns with few distinct values: a dictionary shrinks them and costs little to build."""


@dataclass(frozen=True)
class SnapshotInfo:
    """What a snapshot file says about itself.

    Attributes:
        rows: rows in the file.
        source_rows: rows that the source counted in the same reading.
        max_rows: the limit that was asked for, if any.
        source: where the rows came from, without secrets.
        read_at: when the reading began (UTC, ISO 8601).
        buckets: number of ranges that the learner keys are divided into.
        fingerprints: per bucket a sum of row hashes: equal for the same rows in any order. Compare
            only where `fingerprint_version` is equal.
        fingerprint_version: what computed the hashes; Polars may change its own between versions.
        snapshot_ids: the cleaned values of `snapshot_id` and their rows.
    """

    rows: int
    source_rows: int
    max_rows: int | None
    source: str
    read_at: str
    buckets: int
    fingerprints: tuple[str, ...]
    fingerprint_version: str
    snapshot_ids: dict[str, int]

    @property
    def is_partial(self) -> bool:
        """Whether the source held more rows than the file."""
        return self.rows < self.source_rows

    @property
    def fingerprint(self) -> str:
        """One text for the content of all buckets; what is built from a snapshot carries it."""
        content = ",".join((self.fingerprint_version, *self.fingerprints))
        return hashlib.sha256(content.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Scan:
    """A snapshot just taken."""

    info: SnapshotInfo
    bytes: int
    seconds: float


def bucket_count(rows: int) -> int:
    """Buckets for a source of so many rows: about 50,000 rows each, 1 to 64."""
    return max(1, min(_MOST_BUCKETS, -(-rows // _ROWS_A_BUCKET)))


def buckets_of(learner_keys: pl.Series, count: int) -> pl.Series:
    """The bucket (UInt8) of each raw learner key; rows without a key are in bucket 0.

    Keys are MD5-like: the ranges divide eight hexadecimal digits evenly. Other keys are sorted in
    just as well, only less evenly.
    """
    key = learner_keys.to_frame("key").select(clean_text(pl.col("key"))).to_series()
    bounds = pl.Series(
        [f"{number * 2**32 // count:08x}" for number in range(1, count)], dtype=pl.String
    )
    return bounds.search_sorted(key, side="right").cast(pl.UInt8).alias(BUCKET)


def read_info(path: Path) -> SnapshotInfo:
    """What a stored snapshot says about itself.

    Raises:
        SnapshotError: the file is no snapshot, or damaged.
    """
    try:
        metadata = pq.read_metadata(path).metadata or {}
        return msgspec.json.decode(metadata[_METADATA_KEY], type=SnapshotInfo)
    except (OSError, pa.ArrowInvalid, KeyError, msgspec.DecodeError) as error:
        raise SnapshotError(
            f"reading the stored snapshot {path.name}",
            f"the file is no complete snapshot ({type(error).__name__}).",
            "Remove it and take or import the snapshot again.",
        ) from error


def write_snapshot(
    reader: SourceReader,
    target: Path,
    *,
    snapshot: date,
    source: str,
    max_rows: int | None = None,
    accept: Callable[[SnapshotInfo], None] = lambda info: None,
    progress: Callable[[int, int], None] = lambda done, expected: None,
) -> Scan:
    """Read the source once into `target`; the file appears when it is complete.

    Args:
        reader: the opened source.
        target: the snapshot file; one that is there is replaced at the very end.
        snapshot: the snapshot date, for messages.
        source: where the rows come from, without secrets.
        max_rows: read no more than so many rows.
        accept: looks at the complete file's description before it replaces anything; raises to
            keep what is there.
        progress: told the rows read and the rows expected, a few times a second.

    Raises:
        SourceError: the source can't be read.
        SnapshotError: the rows read are not those counted.
        FrameError: the folder can't be written.
    """
    started = time.monotonic()
    read_at = datetime.now(UTC).isoformat(timespec="seconds")
    source_rows = reader.count()
    expected = source_rows if max_rows is None else min(max_rows, source_rows)
    with written_aside(target) as temporary:
        writer = _BucketWriter(temporary, bucket_count(expected))
        try:
            rows = 0
            for batch in reader.batches(_NAMES, max_rows):
                writer.add(batch)
                rows += len(batch)
                progress(rows, expected)
            if rows != expected:
                raise SnapshotError(
                    "scanning the learner table",
                    f"{rows:,} rows were read, but the source counted {expected:,}.",
                    "Nothing was kept. Run it again when nothing is writing to the source; for a "
                    "CSV, check that quotes inside text are doubled.",
                    snapshot=snapshot,
                    rerun_helps=True,
                )
            info = writer.finish(
                source_rows=source_rows, max_rows=max_rows, source=source, read_at=read_at
            )
        finally:
            writer.close()
        size = temporary.stat().st_size
        accept(info)
    return Scan(info, size, time.monotonic() - started)


class _BucketWriter:
    """Collects rows, sorts them by bucket and writes each bucket's as a row group.

    Rows arrive as views into network buffers; sorting a piece copies it out, so that memory holds
    little more than the texts themselves.
    """

    def __init__(self, path: Path, buckets: int) -> None:
        self._buckets = buckets
        self._unsorted: list[pl.DataFrame] = []
        self._unsorted_bytes = 0
        self._sorted: list[list[pa.Table]] = [[] for _ in range(buckets)]
        self._sorted_bytes = 0
        self._rows = 0
        self._sums = [0] * buckets
        self._snapshot_ids: Counter[str] = Counter()
        self._schema = pa.schema(
            [*((name, pa.large_string()) for name in _NAMES), (BUCKET, pa.uint8())]
        )
        self._writer = pq.ParquetWriter(
            path,
            self._schema,
            compression=COMPRESSION,
            compression_level=COMPRESSION_LEVEL,
            use_dictionary=_REPETITIVE,
            # Readers skip row groups by bucket; smallest and largest texts would only grow the
            # footer and put learners' data into it.
            write_statistics=[BUCKET],
        )

    def add(self, batch: pl.DataFrame) -> None:
        self._unsorted.append(batch)
        self._unsorted_bytes += _text_bytes(batch)
        if self._unsorted_bytes >= _SORTED_BYTES:
            self._sort()
        if self._sorted_bytes >= _BUFFERED_BYTES:
            self._write()

    def finish(
        self, *, source_rows: int, max_rows: int | None, source: str, read_at: str
    ) -> SnapshotInfo:
        """Write what is left and the file's description."""
        self._sort()
        self._write()
        info = SnapshotInfo(
            rows=self._rows,
            source_rows=source_rows,
            max_rows=max_rows,
            source=source,
            read_at=read_at,
            buckets=self._buckets,
            fingerprints=tuple(f"{value:016x}" for value in self._sums),
            fingerprint_version=f"polars-{pl.__version__}",
            snapshot_ids=dict(self._snapshot_ids.most_common(_MOST_SNAPSHOT_IDS)),
        )
        self._writer.add_key_value_metadata({_METADATA_KEY: msgspec.json.encode(info)})
        self.close()
        return info

    def close(self) -> None:
        self._writer.close()

    def _sort(self) -> None:
        if not self._unsorted:
            return
        rows = pl.concat(self._unsorted)
        self._unsorted.clear()
        self._sorted_bytes += self._unsorted_bytes
        self._unsorted_bytes = 0
        self._rows += len(rows)
        ids = rows.select(clean_text(pl.col(SNAPSHOT_ID))).to_series().drop_nulls().value_counts()
        self._snapshot_ids.update(dict(ids.iter_rows()))
        buckets = buckets_of(rows[LEARNER_KEY], self._buckets)
        rows = rows.with_columns(buckets, rows.hash_rows().alias(_HASH)).sort(BUCKET)
        hashes = rows[_HASH].to_numpy()
        table = rows.drop(_HASH).to_arrow(compat_level=pl.CompatLevel.oldest())
        start = 0
        for bucket, length in rows[BUCKET].rle().struct.unnest().select("value", "len").iter_rows():
            total = int(hashes[start : start + length].sum(dtype=np.uint64))
            self._sums[bucket] = (self._sums[bucket] + total) % 2**64
            self._sorted[bucket].append(table.slice(start, length))
            start += length

    def _write(self) -> None:
        for tables in self._sorted:
            if tables:
                group = pa.concat_tables(tables)
                self._writer.write_table(group, row_group_size=len(group))
                tables.clear()
        self._sorted_bytes = 0


def _text_bytes(batch: pl.DataFrame) -> int:
    sizes = batch.select(pl.all().str.len_bytes().sum().cast(pl.UInt64))
    return sum(size or 0 for size in sizes.row(0))
