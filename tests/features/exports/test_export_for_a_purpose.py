"""A file for a purpose holds those who agree to it now, by what they may be contacted (S-82)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from custhub.features.customers.queries import sheets
from custhub.features.exports.service import writing
from tests.client import ApiClient
from tests.customers import create_customer, problem_of
from tests.features.exports.desk import PATH, Desk, record_consent
from tests.hub import START, make_number
from tests.principals import make_principal

BY_MAIL: dict[str, Any] = {"purpose": "marketing", "channel": "email"}
NAMES = (
    "granted",
    "withdrawn",
    "denied",
    "never",
    "another channel",
    "another purpose",
    "suppressed",
    "no mail",
    "half",
)


async def said(api: ApiClient, customer: dict[str, Any], status: str, hours: int = 0, **members: Any) -> None:
    captured_at = (START + timedelta(hours=hours - 24)).isoformat()
    given = {**BY_MAIL, "status": status, "captured_at": captured_at, "customer_id": customer["id"]}
    await record_consent(api, **(given | members))


async def suppress(api: ApiClient, **members: Any) -> None:
    answer = await api.post("/v1/suppressions", json={"kind": "do_not_contact", "reason": "person_asked", **members})
    assert answer.status_code == 201, answer.text


async def people(api: ApiClient) -> dict[str, dict[str, Any]]:
    """One customer of each kind, by name."""
    made = {}
    for i, name in enumerate(NAMES):
        emails = [] if name == "no mail" else [{"email": f"a{i}@example.com"}, {"email": f"b{i}@example.com"}]
        made[name] = await create_customer(api, display_name=name, emails=emails, phones=[{"number": make_number()}])
    for name in ("granted", "withdrawn", "suppressed", "no mail", "half"):
        await said(api, made[name], "granted")
    await said(api, made["withdrawn"], "withdrawn", 1)
    await said(api, made["denied"], "denied")
    await said(api, made["another channel"], "granted", channel="sms")
    await said(api, made["another purpose"], "granted", purpose="newsletter")
    for address in ("a6@example.com", "b6@example.com", "a8@example.com"):
        await suppress(api, email=address)
    return made


async def test_s82_only_who_agrees_and_may_be_contacted(desk: Desk) -> None:
    made = await people(desk.api)
    for form in ("csv", "xlsx", "ndjson"):
        export = await desk.export(format=form, filter={}, **BY_MAIL)
        assert (export["customers"], export["total"]) == (2, 2)
        assert export["left_out"] == {"without_consent": 5, "not_contactable": 2}
        assert (export["purpose"], export["channel"]) == ("marketing", "email")
    rows = await desk.table(filter={}, **BY_MAIL)
    found = {row["display_name"]: [row[f"emails[{k}].email"] for k in range(2)] for row in rows}
    assert found == {"granted": ["a0@example.com", "b0@example.com"], "half": ["b8@example.com", ""]}
    by_id = await desk.table(ids=[made["granted"]["id"], made["never"]["id"]], **BY_MAIL)
    assert [row["display_name"] for row in by_id] == ["granted"]
    assert len(await desk.table(filter={})) == len(NAMES)
    told = await desk.hub.rows("SELECT reason FROM audit_entries WHERE action = 'export.completed' ORDER BY at, id")
    assert told[0][0] == "masked for marketing by email customers=2"


async def test_s82_numbers_for_calls_and_channels_without_either(desk: Desk) -> None:
    api, number = desk.api, make_number()
    one = await create_customer(api, phones=[{"number": number}])
    await said(api, one, "granted", channel="phone")
    await said(api, one, "granted", channel="wechat")
    for channel in ("phone", "wechat"):
        assert len(await desk.table(filter={}, purpose="marketing", channel=channel)) == 1
    await suppress(api, phone=number)
    assert await desk.table(filter={}, purpose="marketing", channel="phone") == []
    (row,) = await desk.table(filter={}, purpose="marketing", channel="wechat")
    assert row["phones[0].number"] == ""


async def test_s82_a_consent_that_is_withdrawn_while_the_file_is_written_counts(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page joins what counts when it is read."""
    monkeypatch.setattr(sheets, "PAGE_ROWS", 1)
    made = [await create_customer(desk.api, emails=[{"email": f"c{i}@example.com"}]) for i in range(4)]
    for one in made:
        await said(desk.api, one, "granted")
    begin = writing.ExportRun._begin

    async def late(run: writing.ExportRun, *given: Any) -> Any:
        begun = await begin(run, *given)
        await said(desk.api, made[3], "withdrawn", 1)
        return begun

    monkeypatch.setattr(writing.ExportRun, "_begin", late)
    export = await desk.export(filter={}, **BY_MAIL)
    assert (export["total"], export["customers"]) == (4, 3)


async def test_s82_marketing_exports_for_a_purpose_or_not_at_all(desk: Desk) -> None:
    marketing = desk.hub.client_of(make_principal("marketing", scopes=["customers:read", "exports:run"]))
    body: dict[str, Any] = {"format": "csv", "filter": {}}
    problem_of(await marketing.post(PATH, json=body), 422, "export_purpose_required")
    assert (await marketing.post(PATH, json=body | BY_MAIL)).status_code == 202
    for name, missing in (("purpose", "#/channel"), ("channel", "#/purpose")):
        answer = await desk.api.post(PATH, json=body | {name: BY_MAIL[name]})
        assert problem_of(answer, 422, "export_purpose_unclear")["errors"][0]["pointer"] == missing
    problem_of(await desk.api.post(PATH, json=body | BY_MAIL | {"channel": "pigeon"}), 422, "validation_failed")
