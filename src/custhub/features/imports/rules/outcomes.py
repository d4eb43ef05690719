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
    #: It found its customer, and nothing that it says stands against what is known.
    REFUSED = 8
    #: An undo has made the customer what it was.
    RESTORED = 9


#: As clients see it.
NAMES: Final = {outcome: outcome.name.lower() for outcome in Outcome}
BY_NAME: Final = {name: outcome for outcome, name in NAMES.items()}
#: Counts of an import, and the outcome that each counts.
COUNTED: Final = {
    "created": Outcome.CREATED,
    "updated": Outcome.UPDATED,
    "unchanged": Outcome.UNCHANGED,
    "refused": Outcome.REFUSED,
    "failed": Outcome.FAILED,
    "skipped": Outcome.SKIPPED,
}
#: The same of its undo.
TAKEN_BACK: Final = {"removed": Outcome.REMOVED, "restored": Outcome.RESTORED, "kept": Outcome.KEPT}


class Fault(NamedTuple):
    """Why a row failed, or what of it did not stand; never a value.

    A column of the file by number, or -1; the field that it goes to; a code.
    """

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
