"""When a job runs again, and when it does not."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from custhub.kit.errors import HubError

#: Leases lost in a row before a job counts as poison (J-7).
MOST_LOST: Final = 3
_FIRST: Final = 15.0
_LONGEST: Final = 6 * 3_600.0
_JITTER: Final = 0.2
#: 2 ** n beyond this is longer than the longest pause anyway.
_DOUBLINGS: Final = 16


def backoff(failures: int) -> timedelta:
    """How long after the n-th failure (from 1) the next attempt comes: 15 s doubled each time, at most 6 h, ±20 %."""
    pause = min(_LONGEST, _FIRST * 2 ** min(failures - 1, _DOUBLINGS))
    return timedelta(seconds=pause * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311  # no secret


def stored_error(error: HubError) -> Mapping[str, Any]:
    """What is kept of a failure: its code, and members that hold no personal data."""
    return {"code": error.code, "members": error.members}
