"""Rights asked about in advance: scope, then reach, then field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from custhub.features.accounts.queries.placement import client_exists, role_exists, team_exists, user_exists
from custhub.features.accounts.schemas.checks import AuthorizationCheck
from custhub.features.accounts.service.parts import ObjectKind
from custhub.kit.ids import Prefix, from_text
from custhub.kit.query import Reader
from custhub.security.fields import Field
from custhub.security.principal import Principal
from custhub.security.scopes import ALL

Reason = Literal["scope", "reach", "field", "unknown"]

_FIELDS = frozenset(Field)
_OWN_KINDS = {
    "user": ObjectKind(Prefix.USER, user_exists),
    "team": ObjectKind(Prefix.TEAM, team_exists),
    "role": ObjectKind(Prefix.ROLE, role_exists),
    "client": ObjectKind(Prefix.CLIENT, client_exists),
}


async def decide(
    reader: Reader, who: Principal, kinds: Mapping[str, ObjectKind], asked: AuthorizationCheck
) -> dict[str, Any]:
    """The answer to one question, as its body shows it. `kinds` are the objects of other features."""
    reason = await _reason(reader, who, kinds, asked)
    return {**asked.model_dump(), "allowed": reason is None, "reason": reason}


async def _reason(
    reader: Reader, who: Principal, kinds: Mapping[str, ObjectKind], asked: AuthorizationCheck
) -> Reason | None:
    kind = _OWN_KINDS.get(asked.object_type) or kinds.get(asked.object_type)
    if asked.action not in ALL or kind is None or (asked.field is not None and asked.field not in _FIELDS):
        return "unknown"
    if asked.action not in who.scopes:
        return "scope"
    if asked.object_id is not None:
        try:
            object_id = from_text(kind.prefix, asked.object_id)
        except ValueError:
            return "reach"
        if not await kind.is_reachable(reader, who.reach, object_id):
            return "reach"
    if asked.field is not None:
        reads = asked.action.endswith(":read")
        allowed = who.policy.may_read(asked.field) if reads else asked.field in who.policy.writable
        if not allowed:
            return "field"
    return None
