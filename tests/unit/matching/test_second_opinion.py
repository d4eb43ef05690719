"""What Splink is given: our columns and levels, whole and in order. Splink itself: `make prove-splink`."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest

from custhub.features.matching.errors import SplinkMissing
from custhub.features.matching.rules.columns import COLUMNS, columns_of
from custhub.features.matching.rules.levels import Level
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.sql_levels import KNOWN, LADDERS, MEETINGS, SURE
from custhub.features.matching.rules.weights import shipped_weights
from custhub.features.matching.service import second_opinion
from tests.unit.matching.people import person


def columns(**row: str) -> dict[str, Any]:
    return columns_of(person(**row))


def test_every_level_of_ours_is_asked_for() -> None:
    asked = {(field, level) for field, ladder in LADDERS.items() for level, _ in ladder}
    # Of suffixes ours only counts those that differ.
    assert {at for at in asked if at in shipped_weights().bits} == shipped_weights().bits.keys()
    assert {level for _, level in asked - shipped_weights().bits.keys()} == {Level.SAME}


def test_each_ladder_ends_with_what_is_left() -> None:
    for ladder in LADDERS.values():
        assert [sql == "ELSE" for _, sql in ladder] == [False] * (len(ladder) - 1) + [True]
        assert len({level for level, _ in ladder}) == len(ladder)


def test_conditions_name_columns_that_there_are() -> None:
    for field, ladder in LADDERS.items():
        assert KNOWN[field] in COLUMNS
        for _, sql in ladder:
            assert set(re.findall(r"\b([a-z_]+)_[lr]\b", sql)) <= COLUMNS.keys(), sql
    assert {*MEETINGS, *(name for rule in SURE for name in rule)} <= COLUMNS.keys()


def test_what_pairs_meet_by_stands_in_a_condition() -> None:
    """Else Splink would train a field on pairs that share it already."""
    for column in MEETINGS:
        named = [f"{column}_l" in sql for ladder in LADDERS.values() for _, sql in ladder]
        assert any(named) or column in KNOWN.values(), column


def test_nobody_has_every_column_and_no_value() -> None:
    assert columns_of(Person()) == dict.fromkeys(COLUMNS)


def test_names_are_read_as_matching_reads_them() -> None:
    han, pinyin, nick = columns(name="王建国先生"), columns(name="Wang Jianguo"), columns(name="Bill Smith")
    assert (han["name_han"], han["name_family"], han["name_given"]) == ("王建国", "wang", "jianguo")
    assert (pinyin["name_han"], pinyin["name_family"], pinyin["name_given"]) == (None, "wang", "jianguo")
    assert set(han["name_sounds"]) & set(pinyin["name_sounds"])
    assert columns(name="William Smith")["name_nicknames"].count(nick["name_term"]) == 1
    assert columns(name="张*丰")["name_pattern"] == "张_丰"
    assert columns(name="客户")["name_term"] is None


def test_contacts_and_houses_are_read_as_matching_reads_them() -> None:
    one = columns(
        phone="138 1234 5678", phone2="0755-86131234", email="wang.jianguo@QQ.com", name="王建国",
        address="深圳市南山区科技园路1号3栋502", birthday="1990/5/3",
        personal_id="4403-0119 90",
    )  # fmt: skip
    assert one["numbers"] == ["+8613812345678", "+8675586131234"]
    assert (one["number"], one["mobiles"]) == ("+8613812345678", ["+8613812345678"])
    assert (one["mail"], one["mail_is_spelled"]) == ("wang.jianguo@qq.com", True)
    assert (one["house_number"], one["house_unit"], one["house_words"]) == ("1", "3-502", None)
    assert (one["birthday"], one["birthday_turned"]) == ("19900503", "19900305")
    assert one["personal_id"] == "4403011990"
    masked = columns(phone="138****5678")
    assert (masked["number"], masked["numbers"], masked["masked"]) == (None, [], ["138****5678"])
    assert set(masked["masked_forms"]) & set(one["masked_forms"])


def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(SplinkMissing, match=r"pip install 'custhub\[dedupe\]'"):
        second_opinion.require_splink()
