"""Tags, ids of other systems, closed vocabularies."""

from __future__ import annotations

import pytest

from custhub.features.customers.errors import ExternalIdInvalid, GenderInvalid, TagInvalid
from custhub.features.customers.rules import (
    CustomerKind,
    Gender,
    LifecycleStage,
    normalise_external_id,
    normalise_source,
    normalise_tag,
    parse_gender,
    tag_key,
)


@pytest.mark.parametrize(
    ("typed", "name"),
    [(" 高 价值 ", "高 价值"), ("ＶＩＰ", "VIP"), ("a\u200bb", "ab"), ("（新）客", "(新)客"), ("🎁", "🎁")],
)
def test_tag_has_one_standard_form(typed: str, name: str) -> None:
    assert normalise_tag(typed) == name


@pytest.mark.parametrize("typed", ["", "  ", "\u200b", "x" * 65, "x" * 999])
def test_empty_or_overlong_tag_is_refused(typed: str) -> None:
    with pytest.raises(TagInvalid):
        normalise_tag(typed)


def test_tags_that_differ_in_case_share_a_key() -> None:
    assert tag_key("VIP") == tag_key("vip")
    assert tag_key("Straße") == tag_key("STRASSE")


@pytest.mark.parametrize(
    ("typed", "source"), [("shopify", "shopify"), (" WeChat.Unionid ", "wechat.unionid"), ("erp_2-x", "erp_2-x")]
)
def test_source_is_a_slug(typed: str, source: str) -> None:
    assert normalise_source(typed) == source


@pytest.mark.parametrize("typed", ["", "a b", "源", "x" * 41, "a/b", "x" * 9_999])
def test_what_is_no_slug_is_refused(typed: str) -> None:
    with pytest.raises(ExternalIdInvalid):
        normalise_source(typed)


@pytest.mark.parametrize(
    ("typed", "external_id"),
    [("42", "42"), (" A-1 ", "A-1"), ("客户 7", "客户 7"), ("ＡＢ", "ＡＢ"), ("x" * 128, "x" * 128)],
)
def test_external_id_is_taken_literally(typed: str, external_id: str) -> None:
    assert normalise_external_id(typed) == external_id


@pytest.mark.parametrize("typed", ["", " ", "a\x00b", "a\u200bb", "a\nb", "\ud800", "\u202ea", "x" * 129, "x" * 9_999])
def test_unprintable_external_id_is_refused_not_repaired(typed: str) -> None:
    with pytest.raises(ExternalIdInvalid):
        normalise_external_id(typed)


@pytest.mark.parametrize(
    ("typed", "gender"),
    [
        ("女", Gender.FEMALE),
        ("F", Gender.FEMALE),
        (" male ", Gender.MALE),
        ("先生", Gender.MALE),
        ("1", Gender.MALE),
        ("2", Gender.FEMALE),
        ("其他", Gender.OTHER),
        ("", Gender.UNKNOWN),
        ("保密", Gender.UNKNOWN),
        ("unknown", Gender.UNKNOWN),
    ],
)
def test_gender_as_typed(typed: str, gender: Gender) -> None:
    assert parse_gender(typed) is gender


def test_unknown_gender_word_is_refused() -> None:
    with pytest.raises(GenderInvalid):
        parse_gender("张伟")


def test_vocabularies_are_lower_snake_case() -> None:
    """CONTRACT A2."""
    for vocabulary in (CustomerKind, Gender, LifecycleStage):
        assert all(member.value == member.name.lower() for member in vocabulary)
