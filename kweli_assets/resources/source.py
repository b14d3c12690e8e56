"""The learner table, read from MySQL or from a CSV dump of it, behind one interface.

Here: connecting (TLS, read-only session, one consistent transaction), what columns there are, how
many rows, and the rows as text. Not here: what columns there should be and what is kept of them
(snapshot), nor what a value means (cleaning).

Every value is delivered as the text that the source holds, NULL as null. No type is ever inferred.
"""

from __future__ import annotations

import csv
import re
import ssl
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv
import pymysql.err
import sqlalchemy as sa
from dagster import ConfigurableResource
from sqlalchemy.pool import NullPool

from kweli_assets.errors import KweliError, SourceError
from kweli_assets.resources.mysql_rows import CompressedConnection, read_frames
from kweli_assets.resources.settings import SourceSettings, resolve_source

_CONNECT_SECONDS = 10
_SILENCE_SECONDS = 600
"""COUNT(*) without an index reads the whole table before it answers; longer silence is a dead
link."""

_CSV_BLOCK_BYTES = 2 << 20
"""Also the longest row that a dump may have. Arrow's builders need about 60 times as much: a
block of 8 MB cost 400 MB."""


@dataclass(frozen=True)
class SourceColumn:
    """A column that the source has; a CSV knows no types."""

    name: str
    type: str | None


class SourceReader(Protocol):
    """An opened source: columns, count and rows belong to the same moment."""

    def columns(self) -> list[SourceColumn]:
        """All columns, in the source's order."""

    def count(self) -> int:
        """The rows, counted by the source (or by a pass of its own over the file)."""

    def batches(self, columns: Sequence[str], max_rows: int | None) -> Iterator[pl.DataFrame]:
        """The rows once, these columns only, all String; at most `max_rows` of them."""


class LearnerSource(Protocol):
    """Something that holds the learner table."""

    @property
    def is_live(self) -> bool:
        """Whether it holds today's rows only, so that no past day can be read from it."""

    def describe(self) -> str:
        """Where the rows come from, without secrets."""

    def open(self) -> AbstractContextManager[SourceReader]:
        """Connect for one reading; the connection ends with the block.

        Raises:
            SourceError: it can't be reached or read.
        """


class MysqlSource:
    """The table in a MySQL-protocol server, behind a SQLAlchemy engine."""

    is_live = True

    def __init__(self, settings: SourceSettings) -> None:
        self._settings = settings

    def describe(self) -> str:
        place = self._settings
        return f"mysql://{place.host}:{place.port}/{place.database}.{place.table}"

    @contextmanager
    def open(self) -> Iterator[SourceReader]:
        with _translated(self._settings):
            connection = self._connect()
        try:
            yield _MysqlReader(self._settings, connection)
        finally:
            # A transaction that only read has nothing to end in an orderly way, and a scan given
            # up midway must not be drained.
            connection.invalidate()
            connection.close()

    def _connect(self) -> sa.Connection:
        attempts = [_tls_arguments(self._settings)]
        if self._settings.is_loopback and self._settings.ssl_ca is None:
            # Plain is cheaper where nothing leaves the machine, but an account may demand TLS;
            # the server refuses that with the same number as a wrong password.
            attempts.append({})
        for last, tls in enumerate(attempts, start=1 - len(attempts)):
            try:
                return self._session(tls)
            except sa.exc.OperationalError as error:
                if last == 0 or _number(error) != _ACCESS_DENIED:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _session(self, tls: dict[str, Any]) -> sa.Connection:
        engine = self.engine(tls)
        connection = engine.connect()
        try:
            for statement in (
                "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                "SET SESSION TRANSACTION READ ONLY",
                f"SET SESSION net_write_timeout = {_SILENCE_SECONDS}",
                "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
            ):
                connection.exec_driver_sql(statement)
        except BaseException:
            connection.close()
            raise
        return connection

    def engine(self, tls: dict[str, Any] | None = None) -> sa.Engine:
        """A SQLAlchemy engine for the server; connects to nothing yet."""
        place = self._settings
        url = sa.URL.create(
            "mysql+pymysql",
            username=place.user,
            host=place.host,
            port=place.port,
            database=place.database,
            query={"charset": "utf8mb4"},
        )
        engine = sa.create_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            connect_args={
                # As bytes: pymysql would encode a text as Latin-1, MySQL compares UTF-8.
                "password": place.password.get_secret_value().encode(),
                "connect_timeout": _CONNECT_SECONDS,
                "read_timeout": _SILENCE_SECONDS,
                "write_timeout": _SILENCE_SECONDS,
                "program_name": "kweli",
                **(_tls_arguments(place) if tls is None else tls),
            },
        )
        if place.compress:
            sa.event.listen(engine, "do_connect", _connect_compressed)
        return engine


