"""Logins and their tokens: begun, continued, ended (S-42, S-44, S-45)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from custhub.features.accounts.errors import InvalidGrant, InvalidScope, UsersOnly
from custhub.features.accounts.models import DeniedTokenRow, SessionRow
from custhub.features.accounts.queries.access import session_by_token, session_of_spent
from custhub.features.accounts.queries.standing import UserStanding, is_denied, user_standing
from custhub.features.accounts.repository import add, again_when, revoke_session, rotate
from custhub.features.accounts.rules import new_refresh_token, secret_digest
from custhub.features.accounts.service.parts import AccountParts
from custhub.features.accounts.service.rights import HUB_CLIENT, effective, token_digest
from custhub.kit.ids import Prefix, new_id, to_text
from custhub.kit.uow import Actor, Note, UnitOfWork
from custhub.security.principal import Principal
from custhub.security.tokens import ACCESS_TOKEN_SECONDS, LEEWAY_SECONDS, MAX_LIFETIME_SECONDS, InvalidToken

SLIDING = timedelta(days=14)
ABSOLUTE = timedelta(days=30)


class Tokens(NamedTuple):
    """What a caller gets; `scope` is what the access token carries."""

    access_token: str
    expires_in: int
    scope: str
    refresh_token: str | None


class Sessions:
    """Use cases of one request around login sessions."""

    def __init__(self, parts: AccountParts, uow: UnitOfWork) -> None:
        self._parts = parts
        self._uow = uow

    def begin(self, user: UserStanding) -> Tokens:
        """A new login with its first two tokens."""
        now, token = self._uow.now, new_refresh_token()
        session = SessionRow(new_id(), user.id, token.digest, False, now, now, now + SLIDING, now + ABSOLUTE)
        add(self._uow, session)
        return self._tokens(user, session, token.text, None)

    async def continue_(self, refresh_token: str, scope: frozenset[str] | None) -> Tokens:
        """New tokens for a refresh token, which is used up. Raises InvalidGrant, InvalidScope.

        A token that comes a second time ends the whole login: one of the two who hold it is a thief.
        """
        uow = self._uow
        digest = secret_digest(refresh_token)
        session = await session_by_token(uow, digest, locking=uow.locking)
        if session is None:
            await self._reused(digest)
            raise InvalidGrant
        if session.is_revoked or min(session.expires_at, session.ends_at) <= uow.now:
            raise InvalidGrant
        user = await user_standing(uow, session.user_id, uow.now)
        if user is None or user.is_disabled:
            raise InvalidGrant
        uow.actor = Actor("user", user.id, HUB_CLIENT)
        token = new_refresh_token()
        tokens = self._tokens(user, session, token.text, scope)
        # Last: nothing that is refused may use the old one up.
        rotate(uow, session, token.digest, min(uow.now + SLIDING, session.ends_at))
        return tokens

    async def end(self, who: Principal) -> None:
        """Log out: the session of this token ends; a person of another issuer has none, so the token itself ends.

        Raises UsersOnly for a program: its token ends at the revocation endpoint.
        """
        if who.session_id is not None:
            revoke_session(self._uow, who.session_id)
            self._uow.audit(Note("session.ended", "user", who.id))
        elif who.kind == "user":
            await self._deny(who.token)
        else:
            raise UsersOnly

    async def revoke(self, token: str) -> None:
        """End a refresh token with its login, or one access token; anything else is no news (RFC 7009)."""
        uow = self._uow
        if token.startswith("chr_"):
            session = await session_by_token(uow, secret_digest(token))
            if session is not None and not session.is_revoked:
                uow.actor = Actor("user", session.user_id, HUB_CLIENT)
                revoke_session(uow, session.id)
                uow.audit(Note("session.ended", "user", session.user_id))
            return
        try:
            claims = self._parts.verifier.verify(token)
        except InvalidToken:
            return
        await self._deny(token_digest(claims.iss, claims.jti))

    async def _reused(self, digest: bytes) -> None:
        stolen = await session_of_spent(self._uow, digest)
        if stolen is None or stolen.is_revoked:
            return
        self._uow.actor = Actor("user", stolen.user_id, HUB_CLIENT)
        revoke_session(self._uow, stolen.id)
        self._uow.audit(Note("token.reused", "user", stolen.user_id, outcome="denied"))
        # The refusal that follows must not undo it.
        await self._uow.commit()

    async def _deny(self, digest: bytes) -> None:
        if await is_denied(self._uow, digest):
            return
        ends = self._uow.now + timedelta(seconds=MAX_LIFETIME_SECONDS + 2 * LEEWAY_SECONDS)
        add(self._uow, DeniedTokenRow(digest, ends))
        again_when(self._uow, ["pk_denied_tokens"])

    def _tokens(
        self, user: UserStanding, session: SessionRow, refresh_token: str, scope: frozenset[str] | None
    ) -> Tokens:
        rights = effective(user, mfa_required=self._parts.settings.mfa_required)
        scopes = rights.scopes if scope is None else narrowed(rights.scopes, scope)
        access = self._parts.signer.issue(
            subject=to_text(Prefix.USER, user.id),
            client_id=HUB_CLIENT,
            scope=scopes,
            roles=rights.roles,
            auth_time=int(session.created_at.timestamp()),
            session=session.id.hex,
            rights_version=user.rights_version,
        )
        return Tokens(access, ACCESS_TOKEN_SECONDS, joined(scopes), refresh_token)


def narrowed(allowed: frozenset[str], asked: frozenset[str]) -> frozenset[str]:
    """The scopes asked for. Raises InvalidScope for one that is not allowed."""
    if not asked <= allowed:
        raise InvalidScope
    return asked


def joined(scopes: Iterable[str]) -> str:
    """The `scope` member of a token answer."""
    return " ".join(sorted(scopes))


def ends_tokens(now: datetime, rights_version: int) -> dict[str, object]:
    """The columns of a user that end every token out so far (S-44)."""
    return {"tokens_not_before": now.replace(microsecond=0), "rights_version": rights_version + 1}
