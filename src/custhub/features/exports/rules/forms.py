"""CSV and NDJSON, some rows at a time."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Any, Final, Protocol

import orjson

from custhub.features.exports.rules.cells import make_safe

#: Spreadsheets read UTF-8 only behind it.
_MARK: Final = "\ufeff"
#: What makes quotes necessary, beside more commas than there are cells.
_NEEDS_QUOTES: Final = re.compile('["\r\n]')
#: What no text file holds, and no import takes. In UTF-8 these bytes are part of no other character.
_CONTROLS: Final = bytes({*range(0x20)} - {0x09, 0x0A, 0x0D})
_NO_CHARACTERS: Final = ("\ufffe".encode(), "\uffff".encode())


class Form(Protocol):
    """Writes one file."""

    def head(self, names: Sequence[str]) -> bytes:
        """What stands before the first row."""

    def rows(self, rows: Sequence[Any]) -> bytes:
        """Some rows."""

    def tail(self) -> bytes:
        """What stands behind the last one."""


class Csv:
    """RFC 4180 in UTF-8."""

    def head(self, names: Sequence[str]) -> bytes:
        """The mark of the encoding, and the headings."""
        return _MARK.encode() + self.rows([list(names)])

    def rows(self, rows: Sequence[list[str]]) -> bytes:
        """Rows of cells, which are made safe where they are."""
        lines: list[str] = []
        for cells in rows:
            make_safe(cells, range(len(cells)))
            line = ",".join(cells)
            # A third of what the writer of the library takes, which hardly any row needs.
            if line.count(",") >= len(cells) or not line or _NEEDS_QUOTES.search(line):
                line = _quoted(cells)
            lines.append(line)
        lines.append("")
        data = "\r\n".join(lines).encode().translate(None, _CONTROLS)
        for no_character in _NO_CHARACTERS:
            data = data.replace(no_character, b"")
        return data

    def tail(self) -> bytes:
        """Nothing."""
        return b""


def _quoted(cells: Sequence[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue().removesuffix("\r\n")


class Ndjson:
    """One JSON object in each line: the body that would create the customer, or the cells by column."""

    def __init__(self) -> None:
        self._names: Sequence[str] = ()

    def head(self, names: Sequence[str]) -> bytes:
        """Nothing; `names` are those of cells."""
        self._names = names
        return b""

    def rows(self, rows: Sequence[Any]) -> bytes:
        """Bodies, or rows of cells."""
        return b"".join(orjson.dumps(self._object(row), option=orjson.OPT_APPEND_NEWLINE) for row in rows)

    def tail(self) -> bytes:
        """Nothing."""
        return b""

    def _object(self, row: Any) -> Any:
        if isinstance(row, dict):
            return row
        return {name: cell for name, cell in zip(self._names, row, strict=True) if cell}
