"""When a delivery is tried again (W-4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

#: Seconds between attempts, behind the first: 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
DELAYS: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
ATTEMPTS: Final = len(DELAYS) + 1
JITTER: Final = 0.2
LONGEST_WAIT: Final = 86_400.0


def next_delay(tries: int, retry_after: float | None, random: Callable[[], float]) -> float | None:
    """Seconds until the next attempt after `tries` of them, None when that was the last.

    `random` gives 0 to 1; `retry_after` is a floor, up to a day.
    """
    if tries >= ATTEMPTS:
        return None
    delay = DELAYS[max(tries, 1) - 1] * (1 - JITTER + 2 * JITTER * random())
    return delay if retry_after is None else max(delay, min(retry_after, LONGEST_WAIT))


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """What a Retry-After header asks for, in seconds or as a date; None for no or an unreadable one."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:12]), int(LONGEST_WAIT)))
    try:
        at = parsedate_to_datetime(text)
        if at.tzinfo is None:
            at = at.replace(tzinfo=now.tzinfo)
        return max(0.0, (at - now).total_seconds())
    except (ValueError, OverflowError):
        return None
