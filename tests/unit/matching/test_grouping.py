"""Groups of records, and who shares a key (MATCHING 2 and 3)."""

from __future__ import annotations

from custhub.features.matching.rules.blocking import HOT, block_keys
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.weights import shipped_weights
from custhub.features.matching.service.batch import Matching, candidates
from tests.unit.matching.people import person


def groups_of(people: list[Person]) -> list[list[int]]:
    matching = Matching(people, shipped_weights())
    return sorted(sorted(group) for group in matching.groups(matching.pairs()))


def test_a_record_in_between_does_not_join_twins() -> None:
    twins = [
        person(name="王建国", phone="13812345678", birthday="1990-05-03", email="one@w.cn"),
        person(name="王先生", phone="13812345678", birthday="1990-05-03", email="two@w.cn"),
        person(name="王建军", phone="13812345678", birthday="1990-05-03", email="two@w.cn"),
    ]
    assert all(not {0, 2} <= set(group) for group in groups_of(twins))


def test_two_mistakes_in_two_records_of_one_person_meet_in_a_third() -> None:
    number = {"personal_id": "110105199005031234"}
    people = [
        person(name="王芳", birthday="1990-05-03", **number),
        person(name="李丽", birthday="1990-05-03", **number),
        person(name="王芳", birthday="1984-11-28", **number),
    ]
    assert groups_of(people) == [[0, 1, 2]]


def test_no_group_grows_beyond_twelve_by_itself() -> None:
    people = [person(name="张三丰", phone="13812345678") for _ in range(30)]
    assert max(map(len, groups_of(people))) == 12


def test_hot_keys_bring_nobody_together() -> None:
    office = [person(phone="0755-86131234") for _ in range(HOT + 1)]
    assert list(candidates(office)) == []
    assert len(list(candidates(office[:HOT]))) == HOT * (HOT - 1) // 2


def test_spellings_of_one_person_share_a_key() -> None:
    pairs = [
        ({"name": "张三丰", "birthday": "1990-05-03"}, {"name": "Sanfeng Zhang", "birthday": "1990/5/3"}),
        ({"email": "a.whale@gmail.com"}, {"email": "awhale+x@googlemail.com"}),
        ({"email": "a.whale@gmail.com"}, {"email": "awhale@qq.com"}),
        ({"name": "张三丰", "phone": "138****5678"}, {"name": "Zhang S", "phone": "13812345678"}),
        ({"name": "张三丰", "address": "科技园路1号"}, {"name": "Zhang San Feng", "address": "科技园路1號2栋"}),
        ({"name": "张三丰", "company": "腾讯科技有限公司"}, {"name": "张三丰", "company": "腾讯科技深圳公司"}),
        ({"personal_id": "5380541"}, {"personal_id": "538-0541"}),
    ]
    for left, right in pairs:
        assert set(block_keys(person(**left))) & set(block_keys(person(**right))), (left, right)
    assert not set(block_keys(person(name="张三丰"))) & set(block_keys(person(name="张三丰")))


def test_privacy_numbers_of_platforms_are_no_key() -> None:
    assert list(block_keys(person(phone="17000001234"))) == [] or person(phone="17000001234").numbers
