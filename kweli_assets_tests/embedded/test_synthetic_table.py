"""Synthetic learners in a real MySQL-protocol server equal those of the CSV, row by row."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from kweli_assets.embedded.synthetic import table as mysql_table
from kweli_assets.embedded.synthetic.csv_file import write_csv
from kweli_assets.embedded.synthetic.rows import CHUNK_ROWS, frame
from kweli_assets.embedded.synthetic.table import (
    create_statement,
    fitting,
    tab_separated,
    write_mysql,
)
from kweli_assets.errors import SourceError
from kweli_assets.snapshot.columns import COLUMNS, MysqlType
from kweli_assets_tests.conftest import MysqlDatabase

TABLE = "impact_learners_profile"
NAMES = [column.name for column in COLUMNS]
TEXTS = [column.name for column in COLUMNS if column.mysql_type is MysqlType.TEXT]
NUMBERS = [column.name for column in COLUMNS if column.mysql_type is not MysqlType.TEXT]


def engine_of(mysql: MysqlDatabase, *, bulk: bool) -> sa.Engine:
    server = mysql.server
    url = sa.URL.create(
        "mysql+pymysql",
        username=server.owner_user,
        password=server.owner_password,
        host=server.host,
        port=server.port,
        database=server.database,
        query={"charset": "utf8mb4"},
    )
    return sa.create_engine(url, connect_args={"local_infile": bulk})


@pytest.fixture
def engine(mysql: MysqlDatabase) -> Iterator[sa.Engine]:
    made = engine_of(mysql, bulk=True)
    yield made
    made.dispose()


def stored(engine: sa.Engine, table: str = TABLE) -> pl.DataFrame:
    """The table's rows as text, in the order in which the server gives them."""
    columns = ", ".join(f"CAST(`{name}` AS CHAR)" for name in NAMES)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"SELECT {columns} FROM `{table}`").fetchall()
    return mysql_table.text_rows(NAMES, [tuple(row) for row in rows])


def comparable(rows: pl.DataFrame) -> pl.DataFrame:
    """Numbers as numbers (a decimal column shows six places), everything else as it is."""
    return rows.with_columns(pl.col(name).cast(pl.Float64).round(6) for name in NUMBERS)


def of_csv(path: Path) -> pl.DataFrame:
    """A CSV's rows as the table would hold them: an empty number is NULL, an empty text empty."""
    csv.field_size_limit(sys.maxsize)
    text = io.StringIO(path.read_bytes().decode("utf-8"), newline="")
    records = list(csv.reader(text))
    assert records[0] == NAMES
    return fitting(mysql_table.text_rows(NAMES, records[1:]))


@pytest.mark.parametrize("bulk", [True, False], ids=["load data", "inserts"])
def test_the_table_equals_the_csv(mysql: MysqlDatabase, tmp_path: Path, bulk: bool) -> None:
    engine = engine_of(mysql, bulk=bulk)
    path = tmp_path / "learners.csv"
    rows = 1_500
    write_csv(path, rows, seed=6, dirt=0.5)
    assert write_mysql(engine, TABLE, rows, seed=6, dirt=0.5) == rows
    table, dump = comparable(stored(engine)), comparable(of_csv(path))
    # A CSV can't tell NULL from the empty text.
    assert table.with_columns(pl.col(TEXTS).fill_null("")).equals(
        dump.with_columns(pl.col(TEXTS).fill_null(""))
    )
    assert table["bio"].str.contains("\0", literal=True).any()
    assert table["bio"].null_count() > 0
    engine.dispose()


def test_null_and_empty_stay_apart_in_the_table(engine: sa.Engine) -> None:
    write_mysql(engine, TABLE, 3_000, seed=6, dirt=0.3)
    assert comparable(stored(engine)).equals(comparable(fitting(frame(3_000, seed=6, dirt=0.3))))


