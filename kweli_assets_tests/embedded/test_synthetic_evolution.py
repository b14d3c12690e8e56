"""The next day's table: rates, determinism, and what stays byte for byte."""

from __future__ import annotations

import csv
import io
import json
import sys
from math import sqrt
from pathlib import Path
from random import Random

import polars as pl
import pytest

from kweli_assets.embedded.synthetic import evolution
from kweli_assets.embedded.synthetic.changes import CHANGES, changed, day_of, following
from kweli_assets.embedded.synthetic.csv_file import write_csv
from kweli_assets.embedded.synthetic.dirt.registry import Row
from kweli_assets.embedded.synthetic.evolution import Evolution, Rates, evolve_csv, evolve_mysql
from kweli_assets.embedded.synthetic.rows import frame
from kweli_assets.embedded.synthetic.table import fitting, write_mysql
from kweli_assets.errors import ConfigurationError
from kweli_assets_tests.conftest import MysqlDatabase
from kweli_assets_tests.embedded.test_synthetic_table import (
    NAMES,
    TABLE,
    comparable,
    engine_of,
    of_csv,
    stored,
)

ROWS = 20_000
RATES = Rates(changed=0.05, new=0.02, vanished=0.03)


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("today") / "learners.csv"
    write_csv(path, ROWS, seed=11, dirt=0.02)
    return path


def records(path: Path) -> list[bytes]:
    """The file's records as bytes, told apart by Python's own CSV reader."""
    csv.field_size_limit(sys.maxsize)
    data = path.read_bytes()
    lines = io.StringIO(data.decode("utf-8"), newline="")
    taken: list[str] = []

    def counted() -> object:
        for line in lines:
            taken.append(line)
            yield line

    result = []
    for _ in csv.reader(counted()):  # type: ignore[arg-type]
        result.append("".join(taken).encode("utf-8"))
        taken.clear()
    return result


def near(count: int, rate: float) -> bool:
    return abs(count - ROWS * rate) <= 4 * sqrt(ROWS * rate)


def test_rates_and_what_stays(today: Path, tmp_path: Path) -> None:
    target = tmp_path / "tomorrow.csv"
    result = evolve_csv(today, target, RATES, seed=1)
    before, after = records(today), records(target)
    assert after[0] == before[0]
    old = set(before)
    assert sum(record in old for record in after) - 1 == result.kept
    others = [record for record in after if record not in old]
    assert all(record.endswith(b",20251203\r\n") for record in others)
    assert near(result.changed, RATES.changed)
    assert near(result.vanished, RATES.vanished)
    assert result.new == round(ROWS * RATES.new)
    assert len(others) == result.changed + result.new
    assert result.kept + result.changed + result.vanished == ROWS
    assert len(after) - 1 == result.rows


def test_new_learners_were_never_there(today: Path, tmp_path: Path) -> None:
    result = evolve_csv(today, tmp_path / "a.csv", RATES, seed=1)
    before = set(of_csv(today)["hashed_email"])
    after = of_csv(tmp_path / "a.csv")["hashed_email"]
    assert sum(key not in before for key in after) == result.new


def test_the_same_seed_gives_the_same_day_and_another_one_another(
    today: Path, tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in ("a.csv", "b.csv", "c.csv", "d.csv")]
    for path, seed, day in zip(paths, (1, 1, 2, 1), (5, 5, 5, 6), strict=True):
        evolve_csv(today, path, RATES, seed=seed, snapshot_id=20251200 + day)
    first, again, *others = (path.read_bytes() for path in paths)
    assert first == again
    keys = [set(of_csv(path)["hashed_email"]) for path in paths]
    assert first not in others
    assert keys[0] != keys[2]
    assert keys[0] != keys[3]


def test_block_borders_make_no_difference(
    today: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evolve_csv(today, tmp_path / "a.csv", RATES, seed=1)
    monkeypatch.setattr(evolution, "BLOCK_BYTES", 1_013)
    small = tmp_path / "today.csv"
    small.write_bytes(b"".join(records(today)[:800]))
    evolve_csv(small, tmp_path / "b.csv", Rates(0.1, 0, 0.1), seed=1, snapshot_id=20251203)
    monkeypatch.undo()
    evolve_csv(small, tmp_path / "c.csv", Rates(0.1, 0, 0.1), seed=1, snapshot_id=20251203)
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "c.csv").read_bytes()


def test_nothing_changes_at_rates_of_zero(today: Path, tmp_path: Path) -> None:
    result = evolve_csv(today, tmp_path / "a.csv", Rates(0, 0, 0))
    assert (tmp_path / "a.csv").read_bytes() == today.read_bytes()
    assert result == Evolution(20251203, ROWS, 0, 0, 0)


def test_a_file_evolves_in_place_day_after_day(today: Path, tmp_path: Path) -> None:
    path = tmp_path / "learners.csv"
    path.write_bytes(today.read_bytes())
    ids = [evolve_csv(path, path, RATES).snapshot_id for _ in range(3)]
    assert ids == [20251203, 20251204, 20251205]
    written = of_csv(path)["snapshot_id"].value_counts()
    assert {"20251201", "20251203", "20251204", "20251205"} <= set(written["snapshot_id"])


def test_the_last_record_may_lack_its_line_end(tmp_path: Path, today: Path) -> None:
    path = tmp_path / "cut.csv"
    path.write_bytes(b"".join(records(today)[:30]).removesuffix(b"\r\n"))
    assert evolve_csv(path, tmp_path / "a.csv", Rates(0.0, 0.0, 0.0)).kept == 29
    assert records(tmp_path / "a.csv") == records(today)[:30]


