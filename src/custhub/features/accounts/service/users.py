"""Users: made, changed, disabled, given back (S-43, S-44, S-67)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from custhub.features.accounts.errors import (
    EmailTaken,
    ExternalUser,
    LastAdministrator,
    ReferenceUnknown,
    UserNotFound,
)
from custhub.features.accounts.events import UserCreated, UserDisabled, UserEnabled, UserUpdated
from custhub.features.accounts.models import EMAIL, OneTimeTokenRow, RoleRow, TeamRow
from custhub.features.accounts.queries import reachable_team
from custhub.features.accounts.queries.people import (
    ADMIN,
    NamedRole,
    UserRecord,
    locked_administrators,
    roles_by_name,
    user_by_id,
)
from custhub.features.accounts.repository import (
    add,
    add_user,
    again_when,
    change,
    change_roles,
    new_user,
    references_to,
    revoke_sessions,
)
from custhub.features.accounts.rules import RESET_TOKEN_SECONDS, new_reset_token
from custhub.features.accounts.schemas.answers import etag_of
from custhub.features.accounts.schemas.bodies import UserCreate, UserPatch
from custhub.features.accounts.service.authority import check_power, check_roles
from custhub.features.accounts.service.hashing import HashingDesk
from custhub.features.accounts.service.sessions import ends_tokens
from custhub.kit.revisions import check_revision
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.principal import Principal


class ResetToken(NamedTuple):
    """What sets a new password once."""

    text: str
    expires_at: datetime


async def create_user(
    uow: UnitOfWork,
    *,
    email: str,
    name: str,
    role_names: Iterable[str],
    password_hash: str | None,
    team_id: UUID | None = None,
    who: Principal | None = None,
) -> UserRecord:
    """A new user; `who` limits what may be given, None is the operator at the machine.

    `email` is in its normal form, `password_hash` from the hashing desk. Raises ReferenceUnknown, ScopeNotGrantable,
    AccessNotGrantable; EmailTaken shows at commit.
    """
    given = await roles_named(uow, role_names)
    if who is not None:
        check_roles(who, given, None)
        await _check_team(uow, who, team_id)
    row = new_user(uow.now, email=email, name=name, team_id=team_id)._replace(password_hash=password_hash)
    add_user(uow, row, [role.id for role in given])
    uow.on_violation(EMAIL, _email_taken)
    again_when(uow, references_to(RoleRow) + references_to(TeamRow))
    uow.emit(UserCreated(row.id, row.revision))
    uow.audit(Note("user.created", "user", row.id, fields=["email", "name", "roles"]))
    return UserRecord(row, None, tuple(NamedRole(row.id, role.id, role.name) for role in given))


async def roles_named(uow: UnitOfWork, names: Iterable[str]) -> list[RoleRow]:
    """The roles of a body, each once. Raises ReferenceUnknown."""
    wanted = list(dict.fromkeys(names))
    found = await roles_by_name(uow, wanted)
    for i, name in enumerate(wanted):
        if name not in found:
            raise ReferenceUnknown(f"#/roles/{i}")
    return [found[name] for name in wanted]


class Users:
    """Use cases of one caller who manages users."""

    def __init__(self, uow: UnitOfWork, who: Principal, hashing: HashingDesk) -> None:
        self._uow = uow
        self._who = who
        self._hashing = hashing

    async def create(self, body: UserCreate) -> UserRecord:
        """`create_user` within the caller's own rights. Raises PasswordTooWeak, LoginBusy, too."""
        # Hashed before anything is read: no transaction may wait for it.
        password_hash = None if body.password is None else await self._hashing.hash(body.password)
        return await create_user(
            self._uow,
            email=body.email,
            name=body.name,
            role_names=body.roles,
            password_hash=password_hash,
            team_id=body.team_id,
            who=self._who,
        )

    async def patch(self, user_id: UUID, body: UserPatch, if_match: frozenset[int] | None) -> UserRecord:
        """Change what was sent. Raises StaleRevision, LastAdministrator and what giving roles can raise."""
        sent = body.changes()
        if "roles" in sent:
            # Before the user's own row, as everywhere: two rows in one order cannot deadlock.
            await self._hold_administrators()
        record = await self._get(user_id)
        check_revision(if_match, record.row.revision, etag_of(record.row.revision))
        if sent.get("team_id") is not None:
            await _check_team(self._uow, self._who, sent["team_id"])
        if "email" in sent and sent["email"] != record.row.email:
            self._require_own(record)
            await self._check_power(record)
            self._uow.on_violation(EMAIL, _email_taken)
        values = {n: v for n, v in sent.items() if n != "roles" and getattr(record.row, n) != v}
        given = None
        if "roles" in sent:
            given, extra = await self._roles(record, sent["roles"])
            values |= extra
        fields = sorted({*values} & set(sent))
        if given is not None and {role.id for role in given} != {role.id for role in record.roles}:
            fields = sorted({*fields, "roles"})
        if not fields:
            return record
        again_when(self._uow, references_to(RoleRow) + references_to(TeamRow))
        return self._changed(record, values, fields, given)

    async def disable(self, user_id: UUID) -> UserRecord:
        """Lock a user out now. Raises LastAdministrator."""
        administrators = await self._hold_administrators()
        record = await self._get(user_id)
        if record.row.is_disabled:
            return record
        await self._check_power(record)
        if administrators <= 1 and _is_administrator(record):
            raise LastAdministrator
        revoke_sessions(self._uow, user_id)
        row = change(
            self._uow, record.row, {"is_disabled": True, **ends_tokens(self._uow.now, record.row.rights_version)}
        )
        self._uow.emit(UserDisabled(row.id, row.revision))
        self._uow.audit(Note("user.disabled", "user", row.id, fields=["is_disabled"]))
        return record._replace(row=row)

    async def enable(self, user_id: UUID) -> UserRecord:
        """Let a disabled user log in again, by a caller who could give it its roles."""
        record = await self._get(user_id)
        if not record.row.is_disabled:
            return record
        await self._check_power(record)
        row = change(self._uow, record.row, {"is_disabled": False})
        self._uow.emit(UserEnabled(row.id, row.revision))
        self._uow.audit(Note("user.enabled", "user", row.id, fields=["is_disabled"]))
        return record._replace(row=row)

    async def reset_password(self, user_id: UUID) -> tuple[UserRecord, ResetToken]:
        """Take the password away and give a one-time token for the next. Raises ExternalUser."""
        record = await self._get(user_id)
        self._require_own(record)
        await self._check_power(record)
        token = new_reset_token()
        expires_at = self._uow.now + timedelta(seconds=RESET_TOKEN_SECONDS)
        add(self._uow, OneTimeTokenRow(token.digest, "password", user_id, False, self._uow.now, expires_at))
        revoke_sessions(self._uow, user_id)
        values = {"password_hash": None, **ends_tokens(self._uow.now, record.row.rights_version)}
        record = self._changed(record, values, ["has_password"], None, action="password.reset")
        return record, ResetToken(token.text, expires_at)

    async def reset_totp(self, user_id: UUID) -> UserRecord:
        """Take a lost second factor away; every login of the user ends."""
        record = await self._get(user_id)
        self._require_own(record)
        await self._check_power(record)
        revoke_sessions(self._uow, user_id)
        values = {"totp_secret": None, "totp_enabled_at": None, **ends_tokens(self._uow.now, record.row.rights_version)}
        return self._changed(record, values, ["mfa_enabled"], None, action="totp.reset")

    async def revoke_all(self, user_id: UUID) -> UserRecord:
        """End every login of a user."""
        record = await self._get(user_id)
        revoke_sessions(self._uow, user_id)
        values = ends_tokens(self._uow.now, record.row.rights_version)
        return self._changed(record, values, [], None, action="sessions.revoked")

    async def _get(self, user_id: UUID) -> UserRecord:
        record = await user_by_id(self._uow, user_id, locking=self._uow.locking)
        if record is None:
            raise UserNotFound
        return record

    async def _hold_administrators(self) -> int:
        await self._uow.flush()
        return await locked_administrators(self._uow)

    async def _roles(self, record: UserRecord, names: Sequence[str]) -> tuple[list[RoleRow], dict[str, object]]:
        """The new roles, and the columns that end tokens when one is taken away (S-44)."""
        self._require_own(record)
        await self._check_power(record)
        given = await roles_named(self._uow, names)
        old = {role.id for role in record.roles}
        new = {role.id for role in given}
        check_roles(self._who, [role for role in given if role.id not in old], record.row.id)
        if not old - new:
            return given, {}
        lost_admin = _is_administrator(record) and ADMIN not in {role.name for role in given}
        if lost_admin and not record.row.is_disabled and await locked_administrators(self._uow) <= 1:
            raise LastAdministrator
        return given, ends_tokens(self._uow.now, record.row.rights_version)

    def _changed(
        self,
        record: UserRecord,
        values: dict[str, Any],
        fields: Collection[str],
        given: Sequence[RoleRow] | None,
        action: str = "user.updated",
    ) -> UserRecord:
        row = change(self._uow, record.row, values)
        if given is not None:
            change_roles(self._uow, row.id, [role.id for role in record.roles], [role.id for role in given])
            record = record._replace(roles=tuple(NamedRole(row.id, role.id, role.name) for role in given))
        self._uow.emit(UserUpdated(row.id, row.revision, fields=tuple(fields)))
        self._uow.audit(Note(action, "user", row.id, fields=list(fields)))
        return record._replace(row=row)

    def _require_own(self, record: UserRecord) -> None:
        if record.issuer is not None:
            raise ExternalUser

    async def _check_power(self, record: UserRecord) -> None:
        held = await roles_by_name(self._uow, [role.name for role in record.roles])
        check_power(self._who, held.values(), record.row.id)


def _is_administrator(record: UserRecord) -> bool:
    return any(role.name == ADMIN for role in record.roles)


async def _check_team(uow: UnitOfWork, who: Principal, team_id: UUID | None) -> None:
    if team_id is not None and not await reachable_team(uow, who.reach, team_id):
        raise ReferenceUnknown("#/team_id")


async def _email_taken() -> EmailTaken:
    return EmailTaken()
