"""From the bytes of a file to its layout and its rows. Every file is read once as a whole before it is accepted."""

from __future__ import annotations

import re
from typing import Final

from custhub.features.imports.errors import FileRefused
from custhub.features.imports.rules.encodings import encoding_of
from custhub.features.imports.rules.formats import Encoding, FileKind, Layout, Rows, Source, Wishes
from custhub.features.imports.rules.sheets import check_archive, read_sheet, sheet_layout
from custhub.features.imports.rules.texts import csv_layout, read_csv, read_ndjson

_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ARCHIVE: Final = b"PK\x03\x04"
_EMPTY_ARCHIVE: Final = b"PK\x05\x06"
#: What other files begin with: archives, pictures, programs, documents, databases.
_FOREIGN: Final = (
    b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF",
    b"\x7fELF", b"MZ", b"SQLite format 3", b"{\\rtf", b"PAR1", b"\x28\xb5\x2f\xfd",
)  # fmt: skip
_BINARY: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def detect(source: Source, wishes: Wishes) -> Layout:
    """How a file is read, without its rows. Raises FileRefused."""
    source.seek(0)
    head = source.read(4096)
    if not head.strip():
        raise FileRefused("file_empty")
    if head.startswith(_OLD_OFFICE):
        raise FileRefused("file_type_old")
    if head.startswith((_ARCHIVE, _EMPTY_ARCHIVE)):
        check_archive(source)
        return sheet_layout(source, wishes)
    if head.startswith(_FOREIGN):
        raise FileRefused("file_type_unknown")
    is_wide = wishes.encoding in (Encoding.UTF_16_LE, Encoding.UTF_16_BE) or b"\0" in head
    found = encoding_of(source, wishes.encoding)
    if found.encoding in (Encoding.UTF_8, Encoding.GB18030) and _BINARY.search(head):
        raise FileRefused("forbidden_character" if _is_text(head) else "file_type_unknown")
    if not is_wide and head[found.mark :].lstrip()[:1] == b"{":
        if found.encoding is not Encoding.UTF_8:
            raise FileRefused("encoding_other")
        return Layout(FileKind.NDJSON, Encoding.UTF_8, found.mark, None, False, None, ())
    if not is_wide and head[found.mark :].lstrip()[:1] == b"<":
        raise FileRefused("file_type_unknown")  # a page, or XML
    return csv_layout(source, found.encoding, found.mark, wishes)


def inspect(source: Source, wishes: Wishes) -> Layout:
    """How a file is read, and how many rows it has: all of it was read. Raises FileRefused."""
    layout = detect(source, wishes)
    rows = sum(1 for _ in rows_of(source, layout))
    if not rows:
        raise FileRefused("file_empty")
    return layout._replace(rows=rows)


def rows_of(source: Source, layout: Layout) -> Rows:
    """The rows of a file under its header, in order. Raises FileRefused."""
    if layout.kind is FileKind.XLSX:
        return read_sheet(source, layout)
    return read_ndjson(source, layout) if layout.kind is FileKind.NDJSON else read_csv(source, layout)


def _is_text(head: bytes) -> bool:
    return len(_BINARY.findall(head)) <= max(1, len(head) // 50)
