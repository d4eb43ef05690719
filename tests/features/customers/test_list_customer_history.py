"""The history of a customer: what was done to it, as its reader may see it."""

from __future__ import annotations

from typing import Any

from custhub.kit.ids import Prefix, new_id, to_text
from custhub.security.fields import Access, Field, everything
from custhub.security.reach import scoped
from tests.client import ApiClient
from tests.customers import add_phone, create_customer, path_of, problem_of
from tests.hub import HubUnderTest, make_number
from tests.principals import add_user, make_principal


async def history_of(api: ApiClient, customer: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    answer = await api.get(f"{path_of(customer)}/history{query}")
    assert answer.status_code == 200, answer.text
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


async def test_history_tells_old_and_new_of_each_change_newest_first(hub: HubUnderTest) -> None:
    api = hub.api
    customer = await create_customer(api)
    path = path_of(customer)
    await api.patch(path, json={"stage": "active", "birthday": {"date": "1990-05-03"}})
    email = (await api.post(f"{path}/emails", json={"email": "a@example.com"})).json()
    await api.patch(f"{path}/emails/{email['id']}", json={"label": "work"})
    await api.put(f"{path}/tags/VIP")
    await api.delete(f"{path}/tags/VIP")
    await api.post(f"{path}/archive")
    history = await history_of(api, customer)
    assert [item["action"] for item in history] == [
        "customer.archived", "tag.removed", "tag.added", "email.changed", "email.added", "customer.updated",
        "customer.created",
    ]  # fmt: skip
    told = {item["action"]: item["changes"] for item in history}
    assert told["tag.removed"] == [{"field": "tags", "old": "VIP", "new": None}]
    mail = {"email": "a@example.com", "label": None, "is_primary": True}
    assert told["email.added"] == [{"field": "emails", "old": None, "new": mail}]
    assert told["email.changed"] == [{"field": "emails", "old": mail, "new": mail | {"label": "work"}}]
    assert told["customer.updated"] == [
        {"field": "birthday", "old": None, "new": {"date": "1990-05-03", "calendar": "solar"}},
        {"field": "stage", "old": "lead", "new": "active"},
    ]
    assert told["customer.archived"] == [{"field": "archived_at", "old": None, "new": None}]
    assert all(item["id"].startswith("aud_") and item["object"] == "change" for item in history)


async def test_history_names_its_actor(hub: HubUnderTest) -> None:
    user_id = await add_user(hub.app.hub)
    name = (await hub.rows("SELECT name FROM users ORDER BY id DESC LIMIT 1"))[0][0]
    customer = await create_customer(hub.api)
    user = hub.client_of(make_principal(user_id=user_id))
    await user.patch(path_of(customer), json={"stage": "active"})
    history = await history_of(hub.api, customer)
    assert history[0]["actor"] == {"kind": "user", "id": to_text(Prefix.USER, user_id), "name": name}
    assert history[0]["client_id"] == "tests"
    assert history[1]["actor"]["kind"] == "operator"


async def test_history_masks_numbers_as_the_reader_sees_them(hub: HubUnderTest) -> None:
    """S-21: the style of the caller's role decides, in the past too."""
    customer = await create_customer(hub.api, note="x")
    phone = await add_phone(hub.api, customer, "13812349876")
    await hub.api.patch(path_of(customer, phone), json={"label": "office"})
    await hub.api.delete(path_of(customer, phone))
    await hub.api.patch(path_of(customer), json={"note": "ring 13912345678"})
    for role, seen in (("manager", "+86 138****9876"), ("support", "+86 *******9876"), ("marketing", None)):
        history = await history_of(hub.client(roles=[role]), customer)
        (note,) = history[0]["changes"]
        assert (note["field"], note["old"], note["new"]) == ("note", "x", "ring ****")
        removed, changed, added = (item["changes"][0] for item in history[1:4])
        assert (removed["old"]["number"], removed["new"]) == (seen, None)
        assert (changed["old"]["label"], changed["new"]["label"]) == (None, "office")
        assert (added["old"], added["new"]["number"]) == (None, seen)


async def test_no_number_stands_in_the_details_of_an_entry(hub: HubUnderTest) -> None:
    """S-25, S-71: details are sealed, and hold masks even then."""
    number = make_number()
    customer = await create_customer(hub.api, kind="organisation", display_name="某公司")
    path = path_of(customer)
    await add_phone(hub.api, customer, number)
    await hub.api.post(f"{path}/addresses", json={"street": f"1 Road {number}", "country": "US"})
    await hub.api.post(f"{path}/contacts", json={"name": f"王伟 {number}"})
    await hub.api.patch(path, json={"note": number})
    assert number not in (await hub.api.get(f"{path}/history")).text


async def test_history_leaves_out_hidden_fields_and_empties_masked_ones(hub: HubUnderTest) -> None:
    """S-61."""
    customer = await create_customer(hub.api)
    path = path_of(customer)
    await hub.api.patch(path, json={"stage": "active", "source": "shop", "note": "secret"})
    await hub.api.post(f"{path}/emails", json={"email": "a@example.com"})
    fields = everything(Access.READ) | {
        Field.NOTE: Access.HIDDEN, Field.SOURCE: Access.MASKED, Field.EMAILS: Access.HIDDEN,
    }  # fmt: skip
    history = await history_of(hub.client_of(make_principal(fields=fields)), customer)
    assert history[0]["changes"] == []
    assert history[1]["changes"] == [
        {"field": "source", "old": None, "new": None},
        {"field": "stage", "old": "lead", "new": "active"},
    ]
    auditor = await history_of(hub.client(roles=["auditor"]), customer)
    assert all(change["field"] == "archived_at" for item in auditor for change in item["changes"])


async def test_history_tells_of_reveals_without_calling_them_changes(hub: HubUnderTest) -> None:
    """S-75: who opened a number, and why."""
    customer = await create_customer(hub.api, phones=[{"number": make_number()}], note="ring 13912345678")
    reveal = {"reason": "delivery", "note": "courier"}
    await hub.api.post(f"{path_of(customer, customer['phones'][0])}/reveal", json=reveal)
    await hub.api.post(f"{path_of(customer)}/reveal", json=reveal)
    history = await history_of(hub.api, customer)
    assert [(item["action"], item["reason"], item["changes"]) for item in history[:2]] == [
        ("customer.texts_revealed", "delivery", []),
        ("phone.revealed", "delivery", []),
    ]


async def test_history_is_paged(hub: HubUnderTest) -> None:
    """contract_c1, contract_c2: no entry twice, none left out, while others write."""
    customer = await create_customer(hub.api)
    path = path_of(customer)
    for i in range(6):
        await hub.api.put(f"{path}/tags/t{i}")
    seen: list[str] = []
    url = f"{path}/history?limit=2"
    while url:
        answer = await hub.api.get(url)
        seen += [item["id"] for item in answer.json()["data"]]
        url = answer.links.get("next", {}).get("url", "")
        await hub.api.put(f"{path}/tags/more{len(seen)}")
    assert len(seen) == len(set(seen)) == 7
    assert seen == sorted(seen, reverse=True)
    cursor = (await hub.api.get(f"{path}/history?limit=2")).json()["next_cursor"]
    other = await create_customer(hub.api)
    problem_of(await hub.api.get(f"{path_of(other)}/history?cursor={cursor}"), 422, "invalid_cursor")
    problem_of(await hub.api.get(f"{path}/history?limit=201"), 422, "validation_failed")


async def test_history_needs_scope_and_reach(hub: HubUnderTest) -> None:
    """S-63."""
    customer = await create_customer(hub.api, source="elsewhere")
    path = f"{path_of(customer)}/history"
    assert (await hub.client(token="").get(path)).status_code == 401
    problem_of(await hub.client(scopes=["customers:write"]).get(path), 403, "insufficient_scope")
    shop = hub.client_of(make_principal(reach=scoped(sources=["shop"])))
    problem_of(await shop.get(path), 404, "customer_not_found")
    nobody = to_text(Prefix.CUSTOMER, new_id())
    problem_of(await hub.api.get(f"/v1/customers/{nobody}/history"), 404, "customer_not_found")
