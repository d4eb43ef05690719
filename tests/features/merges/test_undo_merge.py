"""Undo of merges: everybody is who they were, byte for byte but for what is told."""

from __future__ import annotations

from typing import Any

from custhub.kit.uow import SYSTEM
from custhub.security.reach import scoped
from tests.canonical import canonical, export_of, id_of
from tests.customers import create_customer, declare, path_of, problem_of, read_customer
from tests.hub import HubUnderTest, make_number
from tests.merges import merge, undo, undone
from tests.principals import make_principal

TOKENS = "SELECT customer_id, token FROM search_tokens ORDER BY customer_id, token"
KEYS = "SELECT key, customer_id FROM match_keys ORDER BY key, customer_id"
CLAIMS = "SELECT kid, exact_index, phone_id, customer_id FROM phone_claims ORDER BY kid, exact_index"
VALUES = "SELECT * FROM customer_field_values ORDER BY customer_id, field, value"
ASKED = (TOKENS, CLAIMS, VALUES)


async def two(hub: HubUnderTest, **members: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    first = await create_customer(
        hub.api,
        display_name="Cao Wei",
        birthday={"date": "1990-01-01"},
        phones=[{"number": make_number()}],
        emails=[{"email": "cao@example.com"}],
        tags=["VIP"],
        note="first",
        **members,
    )
    second = await create_customer(
        hub.api,
        display_name="曹伟",
        birthday={"date": "1988-05-06"},
        phones=[{"number": make_number()}, {"number": make_number()}],
        emails=[{"email": "wei@example.com"}],
        addresses=[{"street": f"1 Road, ring {make_number()}", "country": "US"}],
        external_ids=[{"source": "shop", "id": make_number()}],
        tags=["vip", "B2B"],
        note=f"call {make_number()}",
        language="zh-CN",
    )
    return first, second


async def everything(hub: HubUnderTest, *customers: dict[str, Any]) -> list[Any]:
    return [*[await canonical(hub, one) for one in customers], *[await hub.rows(sql) for sql in ASKED]]


async def test_undone_everybody_is_who_they_were(fresh_hub: HubUnderTest) -> None:
    """MATCHING 5."""
    hub = fresh_hub
    first, second = await two(hub)
    third = await create_customer(hub.api, display_name="曹 伟", phones=[{"number": make_number()}], tags=["b2b"])
    before = await everything(hub, first, second, third)
    keys = await hub.rows(KEYS)
    made = await merge(hub.api, [first, second, third])
    assert (await read_customer(hub.api, first))["display_name"] != "Cao Wei"
    hub.clock.advance(600)
    told = await undone(hub.api, made)
    assert told["conflicts"] == []
    assert told["erased"] == []
    assert {one["table"]: one["rows"] for one in told["returned"]} == {
        "phones": 3, "emails": 1, "addresses": 1, "external_ids": 1,
        "tags": 1,
    }  # fmt: skip
    assert {"display_name", "birthday", "language", "note"} <= set(told["restored"])
    assert await everything(hub, first, second, third) == before
    assert await hub.rows(KEYS) == keys
    check = (await hub.api.get(f"/v1/merges/{made['id']}/verification")).json()
    assert check["ok"], check
    shown = (await hub.api.get(f"/v1/merges/{made['id']}")).json()
    assert (shown["state"], shown["undo"]) == ("undone", told)
    events = [kind for (kind,) in await hub.rows("SELECT type FROM events WHERE type = 'customer.unmerged'")]
    assert len(events) == 3
    pairs = await hub.rows("SELECT reason FROM cannot_links")
    assert [tuple(row) for row in pairs] == [("undo",)] * 3


async def test_what_was_changed_since_stays_and_is_told(hub: HubUnderTest) -> None:
    first, second = await two(hub)
    before = await canonical(hub, second)
    made = await merge(hub.api, [first, second])
    path = path_of(first)
    changed = await hub.api.patch(path, json={"display_name": "曹伟明", "note": f"now {make_number()}"})
    assert changed.status_code == 200, changed.text
    new = (await hub.api.post(f"{path}/phones", json={"number": make_number()})).json()
    assert (await hub.api.delete(f"{path}/emails/{second['emails'][0]['id']}")).status_code == 204
    told = await undone(hub.api, made)
    assert {(one["field"] or one["id"], one["reason"]) for one in told["conflicts"]} == {
        ("display_name", "changed"), ("given_name", "changed"), ("note", "changed"),
        (second["emails"][0]["id"], "gone"),
    }  # fmt: skip
    now = await read_customer(hub.api, first)
    assert (now["display_name"], now["birthday"]["date"], now["language"]) == ("曹伟明", "1990-01-01", None)
    assert [phone["id"] for phone in now["phones"]] == [first["phones"][0]["id"], new["id"]]
    emails = (await read_customer(hub.api, second))["emails"]
    assert emails == []
    assert await canonical(hub, second, "emails") != before


async def test_custom_fields_and_texts_are_put_back_one_by_one(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    await declare(hub.api, "size", {"type": "string"}, filterable=True)
    await declare(hub.api, "card", {"type": "string"}, sensitive=True)
    first = await create_customer(hub.api, note=f"call {make_number()}", custom_fields={"size": "m"})
    second = await create_customer(hub.api, company_name="某公司", custom_fields={"size": "l", "card": "4711"})
    before = await everything(hub, first, second)
    chosen = [{"field": f"custom_fields.{key}", "customer_id": second["id"]} for key in ("size", "card")]
    made = await merge(hub.api, [first, second], choices=chosen)
    assert (await read_customer(hub.api, first))["custom_fields"]["size"] == "l"
    note = f"call {make_number()}"
    changed = await hub.api.patch(path_of(first), json={"custom_fields": {"card": "4712"}, "note": note})
    assert changed.status_code == 200, changed.text
    told = await undone(hub.api, made)
    assert [one["field"] for one in told["conflicts"]] == ["custom_fields.card"]
    now = await read_customer(hub.api, first)
    assert (now["custom_fields"]["size"], now["company_name"]) == ("m", None)
    assert await canonical(hub, second) == before[1]
    export = await export_of(hub, first)
    assert (export["customer"]["note"], export["customer"]["custom_fields"]) == (note, {"size": "m", "card": "4712"})


async def test_a_second_undo_and_one_unseen_are_refused(hub: HubUnderTest) -> None:
    first, second = await two(hub)
    made = await merge(hub.api, [first, second])
    path = f"/v1/merges/{made['id']}/undo"
    body = {"reason": "not_the_same"}
    problem_of(await hub.api.post(path, json=body), 428, "precondition_required")
    stale = await hub.api.post(path, json=body, headers={"If-Match": '"7-00000000"'})
    problem_of(stale, 412, "precondition_failed")
    key = {"Idempotency-Key": f"undo-{made['id']}", "If-Match": '"1"'}
    once, again = [await hub.api.post(path, json=body, headers=key) for _ in range(2)]
    assert (once.status_code, again.status_code) == (200, 200)
    assert (again.json(), again.headers["idempotency-replayed"]) == (once.json(), "true")
    problem_of(await undo(hub.api, made), 409, "already_undone")
    unknown = f"{path.replace(made['id'], 'mrg_01m81amc1cfrnt9m7qcr38rxrh')}"
    problem_of(await hub.api.post(unknown, json=body, headers={"If-Match": '"1"'}), 404, "merge_not_found")


async def test_rights_and_reach(hub: HubUnderTest) -> None:
    """S-69: reach on everybody who was joined, and the right to merge."""
    first, second = await two(hub)
    made = await merge(hub.api, [first, second])
    path = f"/v1/merges/{made['id']}/undo"
    send: dict[str, Any] = {"json": {"reason": "other"}, "headers": {"If-Match": '"1"'}}
    problem_of(await hub.client(token="").post(path, **send), 401, "token_missing")
    reader = hub.client(["merges:read", "customers:read"])
    problem_of(await reader.post(path, **send), 403, "insufficient_scope")
    stranger = hub.client_of(make_principal("manager", reach=scoped(owner=id_of(first))))
    problem_of(await stranger.post(path, **send), 404, "merge_not_found")


async def test_in_a_chain_the_later_merge_goes_first(hub: HubUnderTest) -> None:
    one, two_, three = [await create_customer(hub.api, tags=[name]) for name in ("a", "b", "c")]
    before = [await canonical(hub, who) for who in (one, two_, three)]
    first = await merge(hub.api, [two_, one])
    second = await merge(hub.api, [three, two_])
    refused = problem_of(await undo(hub.api, first), 409, "merge_needed")
    assert refused["merge_ids"] == [second["id"]]
    for made in (second, first):
        assert (await undone(hub.api, made))["conflicts"] == []
    assert [await canonical(hub, who) for who in (one, two_, three)] == before


async def test_of_merges_into_one_each_can_go_unless_another_was_built_on_it(hub: HubUnderTest) -> None:
    own = await create_customer(hub.api)
    plain, tagged, twin = [await create_customer(hub.api, tags=tags) for tags in ([], ["VIP"], ["vip"])]
    before = [await canonical(hub, who) for who in (own, plain, tagged, twin)]
    made = [await merge(hub.api, [own, who]) for who in (plain, tagged, twin)]
    refused = problem_of(await undo(hub.api, made[1]), 409, "merge_needed")
    assert refused["merge_ids"] == [made[2]["id"]]
    for merged in (made[0], made[2], made[1]):
        assert (await undone(hub.api, merged))["conflicts"] == []
    assert [await canonical(hub, who) for who in (own, plain, tagged, twin)] == before


async def erase(hub: HubUnderTest, customer: dict[str, Any]) -> None:
    uow = hub.app.hub.unit_of_work(SYSTEM, "tests")
    for link in hub.app.links:
        await link.erase(uow, id_of(customer))
    await uow.commit()


async def test_who_was_erased_meanwhile_stays_erased(hub: HubUnderTest) -> None:
    """S-26: the rest is undone; what came from the erased one stays where it is."""
    first, second = await two(hub)
    third = await create_customer(hub.api, phones=[{"number": make_number()}])
    before = await canonical(hub, third)
    made = await merge(hub.api, [first, second, third])
    await erase(hub, second)
    told = await undone(hub.api, made)
    assert told["erased"] == [second["id"]]
    assert await canonical(hub, third) == before
    problem_of(await hub.api.get(path_of(second)), 410, "erased")
    now = await read_customer(hub.api, first)
    assert (now["display_name"], len(now["phones"])) == ("Cao Wei", 3)
    rows = await hub.rows("SELECT merged_into FROM customers WHERE merged_into IS NOT NULL")
    assert not [row for row in rows if str(row[0]) == str(id_of(first))]


async def test_of_an_erased_survivor_nothing_comes_back_and_the_others_are_there(hub: HubUnderTest) -> None:
    first, second = await two(hub)
    made = await merge(hub.api, [first, second])
    await erase(hub, first)
    told = await undone(hub.api, made)
    assert (told["erased"], told["returned"]) == ([first["id"]], [])
    now = await read_customer(hub.api, second)
    assert (now["display_name"], now["phones"], now["archived_at"]) == ("曹伟", [], None)
    assert (await hub.api.get(f"/v1/merges/{made['id']}")).json()["undo"] is None


async def test_a_number_that_somebody_else_has_by_now_is_changed_and_to_be_looked_at(hub: HubUnderTest) -> None:
    """S-13."""
    number = make_number()
    first = await create_customer(hub.api)
    second = await create_customer(hub.api, phones=[{"number": number}])
    made = await merge(hub.api, [first, second])
    assert (await hub.api.post(f"{path_of(first)}/archive")).status_code == 200
    await create_customer(hub.api, phones=[{"number": number}])
    told = await undone(hub.api, made)
    assert [(one["id"], one["reason"]) for one in told["conflicts"]] == [(second["phones"][0]["id"], "taken")]
    assert (await read_customer(hub.api, second))["phones"][0]["status"] == "changed"
    items = (await hub.api.get("/v1/findings", params={"customer_id": second["id"]})).json()["data"]
    assert [(item["field"], item["reason"]) for item in items] == [("phones", "taken")]
