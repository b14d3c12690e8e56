"""The next day's table out of today's: changed, new and vanished learners at given rates.

Here: which rows change or vanish, and streaming a file or a table through it. Not here: what
changes in a row (changes).

snapshot_id is "the load that wrote the row", and a property of every learner: only changed and new
rows get the new one. All others stay byte for byte as they are, so that the difference between two
days is as small as the rates say.

A row's fate hangs on its key, the seed and the new snapshot_id alone: the same learners change in
a file and in a table, in whatever order the rows stand, and others the day after.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl
import pymysql
import pymysql.cursors
import sqlalchemy as sa

from kweli_assets.embedded.synthetic import table as mysql_table
from kweli_assets.embedded.synthetic.changes import changed as changed_row
from kweli_assets.embedded.synthetic.changes import day_of, following
from kweli_assets.embedded.synthetic.csv_file import (
    LINE_END,
    Progress,
    csv_bytes,
    header,
    written_aside,
)
from kweli_assets.embedded.synthetic.dirt.registry import Row
from kweli_assets.embedded.synthetic.pool import in_order
from kweli_assets.embedded.synthetic.rows import DEFAULT_SEED, DEFAULT_SNAPSHOT_ID, Plan
from kweli_assets.errors import ConfigurationError
from kweli_assets.snapshot.columns import COLUMNS, LEARNER_KEY, SNAPSHOT_ID

BLOCK_BYTES = 4 << 20
LONGEST_RECORD = 64 << 20
TOGETHER = 1_000
"""Changed rows handled at a time."""

_NAMES = tuple(column.name for column in COLUMNS)


@dataclass(frozen=True)
class Rates:
    """Shares of today's rows, each 0 to 1.

    Raises:
        ConfigurationError: a rate is out of range, or more would change than there is.
    """

    changed: float = 0.01
    new: float = 0.005
    vanished: float = 0.002

    def __post_init__(self) -> None:
        rates = {"changed": self.changed, "new": self.new, "vanished": self.vanished}
        for name, rate in rates.items():
            if not 0 <= rate <= 1:
                raise ConfigurationError(
                    "preparing the next day's table",
                    f"the rate {name} is {rate}.",
                    "Give a share between 0 and 1.",
                )
        if self.changed + self.vanished > 1:
            raise ConfigurationError(
                "preparing the next day's table",
                "the rates changed and vanished are more than 1 together.",
                "Give smaller rates.",
            )


@dataclass(frozen=True)
class Evolution:
    """What became of a table's rows."""

    snapshot_id: int
    kept: int
    changed: int
    vanished: int
    new: int

    @property
    def rows(self) -> int:
        """Rows of the next day's table."""
        return self.kept + self.changed + self.new


@dataclass(frozen=True)
class _Fate:
    """The fate of a row by its key: a number below 2**32 against two limits."""

    seed: int
    snapshot_id: int
    rates: Rates

    @cached_property
    def salt(self) -> str:
        return f"{self.seed}/{self.snapshot_id}/"

    @cached_property
    def vanish_below(self) -> int:
        return round(self.rates.vanished * 2**32)

    @cached_property
    def change_below(self) -> int:
        return round((self.rates.vanished + self.rates.changed) * 2**32)

    def number(self, key: bytes) -> int:
        """A hash that MySQL has too."""
        text = self.salt.encode("ascii") + key
        return int.from_bytes(hashlib.md5(text, usedforsecurity=False).digest()[:4], "big")

    def new_rows(self, today: int, dirt: float) -> Plan:
        """The learners that join, from a random stream that no table started with."""
        stream = hashlib.sha256(f"new/{self.salt}".encode("ascii")).digest()
        seed = int.from_bytes(stream[:6], "big")
        return Plan(round(today * self.rates.new), seed, dirt, self.snapshot_id)


