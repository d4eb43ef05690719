"""The Chinese lunar calendar from 1900 to 2100.

Computed by GB/T 33661-2017 (new moons and solar terms in Beijing time), as tyme4py does, with which a test compares
every month; it equals the conversion tables of the Hong Kong Observatory. The new moons of 28 September 2057,
4 September 2089 and 7 August 2097 fall within minutes of midnight and may yet be announced a day off.
"""

from __future__ import annotations

from datetime import date

FIRST_YEAR = 1900
LAST_YEAR = 2100
_NEW_YEAR_1900 = date(1900, 1, 31)

# One number per year: the leap month (0 for none) in bits 13-16, then one bit per month in calendar order, the first
# month lowest, set for 30 days and clear for 29.
_YEARS = """
116d2 00752 00ea5 0b64a 0064b 00a9b 09556 0056a 00b59 05752 00752 0db25 00b25 00a4b 0b4ab 002ad 0056b 04b69 00da9 0fd92
00e92 00d25 0ba4d 00a56 002b6 095b5 006d4 00ea9 05e92 00e92 0cd26 0052b 00a57 0b2b6 00b5a 006d4 06ec9 00749 0f693 00a93
0052b 0ca5b 00aad 0056a 09b55 00ba4 00b49 05a93 00a95 0f52d 00536 00aad 0b5aa 005b2 00da5 07d4a 00d4a 10a95 00a97 00556
0cab5 00ad5 006d2 08ea5 00ea5 0064a 06c97 00a9b 0f55a 0056a 00b69 0b752 00b52 00b25 0964b 00a4b 114ab 002ad 0056d 0cb69
00da9 00d92 09d25 00d25 15a4d 00a56 002b6 0c5b5 006d5 00ea9 0be92 00e92 00d26 06a56 00a57 114d6 0035a 006d5 0b6c9 00749
00693 0952b 0052b 00a5b 0555a 0056a 0fb55 00ba4 00b49 0ba93 00a95 0052d 08aad 00ab5 135aa 005d2 00da5 0dd4a 00d4a 00c95
0952e 00556 00ab5 055b2 006d2 0cea5 00725 0064b 0ac97 00cab 0055a 06ad6 00b69 17752 00b52 00b25 0da4b 00a4b 004ab 0a55b
005ad 00b6a 05b52 00d92 0fd25 00d25 00a55 0b4ad 004b6 005b5 06daa 00ec9 11e92 00e92 00d26 0ca56 00a57 004d6 086d5 00755
00749 06e93 00693 0f52b 0052b 00a5b 0b55a 0056a 00b65 0974a 00b4a 11a95 00a95 0052d 0caad 00ab5 005aa 08ba5 00da5 00d4a
07c95 00c96 0f94e 00556 00ab5 0b5b2 006d2 00ea5 08e4a 0068b 10c97 004ab 0055b 0cad6 00b6a 00752 09725 00b45 00a8b 0549b
004ab
"""


def _months() -> dict[tuple[int, int, bool], tuple[int, int]]:
    table: dict[tuple[int, int, bool], tuple[int, int]] = {}
    ordinal = _NEW_YEAR_1900.toordinal()
    for year, word in enumerate(_YEARS.split(), FIRST_YEAR):
        number = int(word, 16)
        leap = number >> 13
        order = [(month, False) for month in range(1, 13)]
        if leap:
            order.insert(leap, (leap, True))
        for position, (month, is_leap) in enumerate(order):
            days = 29 + (number >> position & 1)
            table[year, month, is_leap] = (ordinal, days)
            ordinal += days
    return table


# (year, month, leap) -> ordinal of its first day, number of its days
_MONTHS = _months()
_LEAP_MONTHS = frozenset(month for _, month, leap in _MONTHS if leap)


def days_in_month(year: int, month: int, *, leap: bool = False) -> int:
    """29 or 30; 0 when that year has no such month or lies outside the table."""
    return _MONTHS.get((year, month, leap), (0, 0))[1]


def can_be_leap(month: int) -> bool:
    """Whether any year of the table repeats this month."""
    return month in _LEAP_MONTHS


def solar_date(year: int, month: int, day: int, *, leap: bool = False) -> date | None:
    """The solar date of a lunar day; None when the day does not exist or lies outside the table."""
    first, days = _MONTHS.get((year, month, leap), (0, 0))
    return date.fromordinal(first + day - 1) if 1 <= day <= days else None
