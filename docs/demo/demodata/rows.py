"""One customer of the file: its cells, and what they say once they are understood."""

from __future__ import annotations

from dataclasses import dataclass, field

from demodata.dice import Dice, words
from demodata.names import Name, chinese_firm, chinese_name, firm_abroad, name_abroad
from demodata.numbers import (
    COUNTRIES_ABROAD,
    SPELLINGS,
    Number,
    NumberPlan,
    Written,
    write_abroad,
    write_fixed,
    write_mobile,
)
from demodata.places import PLACES, Place, address_abroad, chinese_address, chinese_postcode

COLUMNS = (
    "source", "external_id", "kind", "display_name", "family_name", "given_name", "company_name", "tax_id", "gender",
    "birthday", "birthday_calendar", "language", "time_zone", "preferred_channel", "stage", "phone", "phone_country",
    "phone2", "email", "country", "address", "postcode", "tags", "note",
)  # fmt: skip


@dataclass(slots=True, eq=False)
class Row:
    """Cells by column, and the truth behind them. `code` is why a hub refuses the row; empty when it takes it."""

    cells: dict[str, str]
    numbers: list[Number] = field(default_factory=list)
    spelling: str = ""
    name: Name | None = None
    district: str = ""
    lunar: bool = False
    sealed: list[str] = field(default_factory=list)
    code: str = ""
    original: Row | None = None


_SOURCES = words("shop|shop|shop|web|web|wechat|wechat|event|phone|partner")
_STAGES = words("lead|lead|prospect|active|active|active|lapsed|former")
_TAGS = words("VIP|老客户|批发|vip|newsletter|老客户;VIP|展会2025|b2b;wholesale|会员|member")
_NOTES = words(
    "喜欢上午联系|对价格敏感|老板推荐|需要开专用发票|不要打电话，请发邮件|prefers e-mail|met at the trade fair|"
    "送货前先联系|过敏：花生"
)
_NOTES_WITH_NUMBER = words("备用电话：{}，找王姐|下午三点后打{}|微信同号 {}|call the office: {}|家里人电话{}，急事可打")
_LANGUAGES = {
    "CN": "zh-CN", "HK": "zh-Hant-HK", "TW": "zh_TW", "US": "en-US", "GB": "en-GB", "DE": "de", "JP": "ja",
    "SG": "en-SG", "BR": "pt-BR",
}  # fmt: skip
_ZONES = {
    "CN": "Asia/Shanghai", "HK": "Asia/Hong_Kong", "TW": "Asia/Taipei", "US": "America/New_York", "GB": "Europe/London",
    "DE": "Europe/Berlin", "JP": "asia/tokyo", "SG": "Asia/Singapore", "BR": "America/Sao_Paulo",
}  # fmt: skip
_MAIL_HOSTS = words("example.com|example.org|example.net|mail.example.com|Example.COM")
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def credit_code(stem: str) -> str:
    """A unified social credit code: 17 characters and their check digit (GB 32100-2015)."""
    total = sum(_CREDIT_ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(stem))
    return stem + _CREDIT_ALPHABET[(31 - total % 31) % 31]


