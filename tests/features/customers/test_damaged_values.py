"""Sealed values that do not open (S-16)."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.kit.ids import Prefix, from_text
from tests.customers import create_customer, path_of, problem_of
from tests.hub import HubUnderTest, make_number
from tests.sealed import damage, dek_of, literal

A = "13912345678"


async def _customers(hub: HubUnderTest) -> tuple[dict[str, Any], dict[str, Any]]:
    """One whose number will be damaged, one that stays well; both with numbers in texts."""
    made = [
        await create_customer(
            hub.api,
            phones=[{"number": make_number()}, {"number": make_number()}],
            note=f"call {A}",
            addresses=[{"full_text": f"广东省深圳市南山区科技园路1号 {A}"}],
        )
        for _ in range(2)
    ]
    return made[0], made[1]


async def _entries(hub: HubUnderTest) -> int:
    rows = await hub.rows("SELECT count(*) FROM audit_entries WHERE action = 'integrity.failed'")
    return int(rows[0][0])


def _metric(hub: HubUnderTest) -> float:
    return float(hub.app.hub.metrics.registry.get_sample_value("integrity_errors_total") or 0)


async def _damage_first_phone(hub: HubUnderTest, customer: dict[str, Any]) -> None:
    phone_id = from_text(Prefix.PHONE, customer["phones"][0]["id"])
    await damage(hub, "customer_phones", "e164", f"WHERE id = {literal(hub, phone_id)}")


async def test_a_damaged_number_is_500_when_read_alone_with_audit_and_metric(fresh_hub: HubUnderTest) -> None:
    """S-16: single read 500 integrity_error + audit + metric."""
    broken, _ = await _customers(fresh_hub)
    await _damage_first_phone(fresh_hub, broken)
    path = path_of(broken, broken["phones"][0])
    for i, (method, where, body) in enumerate(
        (("GET", path, None), ("POST", f"{path}/reveal", {"reason": "call_back"}), ("PATCH", path, {"label": "x"})), 1
    ):
        problem_of(await fresh_hub.api.request(method, where, json=body), 500, "integrity_error")
        assert (await _entries(fresh_hub), _metric(fresh_hub)) == (i, float(i))
    assert (await fresh_hub.api.get(path_of(broken, broken["phones"][1]))).status_code == 200


async def test_a_damaged_number_in_a_list_shows_that_and_the_page_is_still_200(fresh_hub: HubUnderTest) -> None:
    """S-16: masked null and error, beside numbers that are well."""
    broken, well = await _customers(fresh_hub)
    await _damage_first_phone(fresh_hub, broken)
    lists = [
        (await fresh_hub.api.get("/v1/customers", params={"sort": "created_at"})).json()["data"][0]["phones"],
        (await fresh_hub.api.get(path_of(broken))).json()["phones"],
        (await fresh_hub.api.get(f"{path_of(broken)}/phones")).json()["data"],
    ]
    for phones in lists:
        assert [(phone["masked"], phone["error"]) for phone in phones] == [
            (None, "integrity_error"), (broken["phones"][1]["masked"], None),
        ]  # fmt: skip
    assert (await fresh_hub.api.get(path_of(well))).json() == well


async def test_a_damaged_number_is_never_found_by_its_ending(fresh_hub: HubUnderTest) -> None:
    """S-10: the filter opens; what does not open is no match, and no error."""
    broken, _ = await _customers(fresh_hub)
    await damage(fresh_hub, "customer_phones", "e164")
    last4 = broken["phones"][0]["masked"][-4:]
    answer = await fresh_hub.api.post("/v1/customers/lookup", json={"phone_last4": last4})
    assert (answer.status_code, answer.json()["data"]) == (200, [])


async def test_a_damaged_number_can_be_removed(fresh_hub: HubUnderTest) -> None:
    """It can do no good; its audit entry tells no mask."""
    broken, _ = await _customers(fresh_hub)
    await _damage_first_phone(fresh_hub, broken)
    assert (await fresh_hub.api.delete(path_of(broken, broken["phones"][0]))).status_code == 204
    assert (await fresh_hub.api.get(path_of(broken, broken["phones"][1]))).json()["is_primary"] is True


@pytest.mark.parametrize(("table", "member"), [("customers", "note"), ("customer_addresses", "street")])
async def test_damaged_spans_hide_the_number_and_the_page_is_still_200(
    fresh_hub: HubUnderTest, table: str, member: str
) -> None:
    """S-16, S-25: the text is shown, the number is not."""
    broken, _ = await _customers(fresh_hub)
    await damage(fresh_hub, table, "spans")
    for answer in (await fresh_hub.api.get("/v1/customers"), await fresh_hub.api.get(path_of(broken))):
        assert answer.status_code == 200
        body = answer.json()
        shown = body["data"][0] if "data" in body else body
        text = shown["note"] if member == "note" else shown["addresses"][0]["street"]
        assert text.endswith("****")
        assert "\ue5a0" not in answer.text


async def test_a_customer_without_its_key_can_still_be_read(fresh_hub: HubUnderTest) -> None:
    """S-16, S-27: a key that is gone makes numbers unreadable, not the customer."""
    broken, well = await _customers(fresh_hub)
    assert await dek_of(fresh_hub, broken)
    customer_id = from_text(Prefix.CUSTOMER, broken["id"])
    async with fresh_hub.app.database.transaction() as connection:
        sql = f"DELETE FROM customer_keys WHERE customer_id = {literal(fresh_hub, customer_id)}"  # noqa: S608  # no input
        await connection.execute(sql, ())
    page = await fresh_hub.api.get("/v1/customers", params={"sort": "created_at"})
    assert page.status_code == 200
    shown = page.json()["data"]
    assert [phone["error"] for phone in shown[0]["phones"]] == ["integrity_error"] * 2
    assert shown[0]["note"] == "call ****"
    assert shown[1] == well
    for method, path, body in (
        ("PATCH", path_of(broken), {"note": "x"}),
        ("POST", f"{path_of(broken)}/phones", {"number": make_number()}),
        ("POST", f"{path_of(broken, broken['phones'][0])}/reveal", {"reason": "call_back"}),
    ):
        problem_of(await fresh_hub.api.request(method, path, json=body), 500, "integrity_error")


async def test_a_blob_moved_to_another_row_does_not_open(fresh_hub: HubUnderTest) -> None:
    """S-07: bound to table, column, row and customer."""
    broken, other = await _customers(fresh_hub)
    ids = [literal(fresh_hub, from_text(Prefix.PHONE, one["phones"][0]["id"])) for one in (broken, other)]
    async with fresh_hub.app.database.transaction() as connection:
        await connection.execute(
            "UPDATE customer_phones SET e164 = (SELECT e164 FROM customer_phones WHERE id = "  # noqa: S608  # no input
            f"{ids[1]}) WHERE id = {ids[0]}",
            (),
        )
    problem_of(await fresh_hub.api.get(path_of(broken, broken["phones"][0])), 500, "integrity_error")
