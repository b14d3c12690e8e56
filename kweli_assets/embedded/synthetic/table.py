"""Synthetic learners as a table of a MySQL or MariaDB server.

Here: the table's definition, loading it in bulk, swapping a loaded table with the old one. Not
here: which server that is (command), the rows themselves (rows).

The table is as the source's: no key, no index, utf8mb4, the contract's types. A value that a typed
column can't hold (dirt of a CSV) becomes NULL.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import polars as pl
import pymysql
import sqlalchemy as sa
from pymysql.constants import CLIENT

from kweli_assets.embedded.synthetic.csv_file import Progress
from kweli_assets.embedded.synthetic.pool import in_order
from kweli_assets.embedded.synthetic.rows import (
    CHUNK_ROWS,
    DEFAULT_DIRT,
    DEFAULT_SEED,
    DEFAULT_SNAPSHOT_ID,
    Plan,
)
from kweli_assets.errors import SourceError
from kweli_assets.snapshot.columns import COLUMNS, MysqlType

MOST_TEXT_BYTES = 65_535
"""What a column of type text holds."""

LOCK_SECONDS = 60
"""How long a swap waits for those who still read the old table."""

_WHOLE = r"^-?[0-9]+$"
_DECIMAL = r"^-?[0-9]{1,32}(\.[0-9]+)?$"
_DOUBLE = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?$"

_ESCAPED = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"}


def write_mysql(
    engine: sa.Engine,
    table: str,
    rows: int,
    seed: int = DEFAULT_SEED,
    dirt: float = DEFAULT_DIRT,
    snapshot_id: int = DEFAULT_SNAPSHOT_ID,
    *,
    progress: Progress | None = None,
    processes: int | None = None,
) -> int:
    """Fills a table with synthetic learners; a table of that name is replaced at one moment.

    Args:
        engine: mysql+pymysql, with the right to create tables. Made with the connect argument
            `local_infile`, and on a server that allows it, rows are loaded several times faster.
        table: name in the connection's database.
        rows: number of rows.
        dirt: share of the rows that hold something nasty, 0 to 1.

    Returns:
        Rows in the table, as the server counts them.

    Raises:
        SourceError: the server refuses or loses rows; the earlier table is untouched.
    """
    plan = Plan(rows, seed, dirt, snapshot_id)
    with connected(engine, table) as connection, replaced(connection, table) as loading:
        loader = Loader(connection, loading)
        make = partial(_chunk, plan, loader.bulk)
        for number, batch in enumerate(in_order(make, plan.chunks(), processes)):
            loader.load(batch)
            if progress is not None:
                progress(min(rows, (number + 1) * CHUNK_ROWS))
        return loader.checked(rows)


def create_statement(table: str) -> str:
    """CREATE TABLE with the contract's columns."""
    columns = ",\n  ".join(f"`{column.name}` {column.mysql_type} NULL" for column in COLUMNS)
    return f"CREATE TABLE {quoted(table)} (\n  {columns}\n) CHARACTER SET utf8mb4"


def quoted(name: str) -> str:
    """An identifier in backticks."""
    return "`" + name.replace("`", "``") + "`"


def fitting(table: pl.DataFrame) -> pl.DataFrame:
    """The rows as a typed table can hold them: what doesn't fit a column's type is NULL."""
    return table.select(_fitting(column.name, column.mysql_type) for column in COLUMNS)


def _fitting(name: str, mysql_type: MysqlType) -> pl.Expr:
    value = pl.col(name)
    match mysql_type:
        case MysqlType.TEXT:
            fits = value.str.len_bytes() <= MOST_TEXT_BYTES
        case MysqlType.BIGINT:
            fits = value.str.contains(_WHOLE) & value.cast(pl.Int64, strict=False).is_not_null()
        case MysqlType.DECIMAL:
            fits = value.str.contains(_DECIMAL)
        case MysqlType.DOUBLE:
            fits = value.str.contains(_DOUBLE)
    return pl.when(fits).then(value).alias(name)


def tab_separated(table: pl.DataFrame) -> bytes:
    r"""Rows as LOAD DATA reads them: tabs between, backslash escapes, \N for NULL."""
    fields = [
        pl.col(name).str.replace_many(list(_ESCAPED), list(_ESCAPED.values())).fill_null("\\N")
        for name in table.columns
    ]
    lines = table.select(pl.concat_str(fields, separator="\t").alias("line")).to_series()
    return ("\n".join(lines.to_list()) + "\n").encode("utf-8") if len(lines) else b""


Batch = bytes | list[tuple[str | None, ...]]
"""Rows ready to load: text for LOAD DATA, or tuples for INSERT."""


def batch_of(table: pl.DataFrame, *, bulk: bool) -> Batch:
    """Rows in the form that a Loader takes."""
    fit = fitting(table)
    return tab_separated(fit) if bulk else fit.rows()


def _chunk(plan: Plan, bulk: bool, number: int) -> Batch:
    return batch_of(plan.chunk(number), bulk=bulk)