def test_every_change_differs_and_keeps_the_key() -> None:
    table = frame(600, seed=4, dirt=0.3)
    differing = 0
    for row in table.rows(named=True):
        later = changed(row, seed=1, snapshot_id=20251205)
        assert later == changed(row, seed=1, snapshot_id=20251205)
        assert list(later) == NAMES
        assert later["hashed_email"] == row["hashed_email"]
        assert later["snapshot_id"] == "20251205"
        assert {k: v for k, v in later.items() if k != "snapshot_id"} != {
            k: v for k, v in row.items() if k != "snapshot_id"
        }
        differing += later["learning_details"] != row["learning_details"]
    assert differing > 60


def test_each_kind_of_change_can_happen() -> None:
    rows = frame(600, seed=4, dirt=0).rows(named=True)
    today = day_of(20251205)
    assert today is not None
    for change in CHANGES:
        done = 0
        for number, row in enumerate(rows):
            later: Row = dict(row)
            change(later, Random(number), today)
            done += later != row
        assert done > 20, change.__name__


def test_a_status_moves_on_with_its_flags() -> None:
    for row in frame(2_000, seed=4, dirt=0).rows(named=True):
        later: Row = dict(row)
        CHANGES[0](later, Random(1), day_of(20251205))  # type: ignore[arg-type]
        entries = json.loads(str(later["learning_details"]))
        entries = json.loads(entries) if isinstance(entries, str) else entries
        status = entries[-1]["enrollment_status"]
        flags = [
            later["is_graduate_learner"],
            later["is_active_learner"],
            later["is_a_dropped_out"],
        ]
        wanted = [str(int(status == s)) for s in ("Graduated", "Enrolled", "Dropped Out")]
        assert flags == wanted
        assert len(entries) == (2 if status == "Enrolled" else 1)


@pytest.mark.parametrize(
    ("today", "tomorrow"),
    [
        (20251201, 20251202),
        (20251231, 20260101),
        (20240228, 20240229),
        (7, 8),
        (20251350, 20251351),
    ],
)
def test_the_next_load(today: int, tomorrow: int) -> None:
    assert following(today) == tomorrow


@pytest.mark.parametrize(
    "rates", [{"changed": 1.1}, {"new": -0.1}, {"vanished": 2.0}, {"changed": 0.6, "vanished": 0.6}]
)
def test_rates_out_of_range_are_refused(rates: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match="rate"):
        Rates(**rates)


def test_a_file_of_other_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ConfigurationError, match=r"other\.csv does not begin with the names"):
        evolve_csv(path, path)
    assert path.read_text() == "a,b\n1,2\n"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.csv can't be read"):
        evolve_csv(tmp_path / "none.csv", tmp_path / "a.csv")


def test_a_record_of_too_few_fields_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "short.csv"
    path.write_bytes(",".join(NAMES).encode() + b"\r\nkey,1\r\n")
    with pytest.raises(ConfigurationError, match="2 fields, not 58"):
        evolve_csv(path, path, Rates(1.0, 0, 0), snapshot_id=1)


def test_a_table_becomes_what_the_file_becomes(mysql: MysqlDatabase, tmp_path: Path) -> None:
    engine = engine_of(mysql, bulk=True)
    rows, path = 3_000, tmp_path / "learners.csv"
    write_csv(path, rows, seed=5, dirt=0.1)
    write_mysql(engine, TABLE, rows, seed=5, dirt=0.1)
    before = stored(engine)
    of_file = evolve_csv(path, path, RATES, seed=3, snapshot_id=20251203)
    of_table = evolve_mysql(engine, TABLE, RATES, seed=3, snapshot_id=20251203)
    assert of_file == of_table
    after = stored(engine)
    untouched = after.filter(pl.col("snapshot_id").ne_missing("20251203"))
    keys = set(untouched["hashed_email"])
    stayed = pl.Series([key in keys for key in before["hashed_email"]])
    assert untouched.equals(before.filter(stayed))
    texts = [name for name in NAMES if after[name].dtype == pl.String]
    sides = [
        comparable(side).with_columns(pl.col(pl.String).fill_null("")).sort(texts)
        for side in (after, of_csv(path))
    ]
    assert sides[0].equals(sides[1])
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW TABLES").scalars().all() == [TABLE]
    again = evolve_mysql(engine, TABLE, RATES, seed=3)
    assert again.snapshot_id == 20251204
    assert again.kept < of_table.rows
    engine.dispose()


def test_new_rows_of_a_table_may_be_dirty(mysql: MysqlDatabase) -> None:
    engine = engine_of(mysql, bulk=False)
    write_mysql(engine, TABLE, 200, seed=5, dirt=0)
    result = evolve_mysql(engine, TABLE, Rates(0, 1.0, 0), snapshot_id=20251203, dirt=1.0)
    assert result == Evolution(20251203, 200, 0, 0, 200)
    table = comparable(stored(engine))
    assert len(table) == 400
    assert table.head(200).equals(comparable(fitting(frame(200, seed=5, dirt=0))))
    engine.dispose()


def test_a_table_that_is_not_there_is_named(mysql: MysqlDatabase) -> None:
    with pytest.raises(ConfigurationError, match="there is no table nowhere"):
        evolve_mysql(engine_of(mysql, bulk=True), "nowhere")
