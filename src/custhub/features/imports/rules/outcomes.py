"""What became of the rows of an import, many in one value: a row of its own for each would cost more than it tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Final, NamedTuple
from uuid import UUID

_ROW: Final = 17
NOBODY: Final = bytes(16)


class Outcome(IntEnum):
    """What became of a row."""

    CREATED = 1
    UPDATED = 2
    UNCHANGED = 3
    FAILED = 4
    #: Nothing was on it.
    SKIPPED = 5
    #: An undo has taken the customer away again.
    REMOVED = 6
    #: An undo has left the customer: somebody has changed it since.
    KEPT = 7


#: As clients see it.
NAMES: Final = {outcome: outcome.name.lower() for outcome in Outcome}
BY_NAME: Final = {name: outcome for outcome, name in NAMES.items()}


class Fault(NamedTuple):
    """Why a row failed: a column of the file by number, or -1; the field it went to; a code. Never a value."""

    column: int
    field: str
    code: str


def pack(rows: Sequence[tuple[Outcome, bytes]]) -> bytes:
    """Outcomes with their customers, in order."""
    return b"".join([bytes((outcome,)) + customer for outcome, customer in rows])


def unpack(packed: bytes) -> Iterator[tuple[Outcome, UUID | None]]:
    """What `pack` wrote."""
    for start in range(0, len(packed), _ROW):
        raw = packed[start + 1 : start + _ROW]
        yield Outcome(packed[start]), None if raw == NOBODY else UUID(bytes=raw)


def customers_of(packed: bytes, wanted: Outcome) -> list[tuple[int, UUID]]:
    """Places and customers of rows with this outcome."""
    return [
        (place, customer)
        for place, (outcome, customer) in enumerate(unpack(packed))
        if outcome is wanted and customer is not None
    ]
