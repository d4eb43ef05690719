"""Partners' programs: what they may ask for, from where, with which secrets (S-47, S-67)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from custhub.features.accounts.errors import ClientNotFound, ReferenceUnknown
from custhub.features.accounts.events import (
    ClientCreated,
    ClientDeleted,
    ClientDisabled,
    ClientEnabled,
    ClientSecretRotated,
    ClientUpdated,
)
from custhub.features.accounts.models import ClientRow, ClientSecretRow, RoleRow
from custhub.features.accounts.queries.access import ClientRecord, client_by_id
from custhub.features.accounts.queries.people import roles_by_name
from custhub.features.accounts.repository import (
    add,
    again_when,
    change,
    end_secret,
    references_to,
    remove,
    remove_secrets,
)
from custhub.features.accounts.rules import new_client_secret
from custhub.features.accounts.schemas.answers import etag_of
from custhub.features.accounts.schemas.bodies import ClientCreate, ClientPatch
from custhub.features.accounts.service.authority import check_access, check_scopes
from custhub.kit.ids import new_id
from custhub.kit.revisions import RevisionRequired, check_revision
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.principal import Principal


class ClientSecret(NamedTuple):
    """A client and its new secret in clear."""

    record: ClientRecord
    secret: str


async def create_client(
    uow: UnitOfWork,
    *,
    name: str,
    scopes: Iterable[str],
    role: str | None = None,
    sources: Iterable[str] = (),
    networks: Iterable[str] = (),
    who: Principal | None = None,
) -> ClientSecret:
    """A new client; `who` limits what it may get, None is the operator at the machine.

    Raises ReferenceUnknown, ScopeNotGrantable, AccessNotGrantable.
    """
    given = await _role(uow, role)
    wanted = sorted(set(scopes))
    if who is not None:
        check_scopes(who, wanted)
        if given is not None:
            check_access(who, given)
    secret = new_client_secret()
    row = ClientRow(
        new_id(),
        name,
        wanted,
        None if given is None else given.id,
        list(dict.fromkeys(sources)),
        list(dict.fromkeys(networks)),
        False,
        uow.now,
        uow.now,
        1,
    )
    stored = ClientSecretRow(new_id(), row.id, secret.digest, uow.now, None)
    add(uow, row)
    add(uow, stored)
    again_when(uow, references_to(RoleRow))
    uow.emit(ClientCreated(row.id, row.revision))
    uow.audit(Note("client.created", "client", row.id, fields=["scopes", "role", "sources", "networks"]))
    return ClientSecret(ClientRecord(row, role, (stored,)), secret.text)


class Clients:
    """Use cases of one caller who manages clients."""

    def __init__(self, uow: UnitOfWork, who: Principal) -> None:
        self._uow = uow
        self._who = who

    async def create(self, body: ClientCreate) -> ClientSecret:
        """`create_client` within the caller's own rights."""
        return await create_client(
            self._uow,
            name=body.name,
            scopes=body.scopes,
            role=body.role,
            sources=body.sources,
            networks=body.networks,
            who=self._who,
        )

    async def patch(self, client_id: UUID, body: ClientPatch, if_match: frozenset[int] | None) -> ClientRecord:
        """Change what was sent; it holds within five seconds. Raises StaleRevision, ScopeNotGrantable."""
        sent = body.changes()
        record = await self._get(client_id, if_match)
        if "scopes" in sent:
            sent["scopes"] = sorted(set(sent["scopes"]))
            check_scopes(self._who, set(sent["scopes"]) - set(record.row.scopes))
        if "role" in sent:
            role = await _role(self._uow, sent.pop("role"))
            if role is not None and role.name != record.role:
                check_access(self._who, role)
            record = record._replace(role=None if role is None else role.name)
            sent["role_id"] = None if role is None else role.id
        values = {name: value for name, value in sent.items() if getattr(record.row, name) != value}
        if not values:
            return record
        again_when(self._uow, references_to(RoleRow))
        fields = sorted("role" if name == "role_id" else name for name in values)
        return self._changed(record, values, fields, ClientUpdated, "client.updated")

    async def rotate(self, client_id: UUID, if_match: frozenset[int] | None, overlap_seconds: int) -> ClientSecret:
        """A new secret; the newest one before stays valid for the overlap, all others end now.

        Raises RevisionRequired, StaleRevision.
        """
        if if_match is None:
            raise RevisionRequired
        record = await self._get(client_id, if_match)
        secret, now = new_client_secret(), self._uow.now
        kept: list[ClientSecretRow] = []
        for i, old in enumerate(record.secrets):
            if i + 1 < len(record.secrets) or not overlap_seconds:
                remove(self._uow, old)
                continue
            ends = now + timedelta(seconds=overlap_seconds)
            ends = ends if old.expires_at is None else min(ends, old.expires_at)
            end_secret(self._uow, old, ends)
            kept.append(old._replace(expires_at=ends))
        stored = ClientSecretRow(new_id(), client_id, secret.digest, now, None)
        add(self._uow, stored)
        record = self._changed(record, {}, ["secrets"], ClientSecretRotated, "client.secret_rotated")
        return ClientSecret(record._replace(secrets=(*kept, stored)), secret.text)

    async def disable(self, client_id: UUID) -> ClientRecord:
        """Lock a client out now."""
        record = await self._get(client_id, None)
        if record.row.is_disabled:
            return record
        return self._changed(record, {"is_disabled": True}, ["is_disabled"], ClientDisabled, "client.disabled")

    async def enable(self, client_id: UUID) -> ClientRecord:
        """Let a disabled client in again, by a caller who could make it. Raises ScopeNotGrantable."""
        record = await self._get(client_id, None)
        if not record.row.is_disabled:
            return record
        check_scopes(self._who, record.row.scopes)
        return self._changed(record, {"is_disabled": False}, ["is_disabled"], ClientEnabled, "client.enabled")

    async def delete(self, client_id: UUID, if_match: frozenset[int] | None) -> None:
        """Remove a client and its secrets. Raises ClientNotFound, StaleRevision."""
        record = await self._get(client_id, if_match)
        remove_secrets(self._uow, client_id)
        remove(self._uow, record.row)
        self._uow.emit(ClientDeleted(client_id, record.row.revision + 1))
        self._uow.audit(Note("client.deleted", "client", client_id))

    async def _get(self, client_id: UUID, if_match: frozenset[int] | None) -> ClientRecord:
        record = await client_by_id(self._uow, client_id, locking=self._uow.locking)
        if record is None:
            raise ClientNotFound
        check_revision(if_match, record.row.revision, etag_of(record.row.revision))
        return record

    def _changed(
        self,
        record: ClientRecord,
        values: dict[str, Any],
        fields: list[str],
        event: type[ClientUpdated | ClientSecretRotated | ClientDisabled | ClientEnabled],
        action: str,
    ) -> ClientRecord:
        row = change(self._uow, record.row, values)
        self._uow.emit(event(row.id, row.revision, fields=tuple(fields)))
        self._uow.audit(Note(action, "client", row.id, fields=fields))
        return record._replace(row=row)


async def _role(uow: UnitOfWork, name: str | None) -> RoleRow | None:
    if name is None:
        return None
    role = (await roles_by_name(uow, [name])).get(name)
    if role is None:
        raise ReferenceUnknown("#/role")
    return role
