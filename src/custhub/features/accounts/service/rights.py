"""What a verified token may do now: token scope ∩ role scopes ∩ client ceiling (S-43)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import cast
from uuid import UUID

from custhub.features.accounts.events import UserCreated
from custhub.features.accounts.models import IDENTITY, IdentityRow, RoleRow
from custhub.features.accounts.queries.standing import (
    ClientStanding,
    HeldRole,
    UserStanding,
    client_standing,
    external_standing,
    is_denied,
    user_standing,
)
from custhub.features.accounts.repository import add_user, new_user
from custhub.kit.clock import Clock
from custhub.kit.db import Database, Violation
from custhub.kit.ids import Prefix, from_text
from custhub.kit.uow import SYSTEM, Actor, Note, UnitOfWork
from custhub.kit.writes import LostRace
from custhub.security.addresses import networks_of
from custhub.security.fields import Access, FieldPolicy, PhoneMask, everything, policy, united
from custhub.security.issuers import ExternalIssuer, ExternalIssuers
from custhub.security.principal import MfaEnrolmentRequired, Principal, Quota
from custhub.security.reach import ALL_ROWS, Reach, scoped
from custhub.security.roles import MFA_ROLES, ROLES
from custhub.security.tokens import Claims, InvalidToken
from custhub.settings import Settings

#: The built-in client behind `custhub token issue`: whoever may read the keyring already holds every right.
OPERATOR = UUID("00000000-0000-7000-8000-00000000c057")
OPERATOR_CLIENT = "operator"
#: The program that people log in to: the hub itself.
HUB_CLIENT = "hub"

OpenUnitOfWork = Callable[[Actor, str], UnitOfWork]

_CLIENT_CHARACTERS = 64
_OPERATOR_POLICY = policy(everything(Access.WRITE), "mask")
_SEEDED_POLICIES = {name: policy(seed.fields, seed.phone_mask) for name, seed in ROLES.items()}


@dataclass(frozen=True, slots=True)
class Effective:
    """What the roles and grants of one user add up to, before a token narrows it."""

    scopes: frozenset[str]
    roles: tuple[str, ...]
    policy: FieldPolicy
    reach: Reach
    quota: Quota
    pending: type[MfaEnrolmentRequired] | None


class AccountRights:
    """Loads the principal behind claims, each in one statement; the edge remembers it for five seconds."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        issuers: ExternalIssuers,
        open_unit_of_work: OpenUnitOfWork,
    ) -> None:
        self._database = database
        self._clock = clock
        self._issuer = settings.issuer
        self._mfa_required = settings.mfa_required
        self._external = issuers.by_name
        self._open = open_unit_of_work

    async def principal(self, claims: Claims) -> Principal:
        """The caller. Raises InvalidToken when its account, its session or the token itself has ended."""
        if claims.iss != self._issuer:
            return await self._of_issuer(claims, self._external[claims.iss])
        if claims.client_id == OPERATOR_CLIENT:
            return await self._of_operator(claims)
        try:
            if claims.sub.startswith(Prefix.USER):
                return await self._of_user(claims, from_text(Prefix.USER, claims.sub))
            return await self._of_client(claims, from_text(Prefix.CLIENT, claims.sub))
        except ValueError:
            raise InvalidToken from None

    async def _of_user(self, claims: Claims, user_id: UUID) -> Principal:
        if claims.sid is None or claims.pv is None:
            raise InvalidToken
        session_id, now = UUID(claims.sid), self._clock.now()
        user = await user_standing(
            self._database, user_id, now, session_id=session_id, token=token_digest(claims.iss, claims.jti)
        )
        if (
            user is None
            or user.is_disabled
            or user.token_denied
            or user.session_revoked is not False
            or user.session_ends_at is None
            or user.session_ends_at <= now
            or claims.pv < user.rights_version
            # Within the second of the cut, the version above tells before from after.
            or (user.tokens_not_before is not None and claims.iat < int(user.tokens_not_before.timestamp()))
        ):
            raise InvalidToken
        rights = effective(user, mfa_required=self._mfa_required)
        return _principal(user, rights, rights.scopes & claims.scope, HUB_CLIENT, claims, session_id)

    async def _of_issuer(self, claims: Claims, issuer: ExternalIssuer) -> Principal:
        names = sorted({issuer.roles[group] for group in claims.groups if group in issuer.roles})
        if not names:
            raise InvalidToken
        user = await self._external_user(claims, names)
        if user is None:
            await self._welcome(claims)
            user = await self._external_user(claims, names)
        if (
            user is None
            or user.is_disabled
            or user.token_denied
            or not user.roles
            # These tokens carry no version: one of the very second of the cut is refused, too.
            or (user.tokens_not_before is not None and claims.iat <= int(user.tokens_not_before.timestamp()))
        ):
            raise InvalidToken
        # The second factor is the issuer's business: it is who asked for a password.
        rights = effective(user, mfa_required=False)
        scopes = rights.scopes if issuer.scopes == "roles" else rights.scopes & claims.scope
        return _principal(user, rights, scopes, claims.client_id[:_CLIENT_CHARACTERS], claims, None)

    async def _external_user(self, claims: Claims, names: list[str]) -> UserStanding | None:
        token = token_digest(claims.iss, claims.jti)
        return await external_standing(self._database, claims.iss, claims.sub, names, self._clock.now(), token)

    async def _welcome(self, claims: Claims) -> None:
        """A row for somebody seen for the first time, so that others can name him; it gives no right."""
        uow = self._open(SYSTEM, "oidc")
        user = new_user(uow.now, email=None, name=(claims.name or claims.sub)[:200])
        add_user(uow, user, (), IdentityRow(claims.iss, claims.sub, user.id))
        uow.emit(UserCreated(user.id, user.revision))
        uow.audit(Note("user.created", "user", user.id, fields=["identity"]))
        try:
            await uow.commit()
        except (Violation, LostRace) as error:
            if isinstance(error, Violation) and error.constraint != IDENTITY:
                raise  # anything but another call that was first, or keys that changed: the next one tries again

    async def _of_client(self, claims: Claims, client_id: UUID) -> Principal:
        client = await client_standing(self._database, client_id, token_digest(claims.iss, claims.jti))
        if client is None or client.is_disabled or client.token_denied:
            raise InvalidToken
        return Principal(
            "client",
            client.id,
            claims.sub,
            client.name,
            client_scopes(client) & claims.scope,
            (client.role.name,),
            policy_of(client.role),
            ALL_ROWS if client.has_role and client.role.reach == "all" else scoped(sources=client.sources),
            token=token_digest(claims.iss, claims.jti),
            quota=Quota(client.role.reveals_per_day or None),
            networks=networks_of(client.networks),
        )

    async def _of_operator(self, claims: Claims) -> Principal:
        if await is_denied(self._database, token_digest(claims.iss, claims.jti)):
            raise InvalidToken
        known = [_SEEDED_POLICIES[role] for role in claims.roles if role in ROLES]
        return Principal(
            "operator",
            OPERATOR,
            OPERATOR_CLIENT,
            OPERATOR_CLIENT,
            claims.scope,
            claims.roles,
            united(known) if known else _OPERATOR_POLICY,
            ALL_ROWS,
            token=token_digest(claims.iss, claims.jti),
        )