class _MysqlReader:
    def __init__(self, settings: SourceSettings, connection: sa.Connection) -> None:
        self._settings = settings
        self._connection = connection

    def columns(self) -> list[SourceColumn]:
        query = sa.text(
            "SELECT column_name, column_type FROM information_schema.columns "
            "WHERE table_schema = :database AND table_name = :table ORDER BY ordinal_position"
        )
        with _translated(self._settings):
            rows = self._connection.execute(
                query, {"database": self._settings.database, "table": self._settings.table}
            ).all()
        if not rows:
            raise SourceError(
                f"looking for the table {self._settings.table}",
                f"the database {self._settings.database} has no such table, or the account has no "
                "right to read it.",
                "Check MYSQL_TABLE and MYSQL_DATABASE, or grant SELECT to MYSQL_USER.",
            )
        return [SourceColumn(name, str(_decoded(kind)).lower()) for name, kind in rows]

    def count(self) -> int:
        with _translated(self._settings):
            counted = self._connection.exec_driver_sql(
                f"SELECT COUNT(*) FROM `{self._settings.table}`"
            )
            return int(counted.scalar_one())

    def batches(self, columns: Sequence[str], max_rows: int | None) -> Iterator[pl.DataFrame]:
        selected = ", ".join(f"`{name}`" for name in columns)
        limit = "" if max_rows is None else f" LIMIT {max_rows:d}"
        sql = f"SELECT {selected} FROM `{self._settings.table}`{limit}"
        with _translated(self._settings):
            yield from read_frames(self._connection.connection.driver_connection, sql, columns)


class CsvSource:
    """A dump of the table: RFC 4180, UTF-8, with a header; `.gz` and the like are unpacked.

    Args:
        path: the file.
        empty_is_null: columns in which an empty field is NULL; elsewhere it is the empty text.
    """

    is_live = False

    def __init__(self, path: Path, empty_is_null: Collection[str]) -> None:
        self._path = path
        self._empty_is_null = frozenset(empty_is_null)

    def describe(self) -> str:
        return f"CSV file {self._path.name}"

    @contextmanager
    def open(self) -> Iterator[SourceReader]:
        try:
            with pa.input_stream(str(self._path), compression="detect"):
                pass
        except (OSError, pa.ArrowInvalid) as error:
            raise SourceError(
                f"opening the CSV file {self._path}",
                f"it can't be read ({_first_line(error)}).",
                "Check the path given with --csv and its permissions.",
            ) from error
        yield _CsvReader(self._path, self._empty_is_null)


