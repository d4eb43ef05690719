"""How numbers, mailboxes, birthdays, ids and companies stand to each other (MATCHING 1)."""

from __future__ import annotations

from datetime import date

import pytest

from custhub.features.matching.rules.contacts import (
    compare_companies,
    compare_days,
    compare_ids,
    compare_mailboxes,
    compare_numbers,
    read_company,
    read_day,
    read_id,
    read_mailbox,
    read_number,
)
from custhub.features.matching.rules.levels import Level
from custhub.features.matching.rules.names import read_name

TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("138 1234 5678", "+86-13812345678", Level.SAME_MOBILE),
        ("0755-8613 1234", "+86 755 86131234", Level.IN_COMMON),
        ("13812345678", "138****5678", Level.COMPATIBLE),
        ("13812345678", "13812345687", Level.TYPO),
        ("13812345678", "13812345670", Level.TYPO),
        ("13812345678", "13987654321", Level.DIFFERENT),
        ("13812345678", "139****5678", Level.DIFFERENT),
    ],
)
def test_numbers_stand_so_to_each_other(left: str, right: str, level: Level) -> None:
    one, other = read_number(left, "CN"), read_number(right, "CN")
    assert one is not None
    assert other is not None
    assert compare_numbers((one,), (other,))[0] is level
    assert compare_numbers((other,), (one,))[0] is level


def test_one_number_in_common_is_enough() -> None:
    mine, work, other = (read_number(text, "CN") for text in ("13812345678", "0755-86131234", "13900001234"))
    assert mine is not None
    assert work is not None
    assert other is not None
    assert compare_numbers((mine, work), (other, work)) == (Level.IN_COMMON, work.value)
    assert compare_numbers((work, mine), (mine, work)) == (Level.SAME_MOBILE, mine.value)


@pytest.mark.parametrize("text", ["", "n/a", "13800000000", "13888888888", "11111111111", "170"])
def test_fillers_are_no_numbers(text: str) -> None:
    assert read_number(text, "CN") is None


@pytest.mark.parametrize(
    ("left", "right", "name", "level"),
    [
        ("san.feng+news@gmail.com", "sanfeng@googlemail.com", "", Level.SAME),
        ("li@gmial.com", "li@gmail.com", "", Level.SAME),
        ("bluewhale77@qq.com", "bluewhael77@qq.com", "", Level.TYPO),
        ("bluewhale77@qq.com", "bluewhale77@163.com", "张三丰", Level.SAME_LOCAL_PART),
        ("zhangsanfeng@qq.com", "zhangsanfeng@163.com", "张三丰", Level.LOCAL_PART_OF_NAME),
        ("j.smith@qq.com", "j.smith@163.com", "John Smith", Level.LOCAL_PART_OF_NAME),
        ("bluewhale@qq.com", "redfox@qq.com", "", Level.DIFFERENT),
        ("user1981@qq.com", "user1982@qq.com", "", Level.DIFFERENT),
    ],
)
def test_mailboxes_stand_so_to_each_other(left: str, right: str, name: str, level: Level) -> None:
    one, other = read_mailbox(left), read_mailbox(right)
    assert one is not None
    assert other is not None
    known = read_name(name)
    assert compare_mailboxes((one,), (other,), (known, None))[0] is level
    assert compare_mailboxes((other,), (one,), (None, known))[0] is level


@pytest.mark.parametrize("text", ["info@shop.cn", "noreply@shop.cn", "somebody", "a@example.com"])
def test_mailboxes_of_offices_are_nobodys(text: str) -> None:
    assert read_mailbox(text) is None


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("1990-05-03", "19900503", Level.SAME),
        ("1990-05-03", "1990-03-05", Level.ONE_EDIT),
        ("1990-05-03", "1990-05-08", Level.ONE_EDIT),
        ("1990-05-03", "1909-05-03", Level.ONE_EDIT),
        ("1990-05-03", "1990-11-28", Level.YEAR_ONLY),
        ("1990-05-03", "1984-11-28", Level.DIFFERENT),
    ],
)
def test_birthdays_stand_so_to_each_other(left: str, right: str, level: Level) -> None:
    one, other = read_day(left, TODAY), read_day(right, TODAY)
    assert one is not None
    assert other is not None
    assert compare_days(one, other) is level
    assert compare_days(other, one) is level


@pytest.mark.parametrize("text", ["", "1990-01-01", "1970-01-01", "1900-01-01", "1969-12-31", "1900-05-07", "--05-03"])
def test_days_that_machines_write_are_nobodys_birthday(text: str) -> None:
    assert read_day(text, TODAY) is None


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("11010519491231002X", "110105 19491231 002x", Level.SAME),
        ("5380541", "5380514", Level.ONE_EDIT),
        ("5380541", "7211987", Level.DIFFERENT),
    ],
)
def test_ids_stand_so_to_each_other(left: str, right: str, level: Level) -> None:
    assert compare_ids(read_id(left), read_id(right)) is level


def test_fillers_are_no_ids() -> None:
    assert [read_id(text) for text in ("0000000", "123456789", "x", "")] == ["", "", "", ""]


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("深圳市大疆创新科技有限公司", "深圳市大疆创新科技股份有限公司", Level.SAME),
        ("騰訊科技有限公司", "腾讯科技", Level.SAME),
        ("Acme Trading Co., Ltd.", "ACME Trading", Level.SAME),
        ("Acme Trading Inc", "Acme Trading Shenzhen Ltd", Level.PREFIX),
        ("Acme Trading Inc", "Zenith Works Ltd", Level.DIFFERENT),
    ],
)
def test_companies_stand_so_to_each_other(left: str, right: str, level: Level) -> None:
    assert compare_companies(read_company(left), read_company(right)) is level
