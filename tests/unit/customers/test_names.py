"""PRODUCT row 4: one standard form of names, whatever they were typed with."""

from __future__ import annotations

import unicodedata

import pytest

from custhub.features.customers.errors import NameInvalid
from custhub.features.customers.rules import MAX_NAME, compose_name, normalise_name, split_name
from custhub.features.customers.rules.text import clean


@pytest.mark.parametrize(
    ("typed", "standard"),
    [
        ("张伟", "张伟"),
        ("  张伟\t", "张伟"),
        ("张\u200b伟\ufeff", "张伟"),
        ("\u202e张伟\u202c", "张伟"),
        ("张\u3000伟", "张 伟"),
        ("John   Smith", "John Smith"),
        ("Ｊｏｈｎ　Ｓｍｉｔｈ", "John Smith"),
        ("Sine\u0301ad O’Connor", "Sinéad O'Connor"),
        ("Anne‐Marie", "Anne-Marie"),
        ("ﬁona", "fiona"),
        ("腾讯(深圳)有限公司", "腾讯（深圳）有限公司"),
        ("腾讯（深圳）有限公司", "腾讯（深圳）有限公司"),
        ("Tencent （Shenzhen）", "Tencent （Shenzhen）"),
        ("Wang Wei (王伟)", "Wang Wei （王伟）"),
        ("买买提•艾力", "买买提·艾力"),
        ("买买提．艾力", "买买提·艾力"),
        ("阿卜杜拉 ・ 买买提", "阿卜杜拉·买买提"),
        ("マリー・キュリー", "マリー・キュリー"),
        ("ﾔﾏﾀﾞ", "ヤマダ"),
        ("你好，世界！", "你好，世界！"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("Al\u200cice", "Alice"),
        ("葛\U000e0100城", "葛城"),
        ("\U00031350明", "\U00031350明"),
        ("🐼", "🐼"),
        ("line\r\nbreak", "line break"),
    ],
)
def test_name_has_one_standard_form(typed: str, standard: str) -> None:
    assert normalise_name(typed) == standard


@pytest.mark.parametrize(
    "typed",
    ["", "   ", "\u200b\u2060", "\u3164", "\x00", "\ud800", "\u2800", "x" * 201, "张" * 201, "ﷺ" * 20, "x" * 9_999],
)
def test_empty_invisible_and_overlong_names_are_refused(typed: str) -> None:
    with pytest.raises(NameInvalid):
        normalise_name(typed)


def test_name_may_have_200_characters() -> None:
    assert len(normalise_name("张" * MAX_NAME)) == MAX_NAME


# Every block but the large uniform ones: ideographs, hangul syllables, private use.
VARIED = [
    *range(0x3400),
    *range(0xA000, 0xAC00),
    *range(0xD7A4, 0xE100),
    *range(0xF900, 0x20000),
    *range(0xE0000, 0xE1000),
]


def test_cleaning_twice_changes_nothing_whatever_the_character() -> None:
    for code in VARIED:
        once = clean(f"李{chr(code)}a")
        assert clean(once) == once, hex(code)


def test_no_control_or_bidirectional_character_survives() -> None:
    for code in VARIED:
        character = chr(code)
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or unicodedata.bidirectional(character) in {
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
        }:  # fmt: skip
            assert clean(f"a{character}b") in {"ab", "a b"}, hex(code)


@pytest.mark.parametrize(
    ("display_name", "family", "given"),
    [
        ("张伟", "张", "伟"),
        ("张小明", "张", "小明"),
        ("欧阳娜娜", "欧阳", "娜娜"),
        ("歐陽修", "歐陽", "修"),
        ("司马光", "司马", "光"),
        ("诸葛", "诸葛", None),
        ("王先生", "王", None),
        ("李总", "李", None),
        ("欧阳女士", "欧阳", None),
        ("先生", None, None),
        ("快乐小猫", None, None),
        ("花开富贵", None, None),
        ("小明", None, None),
        ("王", None, None),
        ("买买提·艾力", None, None),
        ("John Smith", None, None),
        ("김민준", None, None),
    ],
)
def test_chinese_name_splits_where_it_is_certain(display_name: str, family: str | None, given: str | None) -> None:
    assert split_name(display_name) == (family, given)


@pytest.mark.parametrize(
    ("family", "given", "display_name"),
    [
        ("欧阳", "娜娜", "欧阳娜娜"),
        ("Smith", "John", "John Smith"),
        ("김", "민준", "김민준"),
        ("山田", "たろう", "山田たろう"),
        ("陈", "David", "David 陈"),
        ("王", None, "王"),
        (None, "Cher", "Cher"),
    ],
)
def test_display_name_is_composed_in_the_order_of_its_script(
    family: str | None, given: str | None, display_name: str
) -> None:
    assert compose_name(family, given) == display_name


def test_display_name_of_nothing_or_too_much_is_refused() -> None:
    for family, given in ((None, None), ("", ""), ("x" * 150, "y" * 150)):
        with pytest.raises(NameInvalid):
            compose_name(family, given)


def test_split_names_compose_to_the_name_they_came_from() -> None:
    for name in ("张伟", "欧阳娜娜", "诸葛亮", "曾国藩"):
        assert compose_name(*split_name(name)) == name
