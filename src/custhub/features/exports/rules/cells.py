"""Cells that no spreadsheet takes for a formula (S-107)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_FIRST: Final = frozenset("=+-@\t\r'#")
#: Also what looks like a cell that was made safe: taking one quote away gives back exactly what was there. What a
#: spreadsheet shows in place of a value that it cannot compute is text only behind a quote.
_RISKY: Final = re.compile(r"'*(?:[=+\-@\t\r]|#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!)\Z)")


def safe(cells: Sequence[str]) -> list[str]:
    """The cells, those that need one with a quote in front."""
    return [_quoted(cell) if cell and cell[0] in _FIRST else cell for cell in cells]


def _quoted(cell: str) -> str:
    return "'" + cell if _RISKY.match(cell) else cell
