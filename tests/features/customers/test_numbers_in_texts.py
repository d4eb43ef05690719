"""Numbers inside texts of a customer are sealed spans (S-25), and survive an edit by who sees only their masks."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.security.fields import Access, everything
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.hub import HubUnderTest, make_customer
from tests.principals import make_principal

A, B = "13912345678", "13987655678"
MASK_A, MASK_B = "+86 139****5678", "+86 139****5678"
LAST4_A = "+86 *******5678"
WRITES_ALL = everything(Access.WRITE)


async def _stored(hub: HubUnderTest, customer: dict[str, Any]) -> str:
    rows = await hub.rows("SELECT id, display_name, given_name, family_name, company_name, note FROM customers")
    addresses = await hub.rows("SELECT customer_id, street FROM customer_addresses")
    return "|".join(str(value) for row in (*rows, *addresses) for value in tuple(row)[1:])


@pytest.mark.parametrize("member", ["display_name", "given_name", "family_name", "company_name", "note"])
async def test_a_number_in_a_text_is_shown_masked_and_stored_sealed(hub: HubUnderTest, member: str) -> None:
    """S-25: the text keeps a placeholder, readers see the mask."""
    customer = await create_customer(hub.api, **{member: f"call {A} now"})
    assert customer[member] == f"call {MASK_A} now"
    assert A not in await _stored(hub, customer)
    patched = await create_customer(hub.api)
    answer = await hub.api.patch(path_of(patched), json={member: f"call {A} now"})
    assert answer.json()[member] == f"call {MASK_A} now"
    assert A not in await _stored(hub, patched)


async def test_a_number_in_a_street_is_shown_masked(hub: HubUnderTest) -> None:
    """S-25: addresses too."""
    body = make_customer(addresses=[{"full_text": f"广东省深圳市南山区科技园路1号 {A}"}])
    customer = (await hub.api.post("/v1/customers", json=body)).json()
    assert customer["addresses"][0]["street"].endswith(MASK_A)
    assert A not in await _stored(hub, customer)


async def test_each_role_sees_numbers_in_texts_as_it_sees_numbers(hub: HubUnderTest) -> None:
    """S-21, S-25: mask, last four, or nothing at all."""
    customer = await create_customer(hub.api, note=f"call {A} now")
    shown = {
        mask: (await hub.client_of(make_principal(fields=WRITES_ALL, phone_mask=mask)).get(path_of(customer))).json()
        for mask in ("mask", "last4", "none")
    }
    assert {mask: body["note"] for mask, body in shown.items()} == {
        "mask": f"call {MASK_A} now", "last4": f"call {LAST4_A} now", "none": "call **** now",
    }  # fmt: skip


async def test_sending_the_same_text_again_changes_nothing_and_leaks_nothing(hub: HubUnderTest) -> None:
    """S-25: neither as it was written nor as it was shown."""
    customer = await create_customer(hub.api, note=f"call {A} or 021-63841234", company_name=f"ACME {B}")
    for note in (f"call {A} or 021-63841234", customer["note"]):
        answer = await hub.api.patch(path_of(customer), json={"note": note})
        assert answer.json() == customer
        assert A not in await _stored(hub, customer)


@pytest.mark.parametrize("style", ["mask", "last4", "none"])
async def test_a_mask_that_comes_back_keeps_its_number(hub: HubUnderTest, style: Any) -> None:
    """S-25: who edits around a mask does not destroy the number, whatever he sees of it."""
    customer = await create_customer(hub.api, note=f"call {A} now")
    editor = hub.client_of(make_principal(fields=WRITES_ALL, phone_mask=style))
    seen = (await editor.get(path_of(customer))).json()["note"]
    edited = seen.replace("now", "tomorrow, urgent")
    answer = await editor.patch(path_of(customer), json={"note": edited})
    assert (answer.status_code, answer.json()["note"]) == (200, edited)
    assert (await read_customer(hub.api, customer))["note"] == f"call {MASK_A} tomorrow, urgent"
    assert A not in await _stored(hub, customer)
    # The number is behind the mask still: sent in full, it is no change.
    again = await hub.api.patch(path_of(customer), json={"note": f"call {A} tomorrow, urgent"})
    assert again.json()["revision"] == 2


async def test_a_mask_may_move_to_another_text(hub: HubUnderTest) -> None:
    """S-25: a mask copied from the note into the company name stands for the same number."""
    customer = await create_customer(hub.api, note=f"call {A} now")
    answer = await hub.api.patch(path_of(customer), json={"company_name": f"ACME {MASK_A}", "note": "moved"})
    assert (answer.json()["company_name"], answer.json()["note"]) == (f"ACME {MASK_A}", "moved")
    again = await hub.api.patch(path_of(customer), json={"company_name": f"ACME {A}"})
    assert again.json()["revision"] == 2
    assert A not in await _stored(hub, customer)


async def test_a_mask_may_come_back_twice(hub: HubUnderTest) -> None:
    """S-25: one number, two masks of it."""
    customer = await create_customer(hub.api, note=f"call {A}")
    answer = await hub.api.patch(path_of(customer), json={"note": f"{MASK_A}, again {MASK_A}"})
    assert answer.status_code == 200
    same = await hub.api.patch(path_of(customer), json={"note": f"{A}, again {A}"})
    assert same.json()["revision"] == 2


async def test_two_numbers_of_one_mask_keep_their_order(hub: HubUnderTest) -> None:
    """S-25: as many masks as there were: the first is the first."""
    customer = await create_customer(hub.api, note=f"home {A}, office {B}")
    answer = await hub.api.patch(path_of(customer), json={"note": f"home {MASK_A}, work {MASK_B}"})
    assert answer.status_code == 200
    same = await hub.api.patch(path_of(customer), json={"note": f"home {A}, work {B}"})
    assert same.json()["revision"] == 2


async def test_a_mask_that_could_be_one_of_two_numbers_is_refused(hub: HubUnderTest) -> None:
    """S-25: the hub does not guess which of two numbers is meant; nothing is lost."""
    customer = await create_customer(hub.api, note=f"home {A}, office {B}")
    answer = await hub.api.patch(path_of(customer), json={"note": f"office {MASK_B}"})
    problem_of(answer, 409, "mask_ambiguous")
    assert (await read_customer(hub.api, customer))["note"] == f"home {MASK_A}, office {MASK_B}"
    answer = await hub.api.patch(path_of(customer), json={"note": f"office {B}"})
    assert answer.json()["note"] == f"office {MASK_B}"


async def test_a_mask_beside_letters_or_digits_is_still_sealed(hub: HubUnderTest) -> None:
    """S-25: put back where no number would be recognised, it must not be stored in clear."""
    customer = await create_customer(hub.api, note=f"call {A}")
    for note in (f"x{MASK_A}y", f"5{MASK_A}", f"{MASK_A}0000", f"tel{MASK_A}tel", f"电话{MASK_A}号"):
        answer = await hub.api.patch(path_of(customer), json={"note": note})
        assert answer.status_code == 200
        assert answer.json()["note"].count(MASK_A) == 1
        stored = await _stored(hub, customer)
        assert A not in stored
        assert A[3:] not in stored


async def test_a_mask_of_no_known_number_is_mere_text(api: ApiClient) -> None:
    """S-25: the mask of a phone in the list, typed into a note, is what it looks like."""
    customer = await create_customer(api, phones=[{"number": "138 0000 1111"}])
    shown = customer["phones"][0]["masked"]
    answer = await api.patch(path_of(customer), json={"note": f"prefers {shown}"})
    assert answer.json()["note"] == f"prefers {shown}"


async def test_a_forged_placeholder_shows_no_number(api: ApiClient) -> None:
    """S-25: private-use characters of the writer become U+FFFD."""
    customer = await create_customer(api, note=f"call {A}", company_name="x")
    answer = await api.patch(path_of(customer), json={"company_name": "\ue5a00\ue5a1", "given_name": "\ue5a0"})
    assert answer.json()["company_name"] == "\ufffd0\ufffd"
    assert answer.json()["given_name"] == "\ufffd"


async def test_taking_the_number_out_of_a_text_forgets_it(fresh_hub: HubUnderTest) -> None:
    """S-25: without a number there is no sealed span."""
    customer = await create_customer(fresh_hub.api, note=f"call {A}", company_name=f"office {B}")
    await fresh_hub.api.patch(path_of(customer), json={"note": None})
    assert (await fresh_hub.rows("SELECT count(*) FROM customers WHERE spans IS NOT NULL"))[0][0] == 1
    answer = await fresh_hub.api.patch(path_of(customer), json={"company_name": "office"})
    assert answer.json()["company_name"] == "office"
    assert (await fresh_hub.rows("SELECT count(*) FROM customers WHERE spans IS NOT NULL"))[0][0] == 0
    # The mask is gone with it: it stands for nothing now.
    answer = await fresh_hub.api.patch(path_of(customer), json={"note": f"call {MASK_A}"})
    assert answer.json()["note"] == f"call {MASK_A}"
    assert (await fresh_hub.rows("SELECT count(*) FROM customers WHERE spans IS NOT NULL"))[0][0] == 0


async def test_a_mask_that_comes_back_in_a_street_keeps_its_number(hub: HubUnderTest) -> None:
    """S-25: in parts of a customer as in the customer, sent as the street or as the whole address."""
    body = make_customer(addresses=[{"full_text": f"广东省深圳市南山区科技园路1号 收件{A}"}])
    customer = (await hub.api.post("/v1/customers", json=body)).json()
    path = f"{path_of(customer)}/addresses/{customer['addresses'][0]['id']}"
    for sent in ({"street": f"科技园路2号 收件{MASK_A}"}, {"full_text": f"广东省深圳市南山区科技园路3号 收件{MASK_A}"}):
        answer = await hub.api.patch(path, json=sent)
        assert answer.json()["street"].endswith(f"收件{MASK_A}")
    revision = answer.json()["revision"]
    again = await hub.api.patch(path, json={"street": f"科技园路3号 收件{A}"})
    assert again.json()["revision"] == revision


async def test_a_mask_that_comes_back_in_a_contact_keeps_its_number(hub: HubUnderTest) -> None:
    """S-25: names and titles of contacts too."""
    body = make_customer(kind="organisation", contacts=[{"name": f"王伟 {A}", "job_title": "buyer"}])
    customer = (await hub.api.post("/v1/customers", json=body)).json()
    path = f"{path_of(customer)}/contacts/{customer['contacts'][0]['id']}"
    answer = await hub.api.patch(path, json={"name": f"王小伟 {MASK_A}", "job_title": f"buyer {MASK_A}"})
    assert (answer.json()["name"], answer.json()["job_title"]) == (f"王小伟 {MASK_A}", f"buyer {MASK_A}")
    again = await hub.api.patch(path, json={"name": f"王小伟 {A}", "job_title": f"buyer {A}"})
    assert again.json()["revision"] == answer.json()["revision"]
