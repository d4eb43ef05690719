"""A custom field on its whole way: declared, written, imported, filtered, exported, taken back."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from tests.customers import create_customer, declare, path_of, problem_of
from tests.features.exports.desk import Desk
from tests.features.imports.importing import csv_of, imported, rows_of, undo
from tests.hub import HubUnderTest

SECRET = "Kanarienvogel-QZ-4411-Reisepass"
#: What is not sensitive, and must be found where the other must not.
PLAIN = "Zeisig-WV-7722-Kleidergroesse"
COLUMNS = ["display_name", "external_ids[shop]", "custom_fields.passport", "custom_fields.shape", "custom_fields.size"]


async def test_s01_a_sensitive_custom_field_is_readable_nowhere_on_its_whole_way(fresh_hub: HubUnderTest) -> None:
    """S-01, S-11, S-21, S-26."""
    hub, api, desk = fresh_hub, fresh_hub.api, Desk(fresh_hub)
    await declare(api, "size", {"type": "integer", "minimum": 20, "maximum": 60}, filterable=True)
    await declare(api, "shape", {"type": "string", "maxLength": 80}, filterable=True)
    await declare(api, "passport", {"type": "string", "maxLength": 80}, sensitive=True)
    body = {"external_ids": [{"source": "shop", "id": "A"}], "custom_fields": {"passport": f"{SECRET} 0", "size": 41}}
    known = await create_customer(api, **body)
    patched = await api.patch(path_of(known), json={"custom_fields": {"shape": PLAIN}})
    assert patched.json()["custom_fields"] == {"passport": "****", "shape": PLAIN, "size": 41}

    rows = [
        ["later", "A", f"{SECRET} 2", PLAIN, "43"],
        ["new", "B", f"{SECRET} 3", PLAIN, "43"],
        ["odd", "C", "", "", "7"],
    ]
    done = await imported(hub, csv_of(rows, COLUMNS), mode="upsert", match_on=["external_id"])
    results = await rows_of(api, done["id"])
    assert [row["outcome"] for row in results] == ["updated", "created", "failed"]
    assert {error["column"] for error in results[2]["errors"]} >= {"custom_fields.size"}
    ids = {known["id"], results[1]["customer_id"]}

    for custom in (["size:43"], [f"shape:{PLAIN}"]):
        listed = (await api.get("/v1/customers", params={"custom": custom})).json()["data"]
        assert {one["id"] for one in listed} == ids
        assert {one["custom_fields"]["passport"] for one in listed} == {"****"}
    problem_of(await api.get("/v1/customers", params={"custom": [f"passport:{SECRET} 2"]}), 422, "filter_not_supported")
    assert (await api.post("/v1/customers/search", json={"q": SECRET})).json()["data"] == []

    masked = await desk.table(filter={"custom": ["size:43"]})
    assert {row["custom_fields.passport"] for row in masked} == {"****"}
    full = await desk.export(filter={"custom": ["size:43"]}, columns=COLUMNS, unmasked=True, reason="moving house")
    file = await desk.file(full)
    told = sorted(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))
    assert told == sorted([COLUMNS, *rows[:2]])
    same = await imported(hub, file, mode="update", match_on=["external_id"])
    assert same["counts"]["unchanged"] == 2

    assert SECRET not in (await api.get("/v1/events", params={"limit": 200})).text
    assert SECRET not in (await api.get(f"{path_of(known)}/history")).text
    await _scan(hub)
    assert (await undo(hub, done["id"]))["undo"] == {"removed": 1, "restored": 1, "kept": 0}
    revealed = (await api.post(f"{path_of(known)}/reveal", json={"reason": "identity_check"})).json()["fields"]
    assert [one["text"] for one in revealed] == [f"{SECRET} 0"]
    await _scan(hub)


async def _scan(hub: HubUnderTest) -> None:
    """Every byte that is stored: what is plain is there, what is sensitive is not, in no form."""
    forms = {form for text in (SECRET, SECRET[:16]) for form in _forms(text)}
    found, read = set[str](), 0
    async for name, data in _stored(hub):
        read += PLAIN.encode() in data
        found |= {name for form in forms if form in data}
    assert found == set()
    assert read > 0


def _forms(text: str) -> list[bytes]:
    raw = text.encode()
    coded = [base64.b64encode(raw[start : start + (len(raw) - start) // 3 * 3]) for start in range(3)]
    return [raw, raw[::-1], raw.hex().encode(), text.encode("utf-16-le"), *coded]


async def _stored(hub: HubUnderTest) -> AsyncIterator[tuple[str, bytes]]:
    """The files below the home, and those of the database, or its rows where it is another machine's."""
    directories = [hub.settings.home]
    if hub.engine == "postgresql":
        for (table,) in await hub.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            rows = await hub.rows(f'SELECT t::text FROM "{table}" AS t')  # noqa: S608  # names of our own
            for row in rows:
                yield table, row[0].encode()
                # Bytes are shown in hex: what they are is looked at, too.
                for piece in row[0].split("\\x")[1:]:
                    digits = piece.partition('"')[0]
                    yield table, bytes.fromhex(digits[: len(digits) // 2 * 2])
        await hub.rows("CHECKPOINT")
        place = "SELECT current_setting('data_directory') || '/' || pg_relation_filepath('customers')"
        files = Path((await hub.rows(place))[0][0])
        directories += [directory for directory in (files.parent, files.parents[2] / "pg_wal") if directory.is_dir()]
    for directory in directories:
        for path in sorted(directory.rglob("*")):
            with suppress(FileNotFoundError):  # a server tidies up
                if path.is_file():
                    yield str(path), path.read_bytes()
