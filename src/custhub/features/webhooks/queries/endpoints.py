"""Endpoints with their health, and their secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, or_, select

from custhub.features.webhooks.models import (
    EndpointRow,
    HealthRow,
    SecretRow,
    webhook_endpoints,
    webhook_health,
    webhook_secrets,
)
from custhub.kit.db import from_micros, micros
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader, any_of

_e, _h, _s = webhook_endpoints.c, webhook_health.c, webhook_secrets.c
_WIDTH = len(EndpointRow._fields)


class EndpointRecord(NamedTuple):
    """An endpoint and how it is doing."""

    row: EndpointRow
    health: HealthRow


def make_record(values: Iterable[Any]) -> EndpointRecord:
    """The record of one row of `RECORD`."""
    values = list(values)
    return EndpointRecord(EndpointRow._make(values[:_WIDTH]), HealthRow._make(values[_WIDTH:]))


RECORD = (
    select(webhook_endpoints, webhook_health)
    .select_from(webhook_endpoints.join(webhook_health, _h.endpoint_id == _e.id))
    .where(_e.deleted_at.is_(None))
)
_BY_ID = RECORD.where(_e.id == bindparam("id"))
_ONE = Query(_BY_ID, make_record)
_LOCKED = Query(_BY_ID.with_for_update(of=webhook_endpoints), make_record)
_ALL = Query(select(webhook_endpoints).where(_e.deleted_at.is_(None)).order_by(_e.id), EndpointRow._make)
_SECRETS = Query(
    select(webhook_secrets)
    .where(_s.endpoint_id == bindparam("id"), or_(_s.expires_at.is_(None), _s.expires_at > bindparam("now")))
    .order_by(_s.created_at.desc(), _s.id.desc()),
    SecretRow._make,
)
_SECRETS_OF = Query(
    select(webhook_secrets).where(any_of(_s.endpoint_id, "ids")).order_by(_s.created_at.desc(), _s.id.desc()),
    SecretRow._make,
)
_DISABLED = Query(
    select(func.count()).select_from(webhook_endpoints).where(_e.deleted_at.is_(None), _e.state == bindparam("state")),
    lambda values: int(next(iter(values))),
)
_FAILING = Query(
    RECORD.where(_e.state == bindparam("state"), _h.failing_since <= bindparam("before")).order_by(_e.id), make_record
)


async def endpoint_of(reader: Reader, endpoint_id: UUID, *, locking: bool = False) -> EndpointRecord | None:
    """One endpoint that was not deleted."""
    return await (_LOCKED if locking else _ONE).first(reader, id=endpoint_id)


async def all_endpoints(reader: Reader) -> list[EndpointRow]:
    """Every endpoint that was not deleted, disabled ones too."""
    return await _ALL.all(reader)


async def secrets_of(reader: Reader, endpoint_id: UUID, now: Any) -> list[SecretRow]:
    """The secrets that sign at this time, newest first."""
    return await _SECRETS.all(reader, id=endpoint_id, now=now)


async def secrets_by_endpoint(reader: Reader, endpoint_ids: Iterable[UUID]) -> Mapping[UUID, list[SecretRow]]:
    """All stored secrets of these endpoints, newest first."""
    found: dict[UUID, list[SecretRow]] = {}
    for row in await _SECRETS_OF.all(reader, ids=list(endpoint_ids)):
        found.setdefault(row.endpoint_id, []).append(row)
    return found


async def count_disabled(reader: Reader) -> int:
    """How many endpoints are disabled."""
    return await _DISABLED.first(reader, state="disabled") or 0


async def failing_endpoints(reader: Reader, before: Any) -> list[EndpointRecord]:
    """Active endpoints that have been failing since before this time."""
    return await _FAILING.all(reader, state="active", before=before)


class _Endpoints:
    """Pages of endpoints, oldest first."""

    def __init__(self) -> None:
        self._variants: dict[tuple[str, ...], Query[EndpointRecord]] = {}

    async def page(
        self, reader: Reader, filters: Mapping[str, Any], after: list[Any] | None, limit: int
    ) -> Page[EndpointRecord]:
        """One page; `after` is the key of the page before."""
        params = dict(filters)
        conditions: dict[str, ColumnElement[bool]] = {}
        if "state" in params:
            conditions["state"] = _e.state == bindparam("state")
        if after is not None:
            conditions["after"] = or_(
                _e.created_at > bindparam("after_at", type_=_e.created_at.type),
                (_e.created_at == bindparam("after_at", type_=_e.created_at.type))
                & (_e.id > bindparam("after_id", type_=_e.id.type)),
            )
            params |= {"after_at": from_micros(after[0]), "after_id": from_bytes(bytes.fromhex(after[1]))}
        key = tuple(sorted(conditions))
        if key not in self._variants:
            statement = RECORD.where(*conditions.values()).order_by(_e.created_at, _e.id).limit(bindparam("limit"))
            self._variants[key] = Query(statement, make_record)
        rows = await self._variants[key].all(reader, **params, limit=limit + 1)
        if len(rows) <= limit:
            return Page(rows)
        last = rows[limit - 1].row
        return Page(rows[:limit], (micros(last.created_at), last.id.hex))


ENDPOINTS = _Endpoints()
