"""The second factor of a person: set up, confirmed, removed (S-50)."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from custhub.features.accounts.errors import ExternalUser, InvalidTotp, MfaAlreadyEnabled, MfaNotStarted
from custhub.features.accounts.events import UserUpdated
from custhub.features.accounts.models import UserRow
from custhub.features.accounts.queries.people import user_by_id
from custhub.features.accounts.repository import change, touch_user
from custhub.features.accounts.rules import new_totp_secret, totp_uri, verify_totp
from custhub.features.accounts.service.attempts import Attempts
from custhub.features.accounts.service.authority import require_user
from custhub.features.accounts.service.parts import AccountParts
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.principal import Principal


class Enrolment(NamedTuple):
    """What an authenticator app needs, in both forms."""

    secret: str
    uri: str


class SecondFactor:
    """Use cases of one person about the own second factor."""

    def __init__(self, parts: AccountParts, uow: UnitOfWork, who: Principal, address: str) -> None:
        self._parts = parts
        self._uow = uow
        self._who = who
        self._address = address

    async def start(self) -> Enrolment:
        """A new seed; it counts for nothing until a code confirms it. Raises MfaAlreadyEnabled, ExternalUser."""
        user_id = require_user(self._who)
        secret = new_totp_secret()
        sealed = await self._parts.vault.seal("users", "totp_secret", user_id, secret)
        user = await self._locked(user_id)
        if user.totp_enabled_at is not None:
            raise MfaAlreadyEnabled
        touch_user(self._uow, user_id, {"totp_secret": sealed})
        self._uow.audit(Note("totp.started", "user", user_id))
        uri = totp_uri(secret, user.email or user.name, "custhub")
        return Enrolment(b32encode(secret).decode().rstrip("="), uri)

    async def confirm(self, code: str) -> None:
        """Switch it on with a first code. Raises MfaNotStarted, MfaAlreadyEnabled, InvalidTotp."""
        user = await self._locked(require_user(self._who))
        if user.totp_enabled_at is not None:
            raise MfaAlreadyEnabled
        step = await self._step(user, code)
        self._switch(user, {"totp_enabled_at": self._uow.now, "totp_last_step": step}, "totp.enabled")

    async def remove(self, code: str) -> None:
        """Switch it off with a last code. Raises MfaNotStarted, InvalidTotp, AccountLocked."""
        user_id = require_user(self._who)
        attempts = Attempts(self._parts, self._uow.request_id)
        account = f"totp\0{user_id.hex}"
        await attempts.begin(account, self._address)
        user = await self._locked(user_id)
        if user.totp_enabled_at is None:
            raise MfaNotStarted
        step = await self._step(user, code)
        attempts.succeeded(self._uow, account)
        values = {"totp_secret": None, "totp_enabled_at": None, "totp_last_step": step}
        self._switch(user, values, "totp.removed")

    async def _locked(self, user_id: UUID) -> UserRow:
        await self._uow.flush()
        record = await user_by_id(self._uow, user_id, locking=True)
        if record is None or record.issuer is not None:
            raise ExternalUser
        return record.row

    async def _step(self, user: UserRow, code: str) -> int:
        if user.totp_secret is None:
            raise MfaNotStarted
        secret = await self._parts.vault.open("users", "totp_secret", user.id, user.totp_secret)
        step = verify_totp(secret, code, self._uow.now, user.totp_last_step)
        if step is None:
            raise InvalidTotp
        return step

    def _switch(self, user: UserRow, values: Mapping[str, object], action: str) -> None:
        row = change(self._uow, user, values)
        self._uow.emit(UserUpdated(row.id, row.revision, fields=("mfa_enabled",)))
        self._uow.audit(Note(action, "user", row.id, fields=["mfa_enabled"]))
