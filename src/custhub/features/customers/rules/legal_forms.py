"""What a company's name says of its form and trade: words that make two names alike and neither of them known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from custhub.features.customers.rules.units import WORD, Unit

#: Forms in Chinese, the longest first; a name ends in one of them.
_FORMS: Final = (
    "股份有限责任公司", "集团股份有限公司", "集团有限责任公司", "股份有限公司", "有限责任公司", "集团有限公司",
    "控股有限公司", "有限公司", "股份公司", "责任公司", "集团公司", "分公司", "总公司", "公司",
)  # fmt: skip
_BEGUN: Final = ("股份有限", "有限责任", "股份", "有限")
_WORDS: Final = frozenset({
    "co", "company", "corp", "corporation", "inc", "incorporated", "ltd", "limited", "llc", "llp", "lp", "plc", "gmbh",
    "mbh", "ag", "kg", "ohg", "ug", "se", "sa", "sas", "sarl", "srl", "spa", "bv", "nv", "oy", "ab", "as", "aps", "pte",
    "pty", "pvt", "kk",
})  # fmt: skip
#: Words that are in names of many companies: nobody begins to look for one inside of them.
_COMMON: Final = (
    "北京", "上海", "天津", "重庆", "广州", "深圳", "杭州", "南京", "苏州", "成都", "武汉", "西安", "广东", "浙江",
    "江苏", "山东", "福建", "四川", "湖北", "湖南", "河南", "河北", "中国", "科技", "技术", "信息", "网络", "电子",
    "软件", "贸易", "商贸", "国际", "进出口", "集团", "实业", "工业", "发展", "投资", "控股", "管理", "咨询", "服务",
    "文化", "传媒", "广告", "教育", "工程", "建筑", "建设", "装饰", "设备", "机械", "电气", "电器", "材料", "化工",
    "医药", "医疗", "生物", "食品", "餐饮", "酒店", "物流", "运输", "汽车", "房地产", "置业", "物业", "金融", "银行",
    "保险", "证券", "能源", "环保", "农业", "服装", "家具", "医院", "学校", "大学", "中学", "幼儿园", "有限", "责任",
    "股份", "公司", "分公司", "总公司", "数字", "智能", "数据", "供应链", "制造", "销售", "商务", "旅游",
)  # fmt: skip
_BY_FIRST: Final[dict[str, tuple[str, ...]]] = {
    first: tuple(sorted((word for word in _COMMON if word[0] == first), key=len, reverse=True))
    for first in {word[0] for word in _COMMON}
}


def core_length(units: Sequence[Unit]) -> int:
    """How many units come before the legal form; all of them where nothing else would be left."""
    end = len(units)
    while end and units[end - 1].sign == WORD and units[end - 1].key in _WORDS:
        end -= 1
    if not end:
        return len(units)
    signs = "".join(unit.sign for unit in units[:end])
    form = next((form for form in _FORMS if signs.endswith(form)), "")
    return end - len(form) or len(units)


def typed_core_length(units: Sequence[Unit]) -> int:
    """`core_length` of a name that somebody is still typing: a form may have been begun only."""
    length = core_length(units)
    if length < len(units):
        return length
    signs = "".join(unit.sign for unit in units)
    form = next((form for form in _BEGUN if signs.endswith(form)), "")
    return len(units) - len(form) or len(units)


def starts_of(units: Sequence[Unit], begin: int, end: int) -> list[int]:
    """Where somebody may begin to look inside `units[begin:end]`: every unit but those inside of a common word."""
    signs = "".join(unit.sign for unit in units[:end])
    starts, at = [], begin
    while at < end:
        starts.append(at)
        at += next((len(word) for word in _BY_FIRST.get(signs[at], ()) if signs.startswith(word, at)), 1)
    return starts
