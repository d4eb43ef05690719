"""S-30 and CONTRACT B4: any spelling on input, E.164 inside, or a reason why not."""

import pytest

from custhub.features.phones.errors import InvalidReason, PhoneInvalid
from custhub.features.phones.rules import PhoneKind, PhoneNumber


@pytest.mark.parametrize(
    "raw",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "138.1234.5678",
        "(138) 1234-5678",
        "013812345678",
        "+8613812345678",
        "+86 138 1234 5678",
        "+86-138-1234-5678",
        "(+86)13812345678",
        "86138 1234 5678",
        "008613812345678",
        "0086 138 1234 5678",
        "+86 (0) 138 1234 5678",
        "tel:+86-138-1234-5678",
        "TEL:13812345678",
        "手机：13812345678",
        "１３８１２３４５６７８",
        "＋８６（１３８）１２３４－５６７８",
        "138\u00a01234\u20095678",
        "138–1234—5678",
        "138−1234ー5678",
        "\u202d138 1234 5678\u202c",
        "\ufeff138\u200b1234\u200d5678",
        "\t138 1234 5678\r\n",
        "138\t1234\n5678",
        "١٣٨١٢٣٤٥٦٧٨",
        "१३८१२३४५६७८",
        "138١٢٣٤5678",
    ],
)
def test_s30_every_spelling_of_one_number_gives_the_same_number(raw: str) -> None:
    number = PhoneNumber.parse(raw, "CN")
    assert number == PhoneNumber.parse("+8613812345678", "ZZ")
    assert (number.e164, number.country, number.kind, number.extension) == ("+8613812345678", "CN", "mobile", None)
    assert number.raw == raw


@pytest.mark.parametrize(
    ("raw", "country", "e164", "region", "kind"),
    [
        ("010-8234 5678", "CN", "+861082345678", "CN", PhoneKind.FIXED),
        ("0571 8765 4321", "CN", "+8657187654321", "CN", PhoneKind.FIXED),
        ("400-820-8820", "CN", "+864008208820", "CN", PhoneKind.SHARED_COST),
        ("800-810-1234", "CN", "+868008101234", "CN", PhoneKind.TOLL_FREE),
        ("17012345678", "CN", "+8617012345678", "CN", PhoneKind.MOBILE),
        ("16212345678", "CN", "+8616212345678", "CN", PhoneKind.MOBILE),
        ("16512345678", "CN", "+8616512345678", "CN", PhoneKind.MOBILE),
        ("16712345678", "CN", "+8616712345678", "CN", PhoneKind.MOBILE),
        ("17112345678", "CN", "+8617112345678", "CN", PhoneKind.MOBILE),
        ("6123 4567", "HK", "+85261234567", "HK", PhoneKind.MOBILE),
        ("0912 345 678", "TW", "+886912345678", "TW", PhoneKind.MOBILE),
        ("(415) 555-2671", "US", "+14155552671", "US", PhoneKind.FIXED_OR_MOBILE),
        ("1-800-FLOWERS", "US", "+18003569377", "US", PhoneKind.TOLL_FREE),
        ("+1 604 555 0123", "CN", "+16045550123", "CA", PhoneKind.FIXED_OR_MOBILE),
        ("07400 123456", "GB", "+447400123456", "GB", PhoneKind.MOBILE),
        ("+44 56 1234 5678", "CN", "+445612345678", "GB", PhoneKind.VOIP),
        ("+44 909 879 0123", "CN", "+449098790123", "GB", PhoneKind.PREMIUM),
        ("+44 70 1234 5678", "CN", "+447012345678", "GB", PhoneKind.OTHER),
        ("06 698 12345", "VA", "+390669812345", "VA", PhoneKind.FIXED),
        ("+7 701 123 4567", "CN", "+77011234567", "KZ", PhoneKind.MOBILE),
        ("+800 1234 5678", "CN", "+80012345678", "001", PhoneKind.TOLL_FREE),
        ("011 15 2345 6789", "AR", "+5491123456789", "AR", PhoneKind.MOBILE),
    ],
)
def test_b4_country_and_kind_come_from_the_numbering_plan(
    raw: str, country: str, e164: str, region: str, kind: PhoneKind
) -> None:
    number = PhoneNumber.parse(raw, country)
    assert (number.e164, number.country, number.kind) == (e164, region, kind)


@pytest.mark.parametrize("country", ["US", "JP", "AU", "HK", "RU", "SG", "DE"])
def test_s30_double_zero_is_read_as_plus_where_another_prefix_is_dialled(country: str) -> None:
    assert PhoneNumber.parse("0086 138 1234 5678", country).e164 == "+8613812345678"


def test_b4_default_country_decides_a_number_without_country_code() -> None:
    assert PhoneNumber.parse("020 7946 0018", "GB").e164 == "+442079460018"
    assert PhoneNumber.parse("020 8123 4567", "CN").e164 == "+862081234567"


