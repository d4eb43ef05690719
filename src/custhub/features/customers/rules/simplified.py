"""Simplified for traditional ideographs: search takes the two for one.

`simplified.tsv` holds the first simplified form of each traditional ideograph as OpenCC has them (Apache-2.0), one
simplified form a line. Read as they are written, folded only to be compared.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path


def simplified(text: str) -> str:
    """The text with every traditional ideograph in its simplified form; its length stays."""
    return text if text.isascii() else text.translate(_table())


@cache
def written_forms() -> dict[str, str]:
    """Simplified form -> the traditional ideographs that are folded into it."""
    lines = Path(__file__).with_name("simplified.tsv").read_text("utf-8").splitlines()
    return {line[0]: line[2:] for line in lines}


@cache
def _table() -> dict[int, str]:
    return {ord(char): form for form, chars in written_forms().items() for char in chars}
