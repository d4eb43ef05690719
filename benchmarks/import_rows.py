"""Files for imports: rows as a shop has them, each another customer."""

from __future__ import annotations

import csv
import io

COLUMNS = (
    "display_name",
    "phones[0].number",
    "emails[0].email",
    "external_ids[shop]",
    "addresses[0].full_text",
    "stage",
    "tags",
)
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗"
_GIVEN = "伟芳娜敏静秀丽强磊洋艳勇军杰娟涛超明霞平"
_PLACES = ("广东省深圳市南山区科技园路", "上海市浦东新区世纪大道", "浙江省杭州市西湖区文三路", "北京市海淀区中关村大街")
_PREFIXES = ("135", "138", "150", "186", "177", "199")
_STAGES = ("lead", "prospect", "active")


def row_of(i: int) -> list[str]:
    """The i-th row: one in three has an address, one in ten a tag."""
    name = _SURNAMES[i % 20] + _GIVEN[i // 20 % 20] + _GIVEN[i // 400 % 20]
    prefix = _PREFIXES[i % len(_PREFIXES)]
    return [
        name,
        f"{prefix} {i // 10_000 % 10_000:04d} {i % 10_000:04d}",
        f"customer{i}@example.com",
        f"A-{i:07d}",
        f"{_PLACES[i % 4]}{i % 900 + 1}号" if i % 3 == 0 else "",
        _STAGES[i % 3],
        "VIP" if i % 10 == 0 else "",
    ]


def file_of(first: int, count: int) -> bytes:
    """A CSV file of so many rows."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(row_of(i) for i in range(first, first + count))
    return text.getvalue().encode()
