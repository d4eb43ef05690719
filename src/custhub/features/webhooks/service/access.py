"""What full bodies are rendered with: the rights of who set the endpoint up (S-67)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from custhub.security.fields import Access as Level
from custhub.security.fields import FieldPolicy, policy
from custhub.security.principal import Principal


@dataclass(frozen=True, slots=True)
class Access:
    """Scopes, and which fields are seen how."""

    scopes: frozenset[str]
    policy: FieldPolicy


class Renderer(Protocol):
    """Shows a resource as it is now, as far as these rights go; None where it is gone or not theirs to read."""

    async def __call__(self, subject_id: UUID, access: Access) -> Mapping[str, Any] | None:
        """The body of the resource."""


def stored(who: Principal) -> dict[str, Any]:
    """The rights of a caller as an endpoint keeps them."""
    return {
        "scopes": sorted(who.scopes),
        "fields": {name: int(level) for name, level in who.policy.access.items()},
        "phone_mask": who.policy.phone_mask,
    }


def access_of(row: Mapping[str, Any]) -> Access:
    """The rights that an endpoint keeps."""
    levels = {name: Level(level) for name, level in row["fields"].items()}
    return Access(frozenset(row["scopes"]), policy(levels, row["phone_mask"]))
