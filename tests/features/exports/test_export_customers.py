"""Exports: what is in the file, for whom, and for how long."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from custhub.features.customers.queries import sheets
from custhub.features.exports.service import writing
from custhub.kit.ids import Prefix, new_id, to_text
from custhub.kit.writes import LostRace
from custhub.security.reach import scoped
from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.features.customers.test_sync_customers import erase
from tests.features.exports.desk import PATH, Desk, record_consent
from tests.features.jobs.working import make_due
from tests.hub import make_number
from tests.principals import add_user, make_principal


async def a_full_customer(desk: Desk, **members: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "kind": "organisation",
        "display_name": "=深圳某某有限公司",
        "company_name": "深圳某某有限公司",
        "note": "call 13912345678 early",
        "birthday": {"date": "1990-05-03", "calendar": "lunar", "leap_month": False},
        "language": "zh-CN",
        "phones": [
            {"number": make_number(), "label": "first"},
            {"number": make_number(), "label": "second", "is_primary": True, "shared": True},
        ],
        "emails": [{"email": "Li.Na@example.com", "label": "work"}],
        "addresses": [{"full_text": "广东省深圳市南山区科技园路1号", "label": "office"}],
        "contacts": [{"name": "王伟", "job_title": "总监"}],
        "external_ids": [{"source": "shop", "id": make_number()}, {"source": "erp", "id": make_number()}],
        "tags": ["VIP", "a;b\\c"],
        "category": "business",
        "needs": ["delivery", "service"],
    }
    return await create_customer(desk.api, **(body | members))


async def test_s21_a_sheet_is_masked_and_safe(desk: Desk) -> None:
    customer = await a_full_customer(desk)
    await create_customer(desk.api, display_name="李娜")
    first, second = await desk.table(filter={})
    assert first["id"] == customer["id"]
    assert first["display_name"] == "'=深圳某某有限公司"
    assert first["note"] == "call +86 139****5678 early"
    primary = next(phone for phone in customer["phones"] if phone["is_primary"])
    assert (first["phones[0].number"], first["phones[0].label"]) == (f"'{primary['masked']}", "second")
    assert (first["phones[1].label"], first["phones[2].number"]) == ("first", "")
    assert first["emails[0].email"] == customer["emails"][0]["email"]
    assert (first["addresses[0].city"], first["addresses[0].street"]) == ("深圳市", customer["addresses"][0]["street"])
    assert first["contacts[0].name"] == "王伟"
    assert {first["external_ids[shop]"], first["external_ids[erp]"]} == {
        key["external_id"] for key in customer["external_ids"]
    }
    assert first["tags"] == r"VIP;a\;b\\c"
    assert (first["birthday"], first["birthday.calendar"], first["birthday.leap_month"]) == (
        "1990-05-03", "lunar", "false",
    )  # fmt: skip
    assert (second["display_name"], second["birthday.leap_month"], second["tags"]) == ("李娜", "", "")


async def test_s21_unmasked_needs_a_right_a_reason_and_leaves_a_trace(desk: Desk) -> None:
    number = make_number()
    await create_customer(desk.api, phones=[{"number": number}], note=f"or {number}")
    masker = desk.hub.client(scopes=["customers:read", "exports:run"])
    body: dict[str, Any] = {"format": "csv", "filter": {}, "unmasked": True, "reason": "data request 7"}
    refused = problem_of(await masker.post(PATH, json=body), 403, "insufficient_scope")
    assert refused["scope"] == "exports:pii"
    problem = problem_of(await desk.api.post(PATH, json=body | {"reason": None}), 422, "export_reason_required")
    assert problem["errors"][0]["pointer"] == "#/reason"
    export = await desk.export(**body)
    assert (export["unmasked"], export["reason"]) == (True, "data request 7")
    data = (await desk.file(export)).decode()
    assert f"'+86{number}" in data
    assert f"or {number}" in data
    problem_of(await masker.get(export["file_url"]), 403, "insufficient_scope")
    told = await desk.hub.rows("SELECT action, reason FROM audit_entries WHERE action LIKE 'export.%' ORDER BY at, id")
    assert [tuple(row) for row in told] == [
        ("export.started", "unmasked: data request 7"),
        ("export.completed", "unmasked customers=1"),
        ("export.downloaded", "api unmasked customers=1"),
    ]


async def test_s61_what_a_role_does_not_see_is_not_in_it(desk: Desk) -> None:
    full = await a_full_customer(desk, source="partner")
    seen = ["customers:read", "exports:run"]
    partner = desk.hub.client_of(make_principal("partner", reach=scoped(sources=["partner"]), scopes=seen))
    (row,) = await desk.table(api=partner, filter={})
    assert set(row) == {
        "id", "kind", "display_name", "stage", "source", "external_ids[erp]", "external_ids[shop]", "archived_at",
        "created_at", "updated_at",
    }  # fmt: skip
    answer = await partner.post(PATH, json={"format": "csv", "filter": {}, "columns": ["id", "phones[0].number"]})
    assert problem_of(answer, 403, "field_hidden")["errors"][0]["pointer"] == "#/columns/1"
    answer = await partner.post(PATH, json={"format": "csv", "filter": {"tag": ["x"]}})
    problem_of(answer, 403, "field_hidden")
    export = await desk.export(api=partner, filter={}, format="ndjson")
    assert set(json.loads(await desk.file(export, api=partner))) == {
        "kind", "display_name", "stage", "source", "external_ids",
    }  # fmt: skip
    marketing = desk.hub.client_of(make_principal("marketing", scopes=seen))
    await record_consent(desk.api, customer_id=full["id"], purpose="marketing", channel="sms", status="granted")
    purpose = {"purpose": "marketing", "channel": "sms"}
    (row,) = await desk.table(api=marketing, filter={}, columns=["phones[0].number", "note"], **purpose)
    assert (row["phones[0].number"], "139" in row["note"]) == ("", False)


async def test_s62_only_what_is_within_reach(desk: Desk) -> None:
    mine = await add_user(desk.hub.app.hub)
    client = desk.hub.client_of(make_principal(user_id=mine, reach=scoped(owner=mine)))
    other, own = await create_customer(desk.api), await create_customer(client)
    assert [row["id"] for row in await desk.table(api=client, filter={})] == [own["id"]]
    assert [row["id"] for row in await desk.table(api=client, ids=[other["id"], own["id"]])] == [own["id"]]
    export = await desk.export(filter={})
    problem_of(await client.get(f"{PATH}/{export['id']}"), 404, "export_not_found")
    problem_of(await client.get(f"{PATH}/{export['id']}/file"), 404, "export_not_found")
    problem_of(await client.post(f"{PATH}/{export['id']}/link", json={}), 404, "export_not_found")
    assert [one["id"] for one in (await desk.api.get(PATH)).json()["data"]] == [export["id"]]


async def test_bodies_create_the_same_customers_again(desk: Desk) -> None:
    """Export, then import, is the identity."""
    made = [
        await a_full_customer(desk),
        await create_customer(desk.api, tags=["x"], family_name="欧阳", given_name="娜"),
    ]
    export = await desk.export(format="ndjson", filter={}, unmasked=True, reason="moving house")
    lines = (await desk.file(export)).decode().splitlines()
    assert export["customers"] == len(lines) == 2
    for customer, line in zip(made, lines, strict=True):
        await desk.api.post(f"{path_of(customer)}/archive")
        again = await create_customer(desk.api, **json.loads(line))
        assert _content(again) == _content(await read_customer(desk.api, customer) | {"archived_at": None})


def _content(value: Any) -> Any:
    moved = ("id", "revision", "created_at", "updated_at", "added_at", "added_by")
    if isinstance(value, dict):
        return {name: _content(member) for name, member in value.items() if name not in moved}
    if isinstance(value, list):
        return sorted((_content(item) for item in value), key=repr)
    return value


async def test_columns_in_the_order_they_are_asked_for(desk: Desk) -> None:
    await a_full_customer(desk)
    names = ["tags", "phones[1].label", "id", "emails[0].label"]
    export = await desk.export(filter={}, columns=names)
    assert (export["columns"], export["cut"]) == (names, 0)
    assert (await desk.file(export)).decode("utf-8-sig").splitlines()[0] == ",".join(names)
    export = await desk.export(filter={}, columns=["id", "phones[0].number"])
    assert export["cut"] == 1
    export = await desk.export(filter={}, columns=["id", "stage"], format="ndjson")
    assert set(json.loads(await desk.file(export))) == {"id", "stage"}
    for columns, place in ((["id", "nick"], 1), (["id", "tags", "id"], 2)):
        answer = await desk.api.post(PATH, json={"format": "csv", "filter": {}, "columns": columns})
        problem = problem_of(answer, 422, "export_column_unknown")
        assert [error["pointer"] for error in problem["errors"]] == [f"#/columns/{place}"]


async def test_custom_fields_are_columns_and_sensitive_ones_stay_masked(desk: Desk) -> None:
    """S-01: in full with `exports:pii` alone."""
    for key, sensitive in (("size", False), ("sizes", False), ("secret_word", True)):
        schema: dict[str, Any] = {"type": "string", "maxLength": 40}
        if key == "sizes":
            schema = {"type": "array", "items": {"type": "string", "enum": ["S", "M"]}, "maxItems": 2}
        body = {"key": key, "labels": {"en": key, "zh": key}, "schema": schema, "sensitive": sensitive}
        answer = await desk.api.post("/v1/field-definitions", json=body)
        assert answer.status_code == 201, answer.text
    values = {"size": "L", "sizes": ["S", "M"], "secret_word": "kanarienvogel"}
    made = await create_customer(desk.api, custom_fields=values)
    (row,) = await desk.table(filter={})
    masked = made["custom_fields"]["secret_word"]
    assert [row[f"custom_fields.{key}"] for key in values] == ["L", "S;M", masked]
    export = await desk.export(filter={}, format="ndjson")
    assert json.loads(await desk.file(export))["custom_fields"] == {"size": "L", "sizes": ["S", "M"]}
    export = await desk.export(filter={}, format="ndjson", unmasked=True, reason="moving house")
    assert json.loads(await desk.file(export))["custom_fields"] == values
    unknown = {"format": "csv", "filter": {}, "columns": ["custom_fields.nick"]}
    problem_of(await desk.api.post(PATH, json=unknown), 422, "export_column_unknown")


async def test_a_workbook(desk: Desk) -> None:
    await a_full_customer(desk)
    export = await desk.export(filter={}, format="xlsx", columns=["display_name", "tags"])
    answer = await desk.api.get(export["file_url"])
    assert answer.headers["content-disposition"].endswith(".xlsx")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<t>'=深圳某某有限公司</t>" in sheet


async def test_pages_of_a_file_miss_and_repeat_nobody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "PAGE_ROWS", 3)
    made = [await create_customer(desk.api, tags=[str(i)]) for i in range(10)]
    saved = (await desk.api.post("/v1/saved-filters", json={"name": "all", "filter": {}})).json()
    rows = await desk.table(saved_filter_id=saved["id"])
    assert [(row["id"], row["tags"]) for row in rows] == [(one["id"], str(i)) for i, one in enumerate(made)]
    assert await desk.table(filter={"tag": ["none"]}) == []


async def test_a_run_that_failed_is_begun_anew(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress does not fall, and nothing of the first file is left."""
    monkeypatch.setattr(sheets, "PAGE_ROWS", 2)
    monkeypatch.setattr(writing, "_TOLD_SECONDS", 0.0)
    for _ in range(6):
        await create_customer(desk.api)
    job = await desk.start(filter={})
    check, calls = writing.ExportRun._note, iter(range(10))

    def fail(run: writing.ExportRun, *given: Any) -> None:
        if next(calls) == 2:
            raise LostRace
        check(run, *given)

    monkeypatch.setattr(writing.ExportRun, "_note", fail)
    from custhub.features.exports.tasks import ExportJob
    from custhub.kit.ids import from_text
    from tests.features.jobs.working import Kind, job_of, work_until, worker_of

    kind, job_id = ExportJob(desk.hub.app.hub), from_text(Prefix.JOB, job["id"])
    worker = worker_of(desk.hub, Kind(kind.run, kind.name))

    async def is_retryable() -> bool:
        return (await job_of(desk.hub, job_id)).state == "retryable"

    await work_until(worker, is_retryable)
    assert (await job_of(desk.hub, job_id)).processed == 4
    await make_due(desk.hub, job_id)
    row = await desk.run(job)
    assert (row.state, row.processed, row.total) == ("succeeded", 6, 6)
    export = await desk.read(job["result_url"])
    assert len((await desk.file(export)).decode().splitlines()) == 7
    assert (await desk.hub.rows("SELECT count(*) FROM export_parts"))[0][0] == 3
    assert (await desk.hub.rows("SELECT count(*) FROM stored_files"))[0][0] == 1
    assert (await desk.hub.rows("SELECT count(DISTINCT file_id) FROM stored_file_chunks"))[0][0] == 1