def token_digest(issuer: str, token_id: str) -> bytes:
    """The hash under which a denied token is stored and found."""
    return sha256(f"{issuer}\0{token_id}".encode()).digest()


def client_scopes(client: ClientStanding) -> frozenset[str]:
    """The ceiling of a client; a role of its own narrows it."""
    ceiling = frozenset(client.scopes)
    return ceiling & frozenset(client.role.scopes) if client.has_role else ceiling


def effective(user: UserStanding, *, mfa_required: bool) -> Effective:
    """What a user's roles and grants add up to; nothing while a required second factor is missing (S-50)."""
    names = tuple(sorted(role.name for role in user.roles))
    scopes = user.granted.union(*(role.scopes for role in user.roles))
    pending = mfa_required and user.totp_enabled_at is None and not MFA_ROLES.isdisjoint(names)
    reveals = max((role.reveals_per_day for role in user.roles), default=0)
    return Effective(
        frozenset() if pending else scopes,
        names,
        united(map(policy_of, user.roles)),
        _reach(user),
        Quota(reveals or None),
        MfaEnrolmentRequired if pending else None,
    )


def _reach(user: UserStanding) -> Reach:
    kinds = {role.reach for role in user.roles}
    if "all" in kinds:
        return ALL_ROWS
    team_ids: Iterable[UUID] = ()
    if "team_tree" in kinds:
        team_ids = user.team_ids
    elif "own_team" in kinds and user.team_id is not None:
        team_ids = (user.team_id,)
    return scoped(owner=user.id if kinds & {"team_tree", "own_team"} else None, teams=team_ids)


def policy_of(role: HeldRole | RoleRow) -> FieldPolicy:
    """The field policy that one role gives."""
    access = {field: Access[level.upper()] for field, level in role.fields.items()}
    return policy(access, cast(PhoneMask, role.phone_mask))


def _principal(
    user: UserStanding, rights: Effective, scopes: frozenset[str], client_id: str, claims: Claims, session: UUID | None
) -> Principal:
    return Principal(
        "user",
        user.id,
        client_id,
        user.name,
        scopes,
        rights.roles,
        rights.policy,
        rights.reach,
        session_id=session,
        token=token_digest(claims.iss, claims.jti),
        quota=rights.quota,
        pending=rights.pending,
    )
