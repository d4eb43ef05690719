"""The lunar table against an independent computation and against dates everyone in China knows."""

from __future__ import annotations

from datetime import date

import pytest
from tyme4py.lunar import LunarYear

from custhub.features.customers.rules.lunar import FIRST_YEAR, LAST_YEAR, can_be_leap, days_in_month, solar_date


def test_every_month_equals_the_computed_calendar() -> None:
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        months = LunarYear.from_year(year).get_months()
        for month in months:
            number = month.get_month()
            assert days_in_month(year, number, leap=month.is_leap()) == month.get_day_count()
            first = month.get_first_julian_day().get_solar_day()
            expected = date(first.get_year(), first.get_month(), first.get_day())
            assert solar_date(year, number, 1, leap=month.is_leap()) == expected
        assert sum(days_in_month(year, number, leap=True) > 0 for number in range(1, 13)) == len(months) - 12


@pytest.mark.parametrize(
    ("year", "month", "day", "solar"),
    [
        (1900, 1, 1, date(1900, 1, 31)),
        (1949, 8, 10, date(1949, 10, 1)),
        (1978, 8, 15, date(1978, 9, 17)),
        (2000, 1, 1, date(2000, 2, 5)),
        (2013, 5, 5, date(2013, 6, 12)),
        (2024, 8, 15, date(2024, 9, 17)),
        (2026, 1, 1, date(2026, 2, 17)),
        (2030, 1, 1, date(2030, 2, 3)),
        (2057, 9, 1, date(2057, 9, 29)),
    ],
)
def test_known_festivals(year: int, month: int, day: int, solar: date) -> None:
    assert solar_date(year, month, day) == solar


def test_days_that_do_not_exist_have_no_date() -> None:
    assert solar_date(2026, 6, 1, leap=True) is None
    assert solar_date(2027, 12, 30) is None
    assert solar_date(2026, 1, 0) is None
    assert solar_date(1899, 1, 1) is None
    assert days_in_month(2101, 1) == 0


def test_the_first_and_twelfth_month_are_never_repeated_in_these_years() -> None:
    assert [month for month in range(1, 13) if not can_be_leap(month)] == [1, 12]
