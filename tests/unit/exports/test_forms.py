"""Forms of files: what goes in comes out, and no cell is a formula (S-107)."""

from __future__ import annotations

import csv
import io
import zipfile
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.features.customers.rules.sheets import Column, join_list, parse_column, usual_columns
from custhub.features.exports.rules.cells import safe
from custhub.features.exports.rules.forms import Csv, Ndjson
from custhub.features.exports.rules.workbook import Workbook, letters
from custhub.features.imports.rules.paths import unquoted as taken

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
CONTROLS = "".join(map(chr, {*range(0x20)} - {9, 10, 13})) + "\ufffe\uffff"
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=CONTROLS), max_size=20)


def unquoted(cell: str) -> str:
    """What an import makes of a cell that is no formula."""
    found = taken(cell)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=1+1", "'=1+1"), ("+86 138", "'+86 138"), ("-x", "'-x"), ("@x", "'@x"), ("\tx", "'\tx"), ("\rx", "'\rx"),
        ("'=x", "''=x"), ("'x", "'x"), ("x=1", "x=1"), ("", ""), ("李娜", "李娜"), ("'", "'"),
        ("#N/A", "'#N/A"), ("'#REF!", "''#REF!"), ("#1", "#1"), ("#N/A\n", "#N/A\n"),
    ],
)  # fmt: skip
def test_s107_what_a_spreadsheet_would_run_gets_a_quote(cell: str, expected: str) -> None:
    assert safe([cell]) == [expected]


@given(TEXT)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_s107_taking_the_quote_away_gives_the_cell_back(cell: str) -> None:
    (made,) = safe([cell])
    assert made[:1] not in ("=", "+", "-", "@", "\t", "\r")
    assert unquoted(made) == cell


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=5))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_csv_gives_its_cells_back(rows: list[list[str]]) -> None:
    form = Csv()
    data = form.head(["a", "b", "c"]) + form.rows(rows) + form.tail()
    read = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert read == [["a", "b", "c"], *([safe(row)[i] for i in range(3)] for row in rows)]


def test_csv_leaves_out_what_is_no_character() -> None:
    """An import would take the file for damaged."""
    assert Csv().rows([[f"a{CONTROLS}b", "李\t娜\n"]]) == 'ab,"李\t娜\n"\r\n'.encode()


def test_ndjson_leaves_empty_cells_out() -> None:
    form = Ndjson()
    assert form.head(["a", "b"]) + form.rows([["1", ""], ["", "2"]]) + form.tail() == b'{"a":"1"}\n{"b":"2"}\n'
    assert form.rows([{"x": [1]}]) == b'{"x":[1]}\n'


def cells_of(data: bytes) -> list[list[list[str]]]:
    """Sheets, rows, cells."""
    sheets = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {"[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= {
            entry.filename for entry in archive.infolist()
        }
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314  # our own
        for number in range(1, len(book.findall(f"{MAIN}sheets/{MAIN}sheet")) + 1):
            sheet = ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))  # noqa: S314
            rows = []
            for row in sheet.iter(f"{MAIN}row"):
                held = {cell.attrib["r"]: cell for cell in row}
                assert {cell.attrib["t"] for cell in held.values()} <= {"inlineStr"}
                rows.append([_text(held.get(f"{letters(i)}{row.attrib['r']}")) for i in range(3)])
            sheets.append(rows)
    return sheets


def _text(cell: ElementTree.Element | None) -> str:
    """As a spreadsheet reads it: space around a text counts where the cell says so."""
    if cell is None:
        return ""
    text = cell.find(f"{MAIN}is/{MAIN}t")
    assert text is not None
    kept = text.attrib.get("{http://www.w3.org/XML/1998/namespace}space") == "preserve"
    return (text.text or "") if kept else " ".join((text.text or "").split())


def test_s107_a_workbook_has_text_cells_and_goes_on_on_another_sheet() -> None:
    form = Workbook(most_rows=3)
    rows = [["1", "", "=x"], ["<&>", "李娜", "a\x01b"], ["_x0041_", " x ", "a\nb"], ["4", "5", "6"], ["7", "", ""]]
    pieces = [form.head(["a", "b", "c"]), form.rows(rows[:1]), form.rows(rows[1:]), form.tail()]
    assert cells_of(b"".join(pieces)) == [
        [["a", "b", "c"], ["1", "", "'=x"], ["<&>", "李娜", "a_x0001_b"]],
        [["a", "b", "c"], ["_x005F_x0041_", " x ", "a\nb"], ["4", "5", "6"]],
        [["a", "b", "c"], ["7", "", ""]],
    ]


def test_a_workbook_holds_no_more_than_a_piece() -> None:
    """Memory stays flat: what was written is given away."""
    form = Workbook()
    form.head(["a", "b", "c"])
    for _ in range(30):
        form.rows([["x" * 50, "y" * 50, str(i)] for i in range(500)])
        assert sum(map(len, form._out._held)) == 0
    assert len(form.tail()) > 0


@pytest.mark.parametrize(("index", "text"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_letters(index: int, text: str) -> None:
    assert letters(index) == text


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("display_name", Column("display_name")),
        ("birthday.calendar", Column("birthday.calendar")),
        ("phones[0].number", Column("phones", "0", "number")),
        ("external_ids[shop-1]", Column("external_ids", "shop-1")),
        ("tags", Column("tags")),
        *((name, None) for name in ("", "nick", "phones", "phones[0]", "phones[x].number", "phones[20].number",
                                    "phones[0].e164", "external_ids", "external_ids[a].id", "tags[0]", "spans",
                                    "name_key", "phones[-1].number", "phones[０].number")),
    ],
)  # fmt: skip
def test_columns_by_name(name: str, column: Column | None) -> None:
    assert parse_column(name) == column
    assert column is None or column.name == name


def test_the_usual_columns_are_columns_and_fit_an_import() -> None:
    names = [column.name for column in usual_columns([f"s{i}" for i in range(30)])]
    assert len(set(names)) == len(names) <= 200
    assert [parse_column(name) for name in names] == list(usual_columns([f"s{i}" for i in range(30)]))
    assert join_list(["a", "b;c", "d\\"]) == r"a;b\;c;d\\"
