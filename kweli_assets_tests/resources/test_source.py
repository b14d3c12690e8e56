"""The source: every value as the text it is, errors that name the variable, on a real server."""

from __future__ import annotations

import csv
import gzip
import time
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pymysql
import pytest

from kweli_assets.errors import SourceError
from kweli_assets.resources.mysql_rows import CompressedConnection, read_frames
from kweli_assets.resources.settings import resolve_source
from kweli_assets.resources.source import (
    CsvSource,
    LearnerSource,
    MysqlSource,
    _tls_arguments,
)
from kweli_assets_tests.conftest import MysqlDatabase
from kweli_assets_tests.snapshot.tables import TABLE, create_table, insert, write_csv

NASTY = (
    "",
    "n/a",
    "NULL",
    "\\N",
    "a\0b",
    'quotes "inside", commas',
    "two\nlines\r\nthree",
    "naïve Ünïcödé 中文 العربية 👩🏽‍💻",
    "x" * 12,
    "x" * 13,
    "x" * 250,
    "x" * 251,
    "ü" * 30_000,
    "\ufeffbom",
    " blanks ",
)


def _read(source: LearnerSource, names: Sequence[str], max_rows: int | None = None) -> pl.DataFrame:
    with source.open() as reader:
        frames = list(reader.batches(names, max_rows))
    return pl.concat(frames) if frames else pl.DataFrame(schema=dict.fromkeys(names, pl.String))


@pytest.fixture
def source(mysql: MysqlDatabase) -> MysqlSource:
    with mysql.connect() as connection:
        create_table(connection)
        insert(connection, [{"hashed_email": f"{n}", "bio": bio} for n, bio in enumerate(NASTY)])
        insert(
            connection,
            [
                {
                    "hashed_email": "numbers",
                    "snapshot_id": str(2**63 - 1),
                    "country_of_residence_latitude": "-1.5",
                    "meta_ui_lat": "0.1",
                    "meta_ui_lng": "1e300",
                },
                {"hashed_email": None},
            ],
        )
    return MysqlSource(resolve_source(mysql.environment()))


def test_texts_survive_as_they_are(source: MysqlSource) -> None:
    rows = dict(_read(source, ["hashed_email", "bio"]).rows())
    for number, bio in enumerate(NASTY):
        assert rows[str(number)] == bio
    assert rows["numbers"] is None
    assert None in rows


def test_numbers_come_as_the_text_that_the_server_writes(source: MysqlSource) -> None:
    names = ["snapshot_id", "country_of_residence_latitude", "meta_ui_lat", "meta_ui_lng"]
    rows = {key: values for key, *values in _read(source, ["hashed_email", *names]).rows()}
    assert rows["numbers"] == ["9223372036854775807", "-1.500000", "0.1", "1e300"]
    assert rows["0"] == [None] * 4


def test_columns_and_count_are_the_servers(source: MysqlSource) -> None:
    with source.open() as reader:
        columns = reader.columns()
        assert reader.count() == len(NASTY) + 2
    assert len(columns) == 58
    assert columns[0].name == "hashed_email"
    assert columns[0].type == "text"


def test_max_rows(source: MysqlSource) -> None:
    assert len(_read(source, ["bio"], 3)) == 3


def test_count_and_rows_are_of_one_moment(source: MysqlSource, mysql: MysqlDatabase) -> None:
    with source.open() as reader:
        counted = reader.count()
        with mysql.connect() as connection:
            insert(connection, [{"hashed_email": "later"}])
        assert sum(len(frame) for frame in reader.batches(["bio"], None)) == counted


def test_session_can_not_write(source: MysqlSource, mysql: MysqlDatabase) -> None:
    owner = resolve_source(
        {
            **mysql.environment(),
            "MYSQL_USER": mysql.server.owner_user,
            "MYSQL_PASSWORD": mysql.server.owner_password,
        }
    )
    with (
        MysqlSource(owner).open() as reader,
        pytest.raises(Exception, match=r"(?i)read.only"),
    ):
        reader._connection.exec_driver_sql(f"DELETE FROM {TABLE}")  # type: ignore[attr-defined]


@pytest.fixture
def large(mysql: MysqlDatabase) -> MysqlSource:
    """60 MB: more than sockets buffer, so that a scan is still under way after its first block."""
    with mysql.connect() as connection, connection.cursor() as cursor:
        create_table(connection)
        cursor.execute(f"INSERT INTO {TABLE} (bio) VALUES (REPEAT('x', 60000))")
        for _ in range(10):
            cursor.execute(f"INSERT INTO {TABLE} SELECT * FROM {TABLE}")
    return MysqlSource(resolve_source(mysql.environment()))