class Loader:
    """Loads batches of rows into one table, by LOAD DATA LOCAL INFILE where that is allowed."""

    def __init__(self, connection: pymysql.Connection, table: str) -> None:
        self.connection = connection
        self.table = table
        self.bulk = self._bulk_is_allowed()
        self.names = ", ".join(quoted(column.name) for column in COLUMNS)

    def load(self, batch: Batch) -> None:
        """Adds the rows (the connection commits by itself)."""
        with self.connection.cursor() as cursor:
            if isinstance(batch, bytes):
                self._load_data(cursor, batch)
            elif batch:
                places = ", ".join(["%s"] * len(COLUMNS))
                cursor.executemany(
                    f"INSERT INTO {quoted(self.table)} ({self.names}) VALUES ({places})", batch
                )

    def checked(self, rows: int) -> int:
        """The server's count of rows.

        Raises:
            SourceError: it is not `rows`.
        """
        with self.connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {quoted(self.table)}")
            (counted,) = cursor.fetchone()
        if counted != rows:
            raise SourceError(
                "loading synthetic learners",
                f"the server holds {counted:,} rows of {rows:,}.",
                "Look into the server's log; the earlier table is untouched.",
            )
        return int(counted)

    def _bulk_is_allowed(self) -> bool:
        if not self.connection.client_flag & CLIENT.LOCAL_FILES:
            return False
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT @@global.local_infile")
            (allowed,) = cursor.fetchone()
        return bool(allowed)

    def _load_data(self, cursor: Any, text: bytes) -> None:
        if not text:
            return
        handle, path = tempfile.mkstemp(prefix="kweli-rows-", suffix=".tsv")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text)
            cursor.execute(
                f"LOAD DATA LOCAL INFILE %s INTO TABLE {quoted(self.table)} "
                "CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' "
                f"LINES TERMINATED BY '\\n' ({self.names})",
                (path,),
            )
            # LOCAL turns errors into warnings: a value that was cut would go unnoticed.
            cursor.execute("SHOW COUNT(*) WARNINGS")
            (warnings,) = cursor.fetchone()
            if warnings:
                cursor.execute("SHOW WARNINGS LIMIT 1")
                number = cursor.fetchone()[1]
                raise SourceError(
                    "loading synthetic learners",
                    f"the server took {warnings} values otherwise than given (warning {number}).",
                    "Report it together with the seed; the earlier table is untouched.",
                )
        finally:
            os.unlink(path)


@contextmanager
def connected(engine: sa.Engine, table: str) -> Iterator[pymysql.Connection]:
    """A pymysql connection of the engine's, strict about values; errors become SourceErrors."""
    try:
        # Autocommit: a reading transaction left open would keep the table from being renamed.
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as pooled:
            connection = pooled.connection.driver_connection
            if not isinstance(connection, pymysql.Connection):
                raise TypeError(f"expected a pymysql connection, got {type(connection).__name__}")
            with connection.cursor() as cursor:
                # Notes (a decimal was rounded to its scale) are none of our warnings.
                cursor.execute(
                    "SET SESSION sql_mode = 'STRICT_ALL_TABLES', sql_notes = 0, "
                    f"lock_wait_timeout = {LOCK_SECONDS}"
                )
            yield connection
    except OSError as problem:
        raise SourceError(
            f"writing synthetic learners to the table {table}",
            f"their rows can't be kept in a temporary file ({problem.strerror}).",
            "Free some space, or set TMPDIR to a folder that has some.",
        ) from problem
    except (sa.exc.DBAPIError, pymysql.MySQLError) as problem:
        original = problem.orig if isinstance(problem, sa.exc.DBAPIError) else problem
        number = original.args[0] if original is not None and original.args else "unknown"
        raise SourceError(
            f"writing synthetic learners to the table {table}",
            f"the server refused (MySQL error {number}).",
            "Check that the server runs and that the account may create and rename tables.",
            rerun_helps=number in (2003, 2006, 2013, 1205, 1213),
        ) from problem


@contextmanager
def replaced(connection: pymysql.Connection, table: str) -> Iterator[str]:
    """A new, empty table to fill; it takes the place of `table` when the block ends well."""
    loading, old = f"{table}__loading", f"{table}__replaced"
    _run(connection, f"DROP TABLE IF EXISTS {quoted(loading)}, {quoted(old)}")
    _run(connection, create_statement(loading))
    try:
        yield loading
        if exists(connection, table):
            swap = f"{quoted(table)} TO {quoted(old)}, {quoted(loading)} TO {quoted(table)}"
            _run(connection, f"RENAME TABLE {swap}", f"DROP TABLE {quoted(old)}")
        else:
            _run(connection, f"RENAME TABLE {quoted(loading)} TO {quoted(table)}")
    except BaseException:
        if connection.open:
            _run(connection, f"DROP TABLE IF EXISTS {quoted(loading)}")
        raise


def exists(connection: pymysql.Connection, table: str) -> bool:
    """Whether the connection's database has a table of that name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM information_schema.tables "
            "WHERE table_schema = DATABASE() AND table_name = %s",
            (table,),
        )
        (number,) = cursor.fetchone()
    return bool(number)


def _run(connection: pymysql.Connection, *statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def text_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> pl.DataFrame:
    """Rows of a cursor as a frame of text."""
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
