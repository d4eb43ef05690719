"""Encoded rows: what goes as it is, and rows made from a stencil."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.events.outbox import EventRow, events
from custhub.kit.bulk import RowCoder, dialect_of
from custhub.kit.db import EngineName, micros
from custhub.kit.ids import new_id

ENGINES = get_args(EngineName)


class Kind(StrEnum):
    """A text that does not go through a pipe."""

    CUSTOMER = "customer"


def _event(at: datetime) -> EventRow:
    return EventRow(
        new_id(), "customer.created", 1, at, Kind.CUSTOMER, new_id(), 1, None, "user", new_id(), "req", {"a": 1}
    )


def test_sqlite_gets_plain_values() -> None:
    """Nothing of our own is left: ids are bytes, times are numbers, enums are texts; JSON is always written."""
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    row = _event(at)
    encoded = RowCoder(events, dialect_of("sqlite")).encode(row._replace(data="text"))
    assert isinstance(encoded, tuple)
    assert encoded[:5] == (row.id.bytes, "customer.created", 1, micros(at), "customer")
    assert type(encoded[4]) is str
    assert encoded[7] is None
    assert encoded[11] == '"text"'


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    values=st.fixed_dictionaries(
        {
            "id": st.uuids(),
            "subject_id": st.uuids(),
            "customer_id": st.none() | st.uuids(),
            "data": st.dictionaries(st.text(max_size=5), st.integers(0, 9) | st.text(max_size=300), max_size=3),
            "type": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300),
            "occurred_at": st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # hypothesis wants bare bounds
            "position": st.none() | st.integers(-(2**63), 2**63 - 1),
        }
    ),
    names=st.permutations(("id", "subject_id", "customer_id", "data", "type", "occurred_at", "position")),
    count=st.integers(0, 7),
)
def test_a_stencil_makes_the_row(engine: EngineName, values: dict[str, Any], names: list[str], count: int) -> None:
    """Whatever columns are left open: the row is the one that would have been encoded as a whole."""
    row = _event(datetime(2026, 5, 1, tzinfo=UTC))
    coder = RowCoder(events, dialect_of(engine))
    fill = coder.stencil(row, names[:count])
    for _ in range(2):
        assert fill(*(values[name] for name in names[:count])) == coder.encode(
            row._replace(**{name: values[name] for name in names[:count]})
        )


def test_ids_of_the_driver_and_of_the_library_are_one() -> None:
    """An id from elsewhere is encoded the same."""
    row = _event(datetime(2026, 5, 1, tzinfo=UTC))
    for engine in ENGINES:
        coder = RowCoder(events, dialect_of(engine))
        assert coder.encode(row) == coder.encode(row._replace(id=UUID(bytes=row.id.bytes)))
