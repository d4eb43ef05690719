"""Cells that no spreadsheet takes for a formula (S-107)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import compress
from typing import Final

_FIRST: Final = frozenset("=+-@\t\r'#")
#: Also what looks like a cell that was made safe: taking one quote away gives back exactly what was there. What a
#: spreadsheet shows in place of a value that it cannot compute is text only behind a quote.
_RISKY: Final = re.compile(r"'*(?:[=+\-@\t\r]|#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!)\Z)")


def safe(cells: Sequence[str]) -> list[str]:
    """The cells, those that need one with a quote in front."""
    made = list(cells)
    make_safe(made, range(len(made)))
    return made


def make_safe(cells: list[str], places: Sequence[int]) -> None:
    """Put the quotes where they are needed; `places` are all of them, in order. Most cells are empty."""
    for i in compress(places, cells):
        cell = cells[i]
        if cell[0] in _FIRST and _RISKY.match(cell):
            cells[i] = "'" + cell
