"""The tree of teams."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID


def would_cycle(parents: Mapping[UUID, UUID | None], team_id: UUID, parent_id: UUID) -> bool:
    """Whether `team_id` would stand below itself under this parent. `parents` are all teams as they stand now."""
    seen: set[UUID] = set()
    current: UUID | None = parent_id
    while current is not None and current not in seen:
        if current == team_id:
            return True
        seen.add(current)
        current = parents.get(current)
    return False