async def test_s89_erasure_removes_the_files_that_somebody_is_in(desk: Desk) -> None:
    one, other = [await create_customer(desk.api) for _ in range(2)]
    with_both, without = await desk.export(filter={}), await desk.export(ids=[other["id"]])
    link = (await desk.api.post(f"{PATH}/{with_both['id']}/link", json={})).json()
    await erase(desk.hub, one)
    problem_of(await desk.api.get(with_both["file_url"]), 410, "export_removed")
    problem_of(await desk.api.post(f"{PATH}/{with_both['id']}/link", json={}), 410, "export_removed")
    gone = await desk.read(f"{PATH}/{with_both['id']}")
    assert (gone["file_url"], gone["removed_at"] is not None) == (None, True)
    async with desk.browser() as person:
        assert (await person.get(link["url"])).status_code == 404
    assert await desk.file(without)
    assert (await desk.hub.rows("SELECT count(*) FROM system_keys WHERE purpose LIKE 'file:%'"))[0][0] == 1


async def test_s89_who_is_erased_while_it_is_written_is_not_in_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = [await create_customer(desk.api) for _ in range(2)]
    job = await desk.start(filter={})
    finish = writing.ExportRun._finish

    async def late(run: writing.ExportRun, *given: Any) -> None:
        monkeypatch.setattr(writing.ExportRun, "_finish", finish)
        await erase(desk.hub, one)
        await finish(run, *given)

    monkeypatch.setattr(writing.ExportRun, "_finish", late)
    from custhub.features.exports.tasks import ExportJob
    from custhub.kit.ids import from_text
    from tests.features.jobs.working import Kind, job_of, work_until, worker_of

    kind, job_id = ExportJob(desk.hub.app.hub), from_text(Prefix.JOB, job["id"])
    worker = worker_of(desk.hub, Kind(kind.run, kind.name))

    async def is_retryable() -> bool:
        return (await job_of(desk.hub, job_id)).state == "retryable"

    await work_until(worker, is_retryable)
    await make_due(desk.hub, job_id)
    assert (await desk.run(job)).state == "succeeded"
    data = (await desk.file(await desk.read(job["result_url"]))).decode()
    assert (one["id"] in data, other["id"] in data) == (False, True)


