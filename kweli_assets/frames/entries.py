"""The frame around every JSON column: decode, read the fields, quarantine, keep the account.

Belongs here: what enrolments, jobs, placements and studies have in common, and expressions that
more than one of them uses. Does not belong here: the fields and rules of any one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from kweli_assets.cleaning.json_arrays import ArrayReader, Entries, entry_json
from kweli_assets.cleaning.names import map_unique, organisation_id
from kweli_assets.cleaning.values import Unreadable, Value, read, unreadable_counts
from kweli_assets.frames.built import Account, Built, Quarantine, unreadable_frame

_ENTRY = "entry"
"""Position among the entries that were read, before any was quarantined."""


class JsonColumn:
    """One JSON column of the source and the fields that a frame reads of its entries.

    Args:
        column: the source column.
        values: field of an entry -> typed column.
        marking: fields whose presence alone matters (Boolean columns `has <field>`).
    """

    def __init__(
        self, column: str, values: tuple[Value, ...], marking: tuple[str, ...] = ()
    ) -> None:
        self.column = column
        self.values = values
        self._reader = ArrayReader(values, marking)

    def open(self, rows: pl.LazyFrame) -> OpenEntries:
        """Decodes and reads the column.

        Args:
            rows: learner and the column (String), one row a learner, sorted by learner.
        """
        given = rows.select("learner", self.column).collect()
        return OpenEntries(self, given, self._reader.read(given.get_column(self.column)))


class OpenEntries:
    """Entries of one column while a frame is being built.

    Attributes:
        frame: learner, row, index and the typed columns, sorted by learner and index.
    """

    def __init__(self, json_column: JsonColumn, given: pl.DataFrame, entries: Entries) -> None:
        self._given = given
        self._entries_in = entries.entries_in
        self._quarantine = Quarantine(json_column.column)
        learners = given.get_column("learner")
        for bad in entries.rejected:
            self._quarantine.reject(learners[bad.row], bad.index, bad.reason, bad.raw)
        frame, self._unreadable = read(entries.frame, json_column.values)
        self._unreadable_by_type = entries.unreadable
        self.frame = frame.with_columns(
            learners.gather(frame.get_column("row")), pl.int_range(pl.len()).alias(_ENTRY)
        )

    def quarantine(self, reasons: pl.Expr) -> None:
        """Moves entries with a reason into quarantine; positions of the others stay.

        Args:
            reasons: String expression, null for an entry that stays.
        """
        judged = self.frame.with_columns(reasons.alias("reason"))
        bad = judged.filter(pl.col("reason").is_not_null())
        if bad.is_empty():
            return
        texts = self._given.get_column(str(self._quarantine.column))
        for learner, row, index, reason in bad.select(
            "learner", "row", "index", "reason"
        ).iter_rows():
            self._quarantine.reject(learner, index, reason, entry_json(texts[row], index))
        self.frame = judged.filter(pl.col("reason").is_null()).drop("reason")

    def count_unreadable(self, column: str, kind: str, texts: pl.Series, lost: pl.Series) -> None:
        """Counts values that a frame's own rule could not read.

        Args:
            column, kind: where it stood, what it is counted as.
            texts: the column as it is in `frame`.
            lost: Boolean, which of them could not be read.
        """
        if lost.any():
            rows = self.frame.get_column(_ENTRY).filter(lost)
            self._unreadable.append(Unreadable(column, kind, rows, texts.filter(lost)))

    def _unreadable_counts(self, unread: Mapping[str, pl.Expr]) -> pl.DataFrame:
        """Of the entries that stay, and of the fields that are read in them."""
        read_rows = {
            field: self.frame.filter(~condition).get_column(_ENTRY)
            for field, condition in unread.items()
        }
        all_rows = self.frame.get_column(_ENTRY)
        parts = [
            lost.among(read_rows.get(lost.column, all_rows)).counts() for lost in self._unreadable
        ]
        if self._unreadable_by_type:
            stay = {
                (row, index): entry
                for row, index, entry in self.frame.select("row", "index", _ENTRY).iter_rows()
            }
            allowed = {field: set(rows) for field, rows in read_rows.items()}
            for field, kind, row, index, text in self._unreadable_by_type:
                entry = stay.get((row, index))
                if entry is not None and entry in allowed.get(field, (entry,)):
                    parts.append(unreadable_counts(field, kind, pl.Series([text])))
        return unreadable_frame(parts)

    def built(
        self,
        final: pl.LazyFrame,
        schema: pl.Schema,
        unread: Mapping[str, pl.Expr] | None = None,
    ) -> Built:
        """The frame in its schema, with the account of what came in and what went out.

        Args:
            final: the entries with all columns of the schema.
            schema: of the frame.
            unread: by field, in which entries it is not read, so that nothing is counted there.
        """
        lost = self._quarantine.frame()
        return Built(
            final.select(*schema.names()),
            lost,
            self._unreadable_counts(unread or {}),
            Account(self._entries_in, len(self.frame), len(lost)),
        )


def with_organisation(frame: pl.DataFrame, written: str, prefix: str) -> pl.DataFrame:
    """Adds `<prefix>Id` and `<prefix>Name` (null where the name is no organisation).

    The name as written stays in its column, for rules that look at words in it.
    """
    names = frame.get_column(written)
    identifiers = map_unique(names, organisation_id).alias(f"{prefix}Id")
    return frame.with_columns(
        identifiers,
        pl.when(identifiers.is_not_null()).then(names).alias(f"{prefix}Name"),
    )


def whole_months(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Year and month difference, less one if the end's day is the smaller; null out of order."""
    months = (
        (end.dt.year() - start.dt.year()).cast(pl.Int64) * 12
        + end.dt.month().cast(pl.Int64)
        - start.dt.month().cast(pl.Int64)
        - (end.dt.day() < start.dt.day()).cast(pl.Int64)
    )
    return pl.when(start <= end).then(months)


def end_or_today(end: pl.Expr, is_open: pl.Expr, snapshot_date: date) -> pl.Expr:
    """The end that durations count to: the snapshot date where the end is open."""
    return pl.when(is_open).then(pl.lit(snapshot_date)).otherwise(end)
