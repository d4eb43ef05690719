"""Pages of the feed, and the state that its subjects add up to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, literal_column, select, union_all

from custhub.events.models import HEAD_ID, event_head, event_states
from custhub.events.outbox import EventRow, events
from custhub.kit.query import Query, Reader

_e, _h, _s = events.c, event_head.c, event_states.c


class FeedState(NamedTuple):
    """The state of one type of subject where the feed is; live and checksum are None before the first."""

    epoch: int
    position: int
    live: int | None
    checksum: bytes | None


def _part(*conditions: Any) -> Select[Any]:
    window = and_(_e.position > bindparam("after"), _e.position <= bindparam("upto"))
    return select(events).where(window, *conditions).order_by(_e.position).limit(bindparam("limit"))


_ALL = Query(_part(), EventRow._make)
#: By the number of types asked for: each type walks its own index, so a rare one costs no more than a common one.
_of_types: dict[int, Query[EventRow]] = {}


def _typed(number: int) -> Query[EventRow]:
    query = _of_types.get(number)
    if query is None:
        # Inside a subquery: SQLite takes no LIMIT in a member of a union.
        parts = [select(_part(_e.type == bindparam(f"type_{i}")).subquery()) for i in range(number)]
        if number == 1:
            statement = _part(_e.type == bindparam("type_0"))
        else:
            together = union_all(*parts).subquery()
            statement = select(together).order_by(together.c.position).limit(bindparam("limit"))
        query = _of_types[number] = Query(statement, EventRow._make)
    return query


async def events_between(reader: Reader, after: int, upto: int, types: Sequence[str], limit: int) -> list[EventRow]:
    """The first `limit` events of these types, of all for none, with a position behind `after`, up to `upto`."""
    window = {"after": after, "upto": upto, "limit": limit}
    if not types:
        return await _ALL.all(reader, **window)
    named = {f"type_{i}": name for i, name in enumerate(types)}
    return await _typed(len(types)).all(reader, **window, **named)


#: In one statement: state and position belong together.
STATE_OF = Query(
    select(_h.epoch, _h.position, _s.live, _s.checksum)
    .select_from(event_head.outerjoin(event_states, _s.subject_type == bindparam("subject_type")))
    .where(_h.id == literal_column(str(HEAD_ID))),
    FeedState._make,
)
