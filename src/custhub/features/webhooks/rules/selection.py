"""Which events an endpoint hears of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

EVERYTHING: Final = "*"
_GROUP: Final = ".*"


class EventLike(Protocol):
    """What of an event decides whether it is sent."""

    @property
    def type(self) -> str:
        """`resource.verb_past`."""

    @property
    def actor_kind(self) -> str:
        """Who caused it."""

    @property
    def actor_id(self) -> UUID | None:
        """The id of who caused it."""

    @property
    def data(self) -> Mapping[str, Any]:
        """The thin body."""

    @property
    def bulk_id(self) -> UUID | None:
        """The bulk job it is a row of."""


def is_covered(pattern: str, types: Iterable[str]) -> bool:
    """Whether a pattern (`*`, `customer.*`, `customer.created`) covers at least one of these types."""
    return any(_matches(pattern, name) for name in types)


def _matches(pattern: str, name: str) -> bool:
    if pattern == EVERYTHING:
        return True
    return name.startswith(pattern[:-1]) if pattern.endswith(_GROUP) else name == pattern


@dataclass(frozen=True, slots=True)
class Selection:
    """Patterns of types, and filters that narrow them; an empty filter lets everything through.

    `fields` passes events that name at least one of them as changed, and those that name none at all.
    """

    patterns: tuple[str, ...]
    fields: frozenset[str]
    actor_kinds: frozenset[str]
    ignored_actors: frozenset[UUID]
    summary_only: bool

    def covers(self, name: str) -> bool:
        """Whether events of this type are selected at all."""
        return any(_matches(pattern, name) for pattern in self.patterns)

    def takes(self, event: EventLike) -> bool:
        """Whether this event is sent."""
        if not self.covers(event.type) or (self.summary_only and event.bulk_id is not None):
            return False
        if self.actor_kinds and event.actor_kind not in self.actor_kinds:
            return False
        if event.actor_id is not None and event.actor_id in self.ignored_actors:
            return False
        changed = event.data.get("fields")
        return not self.fields or not changed or not self.fields.isdisjoint(changed)
