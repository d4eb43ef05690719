"""One turn of a lane: record what came back, take what is next, in one short transaction (W-7)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from custhub.events.outbox import EventRow
from custhub.features.webhooks.models import AttemptRow, DeliveryRow, EndpointRow
from custhub.features.webhooks.queries import EndpointRecord
from custhub.features.webhooks.queries.lanes import InFlight, Taken, abandoned, due, held, in_flight, lane_of
from custhub.features.webhooks.repository import Claim, InTransaction, Lane, Verdict
from custhub.features.webhooks.rules import (
    ATTEMPTS,
    AttemptError,
    DeliveryState,
    EndpointState,
    Health,
    Ordering,
    Payload,
    next_delay,
)
from custhub.features.webhooks.service.bodies import thin_body
from custhub.features.webhooks.service.parts import WebhookParts, health_of
from custhub.features.webhooks.service.transport import Sent
from custhub.kit.db_clock import database_now
from custhub.kit.ids import new_id

PER_ENDPOINT: Final = 4
#: Claimed at once, though sent four at a time, where all goes well: a turn costs more than an attempt.
AHEAD: Final = 32
LEASE: Final = timedelta(seconds=60)
_PERMANENT: Final = frozenset({AttemptError.BLOCKED, AttemptError.GONE})


@dataclass(frozen=True, slots=True)
class Shot:
    """A delivery to send now, under this lease. `body` is None for a full one that is yet to be rendered."""

    endpoint: EndpointRow
    row: DeliveryRow
    event: EventRow | None
    token: UUID
    number: int
    body: bytes | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a shot."""

    shot: Shot
    sent: Sent


@dataclass(frozen=True, slots=True)
class Turned:
    """What a turn found: shots to send, and the health it left."""

    shots: tuple[Shot, ...]
    health: Health
    now: datetime
    recorded: tuple[tuple[Result, Verdict], ...]


