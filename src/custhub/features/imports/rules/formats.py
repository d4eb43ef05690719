"""What a file is: found in its content, never in its name (S-108)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

#: Bounds of every file (S-108).
MOST_COLUMNS: Final = 200
MOST_CELL_BYTES: Final = 32 * 1024
#: A line of NDJSON is one customer: no body of a request is longer either.
MOST_LINE_BYTES: Final = 1024 * 1024

#: A row as it was read: texts, or what one JSON object says; None where there is nothing on it.
Cells = Sequence[str]


class FileKind(StrEnum):
    """The kinds of files that are read."""

    CSV = "csv"
    NDJSON = "ndjson"
    XLSX = "xlsx"


class Encoding(StrEnum):
    """The encodings of text that are read."""

    UTF_8 = "utf-8"
    UTF_16_LE = "utf-16-le"
    UTF_16_BE = "utf-16-be"
    GB18030 = "gb18030"


class Wishes(NamedTuple):
    """What the caller says about the file; None where the content decides."""

    encoding: Encoding | None = None
    delimiter: str | None = None
    has_header: bool | None = None
    sheet: str | None = None


class Layout(NamedTuple):
    """How a file is read: enough to read it again from its beginning, to the same rows."""

    kind: FileKind
    encoding: Encoding | None
    #: Bytes of the mark in front of the text.
    mark: int
    delimiter: str | None
    has_header: bool
    sheet: str | None
    #: Names of the columns; letters, as a spreadsheet shows them, where there is no header. Empty for NDJSON.
    columns: tuple[str, ...]
    #: Rows under the header, empty ones too.
    rows: int = 0


class Source(Protocol):
    """The bytes of a file, read anywhere."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes; none at the end."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place."""

    def tell(self) -> int:
        """Where it is."""


class RowRefused(Exception):
    """One row that cannot be read, while those behind it can."""

    def __init__(self, code: str, column: int = -1) -> None:
        super().__init__(code)
        self.code = code
        self.column = column


#: A row under the header: texts, one JSON object, or why it cannot be read. Empty rows are empty texts.
Read = Cells | dict[str, object] | RowRefused
Rows = Iterator[Read]


def letters(index: int) -> str:
    """What a spreadsheet calls a column: A, B, ... Z, AA."""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text
