"""Reading the feed: where a cursor stands, and whether it may go on from there (RELIABILITY E-7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from custhub.events.models import HeadRow
from custhub.events.outbox import EventRow
from custhub.events.queries import HEAD
from custhub.features.operations.errors.events import CursorExpired, EpochChanged
from custhub.features.operations.queries.events import STATE_OF, FeedState, events_between
from custhub.kit.db import DatabaseUnavailable
from custhub.kit.paging import Cursors
from custhub.kit.query import Reader


class Place(NamedTuple):
    """What a cursor holds.

    `rebuilds` marks a walk that began at the start and is still among what retention has thinned out: it reads last
    events of subjects there and misses nothing by what else goes. Any other reader behind that point has a gap.
    """

    epoch: int
    position: int
    rebuilds: bool


class FeedPage(NamedTuple):
    """Events in order, and the place to go on from: also at the end, where later events will be found."""

    events: Sequence[EventRow]
    next_cursor: str
    has_more: bool


async def read_feed(reader: Reader, cursors: Cursors, cursor: str | None, types: Sequence[str], limit: int) -> FeedPage:
    """One page behind the cursor. Raises InvalidCursor, CursorExpired, EpochChanged."""
    given = cursors.read(cursor)
    head = await _head(reader)
    place = Place(head.epoch, 0, True) if given is None else Place(given[0], given[1], bool(given[2]))
    _check(cursors, place, head)
    found = await events_between(reader, place.position, head.position, types, limit + 1)
    if not place.rebuilds:
        # Retention may have passed between the two reads: then the page has a gap.
        _check(cursors, place, await _head(reader))
    has_more = len(found) > limit
    events = found[:limit]
    # At the end the place is the end, not the last event of these types: it stays good however rare they are.
    reached = events[-1].position or 0 if has_more else head.position
    return FeedPage(events, _write(cursors, head, reached), has_more)


async def feed_state(reader: Reader, subject_type: str) -> FeedState:
    """The state of one type of subject."""
    state = await STATE_OF.first(reader, subject_type=subject_type)
    if state is None:
        raise DatabaseUnavailable
    return state


def _check(cursors: Cursors, place: Place, head: HeadRow) -> None:
    if place.epoch != head.epoch:
        raise EpochChanged(_write(cursors, head, 0), head.epoch)
    if not place.rebuilds and place.position < head.compacted:
        raise CursorExpired(_write(cursors, head, head.compacted))


def _write(cursors: Cursors, head: HeadRow, position: int) -> str:
    text = cursors.write(Place(head.epoch, position, position < head.compacted or position == 0))
    if text is None:
        raise RuntimeError("a place always makes a cursor")
    return text


async def _head(reader: Reader) -> HeadRow:
    head = await HEAD.first(reader)
    if head is None:
        raise DatabaseUnavailable
    return head
