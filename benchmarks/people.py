"""Customers as a shop in China has them: homes, frequent names, numbers that several hold, entries made twice.

Each is made of its number alone, so that a run may ask for those that a run before it stored.
"""

from __future__ import annotations

from itertools import accumulate
from random import Random
from typing import Any

from custhub.features.customers.schemas.bodies import CustomerCreate

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任章卓"
_GIVEN = (
    "伟芳娜敏静秀丽强磊洋艳勇军杰娟涛明超霞平刚桂英华慧巧美莉玉兰红梅琴素云莲真环雪荣爱妹香月媛瑞凡佳嘉琼勤珍"
    "贞叶璧璐娅琦晶妍茜秋珊莎锦黛青倩婷姣婉娴瑾颖露瑶怡婵雁蓓纨仪荷丹蓉眉君蕊薇菁梦岚苑婕馨瑗琰韵融园艺咏卿"
)
_SOUNDS = str.maketrans("玉明平华君青美梅", "钰鸣萍花军清妹玫")
_FIRST = ("John", "Mary", "Anna", "James", "Robert", "Linda", "Peter", "Hans", "Sofia", "Ivan", "Maria", "Elena")
_LAST = ("Smith", "Müller", "García", "Johnson", "Brown", "Ivanova", "Schmidt", "Martin", "Rossi", "Novák", "Silva")
_AREAS = (
    ("浙江省杭州市西湖区", "0571"), ("上海市浦东新区", "021"), ("北京市海淀区", "010"), ("广东省深圳市南山区", "0755"),
    ("广东省广州市天河区", "020"), ("江苏省南京市鼓楼区", "025"),
)  # fmt: skip
_STREETS = tuple(f"{a}{b}" for a in ("文", "中山", "人民", "解放", "建设", "科技", "长江", "和平", "新华", "学院")
                 for b in ("一路", "东路", "西路", "南路", "大道", "二街"))  # fmt: skip
_DOMAINS = ("qq.com",) * 5 + ("163.com",) * 3 + ("gmail.com",) * 2 + ("126.com", "outlook.com", "foxmail.com")
_MOBILES = ("135", "136", "138", "139", "150", "158", "186", "188", "189")
_TITLES = ("先生", "女士", "老师", "总")
_SURNAME_WEIGHTS = tuple(accumulate(1 / (rank + 3) for rank in range(len(_SURNAMES))))
_GIVEN_WEIGHTS = tuple(accumulate(1 / (rank + 20) for rank in range(len(_GIVEN))))
#: Customers of a few homes: so many are made of one seed.
_BLOCK = 4
_HOMES = ((4,), (2, 2), (3, 1), (1, 1, 1, 1), (2, 1, 1), (1, 1, 1, 1))
_OFFICES = 20_000


def customer(number: int) -> dict[str, Any]:
    """The body of a customer; each twentieth is somebody before, entered once more with a slip."""
    if number % 20 == 19:
        return again(number - 1 - Random(number).randrange(min(number, 1_000)) // 20 * 20, Random(number))
    at, random = number, Random(number // _BLOCK)
    at %= _BLOCK
    for size in random.choice(_HOMES):
        if at < size:
            return _member(number, Random(f"{number - at}"), Random(f"m{number}"), is_first=at == 0)
        at -= size
    raise AssertionError(number)


def again(number: int, random: Random) -> dict[str, Any]:
    """A customer as somebody else would enter it: some of what is known, one thing of it wrong."""
    known = customer(number)
    name: str = known["display_name"]
    slip = random.randrange(5)
    if slip == 0:
        name = name.translate(_SOUNDS)
    elif slip == 1 and len(name) > 1 and not name.isascii():
        name = name[0] + random.choice(_TITLES)
    kept = {"display_name": name}
    for part in ("phones", "emails", "addresses", "birthday"):
        if part in known and random.random() < (0.9 if part == "phones" else 0.6):
            kept[part] = known[part]
    if slip == 2:
        kept.pop("phones", None)
    return kept


def draft(number: int, random: Random, count: int) -> CustomerCreate:
    """Who is on the line: one of `count` customers, or somebody new of the same country."""
    body = again(random.randrange(count), random) if number % 2 else customer(count * 7 + random.randrange(count))
    return CustomerCreate.model_validate(body)


def _member(number: int, home: Random, own: Random, *, is_first: bool) -> dict[str, Any]:
    family = home.choices(_SURNAMES, cum_weights=_SURNAME_WEIGHTS)[0]
    mobile = _mobile(home)
    area, code = home.choice(_AREAS)
    house = f"{home.choice(_STREETS)}{home.randrange(1, 999)}号{home.randrange(1, 20)}幢{home.randrange(101, 2_999)}室"
    landline = f"{code}-{home.randrange(61_000_000, 69_000_000)}" if home.random() < 0.15 else None
    has_house = home.random() < 0.6
    body: dict[str, Any] = {"display_name": _name(family, own)}
    if not is_first and own.random() < 0.7:
        mobile = _mobile(own)
    phones = [mobile] if own.random() < 0.95 else []
    if landline:
        phones.append(landline)
    if own.random() < 0.12:
        office = int(_OFFICES * own.random() ** 3)
        body["company_name"] = f"{_STREETS[office % 60][:2]}{_GIVEN[office % 100]}{_GIVEN[office // 200]}科技有限公司"
        if own.random() < 0.5:
            phones.append(f"{code}-{60_000_000 + office}")
    if phones:
        body["phones"] = [{"number": phone, "shared": True} for phone in phones]
    if own.random() < 0.6:
        body["emails"] = [{"email": f"{own.choice('abcdlmwxyz')}{number * 7919 % 99_999_989}@{own.choice(_DOMAINS)}"}]
    if has_house:
        body["addresses"] = [{"full_text": area + house}]
    if own.random() < 0.6:
        body["birthday"] = {
            "date": f"{own.randrange(1945, 2010)}-{own.randrange(1, 13):02d}-{own.randrange(2, 29):02d}"
        }
    return body


def _mobile(random: Random) -> str:
    return f"{random.choice(_MOBILES)}{random.randrange(10**8):08d}"


def _name(family: str, own: Random) -> str:
    kind = own.random()
    if kind < 0.05:
        return f"{own.choice(_FIRST)} {own.choice(_LAST)}"
    if kind < 0.08:
        return family + own.choice(_TITLES)
    return family + "".join(own.choices(_GIVEN, cum_weights=_GIVEN_WEIGHTS, k=1 + (own.random() < 0.7)))
