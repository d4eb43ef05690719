"""XLSX, some rows at a time.

Libraries that write workbooks keep their sheets in temporary files, in the clear; an export is never on a disk like
that. A sheet of text cells is little XML, and an archive can be written without going back.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from itertools import compress
from typing import IO, Any, Final

from custhub.features.exports.rules.cells import make_safe

#: Rows of one sheet, the heading among them; what is more goes on another sheet.
MOST_ROWS: Final = 1_048_576
_MOST_CHARACTERS: Final = 32_767
_NAMESPACE: Final = "http://schemas.openxmlformats.org"
_MAIN: Final = f"{_NAMESPACE}/spreadsheetml/2006/main"
_LINKS: Final = f"{_NAMESPACE}/officeDocument/2006/relationships"
_PACKAGE: Final = f"{_NAMESPACE}/package/2006"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NEEDS_CARE: Final = re.compile("[&<>\x00-\x08\x0b\x0c\x0d\x0e-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")


class _Pieces(io.RawIOBase):
    """Takes what the archive writes; gives it away."""

    def __init__(self) -> None:
        super().__init__()
        self._held: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        data = b"".join(self._held)
        self._held.clear()
        return data


class Workbook:
    """Text cells only: nothing is a number, a date or a formula."""

    def __init__(self, *, most_rows: int = MOST_ROWS) -> None:
        self._out = _Pieces()
        self._archive = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._sheet: IO[bytes] | None = None
        self._sheets = 0
        self._row = 0
        self._most = most_rows
        self._names: Sequence[str] = ()
        self._places: Sequence[int] = ()
        self._begins: list[str] = []

    def head(self, names: Sequence[str]) -> bytes:
        """The beginning of the first sheet."""
        self._names = names
        self._places = range(len(names))
        self._begins = [f'<c r="{letters(i)}' for i in self._places]
        self._begin()
        return self._out.taken()

    def rows(self, rows: Sequence[list[str]]) -> bytes:
        """Rows of cells."""
        at = 0
        while at < len(rows):
            if self._row == self._most:
                self._end()
                self._begin()
            some = rows[at : at + self._most - self._row]
            self._write(some)
            at += len(some)
        return self._out.taken()

    def tail(self) -> bytes:
        """What holds the sheets together."""
        self._end()
        numbers = range(1, self._sheets + 1)
        sheets = "".join(f'<sheet name="Customers {n}" sheetId="{n}" r:id="r{n}"/>' for n in numbers)
        self._add(
            "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>{sheets}</sheets></workbook>'
        )
        links = "".join(
            f'<Relationship Id="r{n}" Type="{_LINKS}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
        )
        self._add(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>'
        )
        book = f'<Relationship Id="r1" Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/>'
        self._add("_rels/.rels", f'<Relationships xmlns="{_PACKAGE}/relationships">{book}</Relationships>')
        parts = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for n in numbers
        )
        self._add(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>{parts}</Types>',
        )
        self._archive.close()
        return self._out.taken()

    def _begin(self) -> None:
        self._sheets += 1
        self._row = 0
        name = zipfile.ZipInfo(f"xl/worksheets/sheet{self._sheets}.xml", (1980, 1, 1, 0, 0, 0))
        name.compress_type = zipfile.ZIP_DEFLATED
        self._sheet = self._archive.open(name, "w", force_zip64=True)
        self._sheet.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
        self._write([list(self._names)])

    def _end(self) -> None:
        if self._sheet is not None:
            self._sheet.write(b"</sheetData></worksheet>")
            self._sheet.close()
            self._sheet = None

    def _write(self, rows: Sequence[list[str]]) -> None:
        written: list[str] = []
        places, begins = self._places, self._begins
        for cells in rows:
            self._row += 1
            row = self._row
            written.append(f'<row r="{row}">')
            make_safe(cells, places)
            plain, spaced = f'{row}" t="inlineStr"><is><t>', f'{row}" t="inlineStr"><is><t xml:space="preserve">'
            for i in compress(places, cells):
                text = cells[i]
                if len(text) > _MOST_CHARACTERS:
                    text = text[:_MOST_CHARACTERS]
                if _NEEDS_CARE.search(text):
                    text = _NEEDS_CARE.sub(_care, text)
                # Said where it matters alone: it would be the longest part of most cells.
                is_plain = text.strip() == text and "\n" not in text
                written += (begins[i], plain if is_plain else spaced, text, "</t></is></c>")
            written.append("</row>")
        if self._sheet is not None:
            self._sheet.write("".join(written).encode())

    def _add(self, name: str, text: str) -> None:
        entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        self._archive.writestr(entry, _HEAD + text)


def letters(index: int) -> str:
    """What a spreadsheet calls a column, from 0: A, B, ... Z, AA."""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text


def _care(found: re.Match[str]) -> str:
    piece = found[0]
    known = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(piece)
    if known is not None:
        return known
    # What XML cannot say, and what would be read as such: the way spreadsheets write it.
    return f"_x005F{piece}" if len(piece) > 1 else f"_x{ord(piece):04X}_"
