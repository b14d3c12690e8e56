"""The snapshot file: everything that was read, in buckets, whole or not at all."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from kweli_assets.errors import FrameError, KweliError, SnapshotError, SourceError
from kweli_assets.resources.source import SourceColumn
from kweli_assets.snapshot import scan
from kweli_assets.snapshot.columns import SELECTED

DAY = date(2025, 12, 1)
NAMES = [column.name for column in SELECTED]


class Rows:
    """A source in memory: rows in batches, and a count that may be wrong."""

    def __init__(self, rows: pl.DataFrame, *, batch: int = 7, counted: int | None = None) -> None:
        self.rows, self.batch = rows, batch
        self.counted = len(rows) if counted is None else counted

    def columns(self) -> list[SourceColumn]:
        return [SourceColumn(name, None) for name in NAMES]

    def count(self) -> int:
        return self.counted

    def batches(self, columns: Sequence[str], max_rows: int | None) -> Iterator[pl.DataFrame]:
        rows = self.rows.select(columns)
        yield from (rows if max_rows is None else rows.head(max_rows)).iter_slices(self.batch)


def _rows(keys: Sequence[str | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            name: [f"{name} {number}" if number % 3 else None for number in range(len(keys))]
            for name in NAMES
        },
        schema=dict.fromkeys(NAMES, pl.String),
    ).with_columns(hashed_email=pl.Series(keys, dtype=pl.String))


def _hex_keys(count: int) -> list[str | None]:
    source = random.Random(1)
    return [f"{source.getrandbits(128):032x}" for _ in range(count)]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Buckets of 20 rows and buffers of a few, so that small tables take every path."""
    monkeypatch.setattr(scan, "_ROWS_A_BUCKET", 20)
    monkeypatch.setattr(scan, "_SORTED_BYTES", 20_000)
    monkeypatch.setattr(scan, "_BUFFERED_BYTES", 60_000)


def _write(rows: Rows, target: Path, max_rows: int | None = None) -> scan.Scan:
    return scan.write_snapshot(rows, target, snapshot=DAY, source="a test", max_rows=max_rows)


def test_every_row_is_there_as_it_came(tmp_path: Path) -> None:
    rows = _rows([*_hex_keys(200), None, "", "n/a", " \0", "Z-other", "é"])
    taken = _write(Rows(rows), tmp_path / "day.parquet")
    stored = pl.read_parquet(tmp_path / "day.parquet")
    assert stored.columns == [*NAMES, "bucket"]
    assert set(stored.schema.values()) == {pl.String, pl.UInt8}
    assert sorted(stored.select(NAMES).rows(), key=str) == sorted(rows.rows(), key=str)
    assert taken.info == scan.read_info(tmp_path / "day.parquet")
    assert (taken.info.rows, taken.info.buckets) == (206, 11)
    assert taken.bytes == (tmp_path / "day.parquet").stat().st_size


def test_row_groups_hold_one_bucket_and_buckets_are_ranges_of_the_key(tmp_path: Path) -> None:
    keys = [*_hex_keys(300), None, "n/a"]
    _write(Rows(_rows(keys)), tmp_path / "day.parquet")
    file = pq.ParquetFile(tmp_path / "day.parquet")
    assert file.num_row_groups > file.metadata.num_columns // 10
    for number in range(file.num_row_groups):
        group = pl.DataFrame(pl.from_arrow(file.read_row_group(number)))
        assert group["bucket"].n_unique() == 1
    stored = pl.read_parquet(tmp_path / "day.parquet").filter(
        pl.col("hashed_email").str.len_chars() == 32
    )
    ranges = stored.group_by("bucket").agg(
        pl.col("hashed_email").min().alias("low"), pl.col("hashed_email").max().alias("high")
    )
    ranges = ranges.sort("bucket")
    assert len(ranges) == 16
    assert (ranges["high"][:-1] < ranges["low"][1:]).all()


@pytest.mark.parametrize("count", [1, 2, 64])
def test_cleaned_keys_are_in_one_bucket_and_missing_ones_in_the_first(count: int) -> None:
    key = "f00d" + "0" * 28
    same = pl.Series([key, f" {key}\u3000", f"\0{key}", f"{key}\n"])
    assert scan.buckets_of(same, count).n_unique() == 1
    missing = pl.Series([None, "", "N/A", "null", "-99", " \0 "], dtype=pl.String)
    assert scan.buckets_of(missing, count).to_list() == [0] * 6


def test_buckets_go_by_code_points() -> None:
    keys = pl.Series(["0", "9f", "A", "a0", "ffff", "g", "é", "😀"])
    buckets = scan.buckets_of(keys, 64).to_list()
    assert buckets == sorted(buckets)
    assert buckets[0] == 0
    assert buckets[-1] == 63


