"""The only writer of webhooks: endpoints in units of work, deliveries in transactions of relay, sender and jobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ClauseElement, ColumnClause, bindparam, literal_column, null, update

from custhub.features.webhooks.models import (
    SENDING,
    AttemptRow,
    DeliveryRow,
    EndpointRow,
    HealthRow,
    SecretRow,
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
    webhook_health,
    webhook_secrets,
)
from custhub.features.webhooks.rules import DeliveryState, Health
from custhub.kit.commands import Command, RowsCommand, Value
from custhub.kit.db import Database, EngineName, Row, TransactionConnection
from custhub.kit.purge import Purge
from custhub.kit.query import Query, any_of
from custhub.kit.uow import UnitOfWork
from custhub.kit.writes import WriteSet

_d, _h, _e = webhook_deliveries.c, webhook_health.c, webhook_endpoints.c
_PENDING: Final[ColumnClause[bool]] = literal_column("webhook_deliveries.state = 'pending'")

#: The log after its 30 days, with its attempts; and endpoints that were deleted before that.
OLD_DELIVERIES: Final = Purge(webhook_deliveries, _d.created_at)
OLD_ENDPOINTS: Final = Purge(webhook_endpoints, _e.deleted_at)


class InTransaction:
    """A reader inside a transaction that somebody else began."""

    def __init__(self, database: Database, connection: TransactionConnection) -> None:
        self.name: EngineName = database.name
        self.dialect = database.dialect
        self.database = database
        self.connection = connection

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        """Read in this transaction."""
        return await self.connection.fetch(sql, values)


class Claim(NamedTuple):
    """A delivery that is about to be sent."""

    id: UUID
    attempts: int
    tries: int
    token: UUID
    lease_until: datetime
    body: bytes | None


class Verdict(NamedTuple):
    """What became of a delivery after an attempt."""

    id: UUID
    state: str
    next_attempt_at: datetime | None
    last_status: int | None
    last_error: str | None
    updated_at: datetime
    finished_at: datetime | None


def _claim(value: Value) -> ClauseElement:
    found = update(webhook_deliveries).where(_d.id == value("id"))
    return found.values(
        state=DeliveryState.SENDING.value,
        attempts=value("attempts"),
        tries=value("tries"),
        lease_token=value("token"),
        lease_until=value("lease_until"),
        body=value("body"),
        next_attempt_at=null(),
    )


def _conclude(value: Value) -> ClauseElement:
    found = update(webhook_deliveries).where(_d.id == value("id"))
    return found.values(
        state=value("state"),
        next_attempt_at=value("next_attempt_at"),
        lease_token=null(),
        lease_until=null(),
        last_status=value("last_status"),
        last_error=value("last_error"),
        updated_at=value("updated_at"),
        finished_at=value("finished_at"),
    )


_CLAIM = RowsCommand(
    _claim,
    id=_d.id.type,
    attempts=_d.attempts.type,
    tries=_d.tries.type,
    token=_d.lease_token.type,
    lease_until=_d.lease_until.type,
    body=_d.body.type,
)
_CONCLUDE = RowsCommand(
    _conclude,
    id=_d.id.type,
    state=_d.state.type,
    next_attempt_at=_d.next_attempt_at.type,
    last_status=_d.last_status.type,
    last_error=_d.last_error.type,
    updated_at=_d.updated_at.type,
    finished_at=_d.finished_at.type,
)
_RELEASE = RowsCommand(
    lambda value: (
        update(webhook_deliveries)
        .where(_d.id == value("id"), _d.lease_token == value("token"))
        .values(
            state=DeliveryState.PENDING.value,
            next_attempt_at=value("next_attempt_at"),
            attempts=_d.attempts - 1,
            tries=_d.tries - 1,
            lease_token=null(),
            lease_until=null(),
        )
    ),
    id=_d.id.type,
    token=_d.lease_token.type,
    next_attempt_at=_d.next_attempt_at.type,
)
_KEEP_BODY = Command(
    update(webhook_deliveries)
    .where(_d.id == bindparam("of_id", type_=_d.id.type), _d.lease_token == bindparam("token", type_=_d.id.type))
    .values(body=bindparam("new_body", type_=_d.body.type))
)
_HEALTH = Command(
    update(webhook_health)
    .where(_h.endpoint_id == bindparam("of_id", type_=_h.endpoint_id.type))
    .values({name: bindparam(f"new_{name}", type_=_h[name].type) for name in Health._fields})
)
_SKIP = Command(
    update(webhook_deliveries)
    .where(any_of(_d.id, "ids"), _PENDING)
    .values(
        state=DeliveryState.SKIPPED.value,
        next_attempt_at=null(),
        updated_at=bindparam("now", type_=_d.updated_at.type),
        finished_at=bindparam("now", type_=_d.updated_at.type),
    )
)
_EXPIRE_LEASES = Command(
    update(webhook_deliveries).where(SENDING).values(lease_until=bindparam("now", type_=_d.lease_until.type))
)
_AGAIN = Query(
    update(webhook_deliveries)  # type: ignore[arg-type]  # a statement with rows, like a SELECT
    .where(any_of(_d.id, "ids"), _d.state != DeliveryState.SENDING.value)
    .values(
        state=DeliveryState.PENDING.value,
        tries=literal_column("0"),
        next_attempt_at=bindparam("now", type_=_d.next_attempt_at.type),
        updated_at=bindparam("now", type_=_d.updated_at.type),
        finished_at=null(),
    )
    .returning(_d.id),
    lambda values: next(iter(values)),
)


class Lane:
    """Deliveries of one endpoint inside one transaction that holds its health."""

    def __init__(self, reader: InTransaction) -> None:
        self._database = reader.database
        self._connection = reader.connection

    async def claim(self, claims: Sequence[Claim]) -> None:
        """Take these for sending."""
        await _CLAIM.run(self._database, self._connection, [claim._asdict() for claim in claims])

    async def conclude(self, verdicts: Sequence[Verdict]) -> None:
        """Store what became of these; whoever calls holds their leases."""
        await _CONCLUDE.run(self._database, self._connection, [verdict._asdict() for verdict in verdicts])

    async def release(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Give back what was claimed and not sent: `id`, `token`, and when it was due."""
        await _RELEASE.run(self._database, self._connection, rows)

    async def log(self, attempts: Sequence[AttemptRow]) -> None:
        """Keep attempts."""
        writes = WriteSet()
        writes.insert_all(webhook_attempts, [row._asdict() for row in attempts])
        await self._connection.send(writes)

    async def keep_health(self, endpoint_id: UUID, health: Health) -> None:
        """Store how the endpoint is doing."""
        values = {f"new_{name}": value for name, value in health._asdict().items()}
        await _HEALTH.run(self._database, self._connection, of_id=endpoint_id, **values)


