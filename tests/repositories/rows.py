"""Rows with something in every column that must have a value."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Boolean, Integer, LargeBinary, String, Table

from custhub.crypto.columns import Sealed, SealedColumn
from custhub.kit.db import Day, Id, Instant
from custhub.kit.ids import new_id

AT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def a_row(table: Table, **members: Any) -> dict[str, Any]:
    """A row of this table; members given win, nullable columns are null."""
    return {
        column.name: members[column.name]
        if column.name in members
        else None
        if column.nullable
        else _value(column.type)
        for column in table.columns
    }


def _value(kind: Any) -> Any:
    if isinstance(kind, Id):
        return new_id()
    if isinstance(kind, SealedColumn):
        return Sealed(b"\x01" * 66)
    if isinstance(kind, LargeBinary):
        return next(_numbers).to_bytes(kind.length or 16, "big")
    if isinstance(kind, Instant):
        return AT
    if isinstance(kind, Day):
        return date(2026, 3, 1)
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Integer):
        return 1
    return f"r{next(_numbers)}"[: kind.length] if isinstance(kind, String) else []
