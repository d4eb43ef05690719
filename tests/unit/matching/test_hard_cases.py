"""Hard cases by kind, each with both sides: records of one person that must join, and people who must stay apart."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from custhub.features.matching.rules.scoring import Decision, Score
from custhub.features.matching.rules.weights import shipped_weights
from custhub.features.matching.service.batch import Matching
from tests.unit.matching.people import person

Row = dict[str, str]
MOBILE, OTHER_MOBILE, SWITCHBOARD = "13812345678", "13987650123", "0755-86131234"
ADDRESS, MAIL = "深圳市南山区科技园路1号3栋502", "blue.whale@qq.com"
HOME = {"phone": MOBILE, "email": MAIL, "address": ADDRESS}
DOOR = "12 Hill Street, Springfield"


class Case(NamedTuple):
    """Two records of one kind of difficulty."""

    left: Row
    right: Row


def case(left: Row, right: Row, **both: str) -> Case:
    return Case(both | left, both | right)


JOIN: dict[str, list[Case]] = {
    "twins": [
        case({"name": "王建国"}, {"name": "Wang Jianguo"}, birthday="1990-05-03", **HOME),
        case({"name": "王建军"}, {"name": "王建君"}, birthday="1990-05-03", phone=MOBILE),
    ],
    "spouses on one phone": [
        case({"name": "李秀英"}, {"name": "李秀英", "phone2": OTHER_MOBILE}, phone=MOBILE),
        case({"name": "李秀英", "birthday": "1962-03-08"}, {"name": "LI Xiuying"}, **HOME),
    ],
    "father and son of one name": [
        case({"email": MAIL}, {"phone": MOBILE}, name="John Smith", birthday="1960-05-03", address=DOOR),
        case({"name": "John Smith Jr."}, {"name": "John Smith, Jr"}, phone=MOBILE, birthday="1992-11-28"),
    ],
    "a child on a parent's id": [
        case(
            {"phone": MOBILE}, {"email": MAIL}, name="王小宝", birthday="2015-11-28", personal_id="110105201511281234"
        ),
    ],
    "colleagues behind a switchboard": [
        case({"email": MAIL}, {"email": MAIL}, name="陈伟", phone=SWITCHBOARD, company="腾讯科技有限公司"),
        case({"phone2": MOBILE}, {"phone2": MOBILE}, name="陈伟", phone=SWITCHBOARD),
    ],
    "recycled numbers": [
        case({"birthday": "1990-05-03"}, {"birthday": "1990-05-03"}, name="赵敏", phone=MOBILE),
        case({"phone": MOBILE}, {"phone": OTHER_MOBILE}, name="赵敏", email=MAIL, birthday="1990-05-03"),
    ],
    "placeholder values": [
        case({"birthday": "1970-01-01"}, {"birthday": "1988-02-07"}, name="周涛", phone=MOBILE),
        case({"phone": "13800000000"}, {"phone": MOBILE}, name="周涛", email=MAIL),
    ],
    "traditional, pinyin and western names": [
        case({"name": "張三豐"}, {"name": "张三丰"}, phone=MOBILE),
        case({"name": "曾小贤"}, {"name": "Zeng Xiaoxian"}, email=MAIL),
        case({"name": "曾小贤"}, {"name": "Xiaoxian ZENG"}, phone=MOBILE),
        case({"name": "William Smith"}, {"name": "Bill Smith"}, email="w77@mail.org"),
        case({"name": "David Zhang"}, {"name": "Sanfeng Zhang"}, phone=MOBILE, birthday="1990-05-03"),
    ],
    "titles": [
        case({"name": "曹先生"}, {"name": "曹建华"}, phone=MOBILE),
        case({"name": "Dr. John Smith"}, {"name": "Smith, John"}, email="js77@mail.org"),
        case({"name": "欧阳女士"}, {"name": "欧阳娜娜"}, phone=MOBILE, address=ADDRESS),
    ],
    "masked values": [
        case({"name": "张*丰"}, {"name": "张三丰"}, phone=MOBILE),
        case({"phone": "138****5678"}, {"phone": MOBILE}, name="张三丰", birthday="1990-05-03"),
    ],
}

APART: dict[str, list[Case]] = {
    "twins": [
        case({"name": "王建国"}, {"name": "王建军"}, birthday="1990-05-03", **HOME),
        case({"name": "Wang Jianguo"}, {"name": "王建军"}, birthday="1990-05-03", **HOME),
        case({"name": "Dorian Featherstone"}, {"name": "Gloria Featherstone"}, birthday="1990-05-03", **HOME),
        case(
            {"name": "王建国", "personal_id": "110105199005031234"},
            {"name": "王建军", "personal_id": "110105199005031250"},
            birthday="1990-05-03", **HOME,
        ),
    ],
    "spouses on one phone": [
        case({"name": "王建国"}, {"name": "李秀英"}, **HOME),
        case({"name": "John Smith"}, {"name": "Jane Smith"}, **HOME),
        case({"name": "王建国", "birthday": "1960-05-03"}, {"name": "李秀英", "birthday": "1962-03-08"}, **HOME),
    ],
    "father and son of one name": [
        case({"birthday": "1960-05-03"}, {"birthday": "1992-11-28"}, name="John Smith", **HOME),
        case({"name": "John Smith Jr."}, {"name": "John Smith Sr."}, **HOME),
        case({"name": "John Smith Jr."}, {"name": "John Smith"}, **HOME),
        case({"birthday": "1960-05-03"}, {"birthday": "1992-11-28"}, name="王伟", phone=MOBILE, address=ADDRESS),
    ],
    "a child on a parent's id": [
        case(
            {"name": "王建国", "birthday": "1960-05-03"},
            {"name": "王小宝", "birthday": "2015-11-28"},
            personal_id="110105196005031234", **HOME,
        ),
    ],
    "colleagues behind a switchboard": [
        case({"name": "陈伟"}, {"name": "刘洋"}, phone=SWITCHBOARD, company="腾讯科技有限公司"),
        case({"name": "陈伟"}, {"name": "陈静"}, phone=SWITCHBOARD, company="腾讯科技有限公司", address=ADDRESS),
        case(
            {"birthday": "1971-09-09"}, {"birthday": "1990-05-03"},
            name="陈伟", phone=SWITCHBOARD, company="腾讯科技有限公司",
        ),
    ],
    "recycled numbers": [
        case({"name": "赵敏", "birthday": "1990-05-03"}, {"name": "孙浩", "birthday": "1971-09-09"}, phone=MOBILE),
        case({"name": "赵敏"}, {"name": "孙浩"}, phone=MOBILE),
        case({"name": "赵敏", "birthday": "1990-05-03"}, {"name": "赵敏", "birthday": "1958-12-30"}, phone=MOBILE),
    ],
    "placeholder values": [
        case({}, {}, name="客户", birthday="1970-01-01", phone="13800000000"),
        case({"name": "周涛"}, {"name": "吴涛"}, birthday="1900-01-01", email="info@shop.cn", phone="11111111111"),
        case({}, {}, name="周涛", personal_id="0000000000", birthday="1970-01-01"),
        case({}, {}, name="微信用户", address=ADDRESS),
    ],
    "traditional, pinyin and western names": [
        case({"name": "張三豐"}, {"name": "张三立"}, phone=MOBILE),
        case({"name": "曾小贤"}, {"name": "Zeng Xiaohua"}, **HOME),
        case({"name": "David Zhang"}, {"name": "Peter Zhang"}, **HOME),
    ],
    "titles": [
        case({"name": "曹先生"}, {"name": "李先生"}, **HOME),
        case({"name": "Mr Zhang"}, {"name": "Mr Li"}, phone=MOBILE),
        case({"name": "曹先生"}, {"name": "李女士"}, phone=MOBILE, address=ADDRESS),
    ],
    "masked values": [
        case({"name": "张*丰"}, {"name": "李*丰"}, phone=MOBILE),
        case({"name": "王伟"}, {"name": "王芳"}, phone="138****5678", address=ADDRESS),
    ],
}  # fmt: skip


def numbered(cases: dict[str, list[Case]]) -> list[tuple[str, int]]:
    return [(kind, number) for kind, found in cases.items() for number in range(len(found))]


def is_one_person(found: Case) -> bool:
    matching = Matching([person(**found.left), person(**found.right)], shipped_weights())
    return bool(matching.groups(matching.pairs()))


def scored(found: Case) -> tuple[Score, Decision]:
    left, right = person(**found.left), person(**found.right)
    scorer = Matching([left, right], shipped_weights()).scorer
    score = scorer.score(left, right)
    return score, scorer.decide(score)


@pytest.mark.parametrize(("kind", "number"), numbered(JOIN))
def test_records_of_one_person_join(kind: str, number: int) -> None:
    assert is_one_person(JOIN[kind][number])


@pytest.mark.parametrize(("kind", "number"), numbered(APART))
def test_people_stay_apart(kind: str, number: int) -> None:
    assert not is_one_person(APART[kind][number])


@pytest.mark.parametrize(("kind", "number"), numbered(JOIN))
def test_the_score_of_one_person_is_one_to_merge(kind: str, number: int) -> None:
    score, decision = scored(JOIN[kind][number])
    assert decision is Decision.MERGE
    assert score.total >= shipped_weights().merge
    assert score.is_certain or not score.contradictions


@pytest.mark.parametrize(("kind", "number"), numbered(APART))
def test_the_score_of_two_people_says_why_they_are_two(kind: str, number: int) -> None:
    """A contradiction, too few bits, or one kind of evidence alone; whichever side is asked."""
    score, decision = scored(APART[kind][number])
    assert decision is not Decision.MERGE
    assert score.contradictions or score.total < shipped_weights().merge or not score.is_twofold
    assert scored(Case(APART[kind][number].right, APART[kind][number].left))[0].total == pytest.approx(score.total)


def test_every_kind_has_both_sides() -> None:
    assert JOIN.keys() == APART.keys()


def test_each_of_them_is_decided_so_in_one_list_too() -> None:
    rows = [row for found in APART.values() for one in found for row in one]
    matching = Matching([person(**row) for row in rows], shipped_weights())
    assert not [pair for pair in matching.pairs() if pair.decision == "merge" and pair.left // 2 == pair.right // 2]
