"""Clients with their secrets, sessions, counters and one-time tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select

from custhub.features.accounts.models import (
    ClientRow,
    ClientSecretRow,
    LoginCounterRow,
    OneTimeTokenRow,
    SessionRow,
    client_secrets,
    clients,
    login_counters,
    one_time_tokens,
    roles,
    sessions,
    spent_refresh_tokens,
)
from custhub.features.accounts.queries.listing import Listing
from custhub.kit.nested import children, reader
from custhub.kit.query import Query, Reader, any_of

_WIDTH = len(ClientRow._fields)
_read_secrets = reader(client_secrets, ClientSecretRow._make)


class ClientRecord(NamedTuple):
    """A client with the name of its role and its secrets, the newest last."""

    row: ClientRow
    role: str | None
    secrets: tuple[ClientSecretRow, ...]


def _record(values: Iterable[Any]) -> ClientRecord:
    values = list(values)
    return ClientRecord(ClientRow._make(values[:_WIDTH]), values[_WIDTH], _read_secrets(values[_WIDTH + 1]))


_CLIENT = select(
    clients, roles.c.name, children(client_secrets, clients.c.id, "client_id").label("secrets")
).select_from(clients.outerjoin(roles, roles.c.id == clients.c.role_id))
_BY_ID = _CLIENT.where(clients.c.id == bindparam("id"))
_CLIENT_BY_ID = Query(_BY_ID, _record)
_CLIENT_LOCKED = Query(_BY_ID.with_for_update(of=clients, key_share=True), _record)
CLIENTS = Listing(_CLIENT, clients.c.id, _record, lambda record: record.row.id, {})

_SESSION = select(sessions).where(sessions.c.token_digest == bindparam("digest"))
_SESSION_BY_TOKEN = Query(_SESSION, SessionRow._make)
_SESSION_LOCKED = Query(_SESSION.with_for_update(key_share=True), SessionRow._make)
_SPENT_FOR = Query(
    select(sessions)
    .join(spent_refresh_tokens, spent_refresh_tokens.c.session_id == sessions.c.id)
    .where(spent_refresh_tokens.c.digest == bindparam("digest")),
    SessionRow._make,
)
_COUNTERS_LOCKED = Query(
    select(login_counters)
    .where(any_of(login_counters.c.key, "keys"))
    .order_by(login_counters.c.key)
    .with_for_update(key_share=True),
    LoginCounterRow._make,
)
_ONE_TIME = Query(
    select(one_time_tokens).where(
        one_time_tokens.c.digest == bindparam("digest"), one_time_tokens.c.purpose == bindparam("purpose")
    ),
    OneTimeTokenRow._make,
)


async def client_by_id(reader: Reader, client_id: UUID, *, locking: bool = False) -> ClientRecord | None:
    """One client, its row locked when asked for."""
    return await (_CLIENT_LOCKED if locking else _CLIENT_BY_ID).first(reader, id=client_id)


async def session_by_token(reader: Reader, digest: bytes, *, locking: bool = False) -> SessionRow | None:
    """The session whose newest refresh token this is."""
    return await (_SESSION_LOCKED if locking else _SESSION_BY_TOKEN).first(reader, digest=digest)


async def session_of_spent(reader: Reader, digest: bytes) -> SessionRow | None:
    """The session that this refresh token belonged to before it was used."""
    return await _SPENT_FOR.first(reader, digest=digest)


async def locked_counters(reader: Reader, keys: Sequence[bytes]) -> dict[bytes, LoginCounterRow]:
    """The counters of these keys, held until the transaction ends."""
    return {row.key: row for row in await _COUNTERS_LOCKED.all(reader, keys=list(keys))}


async def one_time_token(reader: Reader, digest: bytes, purpose: str) -> OneTimeTokenRow | None:
    """A one-time token, used or not."""
    return await _ONE_TIME.first(reader, digest=digest, purpose=purpose)
