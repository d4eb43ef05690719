"""How two names stand to each other (MATCHING 1)."""

from __future__ import annotations

import pytest

from custhub.features.matching.rules.levels import Level
from custhub.features.matching.rules.name_levels import compare_names
from custhub.features.matching.rules.names import families_of, read_name, tokens_of

PAIRS = [
    ("张三丰", "张三丰", Level.SAME),
    ("Smith, John", "John Smith", Level.SAME),
    ("Dr. John Smith", "John Smith", Level.SAME),
    ("John A. Smith", "John Smith", Level.SAME),
    ("Li Na", "Na Li", Level.SAME),
    ("Lina", "Li Na", Level.SAME),
    ("José García", "Jose Garcia", Level.SAME),
    ("O'Brien Pat", "Pat OBrien", Level.SAME),
    ("張三豐", "张三丰", Level.ACROSS_SCRIPTS),
    ("张三丰", "Zhang Sanfeng", Level.ACROSS_SCRIPTS),
    ("张三丰", "Sanfeng Zhang", Level.ACROSS_SCRIPTS),
    ("张三丰", "ZHANG San-Feng", Level.ACROSS_SCRIPTS),
    ("曾小贤", "Zeng Xiaoxian", Level.ACROSS_SCRIPTS),
    ("单田芳", "Shan Tianfang", Level.ACROSS_SCRIPTS),
    ("解晓东", "Xie Xiaodong", Level.ACROSS_SCRIPTS),
    ("仇英", "Qiu Ying", Level.ACROSS_SCRIPTS),
    ("William Smith", "Bill Smith", Level.NICKNAME),
    ("Chris Lee", "Christopher Lee", Level.NICKNAME),
    ("张伟", "张玮", Level.TYPO),
    ("章伟", "张伟", Level.TYPO),
    ("John Smith", "John Smiht", Level.TYPO),
    ("张三丰", "Zhang Sanfneg", Level.TYPO),
    ("J. Smith", "John Smith", Level.INITIAL),
    ("张三丰", "Zhang S", Level.INITIAL),
    ("张三丰", "S.F. Zhang", Level.INITIAL),
    ("张三丰", "张先生", Level.COMPATIBLE),
    ("张三丰", "张总", Level.COMPATIBLE),
    ("王伟", "王", Level.COMPATIBLE),
    ("张三丰", "张**", Level.COMPATIBLE),
    ("张三丰", "张*丰", Level.COMPATIBLE),
    ("张三丰", "张*", Level.COMPATIBLE),
    ("欧阳娜娜", "欧阳女士", Level.COMPATIBLE),
    ("小明", "王小明", Level.COMPATIBLE),
    ("Mr Zhang", "张三丰", Level.COMPATIBLE),
    ("张三丰", "David Zhang", Level.WESTERN_GIVEN),
    ("Sanfeng Zhang", "David Zhang", Level.WESTERN_GIVEN),
    ("李伟", "张伟", Level.GIVEN_ONLY),
    ("Mary Smith", "Mary Jones", Level.GIVEN_ONLY),
    ("王建国", "王建军", Level.FAMILY_ONLY),
    ("John Smith", "Jane Smith", Level.FAMILY_ONLY),
    ("王建国", "Wang Jianjun", Level.FAMILY_ONLY),
    ("Wang Jianguo", "Jianjun Wang", Level.FAMILY_ONLY),
    ("Wang Jianxin", "Wang Jianxing", Level.TYPO),
    ("王建昌", "Wang Jiancang", Level.TYPO),
    ("Dorian Featherstone", "Gloria Featherstone", Level.FAMILY_ONLY),
    ("Lau ra Featherstone", "Laura Featherston", Level.TYPO),
    ("Laura Featherstone", "Featherston Laurra", Level.TYPO),
    ("Wei Wang", "Wang Fang", Level.FAMILY_ONLY),
    ("张三丰", "李*丰", Level.DIFFERENT),
    ("曹先生", "李先生", Level.DIFFERENT),
    ("John Smith", "Peter Brown", Level.DIFFERENT),
    ("张三丰", "Peter Brown", Level.DIFFERENT),
]


@pytest.mark.parametrize(("left", "right", "level"), PAIRS)
def test_names_stand_so_to_each_other_in_either_order(left: str, right: str, level: Level) -> None:
    one, other = read_name(left), read_name(right)
    assert one is not None
    assert other is not None
    assert compare_names(one, other) is level
    assert compare_names(other, one) is level


@pytest.mark.parametrize(
    "text", ["", "  ", "客户", "微信用户", "用户8613", "User 1234", "test", "N/A", "先生", "匿名", "-", "12345"]
)
def test_what_names_nobody_is_no_name(text: str) -> None:
    assert read_name(text) is None


def test_a_suffix_is_kept_beside_the_name() -> None:
    name = read_name("John Smith Jr.")
    assert name is not None
    assert (name.words, name.suffix) == (("john", "smith"), "jr")


@pytest.mark.parametrize("text", ["张三丰", "Zhang San Feng", "Sanfeng Zhang", "張三豐"])
def test_every_spelling_of_a_name_shares_a_token(text: str) -> None:
    name = read_name(text)
    assert name is not None
    assert {"zhang", "sanfeng"} & tokens_of(name)
    assert "zhang" in families_of(name)
