"""Rows of parts as JSON, to be put back by an undo."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from custhub.crypto.columns import Sealed
from custhub.features.customers.queries import AddressRow, EmailRow
from custhub.features.phones.queries import PhoneRow
from custhub.kit.db import from_micros, micros

R = TypeVar("R", PhoneRow, EmailRow, AddressRow)
_AT, _ID = "at", "id"


def kept_row(row: PhoneRow | EmailRow | AddressRow) -> dict[str, Any]:
    """The columns of a row but for what is sealed or indexed under keys, which is made anew."""
    kept: dict[str, Any] = {}
    for name, value in row._asdict().items():
        if isinstance(value, Sealed | bytes):
            continue
        kept[name] = _told(value)
    return kept


def restored_row(kind: type[R], kept: dict[str, Any]) -> R:
    """The row again; its sealed columns are empty."""
    values = {name: _read(kept.get(name)) for name in kind._fields}
    return kind(**values)


def _told(value: Any) -> Any:
    if isinstance(value, datetime):
        return {_AT: micros(value)}
    if isinstance(value, UUID):
        return {_ID: value.hex}
    return value


def _read(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return from_micros(value[_AT]) if _AT in value else UUID(value[_ID])