def _scans(mysql: MysqlDatabase) -> list[int]:
    """The connections that scan; an account sees its own, so it is the reader who asks."""
    with mysql.connect(owner=False) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM information_schema.processlist WHERE db = %s "
            "AND info LIKE 'SELECT `bio`%%'",
            (mysql.server.database,),
        )
        return [number for (number,) in cursor.fetchall()]


def test_a_scan_given_up_leaves_no_query_behind(large: MysqlSource, mysql: MysqlDatabase) -> None:
    with large.open() as reader:
        batches = reader.batches(["bio"], None)
        next(batches)
        assert len(_scans(mysql)) == 1
    deadline = time.monotonic() + 20
    while _scans(mysql) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _scans(mysql) == []


def test_a_connection_lost_in_the_middle_of_a_scan_is_said_to_be_worth_a_rerun(
    large: MysqlSource, mysql: MysqlDatabase
) -> None:
    with large.open() as reader:
        batches = reader.batches(["bio"], None)
        next(batches)
        (number,) = _scans(mysql)
        with mysql.connect(owner=False) as connection, connection.cursor() as cursor:
            cursor.execute(f"KILL {number}")
        with pytest.raises(SourceError) as raised:
            list(batches)
    assert raised.value.rerun_helps


@pytest.mark.parametrize("kind", [pymysql.connections.Connection, CompressedConnection])
@pytest.mark.parametrize("block_bytes", [200, 1 << 12, 2 << 20])
def test_frames_equal_pymysqls_rows(
    source: MysqlSource, mysql: MysqlDatabase, kind: type, block_bytes: int
) -> None:
    server = mysql.server
    connection = kind(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        database=server.database,
    )
    connection.decoders = {}
    sql = f"SELECT bio, hashed_email, snapshot_id FROM {TABLE}"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        expected = list(cursor.fetchall())
    frames = list(
        read_frames(connection, sql, ["bio", "hashed_email", "id"], block_bytes=block_bytes)
    )
    assert pl.concat(frames).rows() == expected
    with connection.cursor() as cursor:  # the connection is free for the next statement
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == ("1",)
    connection.close()


def test_a_row_of_several_packets(mysql: MysqlDatabase) -> None:
    """16 MiB is the longest packet; a longer row comes in pieces."""
    with mysql.connect() as connection:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE big (a longtext, b text)")
            cursor.execute("INSERT INTO big VALUES ('first', 'x')")
            cursor.execute("INSERT INTO big VALUES (CONCAT(REPEAT('ä', 12000000), 'end'), 'y')")
            cursor.execute("INSERT INTO big VALUES (REPEAT('b', 16777215 - 4 - 2), 'z')")
            cursor.execute("INSERT INTO big VALUES ('last', NULL)")
        frame = pl.concat(list(read_frames(connection, "SELECT a, b FROM big", ["a", "b"])))
    assert frame["b"].to_list() == ["x", "y", "z", None]
    assert frame["a"].str.len_bytes().to_list() == [5, 24_000_003, 16_777_209, 4]
    assert frame["a"][1].endswith("äend")


def test_an_error_of_the_server_is_raised(mysql: MysqlDatabase) -> None:
    with (
        mysql.connect(owner=False) as connection,
        pytest.raises(pymysql.err.Error, match="no_such_table"),
    ):
        list(read_frames(connection, "SELECT a FROM no_such_table", ["a"]))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"MYSQL_PASSWORD": "wrong-s3cret"}, "MYSQL_PASSWORD"),
        ({"MYSQL_DATABASE": "nowhere"}, "MYSQL_DATABASE"),
        ({"MYSQL_TABLE": "nothing"}, "MYSQL_TABLE"),
        ({"MYSQL_PORT": "1"}, "MYSQL_HOST"),
        ({"MYSQL_HOST": "no-such-host.invalid"}, "MYSQL_HOST"),
    ],
)
def test_what_is_wrong_is_named_by_its_variable(
    mysql: MysqlDatabase, change: dict[str, str], named: str
) -> None:
    source = MysqlSource(resolve_source({**mysql.environment(), **change}))
    with pytest.raises(SourceError) as raised, source.open() as reader:
        reader.columns()
    assert named in raised.value.todo
    assert "s3cret" not in str(raised.value)
    assert mysql.server.password not in str(raised.value)


def _columns_and_rows(source: LearnerSource) -> pl.DataFrame:
    with source.open() as reader:
        names = [column.name for column in reader.columns()]
        return pl.concat(list(reader.batches(names, None)))


