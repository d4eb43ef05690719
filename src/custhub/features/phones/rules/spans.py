"""Numbers inside free text (S-25): find them, leave placeholders, put masks there when somebody reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from phonenumbers import Leniency, PhoneNumberMatcher

from custhub.features.phones.errors import InvalidReason, PhoneInvalid
from custhub.features.phones.rules.number import PhoneNumber
from custhub.features.phones.rules.reading import MAX_INPUT, chinese_mobile, plain, reading_of

#: What a reader sees in the place of a number that he may not see at all.
HIDDEN: Final = "****"

# Two private-use characters: they pass through databases and JSON, and no writing system has them.
_OPEN: Final = "\ue5a0"
_CLOSE: Final = "\ue5a1"
_FORGED: Final = re.compile(f"[{_OPEN}{_CLOSE}]")
_PLACEHOLDER: Final = re.compile(f"{_OPEN}([0-9]{{1,5}}){_CLOSE}")


@dataclass(frozen=True, slots=True)
class NumberSpan:
    """`text[start:end]` is `number`."""

    start: int
    end: int
    number: PhoneNumber


_GAP: Final = (
    r"[-\u2010-\u2015\u2212\u30fc\uff0d/\uff0f~\uff5e\u2053\u223c \u00a0\u00ad\u200b\u2060\u3000.\uff0e()（）\[\]［］]"
)
#: Seven digits or more with at most four other characters between two of them: wherever the matcher may find one.
_CANDIDATE: Final = re.compile(rf"(?:[(（](?=[+＋]?\d{{1,5}}[)）]))?(?:[+＋]{_GAP}{{0,4}})?\d(?:{_GAP}{{0,4}}\d){{6,}}")
_CHINESE_MOBILE: Final = re.compile(
    rf"(?<!\d)(?:(?:[+＋]|00|００)?(?:86|８６){_GAP}?)?[1１]\d\d{_GAP}?\d{{4}}{_GAP}?\d{{4}}(?!\d)"
)
_INTERNATIONAL: Final = re.compile(r"[+＋]|^\D*(?:00|００)")
_EXTENSION_BEHIND: Final = re.compile(r"\s{0,3}(?:转|轉|分机|分機|内线|內線|[Ee]xt)\s{0,3}[:：.]?\s{0,3}\d{1,10}(?!\d)")

#: Directions and joiners that the matcher does not step over, as it does over U+2060.
_UNSEEN: Final = re.compile("[\u061c\u180e\u200c-\u200f\u202a-\u202e\u2061-\u2064\u2066-\u2069\ufeff]")
_SEEN_AS: Final = "\u2060"

#: The matcher refuses a whole candidate with such a date in it, also the number behind the date.
_DAY_OR_MONTH: Final = r"(?:3[01]|[12]\d|0?[1-9])"
_DATE: Final = re.compile(
    rf"(?<![\d/])(?:(?:19|20)\d\d/{_DAY_OR_MONTH}/{_DAY_OR_MONTH}|{_DAY_OR_MONTH}/{_DAY_OR_MONTH}/(?:19|20)?\d\d)(?![\d/])"
)
_BLANK: Final = "。"


def find_numbers(text: str, country: str) -> list[NumberSpan]:
    """The valid numbers in `text`, in order and without overlap; `country` is for those without country code.

    Positions are those of `text`. Linear in its length. Where the road is unclear it rather takes too much: a number
    that stays in the text is a leak, a sealed order number can be opened.
    """
    readable = _readable(text)
    if _CANDIDATE.search(readable) is None:
        return []
    spans = list(_chinese_mobiles(text, readable, country))
    blanked = _blanked(readable, spans)
    if _CANDIDATE.search(blanked) is not None:
        spans = sorted(spans + _matched(text, blanked, country), key=_start)
        blanked = _blanked(readable, spans)
        # The matcher refuses numbers beside Latin letters, currency signs and behind foreign prefixes.
        left = _CHINESE_MOBILE.finditer(blanked)
        spans = sorted(spans + _spans_of(text, left, country), key=_start)
    return [_with_extension(text, span, country) for span in spans]


def replace_spans(text: str, spans: Sequence[NumberSpan]) -> tuple[str, list[PhoneNumber]]:
    """`text` with a placeholder for each span, and the numbers by placeholder index.

    `spans` are what `find_numbers` gave for this `text`. Characters of a placeholder that the writer put into the
    text become U+FFFD, so call this also without any span: nobody can forge one.
    """
    if not spans and _OPEN not in text and _CLOSE not in text:
        return text, []
    pieces = []
    done = 0
    for index, span in enumerate(spans):
        pieces.append(_FORGED.sub("\ufffd", text[done : span.start]))
        pieces.append(f"{_OPEN}{index}{_CLOSE}")
        done = span.end
    pieces.append(_FORGED.sub("\ufffd", text[done:]))
    return "".join(pieces), [span.number for span in spans]


def render_placeholders(text: str, masks: Sequence[str | None]) -> str:
    """`text` of `replace_spans` for a reader: the masks by index, `****` for None and for an index without mask."""
    if _OPEN not in text:
        return text

    def seen(placeholder: re.Match[str]) -> str:
        index = int(placeholder[1])
        return (masks[index] if index < len(masks) else None) or HIDDEN

    return _PLACEHOLDER.sub(seen, text)


def blank_placeholders(stored: str) -> str:
    """A text of `replace_spans` with spaces for its placeholders; all other characters keep their places."""
    if _OPEN not in stored:
        return stored
    return _PLACEHOLDER.sub(lambda placeholder: " " * len(placeholder[0]), stored)


def placeholders(stored: str) -> Iterator[tuple[str, int | None]]:
    """The pieces of a text of `replace_spans`: text with None, a placeholder with its index."""
    done = 0
    for match in _PLACEHOLDER.finditer(stored):
        yield stored[done : match.start()], None
        yield match[0], int(match[1])
        done = match.end()
    yield stored[done:], None


def _start(span: NumberSpan) -> int:
    return span.start


def _readable(text: str) -> str:
    if not text.isascii():
        text = _UNSEEN.sub(_SEEN_AS, text)
    return _DATE.sub(lambda date: _BLANK * len(date[0]), text) if "/" in text else text


def _blanked(text: str, spans: Sequence[NumberSpan]) -> str:
    pieces: list[str] = []
    done = 0
    for span in spans:
        pieces += (text[done : span.start], _BLANK * (span.end - span.start))
        done = span.end
    pieces.append(text[done:])
    return "".join(pieces)


def _chinese_mobiles(text: str, readable: str, country: str) -> Iterator[NumberSpan]:
    """The fast road: a candidate that is one, or several inside one that names no other country."""
    for candidate in _CANDIDATE.finditer(readable):
        whole = _spans_of(text, (candidate,), country)
        if whole:
            yield from whole
        elif _INTERNATIONAL.search(candidate[0]) is None:
            yield from _spans_of(text, _CHINESE_MOBILE.finditer(readable, candidate.start(), candidate.end()), country)


def _spans_of(text: str, found: Iterable[re.Match[str]], country: str) -> list[NumberSpan]:
    spans = []
    for match in found:
        start, end = match.span()
        raw = text[start:end]
        reading = chinese_mobile(plain(raw), country) if len(raw) <= MAX_INPUT else None
        if reading is not None:
            spans.append(NumberSpan(start, end, PhoneNumber(reading, raw)))
    return spans


def _matched(text: str, readable: str, country: str) -> list[NumberSpan]:
    spans = []
    for match in PhoneNumberMatcher(readable, country, leniency=Leniency.VALID):
        reading = reading_of(match.number)
        if reading is InvalidReason.EXTENSION_TOO_LONG:
            match.number.extension = None
            reading = reading_of(match.number)
        if not isinstance(reading, InvalidReason):
            spans.append(NumberSpan(match.start, match.end, PhoneNumber(reading, text[match.start : match.end])))
    return spans


def _with_extension(text: str, span: NumberSpan, country: str) -> NumberSpan:
    behind = _EXTENSION_BEHIND.match(text, span.end)
    if behind is None or span.number.extension is not None:
        return span
    try:
        number = PhoneNumber.parse(text[span.start : behind.end()], country)
    except PhoneInvalid:
        return span
    return NumberSpan(span.start, behind.end(), number)
