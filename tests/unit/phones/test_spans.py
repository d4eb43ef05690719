"""S-25: numbers in free text become sealed spans."""

import json
import random
import time

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberMatcher

from custhub.features.phones.rules import (
    HIDDEN,
    MaskStyle,
    find_numbers,
    mask,
    render_placeholders,
    replace_spans,
)

CN_MOBILE = "+8613812345678"


def found(text: str, country: str = "CN") -> list[tuple[str, str]]:
    return [(text[span.start : span.end], span.number.canonical) for span in find_numbers(text, country)]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("电话13812345678微信同号", [("13812345678", CN_MOBILE)]),
        ("请致电 138-1234-5678。", [("138-1234-5678", CN_MOBILE)]),
        ("（手机）138 1234 5678，下午", [("138 1234 5678", CN_MOBILE)]),
        ("联系人:张三(13812345678)", [("13812345678", CN_MOBILE)]),
        ("拨打(+86)13812345678即可", [("(+86)13812345678", CN_MOBILE)]),
        ("拨打+86 138 1234 5678即可", [("+86 138 1234 5678", CN_MOBILE)]),
        ("拨打0086-138-1234-5678即可", [("0086-138-1234-5678", CN_MOBILE)]),
        ("拨打8613812345678即可", [("8613812345678", CN_MOBILE)]),
        ("全角１３８１２３４５６７８号", [("１３８１２３４５６７８", CN_MOBILE)]),
        ("全角＋８６　１３８－１２３４－５６７８号", [("＋８６　１３８－１２３４－５６７８", CN_MOBILE)]),
        ("阿拉伯数字١٣٨١٢٣٤٥٦٧٨", [("١٣٨١٢٣٤٥٦٧٨", CN_MOBILE)]),
        ("零宽138\u200b1234\u200b5678", [("138\u200b1234\u200b5678", CN_MOBILE)]),
        ("方向\u202d138\u202c12345678", [("138\u202c12345678", CN_MOBILE)]),
        ("方向010\u202d82345678", [("010\u202d82345678", "+861082345678")]),
        ("座机010-82345678转12，王女士", [("010-82345678转12", "+861082345678;ext=12")]),
        ("座机010-82345678 分机：0801", [("010-82345678 分机：0801", "+861082345678;ext=0801")]),
        ("座机010-82345678 ext. 12", [("010-82345678 ext. 12", "+861082345678;ext=12")]),
        ("手机13812345678 ext. 12", [("13812345678 ext. 12", f"{CN_MOBILE};ext=12")]),
        ("客服400-820-8820", [("400-820-8820", "+864008208820")]),
        ("13812345678/13987654321", [("13812345678", CN_MOBILE), ("13987654321", "+8613987654321")]),
        ("13812345678 13987654321", [("13812345678", CN_MOBILE), ("13987654321", "+8613987654321")]),
        ("13812345678、010-82345678", [("13812345678", CN_MOBILE), ("010-82345678", "+861082345678")]),
        ("tel13812345678", [("13812345678", CN_MOBILE)]),
        ("wx13812345678abc", [("13812345678", CN_MOBILE)]),
        ("+8613812345678abc", [("+8613812345678", CN_MOBILE)]),
        ("¥13812345678", [("13812345678", CN_MOBILE)]),
        ("1.13812345678", [("13812345678", CN_MOBILE)]),
        ("2) 13812345678", [("13812345678", CN_MOBILE)]),
        ("2024/1/15 13812345678 来电", [("13812345678", CN_MOBILE)]),
        ("15/1/2024 010-82345678 来电", [("010-82345678", "+861082345678")]),
        ("2024-01-15 10:30 13812345678", [("13812345678", CN_MOBILE)]),
        ("Call +1 (415) 555-2671 today", [("+1 (415) 555-2671", "+14155552671")]),
        ("Rückruf +49 151 23456789 bitte", [("+49 151 23456789", "+4915123456789")]),
        ("Rückruf +49/15123456789 bitte", [("+49/15123456789", "+4915123456789")]),
        ("Rückruf 0049 151 2345 6789 bitte", [("0049 151 2345 6789", "+4915123456789")]),
        ("香港 +852 6123 4567；台北 +886 912 345 678", [
            ("+852 6123 4567", "+85261234567"), ("+886 912 345 678", "+886912345678"),
        ]),
    ],
)  # fmt: skip
def test_s25_numbers_are_found_at_their_places(text: str, spans: list[tuple[str, str]]) -> None:
    assert found(text) == spans


