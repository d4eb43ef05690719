"""`custhub token issue`: an access token of the built-in operator client, for scripts."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from custhub.app import Application
from custhub.features.accounts.service.operator import issue_operator_token
from custhub.kit.uow import UnitOfWork
from custhub.operator.commands import Arguments, Command, in_unit_of_work
from custhub.operator.refused import CommandRefused
from custhub.security.roles import ROLES
from custhub.security.scopes import ALL
from custhub.security.tokens import MAX_LIFETIME_SECONDS

EVERY_SCOPE = "all"


class IssueToken(Arguments):
    """A role, or scopes, and how long it lives."""

    role: str | None
    scopes: list[str]
    ttl_seconds: Annotated[int, Field(ge=1, le=MAX_LIFETIME_SECONDS)]


async def _issue(app: Application, asked: IssueToken) -> dict[str, Any]:
    scopes = _of_role(asked.role) if asked.role is not None else _named(asked.scopes)

    roles = [] if asked.role is None else [asked.role]

    async def work(uow: UnitOfWork) -> str:
        return issue_operator_token(uow, app.signer, scopes=scopes, roles=roles, lifetime_seconds=asked.ttl_seconds)

    return {"token": await in_unit_of_work(app, work)}


def _of_role(role: str) -> frozenset[str]:
    if role not in ROLES:
        raise CommandRefused(f"there is no role {role}; there are {', '.join(sorted(ROLES))}")
    return ROLES[role].scopes


def _named(scopes: list[str]) -> frozenset[str]:
    if EVERY_SCOPE in scopes:
        return ALL
    unknown = sorted(set(scopes) - ALL)
    if unknown or not scopes:
        raise CommandRefused(f"there is no scope {', '.join(unknown)}" if unknown else "name a role or a scope")
    return frozenset(scopes)


COMMANDS = {"token.issue": Command(IssueToken, _issue)}
