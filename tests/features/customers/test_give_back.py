"""Links: rows that were moved to another customer are given back, and both are what they were, on both engines."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.crypto.errors import IntegrityError
from custhub.kit.customer_link import Kept, WhyKept
from custhub.kit.ids import Prefix, from_text
from custhub.kit.uow import SYSTEM
from tests.canonical import canonical, export_of, given_back, id_of, joined
from tests.client import ApiClient
from tests.customers import create_customer, path_of, read_customer
from tests.features.customers.test_link_customers import NUMBER, a_full_customer
from tests.hub import HubUnderTest, make_number

TOKENS = "SELECT customer_id, token FROM search_tokens ORDER BY customer_id, token"
CLAIMS = "SELECT kid, exact_index, phone_id, customer_id FROM phone_claims ORDER BY kid, exact_index"


def key(prefix: Prefix, part: dict[str, Any]) -> str:
    return from_text(prefix, part["id"]).hex


async def search(api: ApiClient, text: str) -> list[str]:
    found = await api.get("/v1/customers", params={"q": text})
    return [item["id"] for item in found.json()["data"]]


async def test_given_back_both_are_what_they_were(fresh_hub: HubUnderTest) -> None:
    """MATCHING 5: byte for byte; numbers, claims, what search knows."""
    hub = fresh_hub
    source = await a_full_customer(hub)
    hub.clock.advance(60)
    target = await a_full_customer(hub, tags=["vip", "old", "b2b"], display_name="广州某公司")
    bare = await create_customer(hub.api)
    for other in (target, bare):
        before = [await canonical(hub, one) for one in (source, other)]
        known = [await hub.rows(TOKENS), await hub.rows(CLAIMS)]
        moved = await joined(hub, source, other)
        assert await canonical(hub, source) != before[0]
        hub.clock.advance(60)
        assert await given_back(hub, source, other, moved) == []
        assert [await canonical(hub, one) for one in (source, other)] == before
        assert [await hub.rows(TOKENS), await hub.rows(CLAIMS)] == known
    shown = await read_customer(hub.api, source)
    assert all(phone["error"] is None for phone in shown["phones"])
    phone = shown["phones"][0]
    revealed = await hub.api.post(f"{path_of(source, phone)}/reveal", json={"reason": "call_back"})
    assert revealed.status_code == 200


@pytest.mark.parametrize("first", ["source", "target"])
async def test_of_twin_tags_each_gets_its_own_back(fresh_hub: HubUnderTest, first: str) -> None:
    hub, made = fresh_hub, dict[str, dict[str, Any]]()
    for name in sorted(["source", "target"], reverse=first == "target"):
        made[name] = await create_customer(hub.api, tags=["VIP" if name == "source" else "vip", name])
        hub.clock.advance(60)
    source, target = made["source"], made["target"]
    moved = await joined(hub, source, target)
    assert len((await read_customer(hub.api, target))["tags"]) == 3
    assert await given_back(hub, source, target, moved) == []
    for one in (source, target):
        assert (await read_customer(hub.api, one))["tags"] == one["tags"]


async def test_a_tag_that_was_removed_since_is_gone_for_both(hub: HubUnderTest) -> None:
    source, target = [await create_customer(hub.api, tags=["VIP", name]) for name in ("one", "two")]
    moved = await joined(hub, source, target)
    for tag in ("vip", "one"):
        assert (await hub.api.delete(f"{path_of(target)}/tags/{tag}")).status_code == 204
    hub.clock.advance(60)
    assert (await hub.api.put(f"{path_of(target)}/tags/one")).status_code == 200
    kept = await given_back(hub, source, target, moved)
    assert sorted(kept) == [Kept("customer_tags", "one", WhyKept.GONE), Kept("customer_tags", "vip", WhyKept.GONE)]
    assert (await read_customer(hub.api, source))["tags"] == []
    assert {tag["tag"] for tag in (await read_customer(hub.api, target))["tags"]} == {"two", "one"}


async def test_what_was_changed_since_comes_back_so_and_what_is_gone_stays_away(hub: HubUnderTest) -> None:
    source, target = await a_full_customer(hub), await a_full_customer(hub)
    moved = await joined(hub, source, target)
    path = path_of(target)
    await hub.api.patch(path_of(target, source["phones"][0]), json={"label": "home"})
    assert (await hub.api.delete(path_of(target, source["phones"][1]))).status_code == 204
    assert (await hub.api.delete(f"{path}/emails/{source['emails'][0]['id']}")).status_code == 204
    added = await hub.api.post(f"{path}/emails", json={"email": "new@example.com"})
    assert added.status_code == 201
    kept = await given_back(hub, source, target, moved)
    assert sorted(kept) == [
        Kept("customer_emails", key(Prefix.EMAIL, source["emails"][0]), WhyKept.GONE),
        Kept("customer_phones", key(Prefix.PHONE, source["phones"][0]), WhyKept.CHANGED),
        Kept("customer_phones", key(Prefix.PHONE, source["phones"][1]), WhyKept.GONE),
    ]
    now, left = await read_customer(hub.api, source), await read_customer(hub.api, target)
    assert [(phone["label"], phone["is_primary"]) for phone in now["phones"]] == [("home", True)]
    # Its first one is gone: another is the primary one.
    assert [email["is_primary"] for email in now["emails"]] == [True]
    assert [email["email"] for email in left["emails"]] == ["Li.Na@example.com", "b@example.com", "new@example.com"]
    assert [email["is_primary"] for email in left["emails"]] == [True, False, False]


async def test_the_former_primary_ones_of_both_are_so_again(hub: HubUnderTest) -> None:
    source, target = await a_full_customer(hub), await a_full_customer(hub)
    before = [await canonical(hub, one) for one in (source, target)]
    moved = await joined(hub, source, target)
    answer = await hub.api.patch(path_of(target, source["phones"][1]), json={"is_primary": True})
    assert answer.status_code == 200, answer.text
    kept = await given_back(hub, source, target, moved)
    assert [one.why for one in kept] == [WhyKept.CHANGED]
    assert [await canonical(hub, one) for one in (source, target)] == before


async def test_contacts_are_the_person_again(hub: HubUnderTest) -> None:
    person, other = await create_customer(hub.api), await create_customer(hub.api)
    firms = [
        await create_customer(
            hub.api, kind="organisation", display_name="某公司", contacts=[{"name": "王伟", "person_id": one["id"]}]
        )
        for one in (person, other)
    ]
    moved = await joined(hub, person, other)
    assert await given_back(hub, person, other, moved) == []
    for firm, one in zip(firms, (person, other), strict=True):
        now = await read_customer(hub.api, firm)
        assert now["contacts"][0]["person_id"] == one["id"]
    # Of those that are joined themselves too.
    moved = await joined(hub, firms[0], person)
    again = await joined(hub, person, other)
    assert await given_back(hub, person, other, again) == []
    assert await given_back(hub, firms[0], person, moved) == []
    assert (await read_customer(hub.api, firms[0]))["contacts"][0]["person_id"] == person["id"]


async def test_what_somebody_else_has_claimed_meanwhile_comes_back_without(hub: HubUnderTest) -> None:
    """S-13: the number is `changed`, the external id stays free; both are told."""
    numbers = [make_number(), make_number()]
    ids = [{"source": "shop", "id": number} for number in numbers]
    source = await create_customer(hub.api, phones=[{"number": one} for one in numbers], external_ids=ids)
    target = await create_customer(hub.api)
    moved = await joined(hub, source, target)
    assert (await hub.api.post(f"{path_of(target)}/archive")).status_code == 200
    rival = await create_customer(hub.api, phones=[{"number": numbers[0]}], external_ids=ids[:1])
    kept = await given_back(hub, source, target, moved)
    assert sorted(kept) == [
        Kept("customer_external_ids", key(Prefix.EXTERNAL_ID, source["external_ids"][0]), WhyKept.TAKEN),
        Kept("customer_phones", key(Prefix.PHONE, source["phones"][0]), WhyKept.TAKEN),
    ]
    shown = await read_customer(hub.api, source)
    assert [phone["status"] for phone in shown["phones"]] == ["changed", "unknown"]
    for number, holder in zip(numbers, (rival, source), strict=True):
        refused = await hub.api.post("/v1/customers", json={"display_name": "x", "phones": [{"number": number}]})
        assert refused.json()["existing_id"] == holder["id"]
        taken = {"display_name": "x", "external_ids": [{"source": "shop", "id": number}]}
        assert (await hub.api.post("/v1/customers", json=taken)).json()["existing_id"] == holder["id"]


async def test_three_that_were_joined_part_in_the_other_order(hub: HubUnderTest) -> None:
    three = [await a_full_customer(hub, tags=["VIP", name]) for name in ("a", "b", "c")]
    before = [await canonical(hub, one) for one in three]
    first, second, target = three
    moved = [await joined(hub, first, target), await joined(hub, second, target)]
    assert await given_back(hub, second, target, moved[1]) == []
    assert await given_back(hub, first, target, moved[0]) == []
    assert [await canonical(hub, one) for one in three] == before


async def test_without_a_data_key_nothing_is_given_back(hub: HubUnderTest) -> None:
    """S-16."""
    source, target = await a_full_customer(hub), await create_customer(hub.api)
    moved = await joined(hub, source, target)
    uow = hub.app.hub.unit_of_work(SYSTEM, "tests")
    for link in hub.app.links:
        await link.erase(uow, id_of(source))
    await uow.commit()
    with pytest.raises(IntegrityError):
        await given_back(hub, source, target, moved)
    assert [phone["number"] for phone in (await export_of(hub, target))["phones"]][1:] == ["+8675526671234"]
    assert (await read_customer(hub.api, target))["addresses"][0]["street"] != f"1 Road, ring {NUMBER}"
