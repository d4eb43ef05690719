"""What spans features reaches their rows through: merges, exports and erasure know no table of theirs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import Table

from custhub.kit.db import Id, Instant
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork

#: Table -> {key of a row that changed hands: what it was before, as far as nobody can read that off it any more}.
#: A name with a dot (`customer_tags.twins`) tells of rows that did not change hands, but changed. Plain JSON.
Moved = Mapping[str, Mapping[str, Mapping[str, Any]]]
#: Whose rows changed hands -> which, in the order in which they were joined.
Joined = Mapping[UUID, Moved]


class WhyKept(StrEnum):
    """Why a row is not what it was again."""

    #: It was removed since, or went elsewhere.
    GONE = "gone"
    #: It came back with what was changed on it since.
    CHANGED = "changed"
    #: It came back, but what is unique about it is another customer's by now.
    TAKEN = "taken"
    #: It was said after the merge, and nobody knows of whom: it counts for all of them.
    SAID_SINCE = "said_since"


class Kept(NamedTuple):
    """A row that could not be given back as it was."""

    table: str
    key: str
    why: WhyKept


class CustomerLink(Protocol):
    """Answers for the rows that one feature keeps of a customer; app.py has the list of all of them.

    None of it asks for rights or reach, or locks: who calls has done so. Nothing is told to others either, but for
    third customers whose body changes with it.
    """

    @property
    def tables(self) -> frozenset[str]:
        """Every table with a column that names a customer belongs to exactly one link."""

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """All that is kept of a customer, in the open, without revisions and times of change.

        One form for one content: two customers with the same content differ in ids alone.
        """

    async def reassign(self, uow: UnitOfWork, sources: Sequence[UUID], target: UUID) -> Joined:
        """Make the rows of all `sources` those of `target`, sealed anew under its key; what it takes to undo it.

        In their order: each meets what the ones before it have brought. Their records stay. However many they are,
        the number of statements is the same.
        """

    async def give_back(self, uow: UnitOfWork, joined: Joined, target: UUID) -> Mapping[UUID, Sequence[Kept]]:
        """Take `reassign` back, which gave `joined`: rows that still are `target`'s are their own again.

        What was changed on a row since stays changed. The last one comes first. Raises IntegrityError when a key is
        gone.
        """

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """Leave nothing personal of a customer: rows go or are blanked, keys are destroyed."""


class Revised(Protocol):
    """A row that tells of changes."""

    @property
    def id(self) -> UUID:
        """Its id: the older, the smaller."""

    @property
    def revision(self) -> int:
        """Grows by one with each change, a move too."""


class Preferred(Revised, Protocol):
    """A part of which one is the primary one."""

    @property
    def is_primary(self) -> bool:
        """Whether it is that one."""


def remembered(rows: Iterable[Preferred], held: Iterable[Preferred]) -> dict[str, dict[str, Any]]:
    """Before-values of parts that join others: which was the primary one, and which stays so in its place."""
    before = {row.id.hex: {"is_primary": row.is_primary, "revision": row.revision + 1} for row in rows}
    instead = next((row.id.hex for row in held if row.is_primary), None)
    return {key: was | ({"instead": instead} if was["is_primary"] and instead else {}) for key, was in before.items()}


def primary_among(rows: Collection[Preferred], *wanted: str | None) -> UUID | None:
    """Which of one customer's parts is the primary one: the first wanted that is there, else as it is, else the oldest.

    None without any.
    """
    by_key = {row.id.hex: row.id for row in rows}
    for key in wanted:
        if key is not None and key in by_key:
            return by_key[key]
    standing = next((row.id for row in rows if row.is_primary), None)
    return standing or min(by_key.values(), default=None)


class Parted(NamedTuple):
    """Parts of the target that part again: those that go back, those that stay, and who is primary on each side."""

    back: Sequence[Any]
    stay: Sequence[Any]
    first_back: UUID | None
    first_stay: UUID | None
    kept: Sequence[Kept]


def parted(table: str, rows: Iterable[Any], before: Mapping[str, Mapping[str, Any]]) -> Parted:
    """Who of the target's parts goes back, by what `remembered` told."""
    known = {row.id.hex: row for row in rows}
    back = [row for key, row in known.items() if key in before]
    stay = [row for key, row in known.items() if key not in before]
    first = next((key for key, was in before.items() if was.get("is_primary")), None)
    instead = next((was["instead"] for was in before.values() if was.get("instead")), None)
    # Who changed the primary one since meant it; only where it goes away the former one is it again.
    standing = next((row.id.hex for row in stay if row.is_primary), None)
    kept = [*gone(table, before, back), *changed(table, before, back)]
    return Parted(back, stay, primary_among(back, first), primary_among(stay, standing, instead), kept)


def gone(table: str, before: Mapping[str, Any], rows: Iterable[Any]) -> list[Kept]:
    """Rows that are not there any more."""
    return [Kept(table, key, WhyKept.GONE) for key in sorted(before.keys() - {row.id.hex for row in rows})]


def changed(table: str, before: Mapping[str, Mapping[str, Any]], rows: Iterable[Revised]) -> list[Kept]:
    """Rows of another revision than the merge left."""
    since = [row.id.hex for row in rows if row.revision != before[row.id.hex]["revision"]]
    return [Kept(table, key, WhyKept.CHANGED) for key in sorted(since)]


def revision_back(row: Revised, was: Mapping[str, Any]) -> int:
    """The revision of a row that goes back: that of before the merge, unless somebody changed it since.

    A merge of later, undone too, does not count as a change then.
    """
    unchanged: int = was["revision"]
    return unchanged - 1 if row.revision == unchanged else row.revision + 1


def to_plain(row: NamedTuple) -> dict[str, Any]:
    """A row without sealed values as JSON."""
    return {name: _plain(value) for name, value in row._asdict().items()}


def from_plain(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """What `to_plain` made of a row of this table."""
    return {name: _typed(table.c[name].type, value) for name, value in values.items()}


def _plain(value: Any) -> Any:  # a column's value
    if isinstance(value, UUID):
        return value.hex
    return value.isoformat() if isinstance(value, datetime) else value


def _typed(kind: object, value: Any) -> Any:  # what `_plain` made plain
    if value is None:
        return None
    if isinstance(kind, Id):
        return UUID(hex=value)
    return datetime.fromisoformat(value) if isinstance(kind, Instant) else value