def evolve_csv(
    source: Path,
    target: Path,
    rates: Rates | None = None,
    seed: int = DEFAULT_SEED,
    snapshot_id: int | None = None,
    dirt: float = 0.0,
    *,
    progress: Progress | None = None,
) -> Evolution:
    """Writes the next day's file.

    Args:
        source: a CSV of the learner table.
        target: where the next day's goes; may be `source`.
        snapshot_id: of the load that this is; by default the one that follows the file's newest
            (which takes one more pass over it).
        dirt: share of nasty rows among the new ones.

    Raises:
        ConfigurationError: a file can't be read or written, or holds other columns.
    """
    with _readable(source) as file:
        _check_header(source, file)
        if snapshot_id is None:
            newest = _newest(_last_field(record) for record in _records(source, file))
            snapshot_id = following(newest)
            file.seek(0)
            _check_header(source, file)
        fate = _Fate(seed, snapshot_id, rates or Rates())
        kept = changed = vanished = 0
        with written_aside(target) as out:
            out.write(header())
            waiting: list[bytes] = []
            for record in _records(source, file):
                number = fate.number(_first_field(record))
                if number >= fate.change_below:
                    kept += 1
                    waiting.append(record)
                elif number >= fate.vanish_below:
                    changed += 1
                    waiting.append(_changed_record(source, record, fate))
                else:
                    vanished += 1
                if len(waiting) >= TOGETHER:
                    out.write(b"".join(waiting))
                    waiting.clear()
                    if progress is not None:
                        progress(kept + changed)
            out.write(b"".join(waiting))
            joining = fate.new_rows(kept + changed + vanished, dirt)
            for text in in_order(partial(_new_csv, joining), joining.chunks()):
                out.write(text)
    return Evolution(snapshot_id, kept, changed, vanished, joining.rows)


def evolve_mysql(
    engine: sa.Engine,
    table: str,
    rates: Rates | None = None,
    seed: int = DEFAULT_SEED,
    snapshot_id: int | None = None,
    dirt: float = 0.0,
    *,
    progress: Progress | None = None,
) -> Evolution:
    """Turns a table into the next day's, at one moment; rows that stay never leave the server.

    Args: as of evolve_csv. `engine` as of write_mysql.

    Raises:
        SourceError: the server refuses or loses rows; the table is untouched.
        ConfigurationError: there is no such table.
    """
    rates = rates or Rates()
    with (
        mysql_table.connected(engine, table) as connection,
        mysql_table.connected(engine, table) as reading,
    ):
        if not mysql_table.exists(connection, table):
            raise ConfigurationError(
                "preparing the next day's table",
                f"there is no table {table}.",
                "Fill it first: kweli generate --rows N --mysql.",
            )
        name = mysql_table.quoted(table)
        if snapshot_id is None:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT DISTINCT {SNAPSHOT_ID} FROM {name}")
                snapshot_id = following(_newest(str(value) for (value,) in cursor.fetchall()))
        fate = _Fate(seed, snapshot_id, rates)
        number = (
            f"CONV(LEFT(MD5(CONCAT('{fate.salt}', COALESCE({LEARNER_KEY}, ''))), 8), 16, 10) + 0"
        )
        with mysql_table.replaced(connection, table) as loading:
            loader = mysql_table.Loader(connection, loading)
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT COUNT(*) FROM {name}")
                (today,) = cursor.fetchone()
                kept = cursor.execute(
                    f"INSERT INTO {mysql_table.quoted(loading)} SELECT * FROM {name} "
                    f"WHERE {number} >= {fate.change_below}"
                )
            if progress is not None:
                progress(kept)
            changed = 0
            condition = f"{number} >= {fate.vanish_below} AND {number} < {fate.change_below}"
            for rows in _selected(reading, table, condition):
                later = [
                    changed_row(row, seed=seed, snapshot_id=snapshot_id)
                    for row in rows.rows(named=True)
                ]
                frame = pl.DataFrame(later, schema=dict.fromkeys(_NAMES, pl.String))
                loader.load(mysql_table.batch_of(frame, bulk=loader.bulk))
                changed += len(later)
            joining = fate.new_rows(today, dirt)
            for chunk in range(joining.chunks()):
                loader.load(mysql_table.batch_of(joining.chunk(chunk), bulk=loader.bulk))
            loader.checked(kept + changed + joining.rows)
    return Evolution(snapshot_id, kept, changed, today - kept - changed, joining.rows)


