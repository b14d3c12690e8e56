"""The comparison with the contract, against a real server's idea of the types."""

from __future__ import annotations

import pytest

from kweli_assets.errors import ContractError
from kweli_assets.resources.settings import resolve_source
from kweli_assets.resources.source import MysqlSource, SourceColumn
from kweli_assets.snapshot.columns import COLUMNS
from kweli_assets.snapshot.contract import compare
from kweli_assets_tests.conftest import MysqlDatabase
from kweli_assets_tests.snapshot.tables import create_table

AS_PROMISED = [SourceColumn(column.name, column.mysql_type.value) for column in COLUMNS]


def _on_server(mysql: MysqlDatabase, **types: str | None) -> tuple[str, ...]:
    with mysql.connect() as connection:
        create_table(connection, **types)
    with MysqlSource(resolve_source(mysql.environment())).open() as reader:
        return compare(reader.columns(), "the table")


def test_table_as_promised_on_a_server(mysql: MysqlDatabase) -> None:
    assert _on_server(mysql) == ()


def test_extra_columns_are_reported_and_longer_texts_accepted(mysql: MysqlDatabase) -> None:
    assert _on_server(mysql, phone="text", bio="longtext", skills_list="mediumtext") == ("phone",)


def test_every_difference_is_in_the_table(mysql: MysqlDatabase) -> None:
    with pytest.raises(ContractError) as raised:
        _on_server(
            mysql, is_featured="text", snapshot_id="int", meta_ui_lat="decimal(10,6)", gender=None
        )
    lines = [line.split() for line in raised.value.wrong.splitlines()[2:]]
    assert lines == [
        ["gender", "text", "missing"],
        ["is_featured", "bigint", "text"],
        ["meta_ui_lat", "double", "decimal(10,6)"],
        ["snapshot_id", "bigint", "int(11)"],
    ]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_each_missing_column_is_found(column: object) -> None:
    rest = [each for each in AS_PROMISED if each.name != column.name]  # type: ignore[attr-defined]
    with pytest.raises(ContractError, match=column.name):  # type: ignore[attr-defined]
        compare(rest, "the table")


def test_order_does_not_matter_and_old_servers_show_a_width() -> None:
    older = [
        SourceColumn(each.name, each.type.replace("bigint", "bigint(20)") if each.type else None)
        for each in AS_PROMISED
    ]
    assert compare(older[::-1], "the table") == ()


def test_a_csv_is_compared_by_name() -> None:
    header = [SourceColumn(each.name, None) for each in AS_PROMISED]
    assert compare([*header, SourceColumn("phone", None)], "a file") == ("phone",)
    with pytest.raises(ContractError, match="twice"):
        compare([*header, header[0]], "a file")
