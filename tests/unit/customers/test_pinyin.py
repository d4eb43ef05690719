"""CONTRACT C4: `sort=name` uses a stored pinyin key."""

from __future__ import annotations

import pytest
from pypinyin import Style, pinyin
from pypinyin.pinyin_dict import pinyin_dict

from custhub.features.customers.rules import CustomerKind, pinyin_key
from custhub.features.customers.rules.pinyin import _EVERYDAY, readings
from custhub.features.customers.rules.surnames import COMPOUND, READINGS, SINGLE
from custhub.features.customers.rules.text import has_han


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("曾国藩", "zeng guo fan"),
        ("单田芳", "shan tian fang"),
        ("仇英", "qiu ying"),
        ("解晓东", "xie xiao dong"),
        ("查良镛", "zha liang yong"),
        ("盖叫天", "ge jiao tian"),
        ("区海伦", "ou hai lun"),
        ("朴树", "piao shu"),
        ("尉迟恭", "yu chi gong"),
        ("万俟卨", "mo qi xie"),
        ("单于", "chan yu"),
        ("乐嘉", "yue jia"),
        ("翟天临", "zhai tian lin"),
        ("覃辉", "qin hui"),
        ("欧阳娜娜", "ou yang na na"),
        ("張曾", "zhang ceng"),
        ("吕布", "lv bu"),
        ("李长春", "li chang chun"),
        ("买买提·艾力", "mai mai ti ai li"),
        ("刘德华（香港）", "liu de hua xiang gang"),
        ("Zhang San", "zhang san"),
        ("Sinéad O'Connor", "sinead oconnor"),
        ("Łukasz Żółć-Øst", "lukasz zolc ost"),
        ("Straße", "strasse"),
        ("Nguyễn Văn Đức", "nguyen van duc"),
        ("7天酒店", "7 tian jiu dian"),
        ("Иван", "~00418~00432~00430~0043d"),
        ("🐼", "~1f43c"),
        ("...", "~"),
    ],
)
def test_key_of_a_person(name: str, key: str) -> None:
    assert pinyin_key(name) == key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("重庆长安汽车股份有限公司", "chong qing chang an qi che gu fen you xian gong si"),
        ("中国工商银行（长沙）分行", "zhong guo gong shang yin hang chang sha fen hang"),
        ("解放日报社", "jie fang ri bao she"),
        ("单县人民医院", "shan xian ren min yi yuan"),
        ("区块链科技", "qu kuai lian ke ji"),
        ("成都音乐学院", "cheng du yin yue xue yuan"),
    ],
)
def test_key_of_an_organisation_reads_no_surname(name: str, key: str) -> None:
    assert pinyin_key(name, CustomerKind.ORGANISATION) == key


def test_chinese_and_latin_names_sort_into_one_list_and_other_scripts_behind() -> None:
    names = ["张三", "Адам", "李四", "Bob", "曾五", "Ångström", "10086", "查理", "zoe"]
    assert sorted(names, key=pinyin_key) == ["10086", "Ångström", "Bob", "李四", "曾五", "查理", "张三", "zoe", "Адам"]


def test_key_is_bounded_ascii() -> None:
    for name in ("庄" * 200, "Ж" * 200, "ß" * 200, "🐼" * 200):
        key = pinyin_key(name)
        assert key.isascii()
        assert 0 < len(key) <= 200
        assert key == key.strip()


def test_readings_equal_those_of_pypinyin() -> None:
    """The shipped table is the first readings of the library, but for the ones named in the module."""
    expected = {
        chr(code): pinyin(chr(code), style=Style.NORMAL)[0][0].replace("ü", "v")
        for code in pinyin_dict
        if has_han(chr(code))
    }
    assert readings() == expected | _EVERYDAY
    assert len(expected) > 41_000


def test_every_surname_with_a_reading_of_its_own_is_known_to_be_read() -> None:
    for surname, reading in READINGS.items():
        assert pinyin_key(surname + "明明") == f"{reading} ming ming"
        assert reading != " ".join(readings()[char] for char in surname) or len(surname) > 1 or surname in "薄长長都"
    assert all(char in readings() for char in SINGLE)
    assert all(len(surname) == 2 for surname in COMPOUND)