@pytest.mark.parametrize(
    ("rows", "buckets"), [(0, 1), (20, 1), (21, 2), (400, 20), (10_000_000, 64)]
)
def test_bucket_count(rows: int, buckets: int) -> None:
    assert scan.bucket_count(rows) == buckets


def test_fingerprint_is_of_the_content_and_not_of_the_order(tmp_path: Path) -> None:
    rows = _rows(_hex_keys(150))
    first = _write(Rows(rows), tmp_path / "a").info
    shuffled = _write(Rows(rows.sample(fraction=1, shuffle=True, seed=3), batch=50), tmp_path / "b")
    assert shuffled.info.fingerprint == first.fingerprint
    changed = rows.with_columns(
        bio=pl.when(pl.int_range(pl.len()) == 9).then(pl.lit("x")).otherwise("bio")
    )
    other = _write(Rows(changed), tmp_path / "c").info
    assert other.fingerprint != first.fingerprint
    null_is_not_empty = rows.with_columns(pl.col("bio").fill_null(""))
    assert _write(Rows(null_is_not_empty), tmp_path / "d").info.fingerprint != first.fingerprint


def test_snapshot_ids_are_counted(tmp_path: Path) -> None:
    rows = _rows(_hex_keys(5)).with_columns(
        snapshot_id=pl.Series(["20251201", "20251201", " 20251130", None, "n/a"])
    )
    assert _write(Rows(rows), tmp_path / "a").info.snapshot_ids == {"20251201": 2, "20251130": 1}


def test_max_rows_makes_a_partial_snapshot(tmp_path: Path) -> None:
    rows = Rows(_rows(_hex_keys(100)))
    partial = _write(rows, tmp_path / "a", max_rows=30).info
    assert (partial.rows, partial.source_rows, partial.is_partial) == (30, 100, True)
    assert not _write(rows, tmp_path / "a", max_rows=100).info.is_partial


def test_an_empty_table_is_a_snapshot(tmp_path: Path) -> None:
    assert _write(Rows(_rows([])), tmp_path / "a").info.rows == 0
    assert pl.read_parquet(tmp_path / "a").shape == (0, 58)


class Interrupted(Rows):
    def batches(self, columns: Sequence[str], max_rows: int | None) -> Iterator[pl.DataFrame]:
        yield from super().batches(columns, 50)
        raise SourceError("reading", "the connection was lost.", "Again.", rerun_helps=True)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (Rows(_rows(_hex_keys(100)), counted=101), SnapshotError),
        (Rows(_rows(_hex_keys(100)), counted=99), SnapshotError),
        (Interrupted(_rows(_hex_keys(100))), SourceError),
    ],
)
def test_a_failed_reading_leaves_what_was_stored(
    tmp_path: Path, source: Rows, error: type[KweliError]
) -> None:
    target = tmp_path / "day.parquet"
    before = _write(Rows(_rows(_hex_keys(10))), target).info
    with pytest.raises(error) as raised:
        _write(source, target)
    assert raised.value.rerun_helps
    assert scan.read_info(target) == before
    assert list(tmp_path.iterdir()) == [target]


def test_a_refused_snapshot_leaves_what_was_stored(tmp_path: Path) -> None:
    target = tmp_path / "day.parquet"
    before = _write(Rows(_rows(_hex_keys(10))), target).info

    def refuse(info: scan.SnapshotInfo) -> None:
        raise SnapshotError("replacing", f"{info.rows} rows.", "No.")

    with pytest.raises(SnapshotError, match="5 rows"):
        scan.write_snapshot(
            Rows(_rows(_hex_keys(5))), target, snapshot=DAY, source="", accept=refuse
        )
    assert scan.read_info(target) == before


def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FrameError, match="KWELI_STORE"):
        _write(Rows(_rows(_hex_keys(1))), tmp_path / "file" / "day.parquet")


def test_a_file_that_is_no_snapshot_is_named(tmp_path: Path) -> None:
    (tmp_path / "2025-12-01.parquet").write_bytes(b"PAR1 truncated")
    with pytest.raises(SnapshotError, match=r"2025-12-01\.parquet"):
        scan.read_info(tmp_path / "2025-12-01.parquet")


def test_progress_ends_with_all_rows(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    scan.write_snapshot(
        Rows(_rows(_hex_keys(20))),
        tmp_path / "a",
        snapshot=DAY,
        source="",
        progress=lambda done, expected: seen.append((done, expected)),
    )
    assert seen[-1] == (20, 20)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
