"""Scopes for a named user until a time: one administrator proposes, another approves (SECURITY, section 3)."""

from __future__ import annotations

from uuid import UUID

from custhub.features.accounts.errors import (
    AdministratorRequired,
    GrantClosed,
    GrantNotFound,
    GrantTooLong,
    ReferenceUnknown,
    SecondAdministratorRequired,
)
from custhub.features.accounts.models import GrantRow
from custhub.features.accounts.queries.people import ADMIN, grant_by_id, user_by_id
from custhub.features.accounts.repository import add, change
from custhub.features.accounts.rules import fits
from custhub.features.accounts.schemas.grants import GrantCreate
from custhub.kit.ids import new_id
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.principal import Principal


class Grants:
    """Use cases of one administrator. Raises AdministratorRequired for anybody else."""

    def __init__(self, uow: UnitOfWork, who: Principal) -> None:
        if who.kind != "operator" and ADMIN not in who.roles:
            raise AdministratorRequired
        self._uow = uow
        self._who = who

    async def propose(self, body: GrantCreate) -> GrantRow:
        """A grant that counts for nothing until it is approved. Raises GrantTooLong, ReferenceUnknown."""
        uow = self._uow
        if not fits(body.scope, body.expires_at, uow.now):
            raise GrantTooLong
        user = await user_by_id(uow, body.user_id)
        if user is None or user.row.is_disabled:
            raise ReferenceUnknown("#/user_id")
        row = GrantRow(
            new_id(),
            body.user_id,
            body.scope,
            body.reason,
            "proposed",
            self._who.id,
            None,
            None,
            None,
            body.expires_at,
            uow.now,
            uow.now,
            1,
        )
        add(uow, row)
        uow.audit(Note("grant.proposed", "grant", row.id, fields=[row.scope]))
        return row

    async def approve(self, grant_id: UUID) -> GrantRow:
        """Let a grant count from now on. Raises GrantClosed, SecondAdministratorRequired."""
        row = await self._get(grant_id)
        if row.state != "proposed" or row.expires_at <= self._uow.now:
            raise GrantClosed
        if self._who.id in (row.proposed_by, row.user_id):
            raise SecondAdministratorRequired
        values = {"state": "approved", "approved_by": self._who.id, "approved_at": self._uow.now}
        row = change(self._uow, row, values)
        self._uow.audit(Note("grant.approved", "grant", row.id, fields=[row.scope]))
        return row

    async def revoke(self, grant_id: UUID) -> GrantRow:
        """Take a grant back; it ends within five seconds. Raises GrantClosed."""
        row = await self._get(grant_id)
        if row.state == "revoked" or row.expires_at <= self._uow.now:
            raise GrantClosed
        row = change(self._uow, row, {"state": "revoked", "revoked_at": self._uow.now})
        self._uow.audit(Note("grant.revoked", "grant", row.id, fields=[row.scope]))
        return row

    async def _get(self, grant_id: UUID) -> GrantRow:
        row = await grant_by_id(self._uow, grant_id, locking=self._uow.locking)
        if row is None:
            raise GrantNotFound
        return row
