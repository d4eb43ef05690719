"""Reading CSV and NDJSON: a line at a time, whatever stands in it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Final, cast

from custhub.features.imports.errors import FileRefused
from custhub.features.imports.rules.formats import (
    MOST_CELL_BYTES,
    MOST_COLUMNS,
    MOST_LINE_BYTES,
    Encoding,
    FileKind,
    Layout,
    Read,
    RowRefused,
    Rows,
    Source,
    Wishes,
    letters,
)
from custhub.http.json_body import InvalidJson, read_json

_SAMPLE: Final = 64 * 1024
_DELIMITERS: Final = (",", ";", "\t", "|")
_TRIED_ROWS: Final = 50
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
#: A heading has neither: such a first line is data.
_LIKE_DATA: Final = re.compile(r"\d{5}|@")
_MOST_NAME: Final = 80


def read_csv(source: Source, layout: Layout) -> Rows:
    """The rows under the header. Raises FileRefused for what spoils all that follows."""
    text = _text(source, layout)
    rows = _records(text, layout.delimiter or ",")
    if layout.has_header:
        next(rows, None)
    return cast(Rows, rows)


def csv_layout(source: Source, encoding: Encoding, mark: int, wishes: Wishes) -> Layout:
    """How a CSV file is read. Raises FileRefused."""
    known = Layout(FileKind.CSV, encoding, mark, None, False, None, ())
    sample = _text(source, known).read(_SAMPLE)
    if _CONTROL.search(sample):
        raise FileRefused("forbidden_character")
    delimiter = wishes.delimiter or _delimiter(sample)
    first = next(_records(_text(source, known), delimiter), None)
    if first is None:
        raise FileRefused("file_empty")
    has_header = is_header(first) if wishes.has_header is None else wishes.has_header
    return known._replace(delimiter=delimiter, has_header=has_header, columns=column_names(first, has_header))


def read_ndjson(source: Source, layout: Layout) -> Rows:
    """One JSON object for each line; blank lines are empty rows."""
    source.seek(layout.mark)
    for line in io.BufferedReader(cast(io.RawIOBase, source), _SAMPLE):
        yield _object(line) if len(line) <= MOST_LINE_BYTES else _too_long()


def is_header(first: list[str]) -> bool:
    """Whether a first row names columns: all filled, all different, none of them a number or an address."""
    names = [cell.strip() for cell in first]
    return all(names) and len(set(names)) == len(names) and not any(_LIKE_DATA.search(name) for name in names)


def column_names(first: list[str], has_header: bool) -> tuple[str, ...]:
    """Names of the columns, unique; where a heading is missing, its letters."""
    if not has_header:
        return tuple(map(letters, range(len(first))))
    names: list[str] = []
    for i, cell in enumerate(first):
        name = cell.strip()[:_MOST_NAME]
        names.append(name if name and name not in names else letters(i))
    return tuple(names)


def _text(source: Source, layout: Layout) -> io.TextIOWrapper:
    source.seek(layout.mark)
    buffered = io.BufferedReader(_Unclosed(source), _SAMPLE)
    return io.TextIOWrapper(buffered, encoding=str(layout.encoding), errors="strict", newline="")


class _Unclosed(io.RawIOBase):
    """A source that is read again: closing what reads it leaves it open."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # bytes-like, says RawIOBase
        data = self._source.read(len(view))
        view[: len(data)] = data
        return len(data)


def _records(text: io.TextIOWrapper, delimiter: str) -> Iterator[list[str]]:
    """Records of a CSV text. Its bounds are kept for the whole file: past a broken quote nothing can be trusted."""
    csv.field_size_limit(MOST_CELL_BYTES)
    reader = csv.reader(text, delimiter=delimiter)
    is_first = True
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            why = "cell_too_long" if "limit" in str(error) else "file_damaged"
            raise FileRefused(why, line=reader.line_num) from None
        except UnicodeDecodeError:
            raise FileRefused("encoding_mixed", line=reader.line_num) from None
        if row is None:
            return
        if is_first and not row:
            continue
        is_first = False
        if len(row) > MOST_COLUMNS:
            raise FileRefused("too_many_columns", line=reader.line_num)
        for cell in row:
            if len(cell) > _SHORT and len(cell.encode()) > MOST_CELL_BYTES:
                raise FileRefused("cell_too_long", line=reader.line_num)
            if not cell.isprintable() and _CONTROL.search(cell):
                raise FileRefused("forbidden_character", line=reader.line_num)
        yield row


#: No character has more than four bytes.
_SHORT: Final = MOST_CELL_BYTES // 4


def _delimiter(sample: str) -> str:
    """The one that cuts the first lines into the same number of columns, and into the most."""
    csv.field_size_limit(_SAMPLE + 1)
    best, most = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        lines = io.StringIO(sample, newline="")
        widths: list[int] = []
        try:
            for row in csv.reader(lines, delimiter=delimiter):
                if row:
                    widths.append(len(row))
                if len(widths) == _TRIED_ROWS:
                    break
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        alike = sum(width == widths[0] for width in widths) / len(widths)
        if (alike, widths[0]) > most:
            best, most = delimiter, (alike, widths[0])
    return best


def _object(line: bytes) -> Read:
    line = line.strip()
    if not line:
        return ()
    try:
        value = read_json(line)
    except InvalidJson:
        return RowRefused("invalid_json")
    return value if isinstance(value, dict) else RowRefused("invalid_json")


def _too_long() -> Read:
    raise FileRefused("cell_too_long")
