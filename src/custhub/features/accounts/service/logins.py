"""How people prove who they are: passwords, the first administrator, one-time tokens (S-46, S-48 to S-51)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn
from uuid import UUID

from custhub.features.accounts.errors import (
    ExternalUser,
    InvalidBootstrapToken,
    InvalidCredentials,
    InvalidResetToken,
    InvalidTotp,
    LoginRefused,
    MfaRequired,
)
from custhub.features.accounts.events import UserUpdated
from custhub.features.accounts.models import OneTimeTokenRow, UserRow
from custhub.features.accounts.queries.access import one_time_token
from custhub.features.accounts.queries.people import (
    ADMIN,
    UserRecord,
    locked_administrators,
    user_by_email,
    user_by_id,
)
from custhub.features.accounts.queries.standing import user_standing
from custhub.features.accounts.repository import change, revoke_sessions, touch_user, use_up
from custhub.features.accounts.rules import check_password, normal_email, secret_digest, verify_totp
from custhub.features.accounts.schemas.logins import BootstrapRequest
from custhub.features.accounts.service.attempts import Attempts
from custhub.features.accounts.service.authority import require_user
from custhub.features.accounts.service.parts import AccountParts
from custhub.features.accounts.service.rights import HUB_CLIENT
from custhub.features.accounts.service.sessions import Sessions, Tokens, ends_tokens
from custhub.features.accounts.service.users import create_user
from custhub.kit.uow import Actor, Note, UnitOfWork
from custhub.security.principal import Principal


class Logins:
    """Use cases of one request from one network address.

    Passwords are looked at outside any transaction. Then the user's row is locked and must still be the one the
    password was checked against: a change in between wins.
    """

    def __init__(self, parts: AccountParts, uow: UnitOfWork, address: str) -> None:
        self._parts = parts
        self._uow = uow
        self._address = address
        self._attempts = Attempts(parts, uow.request_id)

    async def log_in(self, email: str, password: str, totp_code: str | None) -> Tokens:
        """Begin a session.

        Raises TooManyLogins, AccountLocked, LoginBusy, InvalidCredentials (whatever was wrong), MfaRequired,
        InvalidTotp.
        """
        account = normal_email(email)
        await self._attempts.begin(account, self._address)
        record = await user_by_email(self._parts.database, account)
        user = None if record is None or record.row.is_disabled else record.row
        stored = None if user is None else user.password_hash
        if not await self._parts.hashing.verify(stored, password) or user is None or stored is None:
            await self._refuse(InvalidCredentials(), None if record is None else record.row.id)
        step = await self._second_factor(user, totp_code)
        rehashed = await self._parts.hashing.rehash(stored, password)
        await self._lock(user, step)
        values: dict[str, Any] = {} if step is None else {"totp_last_step": step}
        if rehashed is not None:
            values["password_hash"] = rehashed
        if values:
            touch_user(self._uow, user.id, values)
        self._attempts.succeeded(self._uow, account)
        standing = await user_standing(self._uow, user.id, self._uow.now)
        if standing is None:
            raise InvalidCredentials
        self._uow.actor = Actor("user", user.id, HUB_CLIENT)
        self._uow.audit(Note("login.succeeded", "user", user.id))
        return Sessions(self._parts, self._uow).begin(standing)

    async def bootstrap(self, body: BootstrapRequest) -> UserRecord:
        """The first administrator of a hub without one. Raises InvalidBootstrapToken, PasswordTooWeak, LoginBusy."""
        check_password(body.password)
        token = await self._one_time(body.token, "bootstrap", InvalidBootstrapToken())
        password_hash = await self._parts.hashing.hash(body.password)
        await self._uow.flush()
        if await locked_administrators(self._uow):
            raise InvalidBootstrapToken
        use_up(self._uow, token)
        record = await create_user(
            self._uow, email=body.email, name=body.name, role_names=[ADMIN], password_hash=password_hash
        )
        self._uow.actor = Actor("user", record.row.id, HUB_CLIENT)
        return record

    async def change_password(self, who: Principal, current: str, new: str) -> None:
        """One's own password; every token and session ends. Raises UsersOnly, ExternalUser, InvalidCredentials."""
        check_password(new)
        record = await user_by_id(self._parts.database, require_user(who))
        if record is None or record.row.email is None:
            raise ExternalUser
        user = record.row
        await self._attempts.begin(record.row.email, self._address)
        if not await self._parts.hashing.verify(user.password_hash, current):
            await self._refuse(InvalidCredentials(), user.id)
        hashed = await self._parts.hashing.hash(new)
        await self._lock(user, None)
        self._set_password(user, hashed)
        self._attempts.succeeded(self._uow, record.row.email)
        self._uow.audit(Note("password.changed", "user", user.id))

    async def reset_password(self, token: str, password: str) -> None:
        """A new password by a one-time token. Raises InvalidResetToken, PasswordTooWeak, LoginBusy."""
        check_password(password)
        row = await self._one_time(token, "password", InvalidResetToken())
        hashed = await self._parts.hashing.hash(password)
        await self._uow.flush()
        record = None if row.user_id is None else await user_by_id(self._uow, row.user_id, locking=True)
        if record is None or record.row.is_disabled:
            raise InvalidResetToken
        use_up(self._uow, row)
        user = record.row
        self._uow.actor = Actor("user", user.id, HUB_CLIENT)
        revoke_sessions(self._uow, user.id)
        values = {"password_hash": hashed, **ends_tokens(self._uow.now, user.rights_version)}
        user = change(self._uow, user, values)
        self._uow.emit(UserUpdated(user.id, user.revision, fields=("has_password",)))
        self._uow.audit(Note("password.changed", "user", user.id))

    async def _second_factor(self, user: UserRow, code: str | None) -> int | None:
        """The step of the code; None for an account without second factor. Raises MfaRequired, InvalidTotp."""
        if user.totp_enabled_at is None or user.totp_secret is None:
            return None
        if code is None:
            raise MfaRequired
        secret = await self._parts.vault.open("users", "totp_secret", user.id, user.totp_secret)
        step = verify_totp(secret, code, self._uow.now, user.totp_last_step)
        if step is None:
            await self._refuse(InvalidTotp(), user.id)
        return step

    async def _lock(self, seen: UserRow, step: int | None) -> None:
        """Hold the row that was seen until the commit. Raises InvalidCredentials when it changed, InvalidTotp."""
        await self._uow.flush()
        record = await user_by_id(self._uow, seen.id, locking=True)
        now = None if record is None else record.row
        if now is None or _secrets(now) != _secrets(seen):
            raise InvalidCredentials
        if step is not None and now.totp_last_step >= step:
            raise InvalidTotp

    def _set_password(self, user: UserRow, hashed: str) -> None:
        revoke_sessions(self._uow, user.id)
        values: Mapping[str, Any] = {"password_hash": hashed, **ends_tokens(self._uow.now, user.rights_version)}
        touch_user(self._uow, user.id, values)

    async def _one_time(self, text: str, purpose: str, refusal: LoginRefused) -> OneTimeTokenRow:
        row = await one_time_token(self._parts.database, secret_digest(text), purpose)
        if row is None or row.is_used or row.expires_at <= self._uow.now:
            await self._refuse(refusal, None if row is None else row.user_id)
        return row

    async def _refuse(self, error: LoginRefused, user_id: UUID | None) -> NoReturn:
        """Leave an audit entry that the refusal does not undo."""
        self._uow.audit(Note("login.failed", "user", user_id, reason=error.code, outcome="denied"))
        await self._uow.commit()
        raise error


def _secrets(user: UserRow) -> tuple[Any, ...]:
    """All that a login depends on."""
    return user.password_hash, user.rights_version, user.is_disabled, user.totp_enabled_at, user.totp_secret
