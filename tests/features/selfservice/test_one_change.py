"""Whatever a customer sends at once is one change of it (CONTRACT A4), and a code counts only while it is there."""

from __future__ import annotations

import pytest

from tests.customers import create_customer, path_of, read_customer
from tests.features.customers.test_sync_customers import erase
from tests.features.selfservice.counter import browser, correct, last_code, make_link, page_of, proof_path, seen
from tests.hub import HubUnderTest, make_number


async def told(hub: HubUnderTest, customer: dict[str, str]) -> list[tuple[str, int]]:
    """Type and revision of what was told of a customer since it was made."""
    await hub.app.events.drain()
    listed = await hub.api.get("/v1/events", params={"limit": 200})
    events = [event for event in listed.json()["data"] if event["subject"]["id"] == customer["id"]]
    return [(event["type"], event["subject"]["revision"]) for event in events][1:]


async def test_fields_and_the_address_are_one_revision(fresh_hub: HubUnderTest) -> None:
    """contract_a4: with an address that is changed, and with a first one; what was left is confirmed with it."""
    hub = fresh_hub
    place = {"country": "CN", "province": "广东省", "city": "深圳市", "street": "科技园路1号"}
    for addresses in ([place], []):
        customer = await create_customer(hub.api, gender="female", addresses=addresses)
        link = await make_link(hub.api, customer, "display_name", "gender", "addresses")
        async with browser(hub) as person:
            answer = await correct(
                person, page_of(hub, link), display_name="李娜娜", addresses__province="广东省",
                addresses__city="深圳市", addresses__street="科技园路2号",
            )  # fmt: skip
        assert answer.status_code == 200, answer.text
        now = (await hub.api.get(path_of(customer), params={"include": "provenance"})).json()
        assert (now["display_name"], now["addresses"][0]["street"], now["revision"]) == ("李娜娜", "科技园路2号", 2)
        assert await told(hub, customer) == [("customer.updated", 2)]
        sources = {origin["field"]: origin["source"] for origin in now["provenance"]}
        assert {sources[name] for name in ("display_name", "gender", "addresses")} == {"self_service"}
        assert sorted((await seen(hub.api, customer, link))["changed_fields"]) == ["addresses", "display_name"]
        found = await hub.api.post("/v1/customers/search", json={"q": "李娜娜"})
        assert customer["id"] in [hit["customer"]["id"] for hit in found.json()["data"]]


async def test_an_address_alone_confirms_what_was_left_in_the_same_revision(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    customer = await create_customer(hub.api, gender="female")
    link = await make_link(hub.api, customer, "gender", "addresses")
    async with browser(hub) as person:
        answer = await correct(person, page_of(hub, link), addresses__country="DE", addresses__city="Berlin")
    assert answer.status_code == 200, answer.text
    now = (await hub.api.get(path_of(customer), params={"include": "provenance"})).json()
    assert (now["addresses"][0]["city"], now["revision"]) == ("Berlin", 2)
    (origin,) = (origin for origin in now["provenance"] if origin["field"] == "gender")
    assert (origin["source"], origin["confirmed_until"] is None) == ("self_service", False)
    audited = (await hub.api.get("/v1/audit", params={"actor_id": customer["id"]})).json()["data"]
    assert {"customer.confirmed", "address.added"} <= {entry["action"] for entry in audited}


async def test_two_codes_at_once_are_one_revision(fresh_hub: HubUnderTest) -> None:
    """contract_a4."""
    hub, new = fresh_hub, make_number()
    customer = await create_customer(hub.api)
    link = await make_link(hub.api, customer, "phones", "emails")
    async with browser(hub) as person:
        path = await proof_path(await correct(person, page_of(hub, link), phones=new, emails="one@example.com"))
        codes = [await last_code(hub, to) for to in (f"+86{new}", "one@example.com")]
        done = await person.post(path, data={"code.phones": codes[0], "code.emails": codes[1]})
    assert done.status_code == 200, done.text
    now = await read_customer(hub.api, customer)
    assert (len(now["phones"]), len(now["emails"]), now["revision"]) == (1, 1, 2)
    assert [one for one in await told(hub, customer) if one[0] == "customer.updated"] == [("customer.updated", 2)]
    found = await hub.api.post("/v1/customers/search", json={"q": "one@example.com"})
    assert customer["id"] in [hit["customer"]["id"] for hit in found.json()["data"]]


@pytest.mark.parametrize("ending", ["archived", "erased"])
async def test_a_right_code_for_somebody_who_is_gone_changes_nothing(fresh_hub: HubUnderTest, ending: str) -> None:
    hub, new = fresh_hub, make_number()
    customer = await create_customer(hub.api)
    link = await make_link(hub.api, customer, "phones")
    async with browser(hub) as person:
        path = await proof_path(await correct(person, page_of(hub, link), phones=new))
        code = await last_code(hub, f"+86{new}")
        if ending == "archived":
            assert (await hub.api.post(f"{path_of(customer)}/archive")).status_code == 200
        else:
            await erase(hub, customer)
        unknown = await person.post("/p/unknown", data={"code.phones": code})
        for method in ("GET", "POST"):
            answer = await person.request(method, path, data={"code.phones": code} if method == "POST" else None)
            assert (answer.status_code, answer.text) == (404, unknown.text)
    assert await hub.rows("SELECT id FROM customer_phones") == []
    assert await hub.rows("SELECT kid FROM phone_claims") == []
    # Nobody is hindered by a number that was never proven.
    await create_customer(hub.api, phones=[{"number": new}])
