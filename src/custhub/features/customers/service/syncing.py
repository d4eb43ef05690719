"""Following all customers by the time of their last change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from custhub.features.customers.queries.changes import ChangedRow, changed_customers
from custhub.kit.query import Reader
from custhub.security.reach import Reach

#: A change is stamped when its unit of work begins and seen when that commits: no unit of work takes this long.
SETTLED_AFTER: Final = timedelta(seconds=60)
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Changes(NamedTuple):
    """One page. At its end `after` is None and `synced_until` is where the next walk begins."""

    rows: Sequence[ChangedRow]
    after: tuple[int, str] | None
    synced_until: datetime | None


async def changes_since(
    reader: Reader, reach: Reach, now: datetime, since: datetime | None, after: list[Any] | None, limit: int
) -> Changes:
    """The next changes.

    Within the last minute an older change may still appear behind a younger one. A walk shows those and ends with
    them; the next one begins before them, so that nothing is missed and some changes are told twice.
    """
    since = since or _BEGINNING
    settled = now - SETTLED_AFTER
    rows = await changed_customers(reader, reach, since, after, limit + 1)
    if len(rows) > limit and rows[limit - 1].updated_at < settled:
        return Changes(rows[:limit], rows[limit - 1].key, None)
    return Changes(rows[:limit], None, max(since, settled))
