"""Read statements of the relay and of retention."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal_column, or_, select

from custhub.events.models import HEAD_ID, HeadRow, StateRow, SubjectRow, event_head, event_states, event_subjects
from custhub.events.outbox import BULK_LANE, NORMAL_LANE, EventRow, events
from custhub.kit.query import Query, any_of

_e, _s = events.c, event_subjects.c
_ONE: ColumnElement[int] = literal_column("1")
#: One relay at a time; released with its transaction.
_RELAY_LOCK = 0x6576656E7473  # "events"
#: More than this many waiting events are not counted: a gauge must not cost more than the work it tells of.
MOST_COUNTED = 100_000


class PlacedEvent(NamedTuple):
    """What retention needs to know of an event."""

    position: int
    occurred_at: datetime
    subject_id: UUID


def _flag(values: Iterable[Any]) -> bool:
    return bool(next(iter(values)))


def _number(values: Iterable[Any]) -> int:
    return int(next(iter(values)))


def _instant(values: Iterable[Any]) -> datetime:
    made: datetime = next(iter(values))
    return made


def _uuid(values: Iterable[Any]) -> UUID:
    made: UUID = next(iter(values))
    return made


def _any(lane: ColumnElement[bool], after: str) -> ColumnElement[bool]:
    return select(_ONE).select_from(events).where(lane, _e.id > bindparam(after, type_=_e.id.type)).exists()


def _lane(lane: ColumnElement[bool]) -> Query[EventRow]:
    statement = select(events).where(lane, _e.id > bindparam("after", type_=_e.id.type)).order_by(_e.id)
    return Query(statement.limit(bindparam("limit")), EventRow._make)


def _count(lane: ColumnElement[bool]) -> ColumnElement[int]:
    some = select(_ONE).select_from(events).where(lane).limit(literal_column(str(MOST_COUNTED))).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _oldest(lane: ColumnElement[bool]) -> Query[datetime]:
    return Query(select(_e.occurred_at).where(lane).order_by(_e.id).limit(_ONE), _instant)


TRY_LOCK = Query(select(func.pg_try_advisory_xact_lock(literal_column(str(_RELAY_LOCK)))), _flag)
IS_WAITING = Query(select(or_(_any(NORMAL_LANE, "after"), _any(BULK_LANE, "bulk_after"))), _flag)
NORMAL = _lane(NORMAL_LANE)
BULK = _lane(BULK_LANE)
COUNT_WAITING = Query(select(_count(NORMAL_LANE) + _count(BULK_LANE)), _number)
OLDEST_WAITING = (_oldest(NORMAL_LANE), _oldest(BULK_LANE))

HEAD = Query(select(event_head).where(event_head.c.id == literal_column(str(HEAD_ID))), HeadRow._make)
SUBJECTS = Query(select(event_subjects).where(any_of(_s.subject_id, "ids")), SubjectRow._make)
STATES = Query(select(event_states), StateRow._make)
STATE = Query(select(event_states).where(event_states.c.subject_type == bindparam("subject_type")), StateRow._make)

#: The oldest events that were not looked through yet.
NEXT_TO_COMPACT = Query(
    select(_e.position, _e.occurred_at, _e.subject_id)
    .where(_e.position > bindparam("after"))
    .order_by(_e.position)
    .limit(bindparam("limit")),
    PlacedEvent._make,
)


def _superseded() -> Select[Any]:
    # Of the subjects given: what is not their last event. What is no resource keeps none.
    last = and_(_s.subject_id == _e.subject_id, _s.subject_type == _e.subject_type, _s.position == _e.position)
    return select(_e.id).where(
        any_of(_e.subject_id, "ids"), _e.position <= bindparam("upto"), ~select(_ONE).where(last).exists()
    )


SUPERSEDED = Query(_superseded(), _uuid)
