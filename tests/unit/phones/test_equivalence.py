"""S-09: national variants of one subscriber hash alike; other numbers do not."""

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat

from custhub.features.phones.rules import RENUMBERINGS, PhoneNumber, equivalence_key

#: country, the other spelling, the spelling of today, the form that is hashed.
VARIANTS = [
    ("AR", "+54 9 11 2345 6789", "+54 11 2345 6789", "+541123456789"),
    ("AR", "+54 9 351 234 5678", "+54 351 234 5678", "+543512345678"),
    ("BJ", "+229 97 12 34 56", "+229 01 97 12 34 56", "+2290197123456"),
    ("BR", "+55 11 8765-4321", "+55 11 98765-4321", "+5511987654321"),
    ("BR", "+55 61 9961-2345", "+55 61 99961-2345", "+5561999612345"),
    ("BR", "+55 85 6765-4321", "+55 85 96765-4321", "+5585967654321"),
    ("CI", "+225 01 23 45 67", "+225 01 01 23 45 67", "+2250101234567"),
    ("CI", "+225 05 12 34 56", "+225 05 05 12 34 56", "+2250505123456"),
    ("CI", "+225 07 12 34 56", "+225 07 07 12 34 56", "+2250707123456"),
    ("CI", "+225 48 12 34 56", "+225 07 48 12 34 56", "+2250748123456"),
    ("CO", "+57 1 234 5678", "+57 601 234 5678", "+576012345678"),
    ("CO", "+57 4 234 5678", "+57 604 234 5678", "+576042345678"),
    ("GA", "+241 06 12 34 56", "+241 66 12 34 56", "+24166123456"),
    ("GA", "+241 2 12 34 56", "+241 62 12 34 56", "+24162123456"),
    ("GA", "+241 07 12 34 56", "+241 77 12 34 56", "+24177123456"),
    ("GA", "+241 01 72 34 56", "+241 11 72 34 56", "+24111723456"),
    ("MX", "+52 1 55 1234 5678", "+52 55 1234 5678", "+525512345678"),
    ("MX", "+521 81 8123 4567", "+52 81 8123 4567", "+528181234567"),
    ("VN", "+84 120 123 4567", "+84 70 123 4567", "+84701234567"),
    ("VN", "+84 121 123 4567", "+84 79 123 4567", "+84791234567"),
    ("VN", "+84 122 123 4567", "+84 77 123 4567", "+84771234567"),
    ("VN", "+84 126 123 4567", "+84 76 123 4567", "+84761234567"),
    ("VN", "+84 128 123 4567", "+84 78 123 4567", "+84781234567"),
    ("VN", "+84 123 123 4567", "+84 83 123 4567", "+84831234567"),
    ("VN", "+84 124 123 4567", "+84 84 123 4567", "+84841234567"),
    ("VN", "+84 125 123 4567", "+84 85 123 4567", "+84851234567"),
    ("VN", "+84 127 123 4567", "+84 81 123 4567", "+84811234567"),
    ("VN", "+84 129 123 4567", "+84 82 123 4567", "+84821234567"),
    *(("VN", f"+84 16{n} 123 4567", f"+84 3{n} 123 4567", f"+843{n}1234567") for n in range(2, 10)),
    ("VN", "+84 186 123 4567", "+84 56 123 4567", "+84561234567"),
    ("VN", "+84 188 123 4567", "+84 58 123 4567", "+84581234567"),
    ("VN", "+84 199 123 4567", "+84 59 123 4567", "+84591234567"),
]


@pytest.mark.parametrize(("country", "other", "today", "key"), VARIANTS)
def test_s09_variants_of_one_subscriber_have_one_key(country: str, other: str, today: str, key: str) -> None:
    variant = PhoneNumber.parse(other, "CN")
    current = PhoneNumber.parse(today, "CN")
    assert variant.equivalence_key == current.equivalence_key == key
    assert variant.country == current.country == country
    assert variant.last4 == current.last4


@pytest.mark.parametrize(("other", "country", "key"), [
    ("11 8765-4321", "BR", "+5511987654321"),
    ("(011) 8765-4321", "BR", "+5511987654321"),
    ("0120 123 4567", "VN", "+84701234567"),
    ("97 12 34 56", "BJ", "+2290197123456"),
    ("1 55 1234 5678", "MX", "+525512345678"),
    ("011 15 2345 6789", "AR", "+541123456789"),
    ("06 12 34 56", "GA", "+24166123456"),
])  # fmt: skip
def test_s09_variants_are_read_in_the_national_spelling_too(other: str, country: str, key: str) -> None:
    assert PhoneNumber.parse(other, country).equivalence_key == key


def test_s09_every_row_of_the_table_has_a_test_and_a_source() -> None:
    assert {row.country for row in RENUMBERINGS} == {country for country, *_ in VARIANTS}
    for row in RENUMBERINGS:
        assert len(row.source) > 20
        assert phonenumbers.country_code_for_region(row.country) == int(row.calling_code)


def test_s09_a_number_in_a_retired_form_is_kept_as_the_one_to_dial() -> None:
    number = PhoneNumber.parse("+55 11 8765-4321", "CN")
    assert (number.e164, number.raw) == ("+5511987654321", "+55 11 8765-4321")


def test_s09_argentine_mobile_keeps_its_nine_outside_the_key() -> None:
    number = PhoneNumber.parse("+54 9 11 2345 6789", "CN")
    assert (number.e164, number.equivalence_key) == ("+5491123456789", "+541123456789")


@pytest.mark.parametrize("e164", [
    "+8613812345678", "+14155552671", "+551123456789", "+551177654321", "+5511987654321", "+525512345678",
    "+541123456789", "+2290197123456", "+2250707123456", "+84701234567", "+842412345678", "+573001234567",
    "+24166123456", "+576012345678", "+447400123456", "+80012345678",
])  # fmt: skip
def test_s09_key_of_a_number_without_variants_is_the_number(e164: str) -> None:
    assert equivalence_key(e164) == e164


def test_s09_extension_is_no_part_of_the_key() -> None:
    assert equivalence_key("+861082345678;ext=12") == "+861082345678"
    assert equivalence_key("+5215512345678;ext=12") == "+525512345678"
    assert PhoneNumber.parse("010-82345678转12", "CN").equivalence_key == "+861082345678"


def test_s09_key_is_stable_and_valid_for_every_example_of_the_metadata() -> None:
    for region in phonenumbers.SUPPORTED_REGIONS:
        for kind in range(11):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None:
                continue
            e164 = phonenumbers.format_number(example, PhoneNumberFormat.E164)
            number = PhoneNumber.parse(e164, "ZZ")
            key = number.equivalence_key
            assert number.e164 == e164
            assert equivalence_key(key) == key
            assert key == e164 or region in {"AR", "GA"}


def test_s09_unequal_subscribers_keep_unequal_keys() -> None:
    brazil = {PhoneNumber.parse(f"+55 11 {d}765-4321", "CN").equivalence_key for d in "2345789"}
    assert len(brazil) == 7
