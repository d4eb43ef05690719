"""Birthdays: solar or lunar, typed in many ways, kept every year."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.features.customers.errors import BirthdayInvalid
from custhub.features.customers.rules import Birthday, Calendar, make_birthday, parse_birthday

TODAY = date(2026, 11, 22)
SOLAR, LUNAR = Calendar.SOLAR, Calendar.LUNAR


@pytest.mark.parametrize(
    ("typed", "birthday"),
    [
        ("1990-05-03", Birthday(SOLAR, 1990, 5, 3)),
        ("1990-5-3", Birthday(SOLAR, 1990, 5, 3)),
        ("1990/05/03", Birthday(SOLAR, 1990, 5, 3)),
        ("1990.5.3", Birthday(SOLAR, 1990, 5, 3)),
        ("19900503", Birthday(SOLAR, 1990, 5, 3)),
        (" １９９０－０５－０３ ", Birthday(SOLAR, 1990, 5, 3)),
        ("1990-05-03 00:00:00", Birthday(SOLAR, 1990, 5, 3)),
        ("1990-05-03T00:00:00Z", Birthday(SOLAR, 1990, 5, 3)),
        ("1990年5月3日", Birthday(SOLAR, 1990, 5, 3)),
        ("一九九〇年五月三日", Birthday(SOLAR, 1990, 5, 3)),
        ("5月3号", Birthday(SOLAR, None, 5, 3)),
        ("--05-03", Birthday(SOLAR, None, 5, 3)),
        ("--02-29", Birthday(SOLAR, None, 2, 29)),
        ("2000-02-29", Birthday(SOLAR, 2000, 2, 29)),
        ("1900-01-01", Birthday(SOLAR, 1900, 1, 1)),
        ("2026-11-22", Birthday(SOLAR, 2026, 11, 22)),
        ("十二月三十一日", Birthday(SOLAR, None, 12, 31)),
        ("农历1990-05-30", Birthday(LUNAR, 1990, 5, 30)),
        ("农历1990年闰五月初三", Birthday(LUNAR, 1990, 5, 3, leap_month=True)),
        ("1990年閏五月廿一", Birthday(LUNAR, 1990, 5, 21, leap_month=True)),
        ("农历八月十五", Birthday(LUNAR, None, 8, 15)),
        ("腊月廿三", Birthday(LUNAR, None, 12, 23)),
        ("正月初十", Birthday(LUNAR, None, 1, 10)),
        ("冬月三十", Birthday(LUNAR, None, 11, 30)),
        ("公历1990年5月3日", Birthday(SOLAR, 1990, 5, 3)),
    ],
)
def test_birthday_as_typed(typed: str, birthday: Birthday) -> None:
    assert parse_birthday(typed, today=TODAY) == birthday


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "yesterday",
        "1899-12-31",
        "2026-11-23",
        "2027-01-01",
        "2023-02-29",
        "--02-30",
        "1990-13-01",
        "1990-00-10",
        "1990-01-00",
        "--13-01",
        "05/03/1990",
        "3.5.1990",
        "90-05-03",
        "1990-05/03",
        "1990-05",
        "1990",
        "05-03",
        "1990-05-03 12:00",
        "农历1990年六月三十一",
        "农历1990年闰六月初一",
        "农历1990年闰五月三十",
        "农历2026年十月十五",
        "十三月初一",
        "闰正月初一",
        "x" * 1_000,
        "1990-05-03Z",
        "٣٠٣٠-01-01",
    ],
)
def test_what_is_no_birthday_is_refused(typed: str) -> None:
    with pytest.raises(BirthdayInvalid):
        parse_birthday(typed, today=TODAY)


def test_calendar_and_leap_month_may_come_beside_the_text() -> None:
    assert parse_birthday("1990-05-03", today=TODAY, calendar=LUNAR, leap_month=True).born_on == date(1990, 6, 25)
    with pytest.raises(BirthdayInvalid):
        parse_birthday("1990-05-03", today=TODAY, leap_month=True)


def test_lunar_birthday_after_today_is_refused_by_its_solar_date() -> None:
    assert parse_birthday("农历2026年十月十四", today=TODAY).born_on == TODAY
    with pytest.raises(BirthdayInvalid):
        make_birthday(10, 15, today=TODAY, year=2026, calendar=LUNAR)


@pytest.mark.parametrize(
    ("birthday", "today", "occurrence"),
    [
        (Birthday(SOLAR, 1990, 5, 3), date(2026, 5, 3), date(2026, 5, 3)),
        (Birthday(SOLAR, 1990, 5, 3), date(2026, 5, 4), date(2027, 5, 3)),
        (Birthday(SOLAR, 2000, 2, 29), date(2026, 3, 1), date(2027, 2, 28)),
        (Birthday(SOLAR, None, 2, 29), date(2027, 3, 1), date(2028, 2, 29)),
        (Birthday(SOLAR, None, 12, 31), date(2026, 12, 31), date(2026, 12, 31)),
        (Birthday(LUNAR, None, 8, 15), date(2026, 1, 1), date(2026, 9, 25)),
        (Birthday(LUNAR, None, 8, 15), date(2026, 9, 26), date(2027, 9, 15)),
        (Birthday(LUNAR, None, 12, 23), date(2026, 1, 1), date(2026, 2, 10)),
        # 2026 has twelve months of which the twelfth has 30 days; that of 2027 has 29.
        (Birthday(LUNAR, None, 12, 30), date(2028, 1, 1), date(2028, 1, 25)),
        # A leap sixth month comes in 2025 and not in 2026.
        (Birthday(LUNAR, None, 6, 1, leap_month=True), date(2025, 7, 1), date(2025, 7, 25)),
        (Birthday(LUNAR, None, 6, 1, leap_month=True), date(2026, 1, 1), date(2026, 7, 14)),
        (Birthday(LUNAR, None, 1, 1), date(2099, 12, 31), date(2100, 2, 9)),
    ],
)
def test_next_occurrence(birthday: Birthday, today: date, occurrence: date) -> None:
    assert birthday.next_occurrence(today) == occurrence


DAYS = st.dates(date(1900, 1, 31), TODAY)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(DAYS, st.dates(date(1990, 1, 1), date(2099, 12, 31)), st.booleans())
def test_solar_birthday_comes_back_within_a_year_and_its_text_reads_back(born: date, today: date, keep: bool) -> None:
    birthday = make_birthday(born.month, born.day, today=TODAY, year=born.year if keep else None)
    assert parse_birthday(birthday.text, today=TODAY) == birthday
    assert birthday.born_on == (born if keep else None)
    assert today <= birthday.next_occurrence(today) < today + timedelta(days=367)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.integers(1, 12), st.integers(1, 30), st.booleans(), st.dates(date(1990, 1, 1), date(2099, 12, 31)))
def test_lunar_birthday_comes_back_within_thirteen_months(month: int, day: int, leap: bool, today: date) -> None:
    try:
        birthday = make_birthday(month, day, today=TODAY, calendar=LUNAR, leap_month=leap)
    except BirthdayInvalid:
        assert leap
        return
    assert parse_birthday(birthday.text, today=TODAY, calendar=LUNAR, leap_month=leap) == birthday
    assert today <= birthday.next_occurrence(today) <= today + timedelta(days=386 + 30)