async def test_s54_a_link_downloads_once_and_opening_it_uses_nothing_up(desk: Desk) -> None:
    customer = await create_customer(desk.api)
    export = await desk.export(filter={})
    answer = await desk.api.post(f"{PATH}/{export['id']}/link", json={"expires_in_seconds": 600})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    url = answer.json()["url"]
    async with desk.browser() as person:
        for _ in range(3):
            page = await person.get(url)
            assert (page.status_code, "1 customers" in page.text) == (200, True)
        assert "号码已脱敏" in (await person.get(url, params={"lang": "zh"})).text
        file = await person.post(url)
        assert (file.status_code, customer["id"] in file.text) == (200, True)
        assert file.headers["content-disposition"].startswith("attachment; filename*=UTF-8''customers-2026")
        assert (await person.post(url)).status_code == 410
        assert (await person.get(url)).status_code == 410
        late = (await desk.api.post(f"{PATH}/{export['id']}/link", json={"expires_in_seconds": 60})).json()["url"]
        desk.hub.clock.advance(61)
        assert (await person.post(late)).status_code == 410
    told = await desk.hub.rows("SELECT reason FROM audit_entries WHERE action = 'export.downloaded'")
    assert [row[0] for row in told] == ["link masked customers=1"]


async def test_a_link_is_not_told_twice(desk: Desk) -> None:
    await create_customer(desk.api)
    export = await desk.export(filter={})
    headers = {"idempotency-key": "export-link-1"}
    first, again = [await desk.api.post(f"{PATH}/{export['id']}/link", json={}, headers=headers) for _ in range(2)]
    assert (first.json()["url"] is None, again.json()["url"]) == (False, None)


