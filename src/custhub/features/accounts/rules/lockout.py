"""Failed logins: how long an account waits, how often an address may try (S-49)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

FAILURES_BEFORE_LOCK = 5
FAILURE_WINDOW = timedelta(minutes=15)
FIRST_LOCK_SECONDS = 30
LONGEST_LOCK_SECONDS = 900
ADDRESS_WINDOW = timedelta(minutes=1)
LOGINS_PER_ADDRESS = 20


@dataclass(frozen=True, slots=True)
class FailureStreak:
    """Failed logins of one account in a row, with less than 15 minutes between the end of a lock and the next.

    A success ends the streak: forget it.
    """

    failures: int
    last_failed_at: datetime


def count_failure(streak: FailureStreak | None, now: datetime) -> FailureStreak:
    """The streak after one more failure at `now` (S-49)."""
    if streak is None or now - _unlocked_at(streak) >= FAILURE_WINDOW:
        return FailureStreak(1, now)
    return FailureStreak(streak.failures + 1, now)


def lock_seconds_left(streak: FailureStreak | None, now: datetime) -> int:
    """Whole seconds until another attempt is heard, 0 for at once (S-49).

    The fifth failure locks for 30 s, each further one twice as long, up to 15 minutes.
    """
    if streak is None:
        return 0
    left = math.ceil((_unlocked_at(streak) - now).total_seconds())
    # A clock that was set back must not lock anybody for longer than the rule does.
    return min(max(left, 0), _lock_seconds(streak.failures))


@dataclass(frozen=True, slots=True)
class AddressWindow:
    """Logins from one address in the minute that began at `started_at`."""

    logins: int
    started_at: datetime


def count_address(window: AddressWindow | None, now: datetime) -> AddressWindow:
    """The window after one more login at `now` (S-49). One that began in the future, by a clock set back, is over."""
    if window is None or not timedelta(0) <= now - window.started_at < ADDRESS_WINDOW:
        return AddressWindow(1, now)
    return AddressWindow(window.logins + 1, window.started_at)


def address_seconds_left(window: AddressWindow, now: datetime) -> int:
    """Whole seconds this address must wait after `window` was counted, 0 while it is within 20 a minute."""
    if window.logins <= LOGINS_PER_ADDRESS:
        return 0
    return max(1, math.ceil((window.started_at + ADDRESS_WINDOW - now).total_seconds()))


def _lock_seconds(failures: int) -> int:
    if failures < FAILURES_BEFORE_LOCK:
        return 0
    # The exponent is bounded too: a streak can be as long as an attacker is patient.
    return min(FIRST_LOCK_SECONDS << min(failures - FAILURES_BEFORE_LOCK, 10), LONGEST_LOCK_SECONDS)


def _unlocked_at(streak: FailureStreak) -> datetime:
    return streak.last_failed_at + timedelta(seconds=_lock_seconds(streak.failures))