async def keep_body(database: Database, delivery_id: UUID, token: UUID, body: bytes) -> bool:
    """Store the bytes of a first attempt before it is made; False when the lease is lost."""
    async with database.transaction() as connection:
        return await _KEEP_BODY.run(database, connection, of_id=delivery_id, token=token, new_body=body) == 1


async def add_deliveries(connection: TransactionConnection, rows: Sequence[DeliveryRow]) -> None:
    """Add deliveries inside the relay's transaction."""
    writes = WriteSet()
    writes.insert_all(webhook_deliveries, [row._asdict() for row in rows])
    await connection.send(writes)


async def skip(database: Database, ids: Sequence[UUID], now: datetime) -> int:
    """Give up deliveries that wait for endpoints nothing is sent to any more."""
    async with database.transaction() as connection:
        return await _SKIP.run(database, connection, ids=list(ids), now=now)


async def expire_leases(database: Database, now: datetime) -> int:
    """End the leases of a process that is gone: only where no other process can live (R-4)."""
    async with database.transaction() as connection:
        return await _EXPIRE_LEASES.run(database, connection, now=now)


class WebhookRepository:
    """Endpoints, secrets and redeliveries inside one unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def add(self, row: EndpointRow) -> HealthRow:
        """Store a new endpoint."""
        health = HealthRow(row.id, **Health()._asdict(), replays=0)
        self._uow.insert(webhook_endpoints, row)
        self._uow.insert(webhook_health, health)
        return health

    def change(self, row: EndpointRow, values: Mapping[str, Any]) -> EndpointRow:
        """Store the next revision; the unit of work is lost when it has another one by now."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(webhook_endpoints, {"id": row.id, "revision": row.revision}, values, guard=True)
        return row._replace(**values)

    def reset_health(self, health: HealthRow) -> HealthRow:
        """Forget past failures."""
        fresh = Health(succeeded_at=health.succeeded_at)._asdict()
        self._uow.update(webhook_health, {"endpoint_id": health.endpoint_id}, fresh)
        return health._replace(**fresh)

    def warned(self, endpoint_id: UUID, at: datetime) -> None:
        """Note that the owner has heard of the failures."""
        self._uow.update(webhook_health, {"endpoint_id": endpoint_id}, {"warned_at": at})

    def count_replay(self, health: HealthRow) -> int:
        """The number of a new replay; the unit of work is lost when somebody else takes it."""
        number = health.replays + 1
        key = {"endpoint_id": health.endpoint_id, "replays": health.replays}
        self._uow.update(webhook_health, key, {"replays": number}, guard=True)
        return number

    def add_secret(self, row: SecretRow) -> None:
        """Store a new secret."""
        self._uow.insert(webhook_secrets, row)

    def end_secret(self, row: SecretRow, at: datetime) -> SecretRow:
        """Let a secret end at a time."""
        self._uow.update(webhook_secrets, {"id": row.id}, {"expires_at": at})
        return row._replace(expires_at=at)

    def remove_secret(self, row: SecretRow) -> None:
        """Forget a secret."""
        self._uow.delete(webhook_secrets, {"id": row.id})

    def remove_secrets(self, endpoint_id: UUID) -> None:
        """Forget all secrets of an endpoint."""
        self._uow.delete(webhook_secrets, {"endpoint_id": endpoint_id})

    def add_deliveries(self, rows: Iterable[DeliveryRow]) -> None:
        """Add deliveries of a replay."""
        self._uow.writes.insert_all(webhook_deliveries, [row._asdict() for row in rows])

    async def send_again(self, ids: Sequence[UUID], now: datetime) -> list[UUID]:
        """Put deliveries at the start of their schedule; those under way are left alone. Locks them."""
        await self._uow.flush()
        return await _AGAIN.all(self._uow, ids=list(ids), now=now)
