"""Sorted files: equal rows give equal files, ranges line up, disorder is noticed."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kweli_assets.errors import FrameError, GraphError
from kweli_assets.graph import sorted_rows
from kweli_assets.graph.sorted_rows import RowsFile, SortedFile, SortedWriter, aligned

COLUMNS = {"key": pl.String, "index": pl.Int64}
IDENTITY = ("key", "index")


def written(folder: Path, rows: pl.DataFrame, step: int = 11) -> RowsFile:
    with SortedWriter(folder / ".aside", COLUMNS, IDENTITY, "things") as writer:
        for start in range(0, rows.height, step):
            writer.append(rows.slice(start, step))
        return writer.finish(folder)


def rows_of(keys: list[str]) -> pl.DataFrame:
    rows = pl.DataFrame({"key": sorted(keys)}, schema={"key": pl.String})
    return rows.with_columns(pl.int_range(pl.len()).alias("index")).select("key", "index")


@settings(deadline=None, max_examples=60)
@given(
    contents=st.lists(
        st.lists(st.sampled_from(["a", "b", "cc", "d", "é", "z", "😀", "\uffff"]), max_size=40),
        min_size=1,
        max_size=3,
    ),
    group=st.integers(1, 9),
)
def test_aligned_gives_every_row_once_and_each_key_whole(
    contents: list[list[str]], group: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("aligned")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_rows, "ROW_GROUP_ROWS", group)
        files = []
        for number, keys in enumerate(contents):
            path = written(folder / str(number), rows_of(keys)).path
            files.append(SortedFile(path, "key", ("key", "index")))
        steps = list(aligned(files))
    for number, keys in enumerate(contents):
        parts = [step[number] for step in steps]
        found = pl.concat(parts) if parts else rows_of([])
        assert found.equals(rows_of(keys))
    seen: set[str] = set()
    for step in steps:
        keys_of_step = {key for part in step for key in part["key"]}
        assert keys_of_step
        assert not keys_of_step & seen
        seen |= keys_of_step


def test_the_same_rows_give_the_same_file_however_they_come(tmp_path: Path) -> None:
    rows = rows_of([f"{number:04d}" for number in range(500)])
    hidden = rows.with_columns(pl.when(pl.col("index") % 3 == 0).then(pl.col("index")))
    plain = hidden.with_columns(pl.Series("index", hidden["index"].to_list()))
    first = written(tmp_path / "a", rows, step=7)
    assert first == RowsFile(tmp_path / "a" / first.path.name, first.fingerprint, 500)
    assert written(tmp_path / "b", rows, step=450).fingerprint == first.fingerprint
    assert written(tmp_path / "c", rows.head(499)).fingerprint != first.fingerprint
    # What lies under a null does not count.
    prints = []
    for number, frame in enumerate((hidden, plain)):
        with SortedWriter(tmp_path / f".{number}", COLUMNS, ("key",), "things") as writer:
            writer.append(frame)
            prints.append(writer.finish(tmp_path).fingerprint)
    assert prints[0] == prints[1]


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([["a", "a"]], "repeats in 1"),
        ([["a"], ["a"]], "not sorted"),
        ([["b"], ["a"]], "not sorted"),
        ([[None, "a"]], "missing in 1"),
    ],
)
def test_broken_identities_are_refused_and_leave_no_file(
    parts: list[list[str | None]], told: str, tmp_path: Path
) -> None:
    def write() -> None:
        with SortedWriter(tmp_path / ".aside", {"key": pl.String}, ("key",), "things") as writer:
            for part in parts:
                writer.append(pl.DataFrame({"key": part}, schema={"key": pl.String}))

    with pytest.raises(FrameError, match=told):
        write()
    assert list(tmp_path.iterdir()) == []


def test_an_unsorted_file_and_a_truncated_one_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "frame" / "day.parquet"
    path.parent.mkdir()
    pl.DataFrame({"key": ["b", "a"]}).write_parquet(path)
    with pytest.raises(FrameError, match=r"frame/day.parquet.*not sorted by key"):
        list(aligned([SortedFile(path, "key", ("key",))]))
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(GraphError, match="can't be read"):
        list(aligned([SortedFile(path, "key", ("key",))]))
