"""Files come as they are: recognised by content, refused as a whole when hostile, never kept in the clear (S-108)."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook

from tests.customers import problem_of
from tests.features.imports.importing import csv_of, get_import, imported, make_import, refused, rows_of, upload
from tests.hub import HubUnderTest, make_number

_NAMES = "姓名,手机\r\n李娜,13812345678\r\n王伟在深圳,13912345678\r\n"


def workbook_of(rows: list[list[Any]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _zipped(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def _changed(name: str, change: Any) -> bytes:
    """A workbook with one part of it replaced."""
    with zipfile.ZipFile(io.BytesIO(workbook_of([["a"], ["b"]]))) as archive:
        entries = {entry: archive.read(entry) for entry in archive.namelist()}
    entries[name] = change(entries[name])
    return _zipped(entries)


@pytest.mark.parametrize(
    ("content", "encoding", "delimiter"),
    [
        (_NAMES.encode(), "utf-8", ","),
        (b"\xef\xbb\xbf" + _NAMES.encode(), "utf-8", ","),
        (_NAMES.encode("gb18030"), "gb18030", ","),
        (_NAMES.encode("utf-16"), "utf-16-le", ","),
        (_NAMES.encode("utf-16-be"), "utf-16-be", ","),
        (_NAMES.replace(",", ";").encode(), "utf-8", ";"),
        (_NAMES.replace(",", "\t").encode(), "utf-8", "\t"),
    ],
)
async def test_encoding_and_delimiter_are_found(
    hub: HubUnderTest, content: bytes, encoding: str, delimiter: str
) -> None:
    made = await make_import(hub.api)
    file = (await upload(hub.api, made["id"], content)).json()["file"]
    assert (file["format"], file["encoding"], file["delimiter"]) == ("csv", encoding, delimiter)
    assert (file["columns"], file["rows"], file["has_header"]) == (["姓名", "手机"], 2, True)


async def test_a_first_row_of_data_is_no_header(hub: HubUnderTest) -> None:
    made = await make_import(hub.api)
    file = (await upload(hub.api, made["id"], csv_of([["a", "13812345678"], ["b", ""]], None))).json()["file"]
    assert (file["columns"], file["rows"], file["has_header"]) == (["A", "B"], 2, False)


_BOMB = _zipped({"xl/workbook.xml": b"x", "xl/media/a.bin": bytes(40 * 1024 * 1024)})
_DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>'


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "file_empty"),
        (b" \r\n", "file_empty"),
        (b"a,b\r\n", "file_empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "file_type_unknown"),
        (b"%PDF-1.7 ...", "file_type_unknown"),
        (b"<html><body>", "file_type_unknown"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file_type_old"),
        (b"name,phone\r\nabc\x00def,1\r\n" + b"n,1\r\n" * 99, "forbidden_character"),
        (b"name,phone\r\n" + b"n,1\r\n" * 90_000 + b"abc\x00def,1\r\n", "forbidden_character"),
        (b",".join(b"c%d" % i for i in range(10_000)) + b"\r\n1\r\n", "too_many_columns"),
        (b"a,b\r\n" + b"x" * 40_000 + b",1\r\n", "cell_too_long"),
        (b'a,b\r\n"' + b"never closed\r\n" * 9_000, "cell_too_long"),
        (_NAMES.encode() + "王小明来自北京,1\r\n".encode("gb18030"), "encoding_mixed"),
        (b"name\r\ncaf\xe9\x00\xff\r\n", "encoding_unknown"),
        (_zipped({"a.txt": b"x"}), "file_type_unknown"),
        (_BOMB, "file_expands"),
        (_zipped({"xl/workbook.xml": b"x", **{f"a{i}": b"" for i in range(1_001)}}), "file_expands"),
        (workbook_of([["a"], ["b"]])[:-200], "file_damaged"),
        (_changed("xl/workbook.xml", lambda old: _DOCTYPE + old), "file_document_type"),
        (_changed("xl/worksheets/sheet1.xml", lambda old: b"<no"), "file_damaged"),
        (workbook_of([[f"c{i}" for i in range(201)], ["x"]]), "too_many_columns"),
    ],
)
async def test_s108_hostile_files_are_refused_as_a_whole(hub: HubUnderTest, content: bytes, why: str) -> None:
    made = await make_import(hub.api)
    assert refused(await upload(hub.api, made["id"], content)) == [why]
    after = await get_import(hub.api, made["id"])
    assert (after["status"], after["file"]) == ("created", None)
    assert not await hub.rows("SELECT 1 FROM stored_files WHERE created_at IS NULL")
    assert (await hub.api.get("/health/live")).status_code == 200


async def test_a_refused_file_leaves_nothing(fresh_hub: HubUnderTest) -> None:
    made = await make_import(fresh_hub.api)
    refused(await upload(fresh_hub.api, made["id"], _BOMB))
    for table in ("stored_files", "stored_file_chunks", "system_keys"):
        assert not await fresh_hub.rows(f"SELECT 1 FROM {table}")  # noqa: S608  # constants


async def test_the_same_content_again_changes_nothing_and_another_replaces_it(hub: HubUnderTest) -> None:
    made = await make_import(hub.api)
    first = (await upload(hub.api, made["id"], csv_of([["a", "", ""]]))).json()
    again = (await upload(hub.api, made["id"], csv_of([["a", "", ""]]))).json()
    assert again == first
    other = (await upload(hub.api, made["id"], csv_of([["b", "", ""], ["c", "", ""]]))).json()
    assert (other["file"]["rows"], other["revision"]) == (2, 3)


async def test_a_workbook_becomes_customers(fresh_hub: HubUnderTest) -> None:
    number = make_number()
    rows: list[list[Any]] = [
        ["display_name", "phones[0].number", "birthday", "note"],
        ["李娜", int(number), "1990-05-03", None],
        ["王伟", None, None, "=1+1"],
        ["张三", 123456789012345678, None, None],
    ]
    done = await imported(fresh_hub, workbook_of(rows))
    assert (done["file"]["format"], done["counts"]["created"], done["counts"]["failed"]) == ("xlsx", 1, 2)
    results = await rows_of(fresh_hub.api, done["id"])
    assert [e["code"] for row in results for e in row["errors"]] == ["formula_cell", "number_imprecise"]
    made = (await fresh_hub.api.get(f"/v1/customers/{results[0]['customer_id']}")).json()
    assert made["birthday"]["date"] == "1990-05-03"
    assert made["phones"][0]["masked"].endswith(number[-4:])


async def test_a_file_larger_than_any_body_is_taken_and_one_beyond_its_limit_is_not(
    hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = csv_of([["a" * 150, "", ""]] * 8_000)
    assert len(content) > hub.settings.max_body_bytes
    made = await make_import(hub.api)
    assert (await upload(hub.api, made["id"], content)).status_code == 200
    monkeypatch.setitem(hub.settings.__dict__, "import_max_bytes", 2_000_000 - 1)
    problem_of(await upload(hub.api, made["id"], csv_of([["b" * 150, "", ""]] * 14_000)), 413, "payload_too_large")


async def test_s01_no_byte_of_a_file_is_stored_in_the_clear(fresh_hub: HubUnderTest) -> None:
    made = await make_import(fresh_hub.api)
    await upload(fresh_hub.api, made["id"], csv_of([["unmistakable", "13812345678", ""]]))
    stored = [bytes(row[0]) for row in await fresh_hub.rows("SELECT data FROM stored_file_chunks")]
    assert len(stored) == 1
    assert b"unmistakable" not in stored[0]
