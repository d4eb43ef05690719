"""Unified social credit codes by GB 32100-2015."""

from __future__ import annotations

import pytest

from custhub.features.customers.errors import TaxIdInvalid
from custhub.features.customers.rules import normalise_tax_id

VALID = "91350100M000100Y43"


@pytest.mark.parametrize(
    "typed",
    [
        VALID,
        VALID.lower(),
        " 91350100 M000100Y43 ",
        "9135-0100-M000-100Y-43",
        "９１３５０１００Ｍ０００１００Ｙ４３",
        "9I350I00MOOOI00Y43",
    ],
)
def test_chinese_code_in_any_spelling(typed: str) -> None:
    assert normalise_tax_id(typed, "CN") == VALID


def test_every_single_wrong_character_is_found_by_the_check_digit() -> None:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    for position, right in enumerate(VALID):
        for wrong in alphabet:
            if wrong != right:
                with pytest.raises(TaxIdInvalid):
                    normalise_tax_id(VALID[:position] + wrong + VALID[position + 1 :], "CN")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "123",
        VALID[:-1],
        VALID + "0",
        "91350100S000100Y43",
        "913501A0M000100Y43",
        "350100000012345",
        "9" * 500,
        "公司",
    ],
)
def test_what_is_no_chinese_code_is_refused(typed: str) -> None:
    with pytest.raises(TaxIdInvalid):
        normalise_tax_id(typed, "CN")


def test_tax_id_of_another_country_is_tidied_text() -> None:
    assert normalise_tax_id(" de  136 695 976 ", "DE") == "DE 136 695 976"
    assert normalise_tax_id("gb１２３", "GB") == "GB123"


@pytest.mark.parametrize("typed", ["", " - ", "\u200b", "x" * 65, "x" * 500])
def test_empty_or_overlong_tax_id_of_another_country_is_refused(typed: str) -> None:
    with pytest.raises(TaxIdInvalid):
        normalise_tax_id(typed, "DE")
