"""Which encoding a text is in: by its mark, else by strict attempts over the whole of it."""

from __future__ import annotations

import codecs
import re
from typing import Final, NamedTuple

from custhub.features.imports.errors import FileRefused
from custhub.features.imports.rules.formats import Encoding, Source

_BLOCK: Final = 1024 * 1024
_MARKS: Final = (
    (codecs.BOM_UTF8, Encoding.UTF_8),
    (codecs.BOM_UTF16_LE, Encoding.UTF_16_LE),
    (codecs.BOM_UTF16_BE, Encoding.UTF_16_BE),
)
_CJK: Final = re.compile(rb"(?:[\xe4-\xe9][\x80-\xbf]{2})+")
#: So many characters that read as UTF-8 are no accident in a line of GB18030.
_SURELY: Final = 4
#: Lines of two or three such characters: beyond this share they are none either.
_MOST_ACCIDENTS: Final = 0.02


class Found(NamedTuple):
    """An encoding, and how many bytes of mark stand before the text."""

    encoding: Encoding
    mark: int


def encoding_of(source: Source, wished: Encoding | None = None) -> Found:
    """The encoding of a whole text. Raises FileRefused: none fits, or several are mixed."""
    source.seek(0)
    head = source.read(4096)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            if wished is not None and wished is not encoding:
                raise FileRefused("encoding_other")
            if _first_fault(source, encoding, len(mark)) is not None:
                raise FileRefused("encoding_mixed")
            return Found(encoding, len(mark))
    if wished is not None:
        if _first_fault(source, wished, 0) is not None:
            raise FileRefused("encoding_other")
        return Found(wished, 0)
    wide = _wide(head)
    if wide is not None:
        if _first_fault(source, wide, 0) is not None:
            raise FileRefused("encoding_unknown")
        return Found(wide, 0)
    fault = _first_fault(source, Encoding.UTF_8, 0)
    if fault is None:
        return Found(Encoding.UTF_8, 0)
    if _first_fault(source, Encoding.GB18030, 0) is not None:
        raise FileRefused("encoding_mixed" if _is_mixed(source) else "encoding_unknown")
    if _is_mixed(source):
        raise FileRefused("encoding_mixed")
    return Found(Encoding.GB18030, 0)


def _wide(head: bytes) -> Encoding | None:
    """UTF-16 without a mark: every other byte of its ASCII is NUL."""
    low, high = head[0::2].count(0), head[1::2].count(0)
    if high > len(head) // 8 and not low:
        return Encoding.UTF_16_LE
    return Encoding.UTF_16_BE if low > len(head) // 8 and not high else None


def _first_fault(source: Source, encoding: Encoding, start: int) -> int | None:
    """Where the first block begins that is not in this encoding."""
    decoder = codecs.getincrementaldecoder(encoding.value)("strict")
    source.seek(start)
    place = start
    while True:
        block = source.read(_BLOCK)
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError:
            return place
        if not block:
            return None
        place += len(block)


def _is_mixed(source: Source) -> bool:
    """Whether lines of a text that is not UTF-8 are: a wrong guess would make a mess of them."""
    source.seek(0)
    rest, foreign, alike = b"", 0, 0
    while True:
        block = source.read(_BLOCK)
        lines = (rest + block).split(b"\n")
        rest = lines.pop() if block else b""
        for line in lines:
            if line.isascii():
                continue
            foreign += 1
            characters = _cjk(line)
            if characters >= _SURELY:
                return True
            alike += characters >= _SURELY // 2
        if not block:
            break
        if len(rest) > _BLOCK:
            rest = b""  # no line is that long: the reader will say so
    return alike > max(1.0, foreign * _MOST_ACCIDENTS)


def _cjk(line: bytes) -> int:
    """How many Chinese characters a line has as UTF-8; 0 when it is none."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return 0
    return sum(len(found) // 3 for found in _CJK.findall(line))
