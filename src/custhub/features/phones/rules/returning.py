"""Masks that come back (S-25): who edits a text sends it as he read it, with `+86 139****5678` where a number is.

Such a mask stands for the number it hides: taken literally, it would destroy that number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from custhub.features.phones.errors import MaskAmbiguous
from custhub.features.phones.rules.spans import HIDDEN, placeholders


class HiddenNumber(NamedTuple):
    """A number in a stored text: as it was written, and as this reader sees it. Equal numbers have one `canonical`."""

    canonical: str
    raw: str
    mask: str | None

    @property
    def shown(self) -> str:
        """What stands in its place."""
        return self.mask or HIDDEN


def put_back(text: str, stored: str | None, own: Sequence[HiddenNumber], others: Sequence[HiddenNumber] = ()) -> str:
    """`text` with the numbers behind its masks, as they were written.

    `own` are the numbers of `stored`, the text as it is kept, by placeholder index; `others` those of texts beside
    it, from which a mask may have been copied. Raises MaskAmbiguous where a mask could be one of several numbers.
    """
    masks = {number.shown for number in (*own, *others)}
    if not any(mask in text for mask in masks):
        return text
    pattern = re.compile("|".join(map(re.escape, sorted(masks, key=len, reverse=True))))
    found = list(pattern.finditer(text))
    meant = {mask: _meant(mask, [m[0] for m in found].count(mask), stored, own, others, pattern) for mask in masks}
    pieces: list[str] = []
    done = 0
    for match in found:
        number = next(meant[match[0]])
        pieces += (text[done : match.start()], match[0] if number is None else _apart(text, match, number.raw))
        done = match.end()
    return "".join((*pieces, text[done:]))


def _meant(
    mask: str,
    count: int,
    stored: str | None,
    own: Sequence[HiddenNumber],
    others: Sequence[HiddenNumber],
    pattern: re.Pattern[str],
) -> Iterator[HiddenNumber | None]:
    """What each of `count` masks stands for; None where it is mere text."""
    seen = list(_seen(stored or "", own, pattern, mask))
    if count == len(seen):
        return iter(seen)
    known = seen or [number for number in others if number.shown == mask]
    if count and len({number and number.canonical for number in known}) > 1:
        raise MaskAmbiguous
    return iter(known[:1] * count)


def _seen(
    stored: str, own: Sequence[HiddenNumber], pattern: re.Pattern[str], mask: str
) -> Iterator[HiddenNumber | None]:
    """What a reader took for this mask in the stored text, from left to right."""
    for piece, index in placeholders(stored):
        if index is None:
            yield from (None for match in pattern.finditer(piece) if match[0] == mask)
        elif index < len(own) and own[index].shown == mask:
            yield own[index]


def _apart(text: str, match: re.Match[str], raw: str) -> str:
    # Beside a letter or digit the number would no longer be recognised, and be stored in clear.
    before = " " if match.start() and text[match.start() - 1].isalnum() and text[match.start() - 1].isascii() else ""
    behind = " " if text[match.end() : match.end() + 1].isalnum() and text[match.end()].isascii() else ""
    return f"{before}{raw}{behind}"
