"""Users as the operator sees them, and the way into a hub that has no administrator yet (S-51)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from custhub.app import Application
from custhub.features.accounts.queries.people import (
    ADMIN,
    USERS,
    UserRecord,
    locked_administrators,
    user_by_email,
    user_by_id,
)
from custhub.features.accounts.rules import normal_email
from custhub.features.accounts.schemas.bodies import UserCreate
from custhub.features.accounts.service.operator import issue_bootstrap_token
from custhub.features.accounts.service.users import Users, create_user
from custhub.kit.ids import Prefix, from_text, to_text
from custhub.kit.uow import UnitOfWork
from custhub.operator.commands import (
    OPERATOR_PRINCIPAL,
    Arguments,
    Command,
    NoArguments,
    in_unit_of_work,
)
from custhub.operator.refused import CommandRefused

_FIRST_EMAIL = "admin@custhub.local"
_PASSWORD_BYTES = 18
_PAGE = 200


class Credentials(NamedTuple):
    """How the first administrator logs in; the password is stored nowhere but hashed."""

    email: str
    password: str


class AddUser(Arguments):
    """A user; without a password it sets one with the token that comes back."""

    email: str
    name: str
    roles: list[str]
    password: str | None


class NamedUser(Arguments):
    """A user by e-mail address or id."""

    user: str


async def first_administrator(app: Application) -> Credentials | None:
    """Make one in a hub that has none; None where there is one already."""
    if await locked_administrators(app.database):
        return None
    credentials = Credentials(_FIRST_EMAIL, secrets.token_urlsafe(_PASSWORD_BYTES))
    password_hash = await app.accounts.hashing.hash(credentials.password)

    async def work(uow: UnitOfWork) -> bool:
        await uow.flush()
        if await locked_administrators(uow):
            return False
        await create_user(
            uow, email=_FIRST_EMAIL, name="Administrator", role_names=[ADMIN], password_hash=password_hash
        )
        return True

    return credentials if await in_unit_of_work(app, work) else None


async def _bootstrap(app: Application, _: NoArguments) -> Mapping[str, Any]:
    if await locked_administrators(app.database):
        return {"token": None}

    async def work(uow: UnitOfWork) -> str:
        return issue_bootstrap_token(uow)[0]

    return {"token": await in_unit_of_work(app, work)}


async def _add(app: Application, asked: AddUser) -> Mapping[str, Any]:
    body = UserCreate.model_validate(asked.model_dump())

    async def create(uow: UnitOfWork) -> UserRecord:
        return await Users(uow, OPERATOR_PRINCIPAL, app.accounts.hashing).create(body)

    record = await in_unit_of_work(app, create)
    token = None if body.password is not None else await _reset_token(app, record.row.id)
    return {"user": _view(record), "token": token}


async def _list(app: Application, _: NoArguments) -> Mapping[str, Any]:
    users: list[UserRecord] = []
    after = None
    while True:
        page = await USERS.page(app.database, {}, after, _PAGE)
        users += page.items
        if page.after is None:
            return {"users": [_view(record) for record in users]}
        after = list(page.after)


async def _disable(app: Application, asked: NamedUser) -> Mapping[str, Any]:
    found = await _find(app, asked.user)

    async def work(uow: UnitOfWork) -> UserRecord:
        return await Users(uow, OPERATOR_PRINCIPAL, app.accounts.hashing).disable(found.row.id)

    return {"user": _view(await in_unit_of_work(app, work))}


async def _reset_password(app: Application, asked: NamedUser) -> Mapping[str, Any]:
    found = await _find(app, asked.user)
    return {"user": _view(found), "token": await _reset_token(app, found.row.id)}


async def _reset_token(app: Application, user_id: UUID) -> str:
    async def work(uow: UnitOfWork) -> str:
        _, token = await Users(uow, OPERATOR_PRINCIPAL, app.accounts.hashing).reset_password(user_id)
        return token.text

    return await in_unit_of_work(app, work)


async def _find(app: Application, name: str) -> UserRecord:
    try:
        found = await user_by_id(app.database, from_text(Prefix.USER, name))
    except ValueError:
        found = await user_by_email(app.database, normal_email(name))
    if found is None:
        raise CommandRefused("there is no such user; `custhub users list` shows all")
    return found


def _view(record: UserRecord) -> dict[str, Any]:
    return {
        "id": to_text(Prefix.USER, record.row.id),
        "email": record.row.email,
        "name": record.row.name,
        "roles": sorted(role.name for role in record.roles),
        "is_disabled": record.row.is_disabled,
    }


COMMANDS = {
    "hub.bootstrap": Command(NoArguments, _bootstrap),
    "users.add": Command(AddUser, _add),
    "users.list": Command(NoArguments, _list),
    "users.disable": Command(NamedUser, _disable),
    "users.reset-password": Command(NamedUser, _reset_password),
}
