"""The CSV of synthetic learners: dialect, contract, determinism."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import psutil
import pytest

from kweli_assets.embedded.synthetic import csv_file, pool
from kweli_assets.embedded.synthetic.csv_file import csv_bytes, header, write_csv
from kweli_assets.embedded.synthetic.rows import CHUNK_ROWS, frame
from kweli_assets.errors import ConfigurationError
from kweli_assets.snapshot.columns import COLUMNS

NAMES = [column.name for column in COLUMNS]


def read_back(data: bytes) -> list[list[str]]:
    csv.field_size_limit(sys.maxsize)
    return list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))


def test_every_field_survives_the_dialect() -> None:
    table = frame(2_000, seed=5, dirt=1.0)
    records = read_back(header() + csv_bytes(table))
    assert records[0] == NAMES
    assert len(records) == 2_001
    expected = table.fill_null("").rows()
    assert [tuple(record) for record in records[1:]] == expected


def test_an_empty_text_and_null_are_both_an_empty_field() -> None:
    table = pl.DataFrame({"a": ["", None, "x"], "b": [None, "", 'q"\r,']}, schema_overrides={})
    assert csv_bytes(table) == b',\r\n,\r\nx,"q""\r,"\r\n'


def test_lines_end_as_rfc_4180_says_and_nul_bytes_survive(tmp_path: Path) -> None:
    path = tmp_path / "learners.csv"
    size = write_csv(path, rows=3_000, seed=1, dirt=0.5)
    data = path.read_bytes()
    assert len(data) == size
    assert data.startswith(",".join(NAMES).encode() + b"\r\n")
    assert data.endswith(b"\r\n")
    assert data.count(b"\0") > 50


def test_same_seed_same_bytes_whatever_the_number_of_processes(tmp_path: Path) -> None:
    rows = 2 * CHUNK_ROWS + 37
    paths = [tmp_path / name for name in ("alone.csv", "again.csv", "two.csv")]
    for path, processes in zip(paths, (1, 1, 2), strict=True):
        write_csv(path, rows=rows, seed=9, dirt=0.02, processes=processes)
    alone, again, two = (path.read_bytes() for path in paths)
    assert alone == again
    assert alone == two
    assert len(read_back(alone)) == rows + 1


def test_another_seed_gives_another_table() -> None:
    assert not frame(200, seed=1).equals(frame(200, seed=2))
    shared = set(frame(5_000, seed=1)["hashed_email"]) & set(frame(5_000, seed=2)["hashed_email"])
    assert not shared & set(frame(5_000, seed=1, dirt=0)["hashed_email"])


def test_a_shorter_table_is_the_beginning_of_a_longer_one() -> None:
    assert frame(CHUNK_ROWS + 10, seed=4).head(700).equals(frame(700, seed=4))


def test_without_dirt_the_rows_not_chosen_are_the_same() -> None:
    clean, dirty = frame(3_000, seed=4, dirt=0.0), frame(3_000, seed=4, dirt=0.1)
    same = sum(a == b for a, b in zip(clean.rows(), dirty.rows(), strict=True))
    assert 2_550 <= same <= 2_850


def test_progress_counts_rows(tmp_path: Path) -> None:
    seen: list[int] = []
    write_csv(tmp_path / "a.csv", rows=CHUNK_ROWS + 5, seed=1, progress=seen.append, processes=1)
    assert seen == [CHUNK_ROWS, CHUNK_ROWS + 5]


def test_no_rows_leave_a_header(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", rows=0)
    assert read_back((tmp_path / "a.csv").read_bytes()) == [NAMES]
    assert frame(0).columns == NAMES


def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "learners.csv"
    path.write_bytes(b"old")

    def full(_: pl.DataFrame) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(csv_file, "csv_bytes", full)
    with pytest.raises(ConfigurationError, match="No space left"):
        write_csv(path, rows=10, processes=1)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("learners.csv", b"old")]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere.learners\.csv"):
        write_csv(tmp_path / "nowhere" / "learners.csv", rows=1)


@pytest.mark.parametrize(
    ("chunks", "wanted", "at_most"), [(0, None, 1), (1, None, 1), (1, 5, 1), (100, 3, 3)]
)
def test_no_more_processes_than_chunks_deserve(
    chunks: int, wanted: int | None, at_most: int
) -> None:
    assert 1 <= pool.process_count(chunks, wanted) <= at_most


@pytest.mark.parametrize(
    ("name", "value"), [("rows", -1), ("seed", -1), ("dirt", 1.5), ("snapshot_id", 2**63)]
)
def test_numbers_out_of_range_are_named(name: str, value: float) -> None:
    arguments: dict[str, Any] = {"rows": 1, name: value}
    with pytest.raises(ConfigurationError, match=f"{name} is {value}"):
        frame(**arguments)


def test_no_worker_outlives_a_killed_generator(tmp_path: Path) -> None:
    path = tmp_path / "learners.csv"
    code = (
        "from pathlib import Path\n"
        "from kweli_assets.embedded.synthetic.csv_file import write_csv\n"
        "if __name__ == '__main__':\n"
        f"    write_csv(Path({str(path)!r}), 100_000_000, processes=2)\n"
    )
    script = tmp_path / "generate.py"
    script.write_text(code)
    with subprocess.Popen([sys.executable, str(script)]) as process:
        parent = psutil.Process(process.pid)
        deadline = time.monotonic() + 60
        while not any(part.stat().st_size > 1_000_000 for part in tmp_path.glob(".*.part")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        workers = parent.children(recursive=True)
        assert len(workers) >= 2
        process.kill()
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert alive == []
    assert not path.exists()