def _selected(connection: pymysql.Connection, table: str, condition: str) -> Iterator[pl.DataFrame]:
    """Rows of a table as text, some at a time."""
    names = ", ".join(f"CAST({mysql_table.quoted(name)} AS CHAR)" for name in _NAMES)
    with pymysql.cursors.SSCursor(connection) as cursor:
        cursor.execute(f"SELECT {names} FROM {mysql_table.quoted(table)} WHERE {condition}")
        while rows := cursor.fetchmany(TOGETHER):
            yield mysql_table.text_rows(_NAMES, rows)


def _new_csv(plan: Plan, number: int) -> bytes:
    return csv_bytes(plan.chunk(number))


def _readable(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as problem:
        raise ConfigurationError(
            "preparing the next day's table",
            f"{path} can't be read ({problem.strerror}).",
            "Give a CSV of the learner table: kweli generate --rows N --csv FILE writes one.",
        ) from problem


def _check_header(path: Path, file: BinaryIO) -> None:
    line = file.readline(1 << 16)
    names = line.decode("utf-8", "replace").lstrip("\ufeff").strip().replace('"', "").split(",")
    if tuple(names) != _NAMES:
        raise ConfigurationError(
            "preparing the next day's table",
            f"{path} does not begin with the names of the {len(_NAMES)} columns in order.",
            "Give a CSV of the learner table: kweli generate --rows N --csv FILE writes one.",
        )


def _records(path: Path, file: BinaryIO) -> Iterator[bytes]:
    """The file's records with their line ends; a line end between quotes ends none."""
    rest = b""
    while block := file.read(BLOCK_BYTES):
        data = rest + block
        octets = np.frombuffer(data, dtype=np.uint8)
        quotes, line_ends = np.flatnonzero(octets == ord('"')), np.flatnonzero(octets == ord("\n"))
        between_quotes = np.searchsorted(quotes, line_ends) % 2 == 1
        ends = line_ends[~between_quotes] + 1
        start = 0
        for end in ends.tolist():
            yield data[start:end]
            start = end
        rest = data[start:]
        if len(rest) > LONGEST_RECORD:
            raise ConfigurationError(
                "preparing the next day's table",
                f"{path} holds a record of more than {LONGEST_RECORD:,} bytes.",
                "A quote is probably missing: give a CSV as RFC 4180 has it.",
            )
    if rest:
        yield rest if rest.endswith(b"\n") else rest + b"\r\n"


def _first_field(record: bytes) -> bytes:
    if record.startswith(b'"'):
        return _fields(record)[0].encode("utf-8")
    return record[: record.index(b",")]


def _last_field(record: bytes) -> str:
    return record[record.rindex(b",") + 1 :].strip(b'"\r\n').decode("utf-8", "replace")


def _fields(record: bytes) -> list[str]:
    csv.field_size_limit(LONGEST_RECORD)
    return next(csv.reader(io.StringIO(record.decode("utf-8"), newline="")))


def _changed_record(path: Path, record: bytes, fate: _Fate) -> bytes:
    fields = _fields(record)
    if len(fields) != len(_NAMES):
        raise ConfigurationError(
            "preparing the next day's table",
            f"{path} holds a record of {len(fields)} fields, not {len(_NAMES)}.",
            "Give a CSV of the learner table: kweli generate --rows N --csv FILE writes one.",
        )
    row: Row = dict(zip(_NAMES, fields, strict=True))
    later = changed_row(row, seed=fate.seed, snapshot_id=fate.snapshot_id)
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=LINE_END.decode()).writerow(later.values())
    return out.getvalue().encode("utf-8")


def _newest(texts: Iterator[str]) -> int:
    """The newest snapshot_id: the latest that names a day, else the highest, else the default's."""
    numbers = {int(text) for text in set(texts) if text.lstrip("-").isdecimal() and text.isascii()}
    days = {number for number in numbers if number > 0 and day_of(number) is not None}
    return max(days or numbers, default=DEFAULT_SNAPSHOT_ID)
