"""Masks that come back in a text (S-25)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.features.phones.errors import MaskAmbiguous
from custhub.features.phones.rules import (
    HiddenNumber,
    MaskStyle,
    find_numbers,
    mask,
    put_back,
    render_placeholders,
    replace_spans,
)

A, B = "13912345678", "13987655678"


def _stored(text: str, style: MaskStyle = MaskStyle.MASK) -> tuple[str, list[HiddenNumber]]:
    stored, numbers = replace_spans(text, find_numbers(text, "CN"))
    return stored, [HiddenNumber(n.canonical, n.raw, mask(n.canonical, style)) for n in numbers]


@pytest.mark.parametrize("style", list(MaskStyle))
@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        f"call {A}",
        f"{A} / {B} / {A}",
        f"home {A}, office 021-63841234 转 8001, abroad +44 7911 123456",
        f"**** is the pin, {A} the number, ****",
        f"电话{A}。",
    ],
)
def test_a_text_sent_back_as_it_was_read_is_the_text_that_was_written(text: str, style: MaskStyle) -> None:
    """S-25: reading and sending back is the identity, in every style of mask."""
    stored, numbers = _stored(text, style)
    shown = render_placeholders(stored, [number.mask for number in numbers])
    assert put_back(shown, stored, numbers) == text


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from([A, B, "+44 7911 123456", "021-63841234"]), max_size=4),
    st.lists(st.text(alphabet="ab *+86139中，\n", max_size=8), min_size=5, max_size=5),
    st.sampled_from(list(MaskStyle)),
)
def test_any_text_round_trips(numbers: list[str], words: list[str], style: MaskStyle) -> None:
    """S-25: whatever stands around the numbers, stars included."""
    text = words[0] + "".join(f" {number} {word}" for number, word in zip(numbers, words[1:], strict=False))
    stored, hidden = _stored(text, style)
    shown = render_placeholders(stored, [number.mask for number in hidden])
    back = put_back(shown, stored, hidden)
    # Put apart from its neighbour it may be; nothing else changes, and no number is lost.
    assert back.replace(" ", "") == text.replace(" ", "")
    assert [n.canonical for n in _stored(back)[1]] == [n.canonical for n in hidden]


def test_a_single_number_stands_behind_any_count_of_its_masks() -> None:
    """S-25: copied, it is the same number."""
    stored, numbers = _stored(f"call {A}")
    shown = numbers[0].shown
    assert put_back(f"{shown} {shown} {shown}", stored, numbers) == f"{A} {A} {A}"
    assert put_back("no number", stored, numbers) == "no number"


def test_equal_numbers_in_two_spellings_are_one() -> None:
    """S-09: the mask of one subscriber is not ambiguous, however often it was written."""
    stored, numbers = _stored(f"{A} and +86 139 1234 5678")
    assert put_back(numbers[0].shown, stored, numbers) == A


@pytest.mark.parametrize("count", [1, 3])
def test_a_mask_that_could_be_one_of_two_numbers_is_refused(count: int) -> None:
    """S-25: no guess."""
    stored, numbers = _stored(f"{A} or {B}")
    with pytest.raises(MaskAmbiguous):
        put_back(" ".join([numbers[0].shown] * count), stored, numbers)


def test_stars_that_were_there_before_stay_stars() -> None:
    """S-25: who sees `****` for a number, beside stars that were written."""
    stored, numbers = _stored(f"pin **** of {A}", MaskStyle.NONE)
    assert put_back("pin **** of **** now", stored, numbers) == f"pin **** of {A} now"
    with pytest.raises(MaskAmbiguous):
        put_back("only ****", stored, numbers)


def test_a_number_of_another_text_is_known_too() -> None:
    """S-25: a mask copied from elsewhere; one of its own text comes first."""
    stored, numbers = _stored(f"call {A}")
    others = _stored(f"call {B}")[1]
    assert put_back(f"x {numbers[0].shown}", "x", [], numbers) == f"x {A}"
    assert put_back(f"x {numbers[0].shown}", stored, numbers, others) == f"x {A}"
    with pytest.raises(MaskAmbiguous):
        put_back(f"x {numbers[0].shown}", None, [], [*numbers, *others])


def test_a_number_is_put_apart_from_letters_and_digits() -> None:
    """S-25: beside them it would not be recognised again."""
    stored, numbers = _stored(f"call {A}")
    assert put_back(f"a{numbers[0].shown}1", stored, numbers) == f"a {A} 1"
    assert put_back(f"电{numbers[0].shown}话", stored, numbers) == f"电{A}话"
