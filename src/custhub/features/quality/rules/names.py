"""Names that are none, or that hold what is no part of a name."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_PLACEHOLDERS: Final = frozenset({
    "test", "testtest", "test test", "tester", "asdf", "asdfg", "qwerty", "abc", "aaa", "xxx", "xx", "unknown", "n/a",
    "na", "none", "null", "nil", "anonymous", "guest", "customer", "client", "user", "no name", "noname", "unnamed",
    "tbd", "???", "??", "?", "-", "--", ".", "测试", "测试测试", "测试客户", "测试用户", "未知", "未知客户", "匿名",
    "匿名用户", "无", "无名", "无姓名", "不详", "客户", "顾客", "会员", "用户", "新客户", "新用户", "游客", "路人",
    "某某", "待补充", "待定", "空",
})  # fmt: skip
_SUFFIXES: Final = (
    "先生", "女士", "小姐", "太太", "夫人", "同志", "总经理", "经理", "总监", "主任", "老师", "教授", "医生", "律师",
)  # fmt: skip
_PREFIX: Final = re.compile(
    r"(?:mr|mrs|ms|miss|mx|dr|prof|sir|madam|herr|frau|mme|mlle|sr|sra)\.?\s+(?=\S)", re.IGNORECASE
)
_DIGITS: Final = re.compile(r"\d{5,}")
#: Forms that nobody is called.
_FORM: Final = re.compile(
    r"(?:(?:有限|责任|股份|集团|分)公司|\b(?:ltd|limited|llc|inc|gmbh|corp|corporation|plc|sarl)\.?)$", re.IGNORECASE
)
_EDGES: Final = " \t-–—_,，、;；:：()（）[]【】/|·."  # what people write between a name and a number
_LEAST: Final = 2


def is_placeholder(name: str) -> bool:
    """Whether it only fills the field."""
    return unicodedata.normalize("NFKC", name).strip().casefold() in _PLACEHOLDERS


def without_title(name: str) -> str | None:
    """The name without a form of address; None where it has none, or nothing would be left that names somebody."""
    text = name.strip()
    rest = _PREFIX.sub("", text, count=1) if _PREFIX.match(text) else text
    suffix = next((title for title in _SUFFIXES if rest.endswith(title)), "")
    rest = rest.removesuffix(suffix).rstrip()
    return rest if rest != text and len(rest) >= _LEAST else None


def without_number(name: str, numbers: list[tuple[int, int]]) -> str | None:
    """The name without the numbers at these places and without long rows of digits; None where none would be left."""
    for start, end in reversed(numbers):
        name = f"{name[:start]} {name[end:]}"
    rest = " ".join(_DIGITS.sub(" ", name).split()).strip(_EDGES)
    return rest if len(rest) >= _LEAST else None


def has_number(name: str) -> bool:
    """Whether it holds a row of five digits or more."""
    return _DIGITS.search(name) is not None


def is_company(name: str) -> bool:
    """Whether it ends in a legal form: 有限公司, Ltd, GmbH."""
    return _FORM.search(name) is not None
