"""A caller kept for later: a job acts with the rights that its starter had when starting it, no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from custhub.security.fields import Access, policy
from custhub.security.principal import Principal, Quota
from custhub.security.reach import Reach, ReachKind


def kept(who: Principal) -> dict[str, Any]:
    """JSON from which `restored` makes the same caller, without its session and token."""
    params = who.reach.params
    return {
        "kind": who.kind,
        "id": who.id.hex,
        "client_id": who.client_id,
        "name": who.name,
        "scopes": sorted(who.scopes),
        "roles": list(who.roles),
        "fields": {name: int(level) for name, level in who.policy.access.items()},
        "phone_mask": who.policy.phone_mask,
        "reach": who.reach.kind.value,
        "reveals_per_day": who.quota.reveals_per_day,
        "reach_params": {
            "reach_owner": params["reach_owner"].hex,
            "reach_teams": [team.hex for team in params["reach_teams"]],
            "reach_sources": list(params["reach_sources"]),
        }
        if params
        else {},
    }


def restored(standing: Mapping[str, Any]) -> Principal:
    """The caller that was kept."""
    return Principal(
        standing["kind"],
        UUID(standing["id"]),
        standing["client_id"],
        standing["name"],
        frozenset(standing["scopes"]),
        tuple(standing["roles"]),
        policy({name: Access(level) for name, level in standing["fields"].items()}, standing["phone_mask"]),
        _reach(standing),
        quota=Quota(standing["reveals_per_day"]),
    )


def _reach(standing: Mapping[str, Any]) -> Reach:
    params = standing["reach_params"]
    if not params:
        return Reach(ReachKind(standing["reach"]))
    return Reach(
        ReachKind(standing["reach"]),
        {
            "reach_owner": UUID(params["reach_owner"]),
            "reach_teams": [UUID(team) for team in params["reach_teams"]],
            "reach_sources": params["reach_sources"],
        },
    )