def test_s25_nothing_that_the_matcher_of_phonenumbers_finds_is_left() -> None:
    examples = [
        phonenumbers.format_number(example, style)
        for region in ("CN", "CN", "HK", "TW", "US", "GB", "DE", "BR", "JP")
        for kind in range(5)
        for style in (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL)
        if (example := phonenumbers.example_number_for_type(region, kind)) is not None
    ]
    glue = [
        "，",
        " ",
        "、",
        "/",
        "-",
        "\n",
        "（",
        "）",
        "客户",
        "abc",
        "1.",
        "¥",
        "2024-01-15 ",
        "10:30 ",
        " / ",
        "(",
        ")",
    ]
    dice = random.Random(25)
    for _ in range(2_000):
        text = "".join(dice.choice(examples) + dice.choice(glue) for _ in range(dice.randrange(1, 5)))
        taken = {at for span in find_numbers(text, "CN") for at in range(span.start, span.end)}
        for match in PhoneNumberMatcher(text, "CN"):
            # Glue made some German numbers longer than the 15 digits of E.164; the matcher does not mind.
            if len(phonenumbers.format_number(match.number, PhoneNumberFormat.E164)) > 16:
                continue
            left = [at for at in range(match.start, match.end) if text[at].isdigit() and at not in taken]
            assert len(left) < 7, text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "张三",
        "尾号5678",
        "123456",
        "朝阳区建国路88号3号楼2单元1201",
        "身份证110101199003071234",
        "统一社会信用代码911101085923662400",
        "卡号6222021234567890123",
        "订单20240115123456789",
        "2024-01-15 13:45:00",
        "GB/T 2260-2007",
        "金额12,345,678.90元",
        "1705300000",
        "192.168.100.101",
        "ISBN 978-7-111-54742-6",
        "138****5678",
        "\ue5a00\ue5a1",
    ],
)
def test_s25_other_figures_stay(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "country", "spans"),
    [
        ("call 415-555-2671", "US", [("415-555-2671", "+14155552671")]),
        ("ring 020 7946 0018 or 07400 123456", "GB", [
            ("020 7946 0018", "+442079460018"), ("07400 123456", "+447400123456"),
        ]),
        ("13812345678", "US", []),
        ("+86 138 1234 5678", "US", [("+86 138 1234 5678", CN_MOBILE)]),
        ("+86 138 1234 5678", "ZZ", [("+86 138 1234 5678", CN_MOBILE)]),
    ],
)  # fmt: skip
def test_s25_default_country_decides_numbers_without_country_code(
    text: str, country: str, spans: list[tuple[str, str]]
) -> None:
    assert found(text, country) == spans


def test_s25_placeholder_hides_every_digit_and_masks_come_back_in_place() -> None:
    text = "先打13812345678，再打+852 6123 4567（转李先生）"
    stored, numbers = replace_spans(text, find_numbers(text, "CN"))
    assert "1381234" not in stored
    assert "6123" not in stored
    assert json.loads(json.dumps(stored)) == stored
    masks = [mask(number.e164, MaskStyle.MASK) for number in numbers]
    assert render_placeholders(stored, masks) == "先打+86 138****5678，再打+852 ****4567（转李先生）"
    assert render_placeholders(stored, [number.raw for number in numbers]) == text


def test_s25_role_without_any_view_of_numbers_sees_stars() -> None:
    stored, _ = replace_spans("打13812345678", find_numbers("打13812345678", "CN"))
    assert render_placeholders(stored, [None]) == f"打{HIDDEN}"
    assert render_placeholders(stored, []) == f"打{HIDDEN}"


def test_s25_writer_cannot_forge_a_placeholder() -> None:
    text = "\ue5a00\ue5a1 13812345678 \ue5a01\ue5a1"
    stored, numbers = replace_spans(text, find_numbers(text, "CN"))
    assert len(numbers) == 1
    assert render_placeholders(stored, ["MASK"]) == "\ufffd0\ufffd MASK \ufffd1\ufffd"
    assert replace_spans("\ue5a00\ue5a1", []) == ("\ufffd0\ufffd", [])


def test_s25_placeholder_characters_cannot_split_a_number_past_recognition() -> None:
    stored, _ = replace_spans("1381234\ue5a05678", find_numbers("1381234\ue5a05678", "CN"))
    assert "13812345678" not in stored


def test_s25_text_without_numbers_is_unchanged() -> None:
    text = "客户满意，明天回访"
    assert replace_spans(text, find_numbers(text, "CN")) == (text, [])
    assert render_placeholders(text, []) == text


def test_s25_text_of_many_numbers_keeps_their_order() -> None:
    dice = random.Random(25)
    numbers = [f"13{dice.randrange(10**9):09d}" for _ in range(400)]
    text = "，".join(numbers)
    stored, taken = replace_spans(text, find_numbers(text, "CN"))
    assert [number.raw for number in taken] == numbers
    assert render_placeholders(stored, numbers) == text


@pytest.mark.parametrize(
    "piece",
    [
        "13812345678 ",
        "1 13812345678 ",
        "+1 415 555 2671 ",
        "1 2 3 4 5 6 7 8 9 0 ",
        "1234567890",
        "12345 67890 123.45/678-90 ",
        "(1(2)(3)",
        "(138) ",
        "12345678/",
        "1/2/",
        "20240115123456789 ",
        "123456。",
        "1x",
        "+",
        "13812345678 x ",
        "转12",
        "\u202e1",
    ],
)
def test_s25_ten_thousand_characters_stay_bounded(piece: str) -> None:
    text = (piece * 10_000)[:10_000]
    begun = time.process_time()
    find_numbers(text, "CN")
    assert time.process_time() - begun < 2
