"""Tables of the contract's shape for this stage's tests.

Here: creating and filling them on a real server, writing them as CSV. Not here: realistic
learners (embedded.synthetic).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pymysql

from kweli_assets.snapshot.columns import COLUMNS, MysqlType

TABLE = "impact_learners_profile"
Row = Mapping[str, str | None]


def create_table(connection: pymysql.Connection, **types: str | None) -> None:
    """The contract's table; `types` retypes a column, drops it (None) or adds one."""
    columns = {column.name: column.mysql_type.value for column in COLUMNS} | types
    listed = ", ".join(f"`{name}` {kind}" for name, kind in columns.items() if kind is not None)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {TABLE} ({listed}) CHARACTER SET utf8mb4")


def insert(connection: pymysql.Connection, rows: Sequence[Row]) -> None:
    """Rows with the given columns, the others NULL."""
    for row in rows:
        names = ", ".join(f"`{name}`" for name in row)
        marks = ", ".join(["%s"] * len(row))
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {TABLE} ({names}) VALUES ({marks})", list(row.values()))


def write_csv(path: Path, rows: Sequence[Row], names: Sequence[str] | None = None) -> Path:
    """The rows as RFC 4180 CSV; what a row lacks is an empty field."""
    names = names or [column.name for column in COLUMNS]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows([[row.get(name) or "" for name in names] for row in rows])
    return path


def as_csv_gives(row: Row) -> dict[str, str | None]:
    """The row as a CSV keeps it: NULL and empty are one, by the column's type."""
    return {
        column.name: row.get(column.name)
        or (None if column.mysql_type is not MysqlType.TEXT else "")
        for column in COLUMNS
    }
