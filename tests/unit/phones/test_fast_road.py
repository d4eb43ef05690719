"""S-30: the fast road for Chinese mobiles gives what phonenumbers gives."""

import random
import unicodedata
from collections.abc import Iterator

import phonenumbers
import pytest
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat

from custhub.features.phones.errors import PhoneInvalid
from custhub.features.phones.rules import PhoneKind, PhoneNumber
from custhub.features.phones.rules.reading import chinese_mobile, plain

INPUTS = 100_000
KINDS = {0: "fixed", 1: "mobile", 2: "fixed_or_mobile", 3: "toll_free", 4: "premium", 5: "shared_cost", 6: "voip"}
FULL_WIDTH = str.maketrans("0123456789+-() ", "０１２３４５６７８９＋－（）　")
SPELLINGS = (
    "{a}{b}{c}",
    "{a} {b} {c}",
    "{a}-{b}-{c}",
    "{a}.{b}.{c}",
    "({a}) {b}-{c}",
    "+86{a}{b}{c}",
    "+86 {a} {b} {c}",
    "+86-{a}-{b}-{c}",
    "(+86){a}{b}{c}",
    "(86) {a}-{b}-{c}",
    "86{a}{b}{c}",
    "86 {a} {b} {c}",
    "0086{a}{b}{c}",
    "0086 {a} {b} {c}",
    "00 86 {a}{b}{c}",
    "0{a}{b}{c}",
    "- {a}{b}{c} -",
)

Answer = tuple[str, str | None, str, str | None] | None


def spellings(dice: random.Random, count: int) -> Iterator[str]:
    for _ in range(count):
        digits = dice.choice(("1", "13", "15", "17", "18", "19", "14", "16", "1740", "1610"))
        digits += "".join(dice.choices("0123456789", k=11 - len(digits)))
        if dice.random() < 0.1:
            digits = digits[: dice.randrange(1, 11)] if dice.random() < 0.5 else digits + dice.choice("0123456789")
        raw = dice.choice(SPELLINGS).format(a=digits[:3], b=digits[3:7], c=digits[7:])
        if dice.random() < 0.15:
            raw = raw.translate(FULL_WIDTH)
        if dice.random() < 0.15:
            at = dice.randrange(len(raw) + 1)
            raw = raw[:at] + dice.choice(" -().+0123456789x/") + raw[at + dice.randrange(2) :]
        yield raw


def answer_of_metadata(raw: str, country: str) -> Answer:
    try:
        parsed = phonenumbers.parse(unicodedata.normalize("NFKC", raw), country)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return (
        phonenumbers.format_number(parsed, PhoneNumberFormat.E164),
        phonenumbers.region_code_for_number(parsed),
        KINDS.get(phonenumbers.number_type(parsed), "other"),
        parsed.extension,
    )


def answer_of_hub(raw: str, country: str) -> Answer:
    try:
        number = PhoneNumber.parse(raw, country)
    except PhoneInvalid:
        return None
    return number.e164, number.country, number.kind.value, number.extension


def test_s30_one_hundred_thousand_inputs_are_read_as_phonenumbers_reads_them() -> None:
    dice = random.Random(30)
    fast = valid = 0
    for raw in spellings(dice, INPUTS):
        expected = answer_of_metadata(raw, "CN")
        assert answer_of_hub(raw, "CN") == expected, raw
        fast += chinese_mobile(plain(raw), "CN") is not None
        valid += expected is not None
    assert fast > INPUTS * 0.5
    assert valid < INPUTS * 0.95


@pytest.mark.parametrize("country", ["US", "DE", "HK", "ZZ"])
def test_s30_from_another_country_only_a_written_country_code_takes_the_fast_road(country: str) -> None:
    dice = random.Random(country)
    for raw in spellings(dice, 1_000):
        if chinese_mobile(plain(raw), country) is not None:
            assert answer_of_hub(raw, country) == answer_of_metadata(raw, country), raw
            assert "+" in plain(raw)


def test_s30_every_prefix_of_the_plan_is_decided_by_the_installed_metadata() -> None:
    for prefix in range(1000, 2000):
        for tail in ("0000000", "1234567", "9999999"):
            raw = f"{prefix}{tail}"
            assert answer_of_hub(raw, "CN") == answer_of_metadata(raw, "CN"), raw


def test_s30_fast_road_accepts_exactly_the_mobile_pattern_of_the_metadata() -> None:
    metadata = PhoneMetadata.metadata_for_region("CN")
    assert metadata is not None
    assert metadata.mobile is not None
    assert metadata.mobile.example_number is not None
    assert chinese_mobile(metadata.mobile.example_number, "CN") == (
        "+86" + metadata.mobile.example_number,
        "CN",
        PhoneKind.MOBILE,
        None,
    )
    assert chinese_mobile("12012345678", "CN") is None
