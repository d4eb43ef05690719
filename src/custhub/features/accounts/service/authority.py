"""Who may give which rights to whom: nobody grants what he lacks (S-67)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from custhub.features.accounts.errors import AccessNotGrantable, ScopeNotGrantable, UsersOnly
from custhub.features.accounts.models import RoleRow
from custhub.features.accounts.rules import LONGEST
from custhub.features.accounts.service.rights import policy_of
from custhub.security.fields import united
from custhub.security.principal import Principal
from custhub.security.reach import ReachKind

#: Scopes that administrators lack themselves and hand out with the built-in roles that have them, never to
#: themselves: an administrator who could give nobody `phones:reveal` could not employ a salesperson.
_HANDED_ON = frozenset(LONGEST)


def require_user(who: Principal) -> UUID:
    """The id of the person who calls. Raises UsersOnly for a client or an operator."""
    if who.kind != "user":
        raise UsersOnly
    return who.id


def check_scopes(who: Principal, scopes: Iterable[str]) -> None:
    """Raise ScopeNotGrantable unless the caller has all of these now."""
    missing = set(scopes) - who.scopes
    if missing:
        raise ScopeNotGrantable(missing)


def check_roles(who: Principal, given: Sequence[RoleRow], to: UUID | None) -> None:
    """Whether the caller may give these roles to a user (None for one that is just made).

    Raises ScopeNotGrantable, AccessNotGrantable.
    """
    missing: set[str] = set()
    for role in given:
        lacking = set(role.scopes) - who.scopes
        missing |= lacking - _HANDED_ON if role.is_builtin and to != who.id else lacking
    if missing:
        raise ScopeNotGrantable(missing)
    for role in given:
        check_access(who, role)


def check_access(who: Principal, role: RoleRow) -> None:
    """Raise AccessNotGrantable when a role shows rows or fields that the caller does not see."""
    more_rows = role.reach == "all" and who.reach.kind is not ReachKind.ALL
    # Equal policies are one object: a union that adds nothing is the caller's own.
    if more_rows or united([who.policy, policy_of(role)]) is not who.policy:
        raise AccessNotGrantable


def check_power(who: Principal, held: Iterable[RoleRow], over: UUID) -> None:
    """Whether the caller may take over this user's account, as who sets its password could.

    Raises ScopeNotGrantable when the user may do what the caller may not.
    """
    if over == who.id:
        return
    missing = {scope for role in held for scope in role.scopes} - who.scopes - _HANDED_ON
    if missing:
        raise ScopeNotGrantable(missing)