@pytest.mark.parametrize(
    "raw",
    [
        "010-82345678 ext. 12",
        "010-82345678 ext 12",
        "010-82345678转12",
        "010-82345678 轉 12",
        "010-82345678分机12",
        "010-82345678 分机：12",
        "010-82345678內線12",
        "010-82345678x12",
        "010-82345678 #12",
        "010-82345678＃１２",
        "010-82345678 ext. ١٢",
        "+861082345678;ext=12",
    ],
)
def test_b4_extension_is_kept_and_makes_the_number_shared(raw: str) -> None:
    number = PhoneNumber.parse(raw, "CN")
    assert (number.e164, number.extension) == ("+861082345678", "12")
    assert number.canonical == "+861082345678;ext=12"
    assert number.always_shared
    assert number.shared_by_default


def test_b4_extension_makes_another_number() -> None:
    line = PhoneNumber.parse("010-82345678", "CN")
    desk = PhoneNumber.parse("010-82345678转12", "CN")
    assert line != desk
    assert desk == PhoneNumber.parse(desk.canonical, "ZZ")
    assert len({line, desk, PhoneNumber.parse("+86 10 8234 5678 x12", "US")}) == 2


def test_s07_canonical_form_of_the_longest_number_fits_one_padded_block() -> None:
    number = PhoneNumber.parse("+43 664 1111111111 ext. 1234567890", "CN")
    assert number.canonical == "+436641111111111;ext=1234567890"
    assert len(number.canonical) == 31
    with pytest.raises(PhoneInvalid) as refused:
        PhoneNumber.parse("010-82345678;ext=12345678901", "CN")
    assert refused.value.reason is InvalidReason.EXTENSION_TOO_LONG


@pytest.mark.parametrize(
    ("raw", "country", "reason"),
    [
        ("1" * 65, "CN", InvalidReason.TOO_LONG),
        ("138 1234 5678" + " " * 52, "CN", InvalidReason.TOO_LONG),
        ("ﷺ" * 10, "CN", InvalidReason.TOO_LONG),
        ("", "CN", InvalidReason.NOT_A_NUMBER),
        ("   ", "CN", InvalidReason.NOT_A_NUMBER),
        ("张三", "CN", InvalidReason.NOT_A_NUMBER),
        ("138****5678", "CN", InvalidReason.NOT_VALID_FOR_COUNTRY),
        ("+86 138****5678", "CN", InvalidReason.NOT_VALID_FOR_COUNTRY),
        ("1381234567a", "CN", InvalidReason.NOT_VALID_FOR_COUNTRY),
        ("13812345678（张先生）", "CN", InvalidReason.NOT_A_NUMBER),
        ("13812345678,13987654321", "CN", InvalidReason.NOT_A_NUMBER),
        ("13812345678 13987654321", "CN", InvalidReason.TOO_MANY_DIGITS),
        ("13812345678\n13987654321", "CN", InvalidReason.TOO_MANY_DIGITS),
        ("138123456789", "CN", InvalidReason.NOT_VALID_FOR_COUNTRY),
        ("1381234567890", "CN", InvalidReason.TOO_MANY_DIGITS),
        ("110", "CN", InvalidReason.TOO_SHORT),
        ("10086", "CN", InvalidReason.TOO_SHORT),
        ("12012345678", "CN", InvalidReason.NOT_VALID_FOR_COUNTRY),
        ("82345678", "CN", InvalidReason.NOT_VALID_FOR_COUNTRY),
        ("+999 1234 5678", "CN", InvalidReason.INVALID_COUNTRY_CODE),
        ("13812345678", "ZZ", InvalidReason.INVALID_COUNTRY_CODE),
        ("13812345678", "cn", InvalidReason.INVALID_COUNTRY_CODE),
        ("13812345678", "", InvalidReason.INVALID_COUNTRY_CODE),
        ("+86", "CN", InvalidReason.NOT_A_NUMBER),
        ("++", "CN", InvalidReason.NOT_A_NUMBER),
        ("00000000000", "CN", InvalidReason.NOT_VALID_FOR_COUNTRY),
        ("555-0123", "US", InvalidReason.TOO_SHORT),
    ],
)
def test_b4_impossible_or_ambiguous_is_phone_invalid_with_a_stable_reason(
    raw: str, country: str, reason: InvalidReason
) -> None:
    with pytest.raises(PhoneInvalid) as refused:
        PhoneNumber.parse(raw, country)
    assert refused.value.reason is reason
    assert refused.value.members == {"reason": reason.value}


def test_parts_of_a_number() -> None:
    number = PhoneNumber.parse("+852 6123 4567", "CN")
    assert (number.national, number.last4) == ("61234567", "4567")


@pytest.mark.parametrize(
    ("raw", "shared"),
    [
        ("13812345678", False),
        ("010-82345678", True),
        ("400-820-8820", False),
        ("+1 415 555 2671", False),
        ("13812345678转5", True),
    ],
)
def test_s13_fixed_lines_and_extensions_are_shared_by_default(raw: str, shared: bool) -> None:
    assert PhoneNumber.parse(raw, "CN").shared_by_default is shared


def test_privacy_number_is_declared_and_always_shared() -> None:
    number = PhoneNumber.parse("17012345678", "CN")
    virtual = number.with_kind(PhoneKind.VIRTUAL)
    assert (number.kind, number.always_shared) == (PhoneKind.MOBILE, False)
    assert (virtual.kind, virtual.always_shared, virtual.shared_by_default) == (PhoneKind.VIRTUAL, True, True)
    assert virtual == number
    assert (virtual.e164, virtual.raw, virtual.country) == (number.e164, number.raw, number.country)
