"""Does the source have the columns that the contract promises?

Here: comparing a source's columns with the 58 of the contract, before any row is read. Not here:
the list itself (columns), reading rows (scan).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kweli_assets.errors import ContractError
from kweli_assets.resources.source import SourceColumn
from kweli_assets.snapshot.columns import COLUMNS, MysqlType

_TEXTS = frozenset({"text", "mediumtext", "longtext"})
"""They differ in the longest value only; a longer one is no break of the contract."""

_DISPLAY_WIDTH = re.compile(r"^bigint\(\d+\)$")
"""MariaDB and MySQL before 8.0.19 show bigint with a width that means nothing."""


def compare(columns: Sequence[SourceColumn], source: str) -> tuple[str, ...]:
    """The names of the source's extra columns, which are not read; the order does not matter.

    Args:
        columns: what the source has; a column without a type is compared by name only.
        source: where they come from, for the message.

    Raises:
        ContractError: a column is missing, twice there or of another type.
    """
    found: dict[str, str | None] = {}
    differences: list[tuple[str, str, str]] = []
    for column in columns:
        if column.name in found:
            differences.append((column.name, "once", "twice"))
        found[column.name] = column.type
    for wanted in COLUMNS:
        if wanted.name not in found:
            differences.append((wanted.name, wanted.mysql_type.value, "missing"))
            continue
        kind = found[wanted.name]
        if kind is not None and not _same(kind, wanted.mysql_type):
            differences.append((wanted.name, wanted.mysql_type.value, kind))
    if differences:
        raise ContractError(
            f"comparing the columns of {source} with the {len(COLUMNS)} of the contract",
            f"{len(differences)} of them differ; no row was read.\n{_table(differences)}\n",
            "Mend the source, or change kweli_assets/snapshot/columns.py if the contract has "
            "changed.",
        )
    contract = {column.name for column in COLUMNS}
    return tuple(name for name in found if name not in contract)


def _same(kind: str, wanted: MysqlType) -> bool:
    if wanted is MysqlType.TEXT:
        return kind in _TEXTS
    return _DISPLAY_WIDTH.sub("bigint", kind) == wanted.value


def _table(differences: Sequence[tuple[str, str, str]]) -> str:
    rows = [("column", "contract", "source"), *differences]
    widths = [max(len(row[place]) for row in rows) for place in range(3)]
    return "\n".join(
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