def test_the_table_is_as_the_contract_says_and_has_no_index(engine: sa.Engine) -> None:
    write_mysql(engine, TABLE, 10, dirt=0)
    with engine.connect() as connection:
        columns = connection.exec_driver_sql(
            "SELECT column_name, column_type, character_set_name FROM information_schema.columns "
            f"WHERE table_schema = DATABASE() AND table_name = '{TABLE}' ORDER BY ordinal_position"
        ).fetchall()
        indexes = connection.exec_driver_sql(f"SHOW INDEX FROM {TABLE}").fetchall()
    assert [name for name, _, _ in columns] == NAMES
    kinds = [kind.split("(20)")[0] for _, kind, _ in columns]
    assert kinds == [str(column.mysql_type) for column in COLUMNS]
    assert {charset for _, kind, charset in columns if kind == "text"} == {"utf8mb4"}
    assert indexes == []


def test_an_earlier_table_is_replaced_whole(engine: sa.Engine) -> None:
    write_mysql(engine, TABLE, 50, seed=1, dirt=0)
    write_mysql(engine, TABLE, 20, seed=2, dirt=0, snapshot_id=20251202)
    assert (
        stored(engine)["hashed_email"].to_list()
        == frame(20, seed=2, dirt=0)["hashed_email"].to_list()
    )
    with engine.connect() as connection:
        tables = connection.exec_driver_sql("SHOW TABLES").scalars().all()
    assert tables == [TABLE]


def test_a_failure_leaves_the_earlier_table(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_mysql(engine, TABLE, 50, seed=1, dirt=0)
    before = stored(engine)
    monkeypatch.setattr(mysql_table, "batch_of", lambda table, bulk: b"too few fields\n")
    with pytest.raises(SourceError, match="otherwise than given"):
        write_mysql(engine, TABLE, 20, seed=2)
    monkeypatch.setattr(mysql_table, "batch_of", lambda table, bulk: b"")
    with pytest.raises(SourceError, match="0 rows of 20"):
        write_mysql(engine, TABLE, 20, seed=2)
    assert stored(engine).equals(before)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW TABLES").scalars().all() == [TABLE]


def test_who_may_only_read_is_told_so(mysql: MysqlDatabase) -> None:
    server = mysql.server
    url = sa.URL.create(
        "mysql+pymysql",
        username=server.user,
        password=server.password,
        host=server.host,
        port=server.port,
        database=server.database,
    )
    with pytest.raises(SourceError, match="MySQL error 1142") as caught:
        write_mysql(sa.create_engine(url), TABLE, 10)
    assert server.password not in str(caught.value)


def test_several_chunks_come_in_order(engine: sa.Engine) -> None:
    seen: list[int] = []
    rows = CHUNK_ROWS + 700
    write_mysql(engine, TABLE, rows, seed=3, dirt=0.01, progress=seen.append, processes=2)
    assert seen == [CHUNK_ROWS, rows]
    expected = fitting(frame(rows, seed=3, dirt=0.01))
    assert comparable(stored(engine)).equals(comparable(expected))


def test_what_does_not_fit_a_type_is_null() -> None:
    row = dict.fromkeys(NAMES)
    rows = pl.DataFrame(
        [
            {**row, "is_placed": value, "meta_ui_lat": real, "bio": text}
            for value, real, text in (
                ("1", "1.5", "x"),
                ("-99", "-99", "é" * 32_767),
                ("yes", "NaN", "é" * 32_768),
                ("9223372036854775808", "1e400", ""),
                (" 1", "1e2", None),
            )
        ],
        schema=dict.fromkeys(NAMES, pl.String),
    )
    fit = fitting(rows)
    assert fit["is_placed"].to_list() == ["1", "-99", None, None, None]
    assert fit["meta_ui_lat"].to_list() == ["1.5", "-99", None, None, "1e2"]
    assert [None if text is None else len(text) for text in fit["bio"]] == [
        1,
        32_767,
        None,
        0,
        None,
    ]


def test_rows_are_escaped_for_load_data() -> None:
    rows = pl.DataFrame({"a": ["\t\\", "x\ny\r", None], "b": ["\0", "", "\\N"]})
    assert tab_separated(rows) == b"\\t\\\\\t\\0\nx\\ny\\r\t\n\\N\t\\\\N\n"


def test_the_statement_has_no_key() -> None:
    statement = create_statement("a`b")
    assert statement.startswith("CREATE TABLE `a``b` (")
    assert "KEY" not in statement
    assert "utf8mb4" in statement