async def test_a_file_has_its_time(desk: Desk) -> None:
    await create_customer(desk.api)
    job = await desk.start(filter={})
    path = job["result_url"]
    waiting = await desk.read(path)
    assert (waiting["status"], waiting["file_url"]) == ("queued", None)
    for answer in (await desk.api.get(f"{path}/file"), await desk.api.post(f"{path}/link", json={})):
        problem_of(answer, 409, "export_not_ready")
    await desk.run(job)
    desk.hub.clock.advance(timedelta(hours=desk.hub.settings.export_hours).total_seconds() + 1)
    later = desk.hub.client()
    problem_of(await later.get(f"{path}/file"), 410, "export_expired")
    await desk.hub.app.upkeep.purge()
    assert (await desk.hub.rows("SELECT count(*) FROM stored_file_chunks"))[0][0] == 0
    problem_of(await later.get(f"{path}/file"), 410, "export_expired")


async def test_what_cannot_be_asked_for(desk: Desk) -> None:
    api = desk.api
    both: dict[str, Any] = {"format": "csv", "filter": {}, "ids": [to_text(Prefix.CUSTOMER, new_id())]}
    body: dict[str, Any]
    for body in ({"format": "csv"}, both):
        problem_of(await api.post(PATH, json=body), 422, "selection_unclear")
    for body in ({"filter": {}}, {"format": "pdf", "filter": {}}, {"format": "csv", "filter": {}, "columns": []}):
        problem_of(await api.post(PATH, json=body), 422, "validation_failed")
    absent = {"format": "csv", "saved_filter_id": to_text(Prefix.SAVED_FILTER, new_id())}
    problem_of(await api.post(PATH, json=absent), 404, "saved_filter_not_found")
    unknown = f"{PATH}/{to_text(Prefix.EXPORT, new_id())}"
    problem_of(await api.get(unknown), 404, "export_not_found")
    problem_of(await desk.hub.client(scopes=["exports:run"]).post(PATH, json={}), 403, "insufficient_scope")
