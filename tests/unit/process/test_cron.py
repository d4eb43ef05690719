"""Cron lines in zones of the world, through changes of clocks (J-8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from custhub.jobs.schedules import Schedule, last_fire


def fires(cron: str, zone: str, start: str, end: str) -> list[str]:
    """Every fire between two times in UTC, found as a scheduler finds them: looking every five minutes."""
    now, last = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, start))
    found: list[str] = []
    while now <= datetime.fromisoformat(end).replace(tzinfo=UTC):
        due = last_fire(cron, zone, now, last)
        if due is not None:
            last = due
            found.append(due.strftime("%d %H:%M"))
        now += timedelta(minutes=5)
    return found


def test_j08_a_local_time_that_is_skipped_fires_at_the_next_valid_instant() -> None:
    # Berlin, 29 March 2026: 02:00 becomes 03:00, which is 01:00 UTC.
    assert fires("30 2 * * *", "Europe/Berlin", "2026-03-28", "2026-03-31") == ["28 01:30", "29 01:00", "30 00:30"]


def test_j08_a_local_time_that_comes_twice_fires_once() -> None:
    # Berlin, 25 October 2026: 03:00 becomes 02:00; 02:30 is at 00:30 and at 01:30 UTC.
    assert fires("30 2 * * *", "Europe/Berlin", "2026-10-24", "2026-10-27") == ["24 00:30", "25 00:30", "26 01:30"]


def test_j08_lines_of_elapsed_time_neither_miss_nor_repeat() -> None:
    found = fires("0 * * * *", "Europe/Berlin", "2026-10-24T22:30", "2026-10-25T03:30")
    assert found == ["24 23:00", "25 00:00", "25 01:00", "25 02:00", "25 03:00"]


def test_j08_midnight_that_does_not_exist_fires_at_the_first_instant_of_the_day() -> None:
    # Beirut, 29 March 2026: 00:00 becomes 01:00, which is 22:00 UTC of the day before.
    assert fires("0 0 * * *", "Asia/Beirut", "2026-03-28T12:00", "2026-03-29T12:00") == ["28 22:00"]


def test_j08_missed_fires_become_one() -> None:
    long_ago, now = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, 12, 7, tzinfo=UTC)
    due = last_fire("*/10 * * * *", "Asia/Shanghai", now, long_ago)
    assert due == datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    assert last_fire("*/10 * * * *", "Asia/Shanghai", now, due) is None


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("0 9 * * MON", datetime(2026, 2, 23, 1, tzinfo=UTC)),
        ("0 9 1 * *", datetime(2026, 2, 1, 1, tzinfo=UTC)),
        ("0 9 1 6 *", datetime(2025, 6, 1, 1, tzinfo=UTC)),
        ("0 9 29 2 *", datetime(2024, 2, 29, 1, tzinfo=UTC)),
        ("0 9 L * *", datetime(2026, 1, 31, 1, tzinfo=UTC)),
    ],
)
def test_a_rare_line_is_found_however_long_ago_it_was(cron: str, expected: datetime) -> None:
    assert last_fire(cron, "Asia/Shanghai", datetime(2026, 2, 27, tzinfo=UTC)) == expected


@pytest.mark.parametrize(
    ("cron", "zone"),
    [("0 9 * *", "UTC"), ("* * * * * *", "UTC"), ("61 * * * *", "UTC"), ("0 9 * * *", "Mars/Olympus"), ("", "UTC")],
)
def test_a_line_or_a_zone_that_cannot_be_read_ends_the_start(cron: str, zone: str) -> None:
    with pytest.raises(ValueError, match=r"five fields|no such"):
        Schedule("name", "kind", cron, zone)