class _CsvReader:
    def __init__(self, path: Path, empty_is_null: frozenset[str]) -> None:
        self._path = path
        self._empty_is_null = empty_is_null

    def columns(self) -> list[SourceColumn]:
        with self._readable(), pa.input_stream(str(self._path), compression="detect") as stream:
            # A header line is a few kilobytes; a file without line ends must not be read whole.
            start = stream.read(1 << 20).decode("utf-8-sig", errors="replace")
        header = next(csv.reader(start.splitlines(keepends=True)), [])
        if not header:
            raise SourceError(
                f"reading the CSV file {self._path}",
                "it is empty: there is no header line.",
                "Give the dump of the learner table with its header line.",
            )
        return [SourceColumn(name, None) for name in header]

    def count(self) -> int:
        with self._readable(), pa.input_stream(str(self._path), compression="detect") as stream:
            return max(0, _count_records(stream) - 1)

    def batches(self, columns: Sequence[str], max_rows: int | None) -> Iterator[pl.DataFrame]:
        if max_rows == 0:
            return
        left = max_rows
        nullable = [name for name in columns if name in self._empty_is_null]
        with self._readable(), pa.input_stream(str(self._path), compression="detect") as stream:
            reader = pa_csv.open_csv(
                stream,
                read_options=pa_csv.ReadOptions(block_size=_CSV_BLOCK_BYTES, use_threads=False),
                parse_options=pa_csv.ParseOptions(newlines_in_values=True),
                convert_options=pa_csv.ConvertOptions(
                    include_columns=list(columns),
                    column_types={name: pa.string() for name in columns},
                    strings_can_be_null=False,
                ),
            )
            for batch in reader:
                frame = pl.DataFrame(pl.from_arrow(batch)).with_columns(
                    pl.when(pl.col(nullable) != "").then(pl.col(nullable))
                )
                if left is not None:
                    frame = frame.head(left)
                    left -= len(frame)
                yield frame
                if left == 0:
                    return

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowInvalid) as error:
            raise SourceError(
                f"reading the CSV file {self._path}",
                f"it is no CSV of the expected form ({_masked(error)}).",
                "Export the table again as RFC 4180 CSV in UTF-8 (quotes doubled, text with line "
                "breaks in quotes).",
            ) from None


class SourceResource(ConfigurableResource):  # type: ignore[type-arg]
    """The source of a load as Dagster hands it to assets.

    Holds no setting of its own: variables (and with none set, the embedded server) are looked up
    when a load starts, so definitions load anywhere and no secret reaches a run's configuration.
    """

    def table(self) -> LearnerSource:
        """The configured MySQL table, or the embedded one.

        Raises:
            ConfigurationError: the configuration is incomplete or wrong.
        """
        return MysqlSource(resolve_source())

    def dump(self, path: Path, empty_is_null: Collection[str]) -> LearnerSource:
        """A dump of the table."""
        return CsvSource(path, empty_is_null)


_ACCESS_DENIED = 1045
_LOST = frozenset({2006, 2013, 1053, 1317, 1927})
"""Server gone, connection lost, shutdown, query interrupted, connection killed."""


def _tls_arguments(settings: SourceSettings) -> dict[str, Any]:
    """pymysql's TLS arguments: verified, but for a server on this machine.

    A loopback address may be the near end of a tunnel, so a CA given there is used to verify the
    chain, and the name in the certificate is not compared.
    """
    if settings.ssl_ca is not None:
        return {
            "ssl_ca": str(settings.ssl_ca),
            "ssl_verify_cert": True,
            "ssl_verify_identity": not settings.is_loopback,
        }
    if settings.is_loopback:
        return {"ssl_disabled": True}
    return {"ssl_verify_cert": True, "ssl_verify_identity": True}


def _connect_compressed(
    dialect: object, record: object, arguments: Sequence[Any], parameters: dict[str, Any]
) -> CompressedConnection:
    return CompressedConnection(*arguments, **parameters)


def _number(error: BaseException) -> int | None:
    original = getattr(error, "orig", None) or error
    number = original.args[0] if original.args else None
    return number if isinstance(number, int) else None


def _decoded(value: object) -> object:
    # MySQL 8 delivers information_schema's column_type as bytes.
    return value.decode() if isinstance(value, bytes) else value


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


def _masked(error: BaseException) -> str:
    """What Arrow says is wrong, without the row that it quotes."""
    if "straddling object" in str(error):
        return f"a row is longer than {_CSV_BLOCK_BYTES >> 20} MiB, or a quote is never closed"
    known = re.search(
        r"(Row #\d+: )?Expected \d+ columns, got \d+|invalid UTF8 data|Empty CSV file", str(error)
    )
    return known.group(0) if known else type(error).__name__