class Register:
    """Writes one valid customer after another."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.plan = NumberPlan(dice)
        self._next_id = 1000

    def person(self) -> Row:
        """Somebody in mainland China."""
        dice, place = self.dice, self.dice.pick(PLACES)
        row = self._row("CN", "")
        row.name = chinese_name(dice)
        self._call(row, row.name)
        if dice.chance(93):
            self.give_mobile(row)
        if dice.chance(6):
            self._second(row, self.plan.fixed(place.area))
        self._birthday(row, chinese=True)
        self._place(row, place, percent=62)
        self._extras(row, f"{row.name.latin.lower().replace(' ', '.').replace('ü', 'v') or 'user'}{dice.digits(2)}")
        return row

    def person_abroad(self) -> Row:
        """Somebody elsewhere."""
        dice, country = self.dice, self.dice.pick(COUNTRIES_ABROAD)
        row = self._row(country, "")
        row.name = name_abroad(country, dice)
        self._call(row, row.name)
        self._foreign_mobile(row, country)
        self._birthday(row, chinese=False)
        self._foreign_place(row, country)
        self._extras(row, f"customer.{row.cells['external_id'][-4:]}")
        return row

    def firm(self) -> Row:
        """An organisation in mainland China."""
        dice, place = self.dice, self.dice.pick(PLACES)
        row = self._row("CN", "organisation")
        row.cells["display_name"], row.cells["company_name"] = chinese_firm(place, dice)
        row.cells["gender"] = ""
        serial = "".join(dice.pick(_CREDIT_ALPHABET) for _ in range(7))
        code = credit_code(f"{dice.pick(('91', '91', '92', '93'))}{place.code}MA{serial}")
        row.cells["tax_id"] = dice.pick((code, code, code.lower(), f"{code[:2]} {code[2:8]} {code[8:]}"))
        extension = str(dice.between(100, 8999)) if dice.chance(45) else None
        self._phone(row, write_fixed(number := self.plan.fixed(place.area, extension), dice), number)
        if dice.chance(25):
            self._second(row, self.plan.mobile())
        self._place(row, place, percent=90)
        self._extras(row, f"sales{dice.digits(3)}")
        return row

    def firm_abroad(self) -> Row:
        """An organisation elsewhere; its tax id has no rule here, for the address says that it is not Chinese."""
        dice, country = self.dice, self.dice.pick(COUNTRIES_ABROAD)
        row = self._row(country, "organisation")
        row.cells["display_name"], row.cells["company_name"] = firm_abroad(country, dice)
        row.cells["gender"] = ""
        row.cells["tax_id"] = f"{country}-{dice.digits(9)}" if dice.chance(60) else ""
        self._foreign_mobile(row, country)
        self._foreign_place(row, country)
        self._extras(row, f"office{dice.digits(3)}")
        return row

    def give_mobile(self, row: Row) -> None:
        """A Chinese mobile as the row's first number, in a spelling by chance; half of all lists are plain."""
        number = self.plan.mobile()
        style = "plain" if self.dice.chance(45) else self.dice.pick(tuple(SPELLINGS))
        self._phone(row, write_mobile(number, style), number)

    def _row(self, country: str, kind: str) -> Row:
        dice = self.dice
        self._next_id += dice.between(1, 3)
        source = dice.pick(_SOURCES)
        cells = dict.fromkeys(COLUMNS, "")
        cells |= {"source": source, "external_id": f"{source[0].upper()}-{self._next_id}", "kind": kind}
        cells["gender"] = dice.pick(("female", "male", "female", "male", "", "other"))
        cells["stage"] = dice.pick(_STAGES)
        if dice.chance(25):
            cells["language"] = _LANGUAGES[country]
        if dice.chance(8):
            cells["time_zone"] = _ZONES[country]
        if dice.chance(12):
            cells["preferred_channel"] = dice.pick(("phone", "sms", "email", "wechat", "none"))
        return Row(cells)

    def _call(self, row: Row, name: Name) -> None:
        row.cells |= {"display_name": name.display, "family_name": name.family, "given_name": name.given}

    def _phone(self, row: Row, written: Written, number: Number) -> None:
        row.cells |= {"phone": written.text, "phone_country": written.country}
        row.numbers, row.spelling = [number], written.style

    def _second(self, row: Row, number: Number) -> None:
        written = write_fixed(number, self.dice) if number.kind == "fixed" else write_mobile(number, "dashed")
        row.cells["phone2"] = written.text
        row.numbers.append(number)

    def _foreign_mobile(self, row: Row, country: str) -> None:
        number = self.plan.mobile(country)
        self._phone(row, write_abroad(number, self.dice.pick(("plus", "compact", "00", "home", "home"))), number)

    def _birthday(self, row: Row, *, chinese: bool) -> None:
        dice = self.dice
        if not dice.chance(45):
            return
        year, month, day = dice.between(1945, 2006), dice.between(1, 12), dice.between(1, 28)
        forms = [f"{year}-{month:02d}-{day:02d}", f"{year}/{month}/{day}", f"--{month:02d}-{day:02d}"]
        if chinese:
            forms += [f"{year}年{month}月{day}日", f"{year}{month:02d}{day:02d}", f"农历{year}年{month}月{day}日"]
        row.cells["birthday"] = dice.pick(forms)
        if chinese and row.cells["birthday"] == forms[0] and dice.chance(25):
            row.cells["birthday_calendar"] = "lunar"
        row.lunar = row.cells["birthday"].startswith("农历") or row.cells["birthday_calendar"] == "lunar"

    def _place(self, row: Row, place: Place, *, percent: int) -> None:
        if not self.dice.chance(percent):
            return
        row.district = place.code
        row.cells["address"] = chinese_address(place, self.dice)
        if self.dice.chance(30):
            row.cells["postcode"] = chinese_postcode(place, self.dice)
        if self.dice.chance(20):
            row.cells["country"] = self.dice.pick(("CN", "中国", "China"))

    def _foreign_place(self, row: Row, country: str) -> None:
        row.cells["country"] = country
        row.cells["address"], row.cells["postcode"] = address_abroad(country, self.dice)

    def _extras(self, row: Row, mailbox: str) -> None:
        dice = self.dice
        if dice.chance(38):
            row.cells["email"] = f"{mailbox}@{dice.pick(_MAIL_HOSTS)}"
        if dice.chance(20):
            row.cells["tags"] = dice.pick(_TAGS)
        if dice.chance(9):
            row.cells["note"] = dice.pick(_NOTES)
        elif dice.chance(4):
            self._number_in(row, "note", dice.pick(_NOTES_WITH_NUMBER))
        elif row.cells["display_name"] and row.district and dice.chance(1):
            self._number_in(row, "display_name", row.cells["display_name"] + "{}")
        elif row.district and dice.chance(2):
            self._number_in(row, "address", row.cells["address"] + "（收件电话{}）")

    def _number_in(self, row: Row, column: str, text: str) -> None:
        style = self.dice.pick(("plain", "dashed", "spaced"))
        row.cells[column] = text.format(write_mobile(self.plan.mobile(), style).text)
        row.sealed.append(column)