def _csv(path: Path, rows: Sequence[Sequence[str]], **options: str) -> CsvSource:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, **options).writerows(rows)  # type: ignore[arg-type]
    return CsvSource(path, empty_is_null=["n"])


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_csv_texts_survive(tmp_path: Path, line_end: str) -> None:
    texts = [text for text in NASTY if text != "\ufeffbom"]
    source = _csv(
        tmp_path / "a.csv",
        [("t", "n"), *((text, str(n)) for n, text in enumerate(texts))],
        lineterminator=line_end,
    )
    assert _read(source, ["n", "t"]).rows() == [(str(n), text) for n, text in enumerate(texts)]
    with source.open() as reader:
        assert reader.count() == len(texts)
        assert [column.name for column in reader.columns()] == ["t", "n"]


def test_csv_empty_is_null_in_columns_of_numbers_only(tmp_path: Path) -> None:
    source = _csv(tmp_path / "a.csv", [("t", "n"), ("", ""), ("null", "NULL")])
    assert _read(source, ["t", "n"]).rows() == [("", None), ("null", "NULL")]


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("a,b\n", 0),
        ("a,b\n1,2", 1),
        ("a,b\r\n1,2\r\n", 1),
        ('a,b\n"x\n\ny",2\n\n3,4\n\r\n', 2),
        ('\ufeffa,b\n"""\n""",2\n', 1),
    ],
)
@pytest.mark.parametrize("block", [1, 2, 3, 8 << 20])
def test_csv_count_is_the_number_of_rows_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, records: int, block: int
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    source = CsvSource(path, [])
    assert len(_read(source, ["a", "b"])) == records
    monkeypatch.setattr("kweli_assets.resources.source._CSV_BLOCK_BYTES", block)
    with source.open() as reader:
        assert reader.count() == records


def test_csv_rows_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kweli_assets.resources.source._CSV_BLOCK_BYTES", 1 << 12)
    rows = [(f'{n}\n"{"x" * (n % 500)}"', str(n)) for n in range(2000)]
    source = _csv(tmp_path / "a.csv", [("t", "n"), *rows])
    assert _read(source, ["t", "n"]).rows() == rows
    assert len(_read(source, ["t"], 1234)) == 1234


def test_csv_may_be_compressed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert _read(CsvSource(path, []), ["b"]).rows() == [("2",)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\nsecret@example.org\n", "Expected 2 columns, got 1"),
        (b"a,b\nsecret@example.org,\xff\n", "invalid UTF8"),
        (b'a,b\n1,"secret' + b"x" * (5 << 20) + b"\n", "a quote is never closed"),
    ],
)
def test_csv_that_is_none_is_named_without_its_content(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=said) as raised:
        _columns_and_rows(CsvSource(path, []))
    assert "broken.csv" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_csv_that_is_missing_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(SourceError, match=r"nowhere\.csv"),
        CsvSource(tmp_path / "nowhere.csv", []).open(),
    ):
        pass


def test_both_sources_give_the_same(mysql: MysqlDatabase, tmp_path: Path) -> None:
    rows = [
        {"hashed_email": "a", "bio": 'x, "y"\n', "is_rural": "1", "snapshot_id": "-99"},
        {"hashed_email": "b", "bio": "", "is_rural": None, "snapshot_id": "7"},
    ]
    with mysql.connect() as connection:
        create_table(connection)
        insert(connection, rows)
    names = ["hashed_email", "bio", "is_rural", "snapshot_id"]
    table = _read(MysqlSource(resolve_source(mysql.environment())), names)
    dump = _read(CsvSource(write_csv(tmp_path / "a.csv", rows), ["is_rural", "snapshot_id"]), names)
    assert table.equals(dump)


@pytest.mark.parametrize(
    ("host", "with_ca", "verified", "name_compared"),
    [
        ("db.example.org", False, True, True),
        ("db.example.org", True, True, True),
        ("10.1.2.3", False, True, True),
        ("127.0.0.1", True, True, False),
        ("localhost", False, False, False),
    ],
)
def test_tls_is_verified_unless_the_server_is_on_this_machine(
    tmp_path: Path, host: str, with_ca: bool, verified: bool, name_compared: bool
) -> None:
    variables = {
        "MYSQL_HOST": host,
        "MYSQL_USER": "reader",
        "MYSQL_PASSWORD": "x",
        "MYSQL_DATABASE": "d",
    }
    if with_ca:
        (tmp_path / "ca.pem").write_text("")
        variables["MYSQL_SSL_CA"] = str(tmp_path / "ca.pem")
    arguments = _tls_arguments(resolve_source(variables))
    assert arguments.get("ssl_verify_cert", False) is verified
    assert arguments.get("ssl_verify_identity", False) is name_compared
    assert arguments.get("ssl_ca") == variables.get("MYSQL_SSL_CA")


def test_a_certificate_file_that_is_none_is_named(mysql: MysqlDatabase, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    source = MysqlSource(
        resolve_source({**mysql.environment(), "MYSQL_SSL_CA": str(tmp_path / "ca.pem")})
    )
    with pytest.raises(SourceError, match="MYSQL_SSL_CA"), source.open():
        pass
