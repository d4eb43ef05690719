"""What the operator at the machine does: the way in to a new hub, tokens for commands, housekeeping."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from custhub.features.accounts.models import OneTimeTokenRow
from custhub.features.accounts.repository import add, purge
from custhub.features.accounts.rules import BOOTSTRAP_TOKEN_SECONDS, new_bootstrap_token
from custhub.features.accounts.service.rights import OPERATOR, OPERATOR_CLIENT
from custhub.kit.uow import Actor, Note, UnitOfWork
from custhub.security.tokens import ACCESS_TOKEN_SECONDS, TokenSigner

#: Who acts in a unit of work of a command.
OPERATOR_ACTOR = Actor("operator", OPERATOR, OPERATOR_CLIENT)
_KEPT = timedelta(days=1)


def issue_bootstrap_token(uow: UnitOfWork) -> tuple[str, datetime]:
    """The one-time token of the first administrator, and when it ends (S-51). Shown once, stored as a hash."""
    token = new_bootstrap_token()
    expires_at = uow.now + timedelta(seconds=BOOTSTRAP_TOKEN_SECONDS)
    add(uow, OneTimeTokenRow(token.digest, "bootstrap", None, False, uow.now, expires_at))
    uow.audit(Note("bootstrap.issued", "hub", None))
    return token.text, expires_at


def issue_operator_token(
    uow: UnitOfWork,
    signer: TokenSigner,
    *,
    scopes: Iterable[str],
    roles: Iterable[str] = (),
    lifetime_seconds: int = ACCESS_TOKEN_SECONDS,
) -> str:
    """An access token with exactly these scopes, seeing fields as these built-in roles do, audited.

    Raises ValueError for a lifetime beyond an hour.
    """
    wanted = sorted(set(scopes))
    token = signer.issue(
        subject=OPERATOR_CLIENT,
        client_id=OPERATOR_CLIENT,
        scope=wanted,
        roles=list(roles),
        lifetime_seconds=lifetime_seconds,
    )
    uow.audit(Note("operator_token.issued", "hub", OPERATOR, fields=wanted))
    return token


async def clean_up(uow: UnitOfWork) -> None:
    """Delete what ended more than a day ago: sessions, tokens, secrets, counters of logins."""
    await purge(uow, uow.now - _KEPT)
    await uow.commit()
