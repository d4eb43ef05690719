"""Reading XLSX: an archive of XML, from whom you will. Everything is bounded before any of it is parsed (S-108)."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final, cast

from custhub.features.imports.errors import FileRefused
from custhub.features.imports.rules.formats import (
    MOST_CELL_BYTES,
    MOST_COLUMNS,
    FileKind,
    Layout,
    RowRefused,
    Rows,
    Source,
    Wishes,
)
from custhub.features.imports.rules.texts import column_names, is_header

_MOST_ENTRIES: Final = 1_000
_MOST_RATIO: Final = 100
#: An entry this small is no bomb, however well it packs.
_SMALL: Final = 1024 * 1024
_MOST_BYTES: Final = 300 * 1024 * 1024
_BLOCK: Final = 1024 * 1024
#: Also as UTF-16 has it.
_DOCTYPE: Final = re.compile(rb"<\0?!\0?(?:D\0?O\0?C\0?T\0?Y\0?P\0?E|E\0?N\0?T\0?I\0?T\0?Y)")
#: How a workbook writes what XML cannot say, and what would be read as that (ECMA-376, ST_Xstring).
_ESCAPED: Final = re.compile("_x((?![dD][89a-fA-F])[0-9A-Fa-f]{4})_")
_ERRORS: Final = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
#: Beyond it a spreadsheet's number has lost digits.
_EXACT: Final = 10**15
_BLANK_RUN: Final = 10_000


def check_archive(source: Source) -> None:
    """Inflate everything once, counting. Raises FileRefused for bombs, damage and document types."""
    source.seek(0)
    try:
        with zipfile.ZipFile(cast(Any, source)) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_ENTRIES:
                raise FileRefused("file_expands")
            if not any(entry.filename == "xl/workbook.xml" for entry in entries):
                raise FileRefused("file_type_unknown")
            total = 0
            for entry in entries:
                total += _inflated(archive, entry, _MOST_BYTES - total)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
        raise FileRefused("file_damaged") from None


def sheet_layout(source: Source, wishes: Wishes) -> Layout:
    """How a workbook is read: its first sheet, or the one that was named. Raises FileRefused."""
    known = Layout(FileKind.XLSX, None, 0, None, False, wishes.sheet, ())
    first = next((row for row in _rows(source, known) if not isinstance(row, RowRefused) and any(row)), None)
    if first is None:
        raise FileRefused("file_empty")
    names = list(cast(Sequence[str], first))
    has_header = is_header(names) if wishes.has_header is None else wishes.has_header
    return known._replace(has_header=has_header, columns=column_names(names, has_header))


def read_sheet(source: Source, layout: Layout) -> Rows:
    """The rows under the header. Raises FileRefused."""
    rows = _rows(source, layout)
    if layout.has_header:
        next(rows, None)
    return rows


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> int:
    size, tail = 0, b""
    is_markup = entry.filename.endswith((".xml", ".rels", ".vml"))
    with archive.open(entry) as stream:
        while block := stream.read(_BLOCK):
            size += len(block)
            if size > left or (size > _SMALL and size > _MOST_RATIO * max(1, entry.compress_size)):
                raise FileRefused("file_expands")
            if is_markup and _DOCTYPE.search(tail + block):
                raise FileRefused("file_document_type")
            tail = block[-32:]
    return size


def _rows(source: Source, layout: Layout) -> Rows:
    from openpyxl import load_workbook  # late: only the process that reads a workbook needs it

    source.seek(0)
    try:
        book = load_workbook(cast(Any, source), read_only=True, keep_links=False)
    except Exception:  # whatever a hostile workbook makes its reader raise
        raise FileRefused("file_damaged") from None
    names = book.sheetnames
    if (layout.sheet is not None and layout.sheet not in names) or not names:
        raise FileRefused("file_no_sheet")
    sheet = book[layout.sheet or names[0]]
    if not hasattr(sheet, "reset_dimensions"):
        raise FileRefused("file_no_sheet")  # a chart
    sheet.reset_dimensions()  # what the file says of its size is not to be trusted
    yield from _read(iter(sheet.iter_rows(values_only=True)))


def _read(rows: Iterator[tuple[Any, ...]]) -> Rows:
    number, blank, is_first = 0, 0, True
    while True:
        number += 1
        try:
            row = next(rows, None)
        except Exception:
            raise FileRefused("file_damaged", line=number) from None
        if row is None:
            return
        cells: list[str] = []
        refused: RowRefused | None = None
        for column, value in enumerate(row):
            text = _text(value)
            if isinstance(text, str):
                cells.append(text)
            else:
                cells.append("")
                refused = refused or RowRefused(text.code, column)
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > MOST_COLUMNS:
            raise FileRefused("too_many_columns", line=number)
        # A sheet that was formatted to its end has a million empty rows: they are no rows of the file.
        if not cells and refused is None:
            blank += not is_first
            if blank > _BLANK_RUN:
                return
            continue
        for _ in range(blank):
            yield ()
        blank, is_first = 0, False
        yield cells if refused is None else refused


def _meant(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))


class _Refusal:
    """Why a cell is refused."""

    __slots__ = ("code",)

    def __init__(self, code: str) -> None:
        self.code = code


_FORMULA: Final = _Refusal("formula_cell")
_IMPRECISE: Final = _Refusal("number_imprecise")
_TOO_LONG: Final = _Refusal("cell_too_long")
_FORBIDDEN: Final = _Refusal("forbidden_character")


def _text(value: Any) -> str | _Refusal:
    """A cell as it would stand in a CSV file."""
    if value is None:
        return ""
    if isinstance(value, str):
        if "_x" in value:
            value = _ESCAPED.sub(_meant, value)
        if len(value) > MOST_CELL_BYTES // 4 and len(value.encode()) > MOST_CELL_BYTES:
            return _TOO_LONG
        if value in _ERRORS:
            return _FORMULA
        return _FORBIDDEN if "\0" in value else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if abs(value) >= _EXACT:
            return _IMPRECISE
        return str(int(value)) if value == int(value) else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) else _FORMULA
