"""Migrations go back and forth over databases with rows (R-6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from sqlalchemy import BigInteger, Boolean, Column, Connection, Integer, LargeBinary, inspect, select, text

from custhub.crypto.columns import Sealed, SealedColumn
from custhub.kit.db import Day, Id, Instant, Json, metadata
from custhub.migrate import config, load_tables, with_connection
from tests.databases import TestDatabases

#: The newest first.
CHAIN = ("20261122_selfservice", "20261122_quality", "20261122_intake", "20261122_before_images")
BEFORE = "20261122_bulk"
#: Tables that those four make or change, parents first.
KEPT = ("customers", "imports", "findings")
MADE = (
    "import_images", "touchpoints", "quality_scans", "quality_figures", "verifications", "self_service_links",
    "self_service_changes",
)  # fmt: skip
OWN = UUID(int=7)
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture
def url(engine: str, tmp_path: Path, databases: TestDatabases) -> Iterator[str]:
    """A migrated database of this test alone."""
    database: str | Path = (
        databases.postgres_url() if engine == "postgresql" else databases.sqlite_copy(tmp_path / "t.db")
    )
    yield str(database) if engine == "postgresql" else f"sqlite:///{database}"
    databases.drop(database)


def _value(column: Column[Any]) -> Any:
    """Something that the column takes; all ids are one, so that every reference holds."""
    values: dict[type, Any] = {
        Id: OWN, Instant: NOW, Day: date(2026, 11, 22), Json: [], SealedColumn: Sealed(b"sealed"), Boolean: False,
        BigInteger: 1, Integer: 1, LargeBinary: b"x" * 16,
    }  # fmt: skip
    return next((value for kind, value in values.items() if isinstance(column.type, kind)), "x")


def _fill(connection: Connection, table: str, **members: Any) -> None:
    columns = metadata.tables[table].columns
    given = {column.name: _value(column) for column in columns if not column.nullable or column.name == "customer_id"}
    connection.execute(metadata.tables[table].insert(), given | members)


def _filled(connection: Connection) -> None:
    for table in KEPT[:2]:
        _fill(connection, table)
    for number, (kind, fix) in enumerate((("refused_change", "set_field"), ("invalid_phone", "set_status")), 1):
        _fill(connection, "findings", id=UUID(int=number), kind=kind, fix=fix, state="open")
    _fill_made(connection)


def _fill_made(connection: Connection) -> None:
    for table in MADE:
        _fill(connection, table)


def _shape(connection: Connection) -> dict[str, Any]:
    """Columns, keys and indexes of every table."""
    seen, shape = inspect(connection), {}
    for table in seen.get_table_names():
        columns = {column["name"]: (str(column["type"]), column["nullable"]) for column in seen.get_columns(table)}
        indexes = {index["name"]: (index["column_names"], index["unique"]) for index in seen.get_indexes(table)}
        shape[table] = (columns, indexes, seen.get_pk_constraint(table)["constrained_columns"])
    return shape


def _counts(connection: Connection, *tables: str) -> list[int]:
    return [connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables]  # noqa: S608  # no input


def _move(url: str, revision: str) -> None:
    def moved(connection: Connection) -> None:
        settings = config()
        settings.attributes["connection"] = connection
        (command.upgrade if revision == "head" else command.downgrade)(settings, revision)

    with_connection(url, moved)


def test_the_last_four_go_back_over_rows_and_forth_again(url: str) -> None:
    load_tables()
    with_connection(url, _filled)
    shape = with_connection(url, _shape)
    for revision in (*CHAIN[1:], BEFORE):
        _move(url, revision)
    assert with_connection(url, lambda connection: _counts(connection, *KEPT)) == [1, 1, 1]
    assert set(with_connection(url, _shape)).isdisjoint(MADE)
    _move(url, "head")
    assert with_connection(url, _shape) == shape
    assert with_connection(url, lambda connection: _counts(connection, *KEPT, *MADE)) == [1] * 3 + [0] * len(MADE)
    found = metadata.tables["findings"].c
    told = select(found.kind, found.part, found.severity, found.fix, found.state)
    row = with_connection(url, lambda connection: connection.execute(told).one())
    assert tuple(row) == ("refused_change", "", "medium", "set_field", "open")
    assert with_connection(url, lambda connection: _counts(connection, "verification_policy")) == [1]
    # What was made anew takes rows as before.
    with_connection(url, _fill_made)
