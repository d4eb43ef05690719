"""Birthdays: solar or lunar, with or without a year."""

from __future__ import annotations

import re
import unicodedata
from calendar import isleap, monthrange
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from custhub.features.customers.errors import BirthdayInvalid
from custhub.features.customers.rules import lunar

FIRST_YEAR = 1900
_MAX_RAW = 64


class Calendar(StrEnum):
    """The calendar a birthday is kept in; many Chinese families celebrate by the lunar one."""

    SOLAR = "solar"
    LUNAR = "lunar"


# A date cell of a spreadsheet arrives as its midnight.
_MIDNIGHT = r"(?:[T ]00:00(?::00(?:\.0{1,6})?)?(?:Z|\+00:00)?)?"
_NUMERIC = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_MIDNIGHT}|(\d{{4}})(\d\d)(\d\d)", re.ASCII)
_YEARLESS = re.compile(r"--(\d\d?)-(\d\d?)", re.ASCII)
_SOLAR_WORDS = ("公历", "公曆", "阳历", "陽曆", "新历", "新曆")
_LUNAR_WORDS = ("农历", "農曆", "阴历", "陰曆", "旧历", "舊曆")
_CHINESE = re.compile(r"(?:([0-9〇零○一二三四五六七八九]{4})年 ?)?([闰閏]?)([^月 ]{1,2})月 ?([^日号號 ]{1,3})[日号號]?")
_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_NUMERALS = ("一", "二", "三", "四", "五", "六", "七", "八", "九")
_TENS = ("十", *("十" + one for one in _NUMERALS))
_MONTHS = {
    **{str(month): month for month in range(1, 13)},
    **{f"0{month}": month for month in range(1, 10)},
    **{name: month for month, name in enumerate((*_NUMERALS, *_TENS[:3]), 1)},
}
_LUNAR_MONTHS = {"正": 1, "冬": 11, "腊": 12, "臘": 12}
_DAYS = {
    **{str(day): day for day in range(1, 32)},
    **{f"0{day}": day for day in range(1, 10)},
    **{name: day for day, name in enumerate((*_NUMERALS, *_TENS, *("二" + ten for ten in _TENS), "三十", "三十一"), 1)},
}
_LUNAR_DAYS = {
    **{"初" + name: day for day, name in enumerate((*_NUMERALS, "十"), 1)},
    **{"廿" + name: 20 + day for day, name in enumerate(("", *_NUMERALS))},
    "卅": 30,
}


@dataclass(frozen=True, slots=True)
class Birthday:
    """A valid birthday. `month` and `day` are those of `calendar`; `leap_month` is lunar only."""

    calendar: Calendar
    year: int | None
    month: int
    day: int
    leap_month: bool = False

    @property
    def text(self) -> str:
        """`YYYY-MM-DD`, or `--MM-DD` without a year, in its own calendar."""
        year = "-" if self.year is None else f"{self.year:04d}"
        return f"{year}-{self.month:02d}-{self.day:02d}"

    @property
    def born_on(self) -> date | None:
        """The solar date of birth; None without a year."""
        if self.year is None:
            return None
        if self.calendar is Calendar.SOLAR:
            return date(self.year, self.month, self.day)
        return lunar.solar_date(self.year, self.month, self.day, leap=self.leap_month)

    def next_occurrence(self, today: date) -> date:
        """The first solar date, `today` or later, on which the birthday is kept.

        29 February falls on the 28th in common years and a lunar 30th on the 29th of a short month; a leap month is
        kept in the ordinary month of its number where the year does not repeat it. Works to the end of 2099.
        """
        if self.calendar is Calendar.SOLAR:
            this_year = self._solar_in(today.year)
            return this_year if this_year >= today else self._solar_in(today.year + 1)
        return next(kept for year in range(today.year - 1, today.year + 2) if (kept := self._lunar_in(year)) >= today)

    def _solar_in(self, year: int) -> date:
        leap_day = self.month == 2 and self.day == 29 and not isleap(year)
        return date(year, self.month, 28 if leap_day else self.day)

    def _lunar_in(self, year: int) -> date:
        leap = self.leap_month and lunar.days_in_month(year, self.month, leap=True) > 0
        day = min(self.day, lunar.days_in_month(year, self.month, leap=leap))
        return lunar.solar_date(year, self.month, day, leap=leap) or date.min


def make_birthday(
    month: int,
    day: int,
    *,
    today: date,
    year: int | None = None,
    calendar: Calendar = Calendar.SOLAR,
    leap_month: bool = False,
) -> Birthday:
    """A birthday from its numbers. Raises BirthdayInvalid: no such day, before 1900, after `today`."""
    if calendar is Calendar.SOLAR:
        possible = not leap_month and 1 <= month <= 12 and 1 <= day <= monthrange(year or 2000, month)[1]
    elif year is None:
        possible = 1 <= month <= 12 and 1 <= day <= 30 and (not leap_month or lunar.can_be_leap(month))
    else:
        possible = 1 <= day <= lunar.days_in_month(year, month, leap=leap_month)
    if not possible or (year is not None and not FIRST_YEAR <= year <= today.year):
        raise BirthdayInvalid
    birthday = Birthday(calendar, year, month, day, leap_month)
    born_on = birthday.born_on
    if born_on is not None and born_on > today:
        raise BirthdayInvalid
    return birthday


def parse_birthday(
    text: str, *, today: date, calendar: Calendar = Calendar.SOLAR, leap_month: bool = False
) -> Birthday:
    """A birthday as typed: 1990-05-03, 1990/5/3, 19900503, --05-03, 1990年5月3日, 农历1990年闰五月初三.

    A word for the calendar in the text wins over `calendar`; Chinese numerals of days (初三, 廿一) mean the lunar one.
    Day-first and month-first orders are refused, nobody can tell them apart. Raises BirthdayInvalid.
    """
    if len(text) > _MAX_RAW:
        raise BirthdayInvalid
    text = unicodedata.normalize("NFKC", text).strip()
    if text.startswith(_LUNAR_WORDS):
        calendar, text = Calendar.LUNAR, text[2:].strip()
    elif text.startswith(_SOLAR_WORDS):
        calendar, text = Calendar.SOLAR, text[2:].strip()
    if match := _NUMERIC.fullmatch(text):
        year, month, day = (int(match[group] or match[other]) for group, other in ((1, 5), (3, 6), (4, 7)))
        return make_birthday(month, day, today=today, year=year, calendar=calendar, leap_month=leap_month)
    if match := _YEARLESS.fullmatch(text):
        return make_birthday(int(match[1]), int(match[2]), today=today, calendar=calendar, leap_month=leap_month)
    if match := _CHINESE.fullmatch(text):
        return _from_chinese(match, today, calendar, leap_month=leap_month)
    raise BirthdayInvalid


def _from_chinese(match: re.Match[str], today: date, calendar: Calendar, *, leap_month: bool) -> Birthday:
    year, leap, month_name, day_name = match.groups()
    if leap or month_name in _LUNAR_MONTHS or day_name in _LUNAR_DAYS:
        calendar = Calendar.LUNAR
    month = _MONTHS.get(month_name) or _LUNAR_MONTHS.get(month_name)
    day = _DAYS.get(day_name) or _LUNAR_DAYS.get(day_name)
    if month is None or day is None:
        raise BirthdayInvalid
    return make_birthday(
        month,
        day,
        today=today,
        year=int(year.translate(_DIGITS)) if year else None,
        calendar=calendar,
        leap_month=leap_month or bool(leap),
    )
