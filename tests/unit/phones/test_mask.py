"""S-21: what a reader without the right to reveal sees."""

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat

from custhub.features.phones.rules import MaskStyle, PhoneNumber, last4_of, mask

MASKS = [
    ("+8613812345678", "+86 138****5678", "+86 *******5678"),
    ("+12015550123", "+1 20****0123", "+1 ******0123"),
    ("+85261234567", "+852 ****4567", "+852 ****4567"),
    ("+447911123456", "+44 79****3456", "+44 ******3456"),
    ("+861082345678", "+86 10****5678", "+86 ******5678"),
    ("+85366123456", "+853 ****3456", "+853 ****3456"),
    ("+886912345678", "+886 9****5678", "+886 *****5678"),
    ("+81312345678", "+81 3****5678", "+81 *****5678"),
    ("+819012345678", "+81 90****5678", "+81 ******5678"),
    ("+821020000000", "+82 10****0000", "+82 ******0000"),
    ("+6581234567", "+65 ****4567", "+65 ****4567"),
    ("+60123456789", "+60 1****6789", "+60 *****6789"),
    ("+66812345678", "+66 8****5678", "+66 *****5678"),
    ("+84912345678", "+84 9****5678", "+84 *****5678"),
    ("+628123456789", "+62 81****6789", "+62 ******6789"),
    ("+918123456789", "+91 81****6789", "+91 ******6789"),
    ("+971501234567", "+971 5****4567", "+971 *****4567"),
    ("+79123456789", "+7 91****6789", "+7 ******6789"),
    ("+77011234567", "+7 70****4567", "+7 ******4567"),
    ("+33612345678", "+33 6****5678", "+33 *****5678"),
    ("+4915123456789", "+49 151****6789", "+49 *******6789"),
    ("+49301234", "+49 ****34", "+49 ****34"),
    ("+393123456789", "+39 31****6789", "+39 ******6789"),
    ("+390612345678", "+39 06****5678", "+39 ******5678"),
    ("+34612345678", "+34 6****5678", "+34 *****5678"),
    ("+61412345678", "+61 4****5678", "+61 *****5678"),
    ("+5511961234567", "+55 119****4567", "+55 *******4567"),
    ("+525512345678", "+52 55****5678", "+52 ******5678"),
    ("+27711234567", "+27 7****4567", "+27 *****4567"),
    ("+2348021234567", "+234 80****4567", "+234 ******4567"),
    ("+20100123456", "+20 1****3456", "+20 *****3456"),
    ("+3547111234", "+354 ****234", "+354 ****234"),
    ("+6834002", "+683 ****", "+683 ****"),
    ("+29051234", "+290 ****4", "+290 ****4"),
    ("+80012345678", "+800 ****5678", "+800 ****5678"),
    ("+4366412345678901", "+43 664*******8901", "+43 **********8901"),
]


@pytest.mark.parametrize(("e164", "masked", "last4"), MASKS)
def test_s21_masks_per_country(e164: str, masked: str, last4: str) -> None:
    assert mask(e164, MaskStyle.MASK) == masked
    assert mask(e164, MaskStyle.LAST4) == last4
    assert mask(e164, MaskStyle.NONE) is None


@pytest.mark.parametrize("style", [MaskStyle.MASK, MaskStyle.LAST4])
@pytest.mark.parametrize("length", range(1, 18))
def test_s21_at_least_four_digits_are_hidden_at_any_length(style: MaskStyle, length: int) -> None:
    national = "98765432109876543"[:length]
    masked = mask(f"+86{national}", style)
    assert masked is not None
    shown = masked.removeprefix("+86 ").replace("*", "")
    assert masked.count("*") >= 4
    assert len(shown) <= max(0, length - 4)
    assert len(shown) <= (7 if style is MaskStyle.MASK else 4)


def test_s21_extension_is_not_shown() -> None:
    assert mask("+861082345678;ext=12", MaskStyle.MASK) == "+86 10****5678"
    assert mask("+861082345678;ext=12", MaskStyle.LAST4) == "+86 ******5678"


def test_s21_calling_code_is_split_as_phonenumbers_splits_it_for_every_region() -> None:
    for region in phonenumbers.SUPPORTED_REGIONS:
        example = phonenumbers.example_number(region)
        assert example is not None
        e164 = phonenumbers.format_number(example, PhoneNumberFormat.E164)
        national = phonenumbers.national_significant_number(example)
        masked = mask(e164, MaskStyle.MASK)
        assert masked is not None
        assert masked.startswith(f"+{example.country_code} ")
        assert masked.count("*") >= 4
        assert last4_of(e164) == national[-4:]
        assert PhoneNumber.parse(e164, "ZZ").national == national


def test_s21_calling_code_out_of_the_plan_is_masked_too() -> None:
    assert mask("+99912345678", MaskStyle.MASK) == "+999 ****5678"


def test_s10_last_four_are_national_digits_only() -> None:
    assert last4_of("+8613812345678") == "5678"
    assert last4_of("+683400") == "400"
    assert last4_of("+861082345678;ext=12") == "5678"
