"""Texts of a customer that hold numbers, changed again and again: no number is ever stored in clear (S-25)."""

from __future__ import annotations

from tests.customers import create_customer, path_of, read_customer
from tests.hub import HubUnderTest


async def stored_texts(hub: HubUnderTest) -> str:
    rows = await hub.rows("SELECT display_name, given_name, family_name, company_name, name_key, note FROM customers")
    return "\n".join(str(value) for row in rows for value in row)


async def test_another_number_in_the_same_place_is_sealed_too(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api, note="call 13912345678")
    changed = (await hub.api.patch(path_of(customer), json={"note": "call 13812345678"})).json()
    assert changed["note"] == "call +86 138****5678"
    assert (await read_customer(hub.api, customer)) == changed
    assert "12345678" not in await stored_texts(hub)
    history = (await hub.api.get(f"{path_of(customer)}/history")).json()["data"]
    assert [change["field"] for change in history[0]["changes"]] == ["note"]


async def test_the_same_text_again_changes_nothing(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api, note="call 13912345678")
    again = (await hub.api.patch(path_of(customer), json={"note": "call 13912345678"})).json()
    assert again == customer
    assert "12345678" not in await stored_texts(hub)


async def test_a_number_in_one_text_leaves_those_in_the_others(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api, note="call 13912345678", display_name="李娜 13712345678")
    changed = (await hub.api.patch(path_of(customer), json={"display_name": "李娜 13612345678"})).json()
    assert (changed["display_name"], changed["note"]) == ("李娜 +86 136****5678", "call +86 139****5678")
    emptied = (await hub.api.patch(path_of(customer), json={"note": None})).json()
    assert (emptied["display_name"], emptied["note"]) == ("李娜 +86 136****5678", None)
    cleared = (await hub.api.patch(path_of(customer), json={"display_name": "李娜"})).json()
    assert cleared["display_name"] == "李娜"
    assert "12345678" not in await stored_texts(hub)
