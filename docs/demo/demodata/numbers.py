"""Made-up phone numbers, and the ways people write one.

Every number is valid in its numbering plan and drawn by chance. American ones come from 555-0100 to 555-0199, which
are kept for fiction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from demodata.dice import Dice

_FULL_WIDTH = str.maketrans("0123456789+", "０１２３４５６７８９＋")
_NO_BREAK_SPACE, _ZERO_WIDTH_SPACE = "\u00a0", "\u200b"

_CHINESE_MOBILE_STARTS = (
    "130 131 132 133 134 135 136 137 138 139 145 147 150 151 152 153 155 156 157 158 159 162 165 166 167 170 171 173 "
    "175 176 177 178 180 181 182 183 184 185 186 187 188 189 190 191 193 195 196 197 198 199"
)


@dataclass(frozen=True, slots=True)
class Number:
    """One number: its calling code with `+`, its national digits, and what it is."""

    country: str
    calling_code: str
    national: str
    kind: str
    extension: str | None = None

    @property
    def e164(self) -> str:
        """The form without any freedom of spelling."""
        return self.calling_code + self.national

    @property
    def shared(self) -> bool:
        """Whether several customers may have it: a fixed line, or an extension behind a switchboard."""
        return self.kind == "fixed" or self.extension is not None


@dataclass(frozen=True, slots=True)
class Written:
    """A number as it stands in a cell. `country` is needed where the text does not say it itself."""

    text: str
    style: str
    country: str = ""


def _groups(national: str, glue: str) -> str:
    return glue.join((national[:3], national[3:7], national[7:]))


#: How people write a Chinese mobile: name of the spelling -> from eleven digits to text.
SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda n: n,
    "spaced": lambda n: _groups(n, " "),
    "dashed": lambda n: _groups(n, "-"),
    "plus_86": lambda n: f"+86 {_groups(n, ' ')}",
    "0086": lambda n: f"0086-{_groups(n, '-')}",
    "86": lambda n: f"86 {n}",
    "full_width": lambda n: n.translate(_FULL_WIDTH),
    "brackets": lambda n: f"(+86){n}",
    "invisible": lambda n: f"{_ZERO_WIDTH_SPACE}{_groups(n, _NO_BREAK_SPACE)}",
    "tel_uri": lambda n: f"tel:+86-{_groups(n, '-')}",
}

#: Xiamen, Nanning, Urumqi.
_SEVEN_DIGIT_AREAS = ("592", "771", "991")

#: Country -> calling code, how a mobile starts, how many digits follow, how it is dialled at home.
_ABROAD: dict[str, tuple[str, str, int, str]] = {
    "HK": ("+852", "512 531 546 594 612 634 651 691 912 934 961 972", 5, "XXXX XXXX"),
    "TW": ("+886", "910 921 932 953 966 978 988", 6, "0XXX-XXX-XXX"),
    "US": (
        "+1",
        " ".join(f"{area}55501" for area in (202, 206, 212, 303, 305, 312, 404, 415, 512, 617)),
        2,
        "(XXX) XXX-XXXX",
    ),
    "GB": ("+44", "711 725 734 738", 7, "0XXXX XXXXXX"),
    "DE": ("+49", "151 152 157 170 176", 8, "0XXX XXXXXXXX"),
    "JP": ("+81", "706 708 801 805 806 902 905 907 909", 7, "0XX-XXXX-XXXX"),
    "SG": ("+65", "82 85 91 93 96", 6, "XXXX XXXX"),
    "BR": ("+55", "1198 2199 3198 4199 5198 6199 7198 8199", 7, "(XX) XXXXX-XXXX"),
}
COUNTRIES_ABROAD = tuple(_ABROAD)


class NumberPlan:
    """Draws numbers and never the same twice."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._drawn: set[str] = set()

    def mobile(self, country: str = "CN") -> Number:
        """A mobile number of `country`."""
        calling_code, starts, more, _ = _ABROAD.get(country, ("+86", _CHINESE_MOBILE_STARTS, 8, ""))
        # North America does not tell mobiles from fixed lines.
        kind = "fixed_or_mobile" if country == "US" else "mobile"
        return self._new(country, calling_code, starts.split(), more, kind)

    def fixed(self, area: str, extension: str | None = None) -> Number:
        """A Chinese fixed line in `area` (`755`, without the leading zero)."""
        local = 7 if area in _SEVEN_DIGIT_AREAS else 8
        number = self._new("CN", "+86", [area + first for first in "568"], local - 1, "fixed")
        return Number(number.country, number.calling_code, number.national, "fixed", extension)

    def _new(self, country: str, calling_code: str, starts: list[str], more: int, kind: str) -> Number:
        while True:
            number = Number(country, calling_code, self._dice.pick(starts) + self._dice.digits(more), kind)
            if number.e164 not in self._drawn:
                self._drawn.add(number.e164)
                return number


def write_mobile(number: Number, style: str) -> Written:
    """A Chinese mobile in one of `SPELLINGS`."""
    return Written(SPELLINGS[style](number.national), style)


def write_fixed(number: Number, dice: Dice) -> Written:
    """A Chinese fixed line; its area code has two digits behind the zero, or three."""
    cut = 2 if number.national.startswith(("10", "2")) else 3
    area, local = number.national[:cut], number.national[cut:]
    text = dice.pick(
        (f"0{area}-{local}", f"(0{area}) {local[:4]} {local[4:]}", f"+86 {area} {local}", f"0{area}{local}")
    )
    if number.extension is not None:
        text += dice.pick(("转{}", " 转 {}", " ext. {}", "分机{}")).format(number.extension)
    return Written(text, "fixed")


def write_abroad(number: Number, style: str) -> Written:
    """A number from outside mainland China: `compact`, `plus`, `00` or, with its country beside it, `home`."""
    code, digits = number.calling_code, number.national
    if style == "home":
        pattern = _ABROAD[number.country][3]
        for digit in digits:
            pattern = pattern.replace("X", digit, 1)
        return Written(pattern, style, number.country)
    if style == "00":
        return Written(f"00{code[1:]} {digits}", style)
    return Written(
        f"{code}{digits}" if style == "compact" else f"{code} {digits[:2]} {digits[2:6]} {digits[6:]}".strip(), style
    )


def brazilian_before_2016(number: Number) -> Written:
    """A Brazilian mobile without the ninth digit that it got in 2016: old lists still have it so."""
    return Written(f"+55 {number.national[:2]} {number.national[3:]}", "old")
