"""The old number or address learns that another one stands in its place (M-4, S-85)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.customers import create_customer, path_of
from tests.features.selfservice.counter import browser, correct, last_code, make_link, page_of, proof_path, sent
from tests.hub import HubUnderTest, make_number

KIND = "self_service_notice"


async def prove(hub: HubUnderTest, customer: dict[str, Any], field: str, value: str) -> None:
    """Give a number or address by a link in English, and its code."""
    link = await make_link(hub.api, customer, field, locale="en")
    async with browser(hub) as person:
        path = await proof_path(await correct(person, page_of(hub, link), **{field: value}))
        assert await sent(hub, KIND) == []
        code = await last_code(hub, f"+86{value}" if field == "phones" else value)
        assert (await person.post(path, data={f"code.{field}": code})).status_code == 200


@pytest.mark.parametrize(("language", "said"), [("zh-CN", "如非您本人操作"), ("en", "If this was not you")])
async def test_the_old_number_is_told_in_the_customers_language(
    fresh_hub: HubUnderTest, language: str, said: str
) -> None:
    old, new = make_number(), make_number()
    customer = await create_customer(fresh_hub.api, phones=[{"number": old}], language=language)
    await prove(fresh_hub, customer, "phones", new)
    ((address, text),) = await sent(fresh_hub, KIND)
    assert (address, said in text) == (f"+86{old}", True)
    assert (new in text, old in text) == (False, False)


async def test_the_old_address_is_told(fresh_hub: HubUnderTest) -> None:
    customer = await create_customer(fresh_hub.api, emails=[{"email": "old@example.com"}])
    await prove(fresh_hub, customer, "emails", "new@example.com")
    ((address, text),) = await sent(fresh_hub, KIND)
    assert (address, "new@example.com" in text, "e-mail address" in text) == ("old@example.com", False, True)
    await prove_again(fresh_hub, customer)


async def prove_again(hub: HubUnderTest, customer: dict[str, Any]) -> None:
    """The same one once more: there is nothing to tell."""
    link = await make_link(hub.api, customer, "emails", locale="en")
    async with browser(hub) as person:
        path = await proof_path(await correct(person, page_of(hub, link), emails="NEW@example.com"))
        code = await last_code(hub, "NEW@example.com")
        assert (await person.post(path, data={"code.emails": code})).status_code == 200
    assert [address for address, _ in await sent(hub, KIND)] == ["old@example.com"]


async def test_nobody_is_told_where_there_was_none_or_none_that_takes_texts(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    for phones in ([], [{"number": "010-62345678"}]):
        await prove(hub, await create_customer(hub.api, phones=phones), "phones", make_number())
    dead = await create_customer(hub.api, phones=[{"number": make_number()}])
    path = f"{path_of(dead, dead['phones'][0])}/verify"
    assert (await hub.api.post(path, json={"result": "no_such_number"})).status_code == 200
    await prove(hub, dead, "phones", make_number())
    assert await sent(hub, KIND) == []


async def test_a_suppressed_number_is_told_nothing(fresh_hub: HubUnderTest) -> None:
    """S-85, M-4: not if it was on the list before, and not if it came there while the message waited."""
    hub = fresh_hub
    before, later = make_number(), make_number()
    first = await create_customer(hub.api, phones=[{"number": before}])
    second = await create_customer(hub.api, phones=[{"number": later}])
    body = {"kind": "do_not_contact", "reason": "person_asked"}
    assert (await hub.api.post("/v1/suppressions", json=body | {"phone": before})).status_code in (200, 201)
    await prove(hub, first, "phones", make_number())
    assert await sent(hub, KIND) == []
    await prove(hub, second, "phones", make_number())
    assert (await hub.api.post("/v1/suppressions", json=body | {"phone": later})).status_code in (200, 201)
    await hub.app.messages.round()
    listed = await hub.api.get("/v1/messages", params={"kind": KIND})
    assert [(one["state"], one["error"]) for one in listed.json()["data"]] == [("failed", "suppressed")]


async def test_a_number_that_waits_for_the_business_is_no_change(fresh_hub: HubUnderTest) -> None:
    hub, taken = fresh_hub, make_number()
    await create_customer(hub.api, phones=[{"number": taken}])
    customer = await create_customer(hub.api, phones=[{"number": make_number()}])
    await prove(hub, customer, "phones", taken)
    assert await sent(hub, KIND) == []