class Turns:
    """Turns at endpoints, one transaction each; it holds the endpoint's health, so processes take turns too."""

    def __init__(self, parts: WebhookParts) -> None:
        self._parts = parts

    async def turn(
        self, endpoint_id: UUID, results: Sequence[Result], free: int, *, unsent: Sequence[Shot] = (), own: int = 0
    ) -> Turned:
        """Record `results`, give back what is `unsent`, then take deliveries for `free` places.

        `own` are those that the caller goes on having claimed. Raises LostRace, DatabaseUnavailable.
        """
        database = self._parts.database
        async with database.transaction() as connection:
            reader = InTransaction(database, connection)
            record = await lane_of(reader, endpoint_id)
            now = await database_now(connection, self._parts.clock)
            lane = Lane(reader)
            before = Health() if record is None else health_of(record.health)
            recorded, health = await self._record(reader, lane, results, before, now)
            await lane.release([_given_back(shot) for shot in unsent])
            shots: tuple[Shot, ...] = ()
            if record is not None and record.row.state == EndpointState.ACTIVE:
                shots = await self._take(reader, lane, record, health, free, own, now)
                if shots:
                    health = health.probing(now)
            if record is not None and health != before:
                await lane.keep_health(endpoint_id, health)
        return Turned(shots, health, now, recorded)

    async def _record(
        self, reader: InTransaction, lane: Lane, results: Sequence[Result], health: Health, now: datetime
    ) -> tuple[tuple[tuple[Result, Verdict], ...], Health]:
        if not results:
            return (), health
        known = await held(reader, [result.shot.row.id for result in results])
        recorded = []
        for result in results:
            mine = known.get(result.shot.row.id)
            # A lease that ran out is somebody else's by now: what that one finds counts.
            if mine is None or mine.lease_token != result.shot.token:
                continue
            recorded.append((result, _verdict(result, mine.tries, now)))
            health = health.succeeded(now) if result.sent.error is None else health.failed(now)
        await lane.conclude([verdict for _, verdict in recorded])
        await lane.log([_attempt(result) for result, _ in recorded])
        return tuple(recorded), health

    async def _take(
        self,
        reader: InTransaction,
        lane: Lane,
        record: EndpointRecord,
        health: Health,
        free: int,
        own: int,
        now: datetime,
    ) -> tuple[Shot, ...]:
        endpoint = record.row
        flying = await in_flight(reader, endpoint.id, now) if free > 0 else InFlight(0, 0)
        allowed = _allowed(health, free, own, flying.total, now)
        if allowed <= 0:
            return ()
        in_order = endpoint.ordering == Ordering.SUBJECT
        left = await self._take_over(reader, lane, endpoint.id, allowed, now) if flying.expired else []
        found = left + await _due(reader, endpoint.id, now, allowed - len(left), replays=False, in_order=in_order)
        # Replays have what new events leave, and half of it at most: those that come meanwhile find a place (W-10).
        replays = min(allowed - len(found), max(1, allowed // 2))
        found += await _due(reader, endpoint.id, now, replays, replays=True, in_order=in_order)
        sendable = [taken for taken in found if taken.event is not None or taken.row.body is not None]
        await lane.conclude(
            [_closed(taken.row, DeliveryState.SKIPPED, now) for taken in found if taken not in sendable]
        )
        shots = tuple(_shot(endpoint, taken, now) for taken in sendable)
        await lane.claim([_claim(shot) for shot in shots])
        return shots

    async def _take_over(
        self, reader: InTransaction, lane: Lane, endpoint_id: UUID, limit: int, now: datetime
    ) -> list[Taken]:
        """What a dead process had under way: logged as lost, and sent again unless that was the last attempt."""
        found = await abandoned(reader, endpoint_id, now, limit)
        if found:
            await lane.log([_lost(taken.row) for taken in found])
            spent = [taken.row for taken in found if taken.row.tries >= ATTEMPTS]
            await lane.conclude([_closed(row, DeliveryState.DEAD, now, AttemptError.LOST) for row in spent])
        return [taken for taken in found if taken.row.tries < ATTEMPTS]


def _allowed(health: Health, free: int, own: int, flying: int, now: datetime) -> int:
    """How many deliveries may be claimed. Where another process is at the same endpoint, no more than are sent."""
    if health.is_probing:
        return min(free, 1 if health.may_send(now) and not flying else 0)
    if health.failures or flying > own:
        return min(free, PER_ENDPOINT - flying)
    return min(free * AHEAD // PER_ENDPOINT, AHEAD - own)


def _given_back(shot: Shot) -> dict[str, object]:
    return {"id": shot.row.id, "token": shot.token, "next_attempt_at": shot.row.next_attempt_at or shot.at}


async def _due(
    reader: InTransaction, endpoint_id: UUID, now: datetime, limit: int, *, replays: bool, in_order: bool
) -> list[Taken]:
    return await due(reader, endpoint_id, now, limit, replays=replays, in_order=in_order) if limit > 0 else []


def _shot(endpoint: EndpointRow, taken: Taken, now: datetime) -> Shot:
    row, body = taken.row, taken.row.body
    if body is None and taken.event is not None and endpoint.payload == Payload.THIN:
        body = thin_body(taken.event)
    return Shot(endpoint, row, taken.event, new_id(), row.attempts + 1, body, now)


def _claim(shot: Shot) -> Claim:
    return Claim(shot.row.id, shot.number, shot.row.tries + 1, shot.token, shot.at + LEASE, shot.body)


def _verdict(result: Result, tries: int, now: datetime) -> Verdict:
    sent, delivery_id = result.sent, result.shot.row.id
    if sent.error is None:
        return Verdict(delivery_id, DeliveryState.DELIVERED.value, None, sent.status, None, now, now)
    delay = None
    if sent.error not in _PERMANENT:
        delay = next_delay(tries, sent.retry_after, random.random)
    if delay is None:
        return Verdict(delivery_id, DeliveryState.DEAD.value, None, sent.status, sent.error.value, now, now)
    again = now + timedelta(seconds=delay)
    return Verdict(delivery_id, DeliveryState.PENDING.value, again, sent.status, sent.error.value, now, None)


def _closed(row: DeliveryRow, state: DeliveryState, now: datetime, error: AttemptError | None = None) -> Verdict:
    return Verdict(row.id, state.value, None, row.last_status, row.last_error if error is None else error.value,
                   now, now)  # fmt: skip


def _attempt(result: Result) -> AttemptRow:
    shot, sent = result.shot, result.sent
    return AttemptRow(
        delivery_id=shot.row.id,
        number=shot.number,
        at=shot.at,
        duration_ms=sent.duration_ms,
        status=sent.status,
        error=None if sent.error is None else sent.error.value,
        address=sent.address,
        excerpt=sent.excerpt,
        is_withheld=sent.is_withheld,
    )


def _lost(row: DeliveryRow) -> AttemptRow:
    at = row.updated_at if row.lease_until is None else row.lease_until - LEASE
    return AttemptRow(row.id, row.attempts, at, None, None, AttemptError.LOST.value, None, None, False)
