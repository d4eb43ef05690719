"""What is wrong in the file: every kind of row a hub must refuse, and some it must not."""

from __future__ import annotations

from collections.abc import Callable

from demodata.dice import Dice, words
from demodata.numbers import SPELLINGS, NumberPlan, Written, brazilian_before_2016, write_abroad, write_mobile
from demodata.rows import Register, Row, credit_code

_NO_NUMBER = words(
    "1381234567|138123456789|128 1234 5678|+86 100 1234 5678|不详|见名片|138-1234-567X|+999 123 4567|00000000000|"
    "0755-123|+1 555 0100|同上|+44 1|1234"
)
_NO_MAILBOX = words(
    "li.na@|@example.com|li na@example.com|li.na@example|li..na@example.com|li.na@@example.com|www.example.com|"
    "li.na@example..com|li.na#example.com|li.na@-example.com|暂无邮箱"
)
_NO_BIRTHDAY = words(
    "1990-02-30|1985-13-01|2001-02-29|1899-12-31|2999-01-01|31/12/1990|九零年|1990-00-10|1976-4-31|"
    "农历1990年13月1日|05-03|0000-00-00"
)
_NO_NAME = ("　", "\u200b\u200b", "\u00a0", "")

#: Look like formulas to a spreadsheet, are texts to a hub: an export must put ' before them.
_FORMULAS = ("=1+1", "=SUM(A1:A9)", '=HYPERLINK("https://example.com","open")', "@SUM(1+1)", "-1+2", "+1+2")


def formula_rows(register: Register) -> list[Row]:
    """Customers whose name is a formula. They are taken as they are."""
    rows = []
    for formula in _FORMULAS:
        row = register.person()
        row.cells |= {"display_name": formula, "family_name": "", "given_name": ""}
        row.sealed = [column for column in row.sealed if column != "display_name"]
        rows.append(row)
    return rows


def family_rows(register: Register) -> list[Row]:
    """Families with one fixed line in another spelling for each of them. All are taken: the line is shared."""
    rows = []
    for area in ("10", "21", "755", "571"):
        number = register.plan.fixed(area)
        digits = number.national.removeprefix(area)
        for text in (f"0{area}-{digits}", f"+86 {area} {digits}", f"（0{area}）{digits}"):
            row = register.person()
            row.cells |= {"phone": text, "phone_country": "", "phone2": ""}
            row.numbers, row.spelling = [number], "fixed"
            rows.append(row)
    return rows


def phone_twins(register: Register, originals: list[Row], count: int) -> list[Row]:
    """The same numbers again in another spelling, each with the row that had it first."""
    dice = register.dice
    chinese = [row for row in originals if row.spelling in SPELLINGS and row.name and row.name.latin]
    abroad = [row for row in originals if row.spelling in ("plus", "compact", "home")]
    brazilian = [row for row in abroad if row.numbers[0].country == "BR"][:4]
    others = dice.shuffled([row for row in abroad if row.numbers[0].country != "BR"])[:12]
    written = [(row, brazilian_before_2016(row.numbers[0])) for row in brazilian]
    written += [(row, write_abroad(row.numbers[0], "00")) for row in others]
    for turn, row in enumerate(dice.shuffled(chinese)[: count - len(written)]):
        styles = [style for style in SPELLINGS if style != row.spelling]
        written.append((row, write_mobile(row.numbers[0], styles[turn % len(styles)])))
    return [_twin(register, row, spelling) for row, spelling in written]


def _twin(register: Register, original: Row, written: Written) -> Row:
    twin = register.person()
    twin.cells |= {"phone": written.text, "phone_country": "", "phone2": ""}
    if original.name and original.name.latin and register.dice.chance(70):
        twin.cells |= {"display_name": original.name.latin, "family_name": "", "given_name": ""}
    twin.numbers, twin.spelling = original.numbers[:1], written.style
    twin.code, twin.original = "phone_taken", original
    return twin


