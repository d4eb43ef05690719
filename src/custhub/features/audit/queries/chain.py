"""Read statements over the chain and its checkpoints.

The range of ids stands on both sides of the anti-join: only then do both indexes answer for the range alone, however
long the log is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, literal_column, select

from custhub.features.audit.models import (
    AuditEntry,
    ChainLink,
    CheckpointRow,
    CutRow,
    audit_chain,
    audit_checkpoints,
    audit_cuts,
    audit_entries,
)
from custhub.features.audit.rules import Link
from custhub.kit.query import Query

V = TypeVar("V")

_e, _c, _p = audit_entries.c, audit_chain.c, audit_checkpoints.c
#: One relay at a time; released with its transaction.
_RELAY_LOCK = 0x617564697472  # "auditr"


class Unsealed(NamedTuple):
    """An entry without a link."""

    id: UUID
    at: datetime
    mac: bytes


class LinkedEntry(NamedTuple):
    """A link and its entry; None when there is none any more."""

    link: ChainLink
    entry: AuditEntry | None


def _only(_kind: Callable[..., V]) -> Callable[[Iterable[Any]], V]:
    return lambda values: next(iter(values))


def _linked(values: Iterable[Any]) -> LinkedEntry:
    columns = list(values)
    width = len(ChainLink._fields)
    entry = AuditEntry._make(columns[width:])
    return LinkedEntry(ChainLink._make(columns[:width]), None if columns[width] is None else entry)


def _in_range(column: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(column > bindparam("after", type_=column.type), column <= bindparam("upto", type_=column.type))


def _unsealed(*columns: ColumnElement[Any]) -> Select[Any]:
    link: Select[Any] = (
        select(literal_column("1")).where(_c.entry_id == _e.id, _in_range(_c.entry_id)).correlate(audit_entries)
    )
    return select(*columns).where(_in_range(_e.id), ~exists(link))


OLDEST_UNSEALED = Query(_unsealed(_e.id, _e.at, _e.mac).order_by(_e.id).limit(literal_column("1")), Unsealed._make)
UNSEALED = Query(_unsealed(_e.id, _e.at, _e.mac).order_by(_e.id).limit(bindparam("limit")), Unsealed._make)
COUNT_UNSEALED = Query(_unsealed(func.count()).where(_e.at <= bindparam("before")), _only(int))
#: The id that many entries further on, if there are so many.
PAGE_END = Query(
    select(_e.id)
    .where(_e.id > bindparam("after"))
    .order_by(_e.id)
    .limit(literal_column("1"))
    .offset(bindparam("rows")),
    _only(UUID),
)

TRY_LOCK = Query(select(func.pg_try_advisory_xact_lock(literal_column(str(_RELAY_LOCK)))), _only(bool))
LOCK = Query(select(func.pg_advisory_xact_lock(literal_column(str(_RELAY_LOCK)))), _only(object))

TAIL = Query(select(audit_chain).order_by(_c.seq.desc()).limit(literal_column("1")), ChainLink._make)
HEAD = Query(select(audit_chain).order_by(_c.seq).limit(literal_column("1")), ChainLink._make)
LINK = Query(select(audit_chain).where(_c.seq == bindparam("seq")), ChainLink._make)
HASHES = Query(
    select(_c.hash).where(_c.seq >= bindparam("first"), _c.seq <= bindparam("last")).order_by(_c.seq), _only(bytes)
)
LINKED = Query(
    select(audit_chain, audit_entries)
    .select_from(audit_chain.outerjoin(audit_entries, _e.id == _c.entry_id))
    .where(_c.seq >= bindparam("first"))
    .order_by(_c.seq)
    .limit(bindparam("limit")),
    _linked,
)
NEAR = Query(
    select(_c.seq, _c.prev, _c.hash, _e.mac)
    .select_from(audit_chain.outerjoin(audit_entries, _e.id == _c.entry_id))
    .where(_c.seq >= bindparam("first"), _c.seq <= bindparam("last"))
    .order_by(_c.seq),
    Link._make,
)

_newest_first = select(audit_checkpoints).order_by(_p.last_seq.desc()).limit(literal_column("1"))
LAST_CHECKPOINT = Query(_newest_first, CheckpointRow._make)
CHECKPOINT_BEFORE = Query(_newest_first.where(_p.last_seq < bindparam("seq")), CheckpointRow._make)
CHECKPOINTS = Query(
    select(audit_checkpoints)
    .where(_p.last_seq >= bindparam("first"), _p.last_seq <= bindparam("last"))
    .order_by(_p.last_seq),
    CheckpointRow._make,
)
CHECKPOINTS_AFTER = Query(
    select(audit_checkpoints).where(_p.number > bindparam("number")).order_by(_p.number).limit(bindparam("limit")),
    CheckpointRow._make,
)
COVERING = Query(
    select(audit_checkpoints).where(_p.last_seq >= bindparam("seq")).order_by(_p.last_seq).limit(literal_column("1")),
    CheckpointRow._make,
)
#: The last place where a cut may end: everything before it is older than `before`.
CUTTABLE = Query(
    select(audit_checkpoints)
    .where(_p.at < bindparam("before"), _p.last_seq >= bindparam("first"), _p.last_seq <= bindparam("last"))
    .order_by(_p.last_seq.desc())
    .limit(literal_column("1")),
    CheckpointRow._make,
)
LAST_CUT = Query(select(audit_cuts).order_by(audit_cuts.c.last_seq.desc()).limit(literal_column("1")), CutRow._make)
