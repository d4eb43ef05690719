"""Scopes that come to a named user for a while, and not with a role (SECURITY, section 3)."""

from __future__ import annotations

from datetime import datetime, timedelta

#: What can be granted, and for how long at most. Numbers leave in bulk for a day at most.
LONGEST: dict[str, timedelta] = {
    "exports:pii": timedelta(hours=24),
    "phones:reveal": timedelta(days=30),
}


def fits(scope: str, expires_at: datetime, now: datetime) -> bool:
    """Whether a grant of this scope may run from now until then."""
    return now < expires_at <= now + LONGEST[scope]
