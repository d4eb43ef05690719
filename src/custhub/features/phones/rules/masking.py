"""What of a number may be seen by whom (S-21). Works on E.164 alone: a page of fifty masks parses nothing."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

_HIDDEN_AT_LEAST: Final = 4
_TAIL: Final = 4
_HEAD: Final = 3
_MAX_DIGITS: Final = 17


class MaskStyle(StrEnum):
    """How much a role sees: head and tail, the last four digits, or nothing."""

    MASK = "mask"
    LAST4 = "last4"
    NONE = "none"


def _prefix_lengths() -> dict[str, int]:
    """First two digits -> length of `+` and the calling code. ITU codes are prefix-free, of one to three digits."""
    codes = {str(code) for code in COUNTRY_CODE_TO_REGION_CODE}
    by_start = {}
    for start in range(100):
        digits = f"{start:02d}"
        by_start[digits] = 2 if digits[0] in codes else 3 if digits in codes else 4
    return by_start


def _shape(length: int, *, with_head: bool) -> tuple[int, str, int]:
    """Of `length` national digits: how many lead in clear, the stars, how many end in clear."""
    tail = min(_TAIL, max(0, length - _HIDDEN_AT_LEAST))
    head = min(_HEAD, max(0, length - tail - _HIDDEN_AT_LEAST)) if with_head else 0
    return head, "*" * max(_HIDDEN_AT_LEAST, length - head - tail), tail


_PREFIX_LENGTH: Final = _prefix_lengths()
_MASK_SHAPES: Final = tuple(_shape(length, with_head=True) for length in range(_MAX_DIGITS + 1))
_LAST4_SHAPES: Final = tuple(_shape(length, with_head=False) for length in range(_MAX_DIGITS + 1))


def split(e164: str) -> tuple[str, str]:
    """The calling code with its `+`, and the national digits. An extension (`;ext=`) is left out."""
    if ";" in e164:
        e164 = e164[: e164.index(";")]
    cut = _PREFIX_LENGTH[e164[1:3]]
    return e164[:cut], e164[cut:]


def last4_of(e164: str) -> str:
    """The last four national digits, what the last-4 index hashes (S-10). Fewer when the number has fewer."""
    return split(e164)[1][-_TAIL:]


def mask(e164: str, style: MaskStyle) -> str | None:
    """What a role with `style` reads: `+86 138****5678`, `+86 *******5678` or None (S-21).

    At least four digits are hidden, whatever the length; an extension (`;ext=`) is left out.
    """
    if style is MaskStyle.MASK:
        shapes = _MASK_SHAPES
    elif style is MaskStyle.LAST4:
        shapes = _LAST4_SHAPES
    else:
        return None
    if ";" in e164:
        e164 = e164[: e164.index(";")]
    cut = _PREFIX_LENGTH[e164[1:3]]
    length = len(e164)
    head, stars, tail = shapes[length - cut]
    return f"{e164[:cut]} {e164[cut : cut + head]}{stars}{e164[length - tail :]}"
