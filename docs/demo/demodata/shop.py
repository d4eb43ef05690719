"""The file of a shop as its own program writes it: other columns, another encoding, some rows that nobody can take."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from demodata.dice import Dice, words
from demodata.names import chinese_name
from demodata.numbers import NumberPlan, write_mobile
from demodata.rows import Row

ROWS = 1_200
ENCODING = "gb18030"
DELIMITER = ";"
COLUMNS = ("会员号", "姓名", "手机", "邮箱", "性别", "城市", "街道", "级别", "门店")
#: Which column goes where; the last one goes nowhere.
MAPPING: dict[str, Any] = {
    "rules": [
        {"columns": ["会员号"], "field": "external_ids[shop]"},
        {"columns": ["姓名"], "field": "display_name"},
        {"columns": ["手机"], "field": "phones[0].number"},
        {"columns": ["邮箱"], "field": "emails[0].email"},
        {"columns": ["性别"], "field": "gender", "values": {"男": "male", "女": "female", "未知": "unknown"}},
        {"columns": ["城市", "街道"], "field": "addresses[0].full_text", "join": ""},
        {"columns": ["级别"], "field": "tags"},
    ],
    "constants": {"stage": "active", "phones[0].label": "mobile"},
}
_FIRST_ROW = 2
_CITIES = words("广东省深圳市南山区|浙江省杭州市西湖区|上海市浦东新区|四川省成都市武侯区")
_SPELLINGS = ("plain", "spaced", "plus_86", "0086")
#: One row in so many is bad, from the eleventh on: a preview shows the first.
_EVERY, _FIRST_BAD = 40, 10


def shop_file(rows: Sequence[Row], seed: int) -> tuple[bytes, dict[str, Any]]:
    """The file, and what a hub that has the other customers must make of it."""
    dice = Dice(seed)
    plan = NumberPlan(dice)
    drawn = {number.e164 for row in rows for number in row.numbers}
    there = [row for row in rows if not row.code and row.numbers and row.spelling in _SPELLINGS]
    refused: defaultdict[str, list[int]] = defaultdict(list)
    first = ""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=DELIMITER, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for i in range(ROWS):
        number = plan.mobile()
        while number.e164 in drawn:
            number = plan.mobile()
        cells = _cells(dice, i, write_mobile(number, dice.pick(_SPELLINGS)).text)
        first = first or number.e164
        if i % _EVERY == _FIRST_BAD:
            turn = i // _EVERY
            code, column, cell = (
                ("phone_taken", 2, there[turn].numbers[0].national),
                ("phone_invalid", 2, "见名片"),
                ("email_invalid", 3, "没有邮箱@"),
                ("formula_cell", 1, "=1+1"),
            )[turn % 4]
            cells[column] = cell
            refused[code].append(i + _FIRST_ROW)
        writer.writerow(cells)
    content = text.getvalue().encode(ENCODING)
    bad = sum(map(len, refused.values()))
    return content, {
        "rows": ROWS,
        "encoding": ENCODING,
        "delimiter": DELIMITER,
        "columns_that_go_nowhere": [COLUMNS[-1]],
        "created": ROWS - bad,
        "refused": bad,
        "refused_by_code": {code: refused[code] for code in sorted(refused)},
        "number_of_the_first_row": first,
    }


def _cells(dice: Dice, i: int, number: str) -> list[str]:
    name = chinese_name(dice)
    city = dice.pick(_CITIES)
    return [
        f"M-{100_000 + i}",
        (name.display or name.family + name.given).strip(),
        number,
        f"member{i}@example.com" if dice.chance(60) else "",
        dice.pick(("男", "女", "未知")),
        city,
        f"科技路{dice.between(1, 900)}号",
        dice.pick(("", "", "VIP", "VIP;老客户")),
        f"门店{dice.between(1, 9)}",
    ]