def id_twins(register: Register, originals: list[Row], count: int) -> list[Row]:
    """Rows that a shop exported twice under one id, after the customer got another number."""
    rows = []
    for original in register.dice.shuffled(originals)[:count]:
        twin = register.person()
        same = ("source", "external_id", "display_name", "family_name", "given_name")
        twin.cells |= {name: original.cells[name] for name in same}
        twin.code, twin.original = "external_id_taken", original
        twin.sealed = [column for column in twin.sealed if column != "display_name"]
        rows.append(twin)
    return rows


def spoilt_rows(register: Register) -> list[Row]:
    """Rows with one cell that no hub can accept."""
    dice = register.dice
    rows: list[Row] = []

    def spoil(code: str, count: int, make: Callable[[], Row], change: Callable[[Row, int], dict[str, str]]) -> None:
        for turn in range(count):
            row = make()
            row.cells |= change(row, turn)
            row.code = code
            rows.append(row)

    person, firm = register.person, register.firm
    spoil("phone_invalid", 62, person, lambda _, turn: {"phone": _wrong_number(register.plan, dice, turn)})
    spoil("email_invalid", 33, person, lambda _, turn: {"email": _NO_MAILBOX[turn % len(_NO_MAILBOX)]})
    spoil(
        "birthday_invalid", 24, person,
        lambda _, turn: {"birthday": _NO_BIRTHDAY[turn % len(_NO_BIRTHDAY)], "birthday_calendar": ""},
    )  # fmt: skip
    spoil("tax_id_invalid", 20, firm, lambda row, _: {"tax_id": _wrong_check_digit(row.cells["tax_id"])})
    spoil(
        "name_invalid", 16, person,
        lambda _, turn: {"display_name": _NO_NAME[turn % len(_NO_NAME)], "family_name": "", "given_name": ""},
    )  # fmt: skip
    spoil("too_long", 3, person, lambda row, _: {"display_name": (row.cells["display_name"] or "王") * 201})
    spoil("too_long", 2, person, lambda _, turn: {"tags": "很" * (65 + turn) + "长的标签"})
    spoil("postcode_invalid", 8, firm, lambda row, _: _with_address(row, {"postcode": dice.digits(4)}))
    spoil("country_invalid", 3, firm, lambda row, turn: _with_address(row, {"country": ("XX", "Atlantis", "86")[turn]}))
    spoil("language_invalid", 4, person, lambda _, turn: {"language": ("cn", "中文", "jp", "en_XX")[turn]})
    spoil("time_zone_invalid", 3, person, lambda _, turn: {"time_zone": ("Beijing", "UTC+8", "Asia/Peking")[turn]})
    spoil("external_id_invalid", 3, person, lambda row, _: {"external_id": f"{row.cells['external_id']}\u200b"})
    spoil(
        "vocabulary_value_unknown",
        5,
        person,
        lambda _, turn: {"stage": ("vip", "customer", "potential", "hot", "won")[turn]},
    )
    return rows


def _wrong_number(plan: NumberPlan, dice: Dice, turn: int) -> str:
    if turn % 2:
        return _NO_NUMBER[turn // 2 % len(_NO_NUMBER)]
    digits = plan.mobile().national
    return dice.pick((digits[:-1], digits + "0", f"+86 {digits[:7]}", f"12{digits[2:]}", f"{digits[:3]}-{digits[3:6]}"))


def _wrong_check_digit(tax_id: str) -> str:
    code = tax_id.replace(" ", "").upper()
    wrong = "1" if code[-1] != "1" else "2"
    assert credit_code(code[:17]) == code  # noqa: S101  # else the row would be wrong for another reason
    return code[:17] + wrong


def _with_address(row: Row, cells: dict[str, str]) -> dict[str, str]:
    address = row.cells["address"] or "广东省深圳市南山区科技路1号"
    return {"address": address, "tax_id": ""} | cells
