"""S-49: five failures in 15 minutes lock an account, for 30 seconds at first, for 15 minutes at most."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.features.accounts.rules import FailureStreak, count_failure, lock_seconds_left

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def after(gaps: Sequence[float]) -> tuple[FailureStreak | None, datetime]:
    """The streak after one failure at the end of each gap in seconds, and the time of the last."""
    streak, now = None, START
    for gap in gaps:
        now += timedelta(seconds=gap)
        streak = count_failure(streak, now)
    return streak, now


def test_account_without_failures_is_open() -> None:
    assert lock_seconds_left(None, START) == 0


@pytest.mark.parametrize("failures", [1, 2, 3, 4])
def test_s49_four_failures_do_not_lock(failures: int) -> None:
    streak, now = after([1] * failures)
    assert lock_seconds_left(streak, now) == 0


@pytest.mark.parametrize(
    ("failures", "seconds"), [(5, 30), (6, 60), (7, 120), (8, 240), (9, 480), (10, 900), (11, 900), (10_000, 900)]
)
def test_s49_lock_doubles_from_30_seconds_to_15_minutes(failures: int, seconds: int) -> None:
    assert lock_seconds_left(FailureStreak(failures, START), START) == seconds


def test_s49_each_failure_right_after_a_lock_doubles_the_next() -> None:
    streak, now = after([1] * 5)
    locks = []
    for _ in range(8):
        left = lock_seconds_left(streak, now)
        locks.append(left)
        now += timedelta(seconds=left)
        assert lock_seconds_left(streak, now) == 0
        streak = count_failure(streak, now)
    assert locks == [30, 60, 120, 240, 480, 900, 900, 900]


def test_lock_counts_down_in_whole_seconds_rounded_up() -> None:
    streak = FailureStreak(5, START)
    waited = [(0.001, 30), (1, 29), (29, 1), (29.999, 1), (30, 0), (31, 0)]
    assert [lock_seconds_left(streak, START + timedelta(seconds=s)) for s, _ in waited] == [left for _, left in waited]


def test_s49_failures_15_minutes_apart_never_add_up() -> None:
    streak, now = after([900] * 50)
    assert streak == FailureStreak(1, now)


def test_quiet_time_is_counted_from_the_end_of_the_lock() -> None:
    locked = FailureStreak(10, START)
    assert count_failure(locked, START + timedelta(seconds=900 + 899)).failures == 11
    assert count_failure(locked, START + timedelta(seconds=900 + 900)).failures == 1


def test_clock_set_back_locks_nobody_for_longer() -> None:
    assert lock_seconds_left(FailureStreak(5, START), START - timedelta(days=1)) == 30
    assert lock_seconds_left(FailureStreak(4, START), START - timedelta(days=1)) == 0


@settings(max_examples=200, deadline=None, derandomize=True)
@given(gaps=st.lists(st.floats(0, 1200), min_size=5, max_size=30))
def test_s49_any_five_failures_within_15_minutes_leave_a_lock(gaps: list[float]) -> None:
    streak, now = after(gaps)
    if sum(gaps[-4:]) < 900:
        assert lock_seconds_left(streak, now) >= 30
