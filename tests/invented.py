"""An invented list of Chinese people with homes, numbers they share and labels: whose record each row is."""

from __future__ import annotations

import random
from datetime import date, timedelta

from custhub.features.customers.rules.pinyin import readings

Row = dict[str, str]

_FAMILIES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈彭吕"
_GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂文华建国红玉梅兰凤志海波鹏飞宇浩晨子轩雨欣怡佳琪思雅婷雪莹俊峰"
_STREETS = "科技园 人民 解放 中山 建设 和平 长江 黄河 文化 学府 滨江 迎宾 幸福 朝阳"
_AREAS = "广东省深圳市南山区 广东省广州市天河区 北京市海淀区 上海市浦东新区 浙江省杭州市西湖区 江苏省南京市鼓楼区"
_BORN = date(1950, 1, 1)


class Invented:
    """Writes people down one to three times each, in another script, mistyped, or with values left out."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._readings = readings()

    def rows(self, people: int) -> list[tuple[str, Row]]:
        """Records in no order, each with the person it is of."""
        found: list[tuple[str, Row]] = []
        for number in range(people):
            one = self._someone()
            found += self._written(f"a{number}", one)
            if self._random.random() < 0.15:
                found += self._written(f"b{number}", self._of_one_home(one))
        self._random.shuffle(found)
        return [(person, {"record_id": f"r{at}"} | row) for at, (person, row) in enumerate(found)]

    def _someone(self) -> Row:
        pick, at = self._random.choice, self._random.randint
        family, given = pick(_FAMILIES), "".join(self._random.choices(_GIVEN, k=pick((1, 2, 2))))
        born = _BORN + timedelta(at(0, 20_000))
        mails = (
            f"{self._spelled(given)}.{self._spelled(family)}{at(1, 9_999)}@gmail.com",
            f"{at(10**8, 10**10)}@qq.com",
            f"{self._spelled(family)}{self._spelled(given)}{born.year}@163.com",
        )
        return {
            "family": family,
            "given": given,
            "phone": f"1{pick('3578')}{at(0, 999_999_999):09d}",
            "email": pick(mails),
            "address": f"{pick(_AREAS.split())}{pick(_STREETS.split())}路{at(1, 999)}号{at(1, 30)}栋{at(101, 2_999)}室",
            "birthday": born.isoformat(),
        }

    def _of_one_home(self, one: Row) -> Row:
        chance, other = self._random.random, self._someone()
        while other["given"] == one["given"]:
            other = self._someone()
        shared = {"address": 1.0, "family": 0.6, "phone": 0.4, "birthday": 0.2, "email": 0.2}
        return other | {column: one[column] for column, share in shared.items() if chance() < share}

    def _written(self, person: str, one: Row) -> list[tuple[str, Row]]:
        return [(person, self._record(one, is_first=time == 0)) for time in range(self._random.choice((1, 1, 2, 2, 3)))]

    def _record(self, one: Row, *, is_first: bool) -> Row:
        chance = self._random.random
        kept = {"phone": 0.8, "email": 0.5, "address": 0.6, "birthday": 0.6}
        row = {column: one[column] if chance() < share else "" for column, share in kept.items()}
        row["name"] = one["family"] + one["given"]
        if not is_first:
            row |= self._slips(row)
            how = chance()
            if how < 0.2:
                row["name"] = f"{self._spelled(one['given'])} {self._spelled(one['family'])}".title()
            elif how < 0.25:
                row["name"] = one["family"] + self._random.choice(("先生", "女士"))
            elif how < 0.3:
                row["name"] = one["family"] + "*" * len(one["given"])
        return row

    def _slips(self, row: Row) -> Row:
        """One digit of a number or birthday wrong, now and then."""
        found: Row = {}
        for column, at in (("phone", -2), ("birthday", -1)):
            text = row[column]
            if text and self._random.random() < 0.04:
                found[column] = text[:at] + str((int(text[at]) + 1) % 9) + text[len(text) + at + 1 :]
        return found

    def _spelled(self, han: str) -> str:
        return "".join(self._readings[char] for char in han)
