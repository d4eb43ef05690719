"""Tokens of programs: client credentials, with a ceiling and perhaps an address list (S-47)."""

from __future__ import annotations

from typing import NoReturn
from uuid import UUID

from custhub.features.accounts.errors import InvalidClient
from custhub.features.accounts.queries.access import client_by_id
from custhub.features.accounts.queries.standing import client_standing
from custhub.features.accounts.rules import secret_matches
from custhub.features.accounts.service.parts import AccountParts
from custhub.features.accounts.service.rights import client_scopes
from custhub.features.accounts.service.sessions import Tokens, joined, narrowed
from custhub.kit.ids import Prefix, from_text, to_text
from custhub.kit.uow import Actor, Note, UnitOfWork
from custhub.security.addresses import address_allowed, networks_of
from custhub.security.tokens import ACCESS_TOKEN_SECONDS


async def client_token(
    parts: AccountParts, uow: UnitOfWork, address: str, client_id: str, secret: str, scope: frozenset[str] | None
) -> Tokens:
    """A token of a client that shows its secret. Raises InvalidClient, InvalidScope.

    Unknown, disabled, at the wrong address and with a wrong secret all look the same.
    """
    try:
        key = from_text(Prefix.CLIENT, client_id)
    except ValueError:
        raise InvalidClient from None
    record = await client_by_id(uow, key)
    secrets = () if record is None else record.secrets
    matches = secret_matches(secret, [s.digest for s in secrets if s.expires_at is None or s.expires_at > uow.now])
    if record is None:
        raise InvalidClient
    row = record.row
    if not matches or row.is_disabled or not address_allowed(address, networks_of(row.networks)):
        await _refuse(uow, key)
    client = await client_standing(uow, key)
    if client is None:
        raise InvalidClient
    allowed = client_scopes(client)
    scopes = allowed if scope is None else narrowed(allowed, scope)
    text = to_text(Prefix.CLIENT, key)
    uow.actor = Actor("client", key, text)
    uow.audit(Note("login.succeeded", "client", key))
    access = parts.signer.issue(subject=text, client_id=text, scope=scopes, roles=[client.role.name])
    return Tokens(access, ACCESS_TOKEN_SECONDS, joined(scopes), None)


async def _refuse(uow: UnitOfWork, client_id: UUID) -> NoReturn:
    error = InvalidClient()
    uow.audit(Note("login.failed", "client", client_id, reason=error.code, outcome="denied"))
    await uow.commit()
    raise error
