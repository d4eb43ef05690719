"""CSV and NDJSON, some rows at a time."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Final, Protocol

import orjson

from custhub.features.exports.rules.cells import safe

#: Spreadsheets read UTF-8 only behind it.
_MARK: Final = "\ufeff"
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
        return _MARK.encode() + self.rows([names])

    def rows(self, rows: Sequence[Sequence[str]]) -> bytes:
        """Rows of cells."""
        text = io.StringIO(newline="")
        csv.writer(text).writerows(map(safe, rows))
        data = text.getvalue().encode().translate(None, _CONTROLS)
        for no_character in _NO_CHARACTERS:
            data = data.replace(no_character, b"")
        return data

    def tail(self) -> bytes:
        """Nothing."""
        return b""


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
