"""Links: all that is kept of a customer exported, moved to another, or erased, on both engines."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from custhub.crypto.errors import IntegrityError
from custhub.kit.db import metadata
from custhub.kit.uow import SYSTEM
from tests.canonical import export_of, id_of
from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.hub import HubUnderTest, make_number

NUMBER = "13912345678"


async def run(hub: HubUnderTest, operation: str, *ids: UUID) -> dict[str, Any]:
    uow = hub.app.hub.unit_of_work(SYSTEM, "tests")
    moved: dict[str, Any] = {}
    for link in hub.app.links:
        if operation == "reassign":
            source, target = ids
            moved |= (await link.reassign(uow, [source], target)).get(source, {})
        else:
            await getattr(link, operation)(uow, *ids)
    await uow.commit()
    return moved


async def a_full_customer(hub: HubUnderTest, **members: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "kind": "organisation",
        "display_name": "深圳某某有限公司",
        "note": f"call {NUMBER} early",
        "birthday": {"date": "1990-05-03"},
        "phones": [{"number": make_number(), "label": "office"}, {"number": "0755-26671234"}],
        "emails": [{"email": "Li.Na@example.com"}, {"email": "b@example.com"}],
        "addresses": [{"street": f"1 Road, ring {NUMBER}", "country": "US"}],
        "contacts": [{"name": f"王伟 {NUMBER}", "job_title": "总监"}],
        "external_ids": [{"source": "shop", "id": make_number()}],
        "tags": ["VIP", "B2B"],
    }
    return await create_customer(hub.api, **(body | members))


async def test_export_holds_all_content_in_the_open(hub: HubUnderTest) -> None:
    customer = await a_full_customer(hub)
    told = await export_of(hub, customer)
    assert set(told) == {
        "customer", "emails", "addresses", "contacts", "external_ids", "tags", "phones", "messages", "findings",
        "consents", "touchpoints", "verifications", "self_service",
    }  # fmt: skip
    assert (told["customer"]["note"], told["customer"]["birthday"]) == (f"call {NUMBER} early", "1990-05-03")
    assert told["customer"]["id"] == customer["id"]
    assert told["addresses"][0]["street"] == f"1 Road, ring {NUMBER}"
    assert told["contacts"][0]["name"] == f"王伟 {NUMBER}"
    assert [email["email"] for email in told["emails"]] == ["Li.Na@example.com", "b@example.com"]
    assert [phone["number"] for phone in told["phones"]][1] == "+8675526671234"
    assert told["phones"][1]["written"] == "0755-26671234"
    assert {tag["tag"] for tag in told["tags"]} == {"VIP", "B2B"}
    parts = [part for name in told if name != "customer" for part in told[name]]
    assert not any({"revision", "updated_at", "customer_id"} & set(part) for part in [told["customer"], *parts])


async def test_export_is_the_same_after_changes_that_are_taken_back(hub: HubUnderTest) -> None:
    """MATCHING 5: a canonical export knows content, not history."""
    customer = await a_full_customer(hub)
    before = await export_of(hub, customer)
    path = path_of(customer)
    await hub.api.patch(path, json={"stage": "active"})
    await hub.api.patch(path, json={"stage": "lead"})
    await hub.api.put(f"{path}/tags/new")
    await hub.api.delete(f"{path}/tags/new")
    address = f"{path}/addresses/{customer['addresses'][0]['id']}"
    await hub.api.patch(address, json={"street": "2 Road"})
    await hub.api.patch(address, json={"street": f"1 Road, ring {NUMBER}"})
    assert await export_of(hub, customer) == before


async def test_reassign_moves_every_part_sealed_under_the_other_key(hub: HubUnderTest) -> None:
    """Only a link moves a number, by sealing it again (S-07)."""
    source, target = await a_full_customer(hub), await a_full_customer(hub, tags=["vip", "old"], emails=[])
    before, own = await export_of(hub, source), await export_of(hub, target)
    moved = await run(hub, "reassign", id_of(source), id_of(target))
    after, left = await export_of(hub, target), await export_of(hub, source)
    assert left == {name: [] for name in left} | {"customer": before["customer"]}
    assert after["customer"] == own["customer"]
    for name in ("phones", "addresses", "contacts", "external_ids", "emails"):
        expected = [
            part | {"is_primary": False} if own[name] and "is_primary" in part else part for part in before[name]
        ]
        assert sorted(after[name], key=str) == sorted([*own[name], *expected], key=str)
    assert {tag["tag"] for tag in after["tags"]} == {"vip", "old", "B2B"}
    assert {name: len(keys) for name, keys in moved.items() if keys} == {
        "customer_emails": 2, "customer_addresses": 1, "customer_contacts": 1, "customer_external_ids": 1,
        "customer_tags": 1, "customer_tags.twins": 1, "customer_phones": 2,
    }  # fmt: skip
    shown = await read_customer(hub.api, target)
    assert all(phone["error"] is None for phone in shown["phones"])
    assert {address["street"] for address in shown["addresses"]} == {"1 Road, ring +86 139****5678"}
    for part in ("phones", "emails", "addresses", "contacts"):
        assert sum(row["is_primary"] for row in shown[part]) == 1


async def test_moved_numbers_are_claimed_by_their_new_customer(hub: HubUnderTest) -> None:
    """S-13: unique before and after, found under the new customer."""
    number = make_number()
    source, target = await create_customer(hub.api, phones=[{"number": number}]), await create_customer(hub.api)
    await run(hub, "reassign", id_of(source), id_of(target))
    again = await hub.api.post("/v1/customers", json={"display_name": "x", "phones": [{"number": number}]})
    assert problem_of(again, 409, "phone_taken")["existing_id"] == target["id"]
    found = await hub.api.post("/v1/customers/lookup", json={"phone": number})
    assert [item["id"] for item in found.json()["data"]] == [target["id"]]
    phone = (await read_customer(hub.api, target))["phones"][0]
    assert phone["is_primary"] is True
    revealed = await hub.api.post(f"{path_of(target, phone)}/reveal", json={"reason": "call_back"})
    assert revealed.json()["e164"] == f"+86{number}"


async def test_of_one_tag_the_older_stays(fresh_hub: HubUnderTest) -> None:
    older = await create_customer(fresh_hub.api, tags=["VIP"])
    fresh_hub.clock.advance(60)
    younger = await create_customer(fresh_hub.api, tags=["vip"])
    await run(fresh_hub, "reassign", id_of(older), id_of(younger))
    assert (await read_customer(fresh_hub.api, younger))["tags"] == older["tags"]


async def test_contacts_of_others_follow_the_person(hub: HubUnderTest) -> None:
    person, other = await create_customer(hub.api), await create_customer(hub.api)
    firm = await create_customer(
        hub.api, kind="organisation", display_name="某公司", contacts=[{"name": "王伟", "person_id": person["id"]}]
    )
    await run(hub, "reassign", id_of(person), id_of(other))
    now = await read_customer(hub.api, firm)
    assert (now["contacts"][0]["person_id"], now["revision"]) == (other["id"], firm["revision"] + 1)


async def test_reassign_without_a_data_key_is_refused(hub: HubUnderTest) -> None:
    """S-16: what does not open is never moved."""
    source, target = await a_full_customer(hub), await create_customer(hub.api)
    await run(hub, "erase", id_of(target))
    with pytest.raises(IntegrityError):
        await run(hub, "reassign", id_of(source), id_of(target))


async def test_erase_leaves_nothing_of_a_person(fresh_hub: HubUnderTest) -> None:
    """S-26, S-89: rows, indexes, keys, event bodies and stored answers; the id stays."""
    hub, number = fresh_hub, make_number()
    body = {"display_name": "欧阳娜娜", "note": f"secret {NUMBER}", "source": "shop", "tax_id": None}
    parts: dict[str, Any] = {
        "phones": [{"number": number}],
        "emails": [{"email": "residue@example.com"}],
        "addresses": [{"street": "Residue Street 1", "country": "US"}],
        "external_ids": [{"source": "erp", "id": "RESIDUE-1"}],
        "tags": ["residue tag"],
    }
    key = {"idempotency-key": "erased-answer"}
    customer = (await hub.api.post("/v1/customers", json=body | parts, headers=key)).json()
    firm = await create_customer(
        hub.api,
        kind="organisation",
        display_name="某公司",
        contacts=[{"name": "Residue Person", "person_id": customer["id"]}, {"name": "李雷"}],
    )
    await run(hub, "erase", id_of(customer))
    dump = await everything(hub)
    for planted in ("欧阳", "ouyang", "esidue", "RESIDUE", NUMBER, number):
        assert planted not in dump, planted
    assert len(await hub.rows("SELECT customer_id FROM customer_keys")) == 1  # that of the organisation
    left = (await read_customer(hub.api, firm))["contacts"]
    assert [(contact["name"], contact["is_primary"]) for contact in left] == [("李雷", True)]
    replay = await hub.api.post("/v1/customers", json=body | parts, headers=key)
    problem_of(replay, 410, "idempotency_answer_erased")
    assert (await hub.api.post("/v1/customers", json=body | parts)).status_code == 201


async def everything(hub: HubUnderTest) -> str:
    """Every value of every table, as text and as it is stored."""
    found: list[str] = []
    for name in metadata.tables:
        for row in await hub.rows(f"SELECT * FROM {name}"):  # noqa: S608  # a table of ours
            for value in row:
                found.append(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))
    return "\n".join(found)
