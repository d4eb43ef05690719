"""What a call says of parts beside the parts themselves - their labels, and which is the primary one - and what stands.

A person's word counts as it comes. Of machines the last to speak counts, by when it was true and not by when it
arrived; where none says which part is the primary one, it is the part that the first of them named. Of one moment the
source decides, then the value: every rule is a maximum or a minimum, so the order of arrival makes no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from custhub.features.customers.models import CustomerRow
from custhub.features.customers.rules.provenance import WHOLE, Origin, Provenance, Rule, primary_key


class Named(NamedTuple):
    """A part that a call names, or the one that stands; `identity` tells it from others, whatever its id."""

    id: UUID
    part_id: str
    added_at: datetime
    identity: Callable[[], str]
    is_wanted: bool = False


class Sayings(Protocol):
    """What one call says of the parts of one customer."""

    #: Where parts, their labels and primary flags come from now.
    origins: dict[str, Origin | None]

    def added(self, part_id: str) -> None:
        """A part came with this call."""

    def relabels(self, part_id: str, added_at: datetime, standing: str | None, sent: str | None) -> bool:
        """Whether a sent label is written."""

    def primary(self, field: str, named: Sequence[Named], held: Named | None) -> UUID | None:
        """Which part becomes the primary one; None where the one that is held stays."""


class PersonSayings:
    """Of a person. What is older than the last change of the customer only fills what is empty."""

    def __init__(self, *, is_older: bool) -> None:
        self.origins: dict[str, Origin | None] = {}
        self._is_older = is_older

    def added(self, part_id: str) -> None:
        """Nothing to keep: all that a person's call changes comes from that person."""

    def relabels(self, part_id: str, added_at: datetime, standing: str | None, sent: str | None) -> bool:
        """Whether a sent label is written."""
        return sent is not None and sent != standing and (standing is None or not self._is_older)

    def primary(self, field: str, named: Sequence[Named], held: Named | None) -> UUID | None:
        """The last that is said to be, unless what is sent is older."""
        if held is not None and self._is_older:
            return None
        return next((part.id for part in reversed(named) if part.is_wanted), None)


class MachineSayings:
    """Of a program, at the moment that it speaks of."""

    def __init__(self, row: CustomerRow, source: str, at: datetime, now: datetime) -> None:
        self.origins: dict[str, Origin | None] = {}
        self._row = row
        self._known = Provenance(row.provenance, row.source, row.created_at)
        self._source = source
        self._at = at
        self._now = now

    def added(self, part_id: str) -> None:
        """A part came with this call."""
        self.origins[part_id] = Origin(self._source, self._at, Rule.FILLED)

    def relabels(self, part_id: str, added_at: datetime, standing: str | None, sent: str | None) -> bool:
        """Whether a sent label is written. What a person confirmed stays; the same said later counts from then on."""
        if sent is None or part_id in self.origins:
            return False
        origin = self._of_part(part_id, added_at)
        if origin.is_confirmed(self._now):
            return False
        if standing is None or (self._at, self._source, sent) > (origin.at, origin.source, standing):
            self.origins[part_id] = Origin(self._source, self._at, Rule.NEWER)
            return sent != standing
        return False

    def primary(self, field: str, named: Sequence[Named], held: Named | None) -> UUID | None:
        """The last that is said to be; before any is, the first that was named."""
        wanted = next((part for part in reversed(named) if part.is_wanted), None)
        part, rule = (named[0], Rule.FILLED) if wanted is None else (wanted, Rule.NEWER)
        if held is not None and not self._takes_over(field, part, held, is_wanted=wanted is not None):
            return None
        self.origins[primary_key(field)] = Origin(self._source, self._at, rule)
        return part.id

    def _takes_over(self, field: str, part: Named, held: Named, *, is_wanted: bool) -> bool:
        own = self._of_part(held.part_id, held.added_at)
        if own.is_confirmed(self._now):
            return False
        key = primary_key(field)
        if not self._known.is_told(key) or own.rule in (Rule.CHANGED, Rule.CONFIRMED):
            return is_wanted and self._at >= own.at  # chosen by whoever made the customer, or changed it since
        standing = self._known.of(key)
        mine, theirs = (self._at, self._source), (standing.at, standing.source)
        if is_wanted != (standing.rule == Rule.NEWER):
            return is_wanted
        if mine == theirs:
            told, other = part.identity(), held.identity()
            return told > other if is_wanted else told < other
        return mine > theirs if is_wanted else mine < theirs

    def _of_part(self, part_id: str, added_at: datetime) -> Origin:
        known = self._known
        # A part that came with the customer is as old as what was said then, not as its row.
        came_along = added_at == self._row.created_at and not known.is_told(part_id) and known.is_told(WHOLE)
        return known.whole if came_along else known.of_part(part_id, added_at)