def _count_records(stream: pa.NativeFile) -> int:
    """Records of a CSV: line ends outside quotes, blank lines left out."""
    records = 0
    inside_quotes = 0
    since_record = 0  # bytes of the record under way
    last_byte = b""
    while chunk := stream.read(_CSV_BLOCK_BYTES):
        data: npt.NDArray[np.uint8] = np.frombuffer(chunk, dtype=np.uint8)
        quotes = np.flatnonzero(data == ord('"'))
        line_ends = np.flatnonzero(data == ord("\n"))
        outside = (np.searchsorted(quotes, line_ends) + inside_quotes) % 2 == 0
        ends = line_ends[outside]
        lengths = np.diff(ends, prepend=-1 - since_record) - 1
        before_end = data[ends - 1]
        if len(ends) and ends[0] == 0:
            before_end[0] = last_byte[0] if last_byte else 0
        blank = (lengths == 0) | ((lengths == 1) & (before_end == ord("\r")))
        records += int(np.count_nonzero(~blank))
        inside_quotes = (inside_quotes + len(quotes)) % 2
        since_record = len(data) - 1 - int(ends[-1]) if len(ends) else since_record + len(data)
        last_byte = chunk[-1:]
    return records + (1 if since_record else 0)


@contextmanager
def _translated(settings: SourceSettings) -> Iterator[None]:
    """Turn what the driver says into what the person on call needs."""
    try:
        yield
    except KweliError:
        raise
    except (sa.exc.DBAPIError, pymysql.err.Error, OSError, pl.exceptions.PolarsError) as error:
        raise _explained(error, settings) from error


def _explained(error: BaseException, settings: SourceSettings) -> SourceError:
    original = getattr(error, "orig", None) or error
    said = str(original.args[-1]) if original.args else type(original).__name__
    number = _number(error)
    tried = f"reading the learner table at {settings.host}:{settings.port}"
    if isinstance(original, ssl.SSLError):
        return SourceError(tried, f"TLS failed ({said}).", _TLS_ADVICE)
    match number:
        case 1045 | 1698 | 1251:
            return SourceError(
                tried,
                "the server refused the account.",
                "Check MYSQL_USER and MYSQL_PASSWORD, and that the account may connect from here "
                "(with TLS: MYSQL_SSL_CA).",
            )
        case 1044 | 1049:
            return SourceError(
                tried,
                f"there is no database {settings.database}, or the account may not use it.",
                "Check MYSQL_DATABASE, or grant SELECT on it to MYSQL_USER.",
            )
        case 1142 | 1143 | 1146:
            return SourceError(
                tried,
                f"there is no table {settings.table}, or the account may not read it.",
                "Check MYSQL_TABLE, or grant SELECT on it to MYSQL_USER.",
            )
        case 2026:
            return SourceError(tried, f"TLS failed ({said}).", _TLS_ADVICE)
        case 2003 if "SSL" in said or "certificate" in said:
            return SourceError(tried, f"TLS failed ({said}).", _TLS_ADVICE)
        case 2003 | 2005:
            return SourceError(
                tried,
                f"the server can't be reached ({said}).",
                "Check MYSQL_HOST and MYSQL_PORT, that the server runs, and the network (VPN, "
                "firewall, allowed addresses).",
                rerun_helps=True,
            )
    if number in _LOST or isinstance(original, OSError):
        return SourceError(
            tried,
            f"the connection was lost ({said}).",
            "Nothing was kept of the unfinished read; run it again.",
            rerun_helps=True,
        )
    if isinstance(error, pl.exceptions.PolarsError):
        return SourceError(
            tried,
            "a text is not valid UTF-8.",
            "Look at the table's character set: the server should deliver utf8mb4.",
        )
    return SourceError(
        tried,
        f"the server answered with error {number}: {said}",
        "Look the number up in the server's documentation.",
    )


_TLS_ADVICE = (
    "Set MYSQL_SSL_CA to the file of the authority that signed the server's certificate, and use "
    "the host name that the certificate is for."
)
