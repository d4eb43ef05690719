"""The suppression list on every road by which a number or address comes in, or a message leaves (S-85, M-4)."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from custhub.crypto.keyring import Purpose
from custhub.features.messages.rules import Category, Channel, Recipient
from custhub.features.messages.service.gates import Sending
from custhub.kit.ids import new_id
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.faults import counted
from tests.hub import START, HubUnderTest, make_customer, make_number

PATH = "/v1/suppressions"
KINDS = ["erased", "do_not_contact", "complaint"]


def make_mail() -> str:
    return f"s{make_number()}@example.com"


async def suppress(api: ApiClient, kind: str = "do_not_contact", **members: Any) -> dict[str, Any]:
    answer = await api.post(PATH, json={"kind": kind, "reason": "person_asked", **members})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def lift(api: ApiClient, entry: dict[str, Any]) -> httpx.Response:
    body = {"reason": "fresh_consent", "evidence": "signed form 42"}
    return await api.post(f"{PATH}/{entry['id']}/lift", json=body)


async def test_an_entry_tells_no_number_and_no_address(api: ApiClient) -> None:
    for point in ({"phone": make_number()}, {"email": make_mail()}):
        answer = await api.post(PATH, json={"kind": "complaint", "reason": "complaint", **point})
        assert answer.headers["location"] == f"{PATH}/{answer.json()['id']}"
        (value,) = point.values()
        assert value not in answer.text
        one = await api.get(f"{PATH}/{answer.json()['id']}")
        assert one.json() == answer.json()
        assert (one.json()["kind"], one.json()["channel"]) == ("complaint", next(iter(point)))


async def test_what_is_stored_is_a_keyed_hash_under_every_live_key(fresh_hub: HubUnderTest) -> None:
    """S-17: one added later is checked too; those of before go on."""
    number = make_number()
    await suppress(fresh_hub.api, "erased", phone=number)
    rows = await fresh_hub.rows("SELECT kid, hash FROM suppression_hashes")
    assert [(row[0], len(bytes(row[1]))) for row in rows] == [(1, 32)]
    fresh_hub.app.keys.write_new(Purpose.SUPPRESS)
    fresh_hub.app.keys.reload()
    answer = await fresh_hub.api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))
    problem_of(answer, 409, "suppressed")
    await suppress(fresh_hub.api, "erased", phone=make_number())
    assert {row[0] for row in await fresh_hub.rows("SELECT kid FROM suppression_hashes")} == {1, 2}


async def test_the_same_again_is_the_same_entry(api: ApiClient) -> None:
    number = make_number()
    made = await suppress(api, phone=number)
    spelled = f"+86 {number[:3]} {number[3:]}"
    again = await api.post(PATH, json={"kind": "do_not_contact", "reason": "other", "phone": spelled})
    assert (again.status_code, again.json()) == (200, made)
    other = await suppress(api, "complaint", phone=number)
    assert other["id"] != made["id"]


@pytest.mark.parametrize("point", ["phone", "email"])
async def test_erased_is_refused_on_every_road(api: ApiClient, point: str) -> None:
    """S-85: create, patch, upsert, batch."""
    value = make_number() if point == "phone" else make_mail()
    await suppress(api, "erased", **{point: value})
    parts = {"phones": [{"number": value}]} if point == "phone" else {"emails": [{"email": value}]}
    pointer = "/phones/0/number" if point == "phone" else "/emails/0/email"
    body = make_customer(**parts, external_ids=[{"source": "shop", "id": make_number()}])
    refused = problem_of(await api.post("/v1/customers", json=body), 409, "suppressed")
    assert refused["errors"][0]["pointer"] == f"#{pointer}"
    assert value not in str(refused)
    customer = await create_customer(api, external_ids=[{"source": "shop", "id": make_number()}])
    ((name, part),) = ((name, rows[0]) for name, rows in parts.items())
    problem_of(await api.post(f"{path_of(customer)}/{name}", json=part), 409, "suppressed")
    for ids in (body["external_ids"], [{"source": "shop", "id": customer["external_ids"][0]["external_id"]}]):
        request = {"match_on": ["external_id"], "customer": {**body, "external_ids": ids}}
        refused = problem_of(await api.post("/v1/customers/upsert", json=request), 409, "suppressed")
        assert refused["errors"][0]["pointer"] == f"#/customer{pointer}"
    batch = {"items": [make_customer(), body, make_customer()]}
    answer = await api.post("/v1/customers/batch", json=batch, headers={"Idempotency-Key": make_number()})
    assert [result["status"] for result in answer.json()["results"]] == [201, 409, 201]
    assert answer.json()["results"][1]["error"]["code"] == "suppressed"
    assert (await read_customer(api, customer))["revision"] == 1


@pytest.mark.parametrize("kind", ["do_not_contact", "complaint"])
async def test_others_are_stored_and_not_contactable(api: ApiClient, kind: str) -> None:
    number, mail = make_number(), make_mail()
    await suppress(api, kind, phone=number)
    await suppress(api, kind, email=mail)
    parts = {"phones": [{"number": number}, {"number": make_number()}], "emails": [{"email": mail}]}
    created = await create_customer(api, **parts)
    assert [phone["contactable"] for phone in created["phones"]] == [False, True]
    assert [email["contactable"] for email in created["emails"]] == [False]
    await api.post(f"{path_of(created)}/archive")
    customer = await create_customer(api)
    phone = (await api.post(f"{path_of(customer)}/phones", json={"number": number})).json()
    email = (await api.post(f"{path_of(customer)}/emails", json={"email": mail})).json()
    assert (phone["contactable"], email["contactable"]) == (False, False)
    await api.post(f"{path_of(customer)}/archive")
    key = {"external_ids": [{"source": "shop", "id": make_number()}]}
    for members in (key, key | parts):  # created, then joined
        request = {"match_on": ["external_id"], "customer": make_customer(**members)}
        upserted = (await api.post("/v1/customers/upsert", json=request)).json()["customer"]
    assert [phone["contactable"] for phone in upserted["phones"]] == [False, True]
    await api.post(f"{path_of(upserted)}/archive")
    headers = {"Idempotency-Key": make_number()}
    answer = await api.post("/v1/customers/batch", json={"items": [make_customer(**parts)]}, headers=headers)
    batched = await read_customer(api, answer.json()["results"][0])
    assert [phone["contactable"] for phone in batched["phones"]] == [False, True]


async def test_numbers_that_are_there_already_follow(hub: HubUnderTest) -> None:
    """Suppressed, released when nothing else holds it back; each customer is told of."""
    api, number, mail = hub.api, make_number(), make_mail()
    customer = await create_customer(api, phones=[{"number": number}], emails=[{"email": mail}])
    first, second = await suppress(api, phone=number), await suppress(api, "complaint", phone=number)
    by_mail = await suppress(api, email=mail.upper().replace("@", "+x@"))
    now = await read_customer(api, customer)
    assert (now["phones"][0]["contactable"], now["emails"][0]["contactable"], now["revision"]) == (False, False, 3)
    assert (await lift(api, first)).status_code == 200
    assert (await read_customer(api, customer))["phones"][0]["contactable"] is False
    await lift(api, second)
    await lift(api, by_mail)
    now = await read_customer(api, customer)
    assert (now["phones"][0]["contactable"], now["emails"][0]["contactable"]) == (True, True)


async def test_lifting_needs_evidence_and_happens_once(hub: HubUnderTest) -> None:
    number = make_number()
    entry = await suppress(hub.api, "erased", phone=number)
    answer = await hub.api.post(f"{PATH}/{entry['id']}/lift", json={"reason": "mistake"})
    assert answer.status_code == 422
    lifted = (await lift(hub.api, entry)).json()
    assert (lifted["lift_reason"], lifted["evidence"], lifted["revision"]) == ("fresh_consent", "signed form 42", 2)
    assert (await hub.api.get(f"{PATH}/{entry['id']}")).json() == lifted
    problem_of(await lift(hub.api, entry), 409, "suppression_lifted")
    await create_customer(hub.api, phones=[{"number": number}])
    stored = await hub.rows("SELECT evidence FROM suppressions WHERE lifted_at IS NOT NULL")
    assert all(b"signed" not in bytes(row[0]) for row in stored)
    problem_of(await lift(hub.api, {"id": "sup_01m81amc1cfrnt9m7qcr38rxrh"}), 404, "suppression_not_found")
    problem_of(await hub.api.get(f"{PATH}/sup_01m81amc1cfrnt9m7qcr38rxrh"), 404, "suppression_not_found")


async def test_national_variants_are_one_subscriber(api: ApiClient) -> None:
    """S-09."""
    await suppress(api, "erased", phone="+55 11 98765-4321")
    answer = await api.post("/v1/customers", json=make_customer(phones=[{"number": "+55 11 8765-4321"}]))
    assert answer.status_code in (409, 422)
    if answer.status_code == 409:
        problem_of(answer, 409, "suppressed")


async def test_listing_filters_and_walks(fresh_hub: HubUnderTest) -> None:
    """contract_c1, contract_c2."""
    api = fresh_hub.api
    made = [await suppress(api, kind, phone=make_number()) for kind in KINDS]
    made.append(await suppress(api, email=make_mail()))
    await lift(api, made[0])
    ids = [entry["id"] for entry in made]

    async def listed(**params: Any) -> list[str]:
        return [entry["id"] for entry in (await api.get(PATH, params=params)).json()["data"]]

    assert await listed() == ids[::-1]
    assert await listed(state="live") == ids[:0:-1]
    assert await listed(state="lifted") == ids[:1]
    assert await listed(kind="do_not_contact", channel="email") == ids[3:]
    page = (await api.get(PATH, params={"limit": 3})).json()
    rest = (await api.get(PATH, params={"limit": 3, "cursor": page["next_cursor"]})).json()
    assert [entry["id"] for entry in (*page["data"], *rest["data"])] == ids[::-1]
    assert all(entry["evidence"] is None for entry in page["data"] + rest["data"])


async def test_refusals_of_bodies(hub: HubUnderTest) -> None:
    api = hub.api
    base = {"kind": "erased", "reason": "other"}
    for body, code in (
        (base, "point_ambiguous"),
        (base | {"phone": make_number(), "email": make_mail()}, "point_ambiguous"),
        (base | {"email": "nobody"}, "email_invalid"),
    ):
        answer = await api.post(PATH, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code), answer.text
    problem_of(await api.post(PATH, json=base | {"phone": "12"}), 422, "phone_invalid")
    assert (await hub.client(token="").get(PATH)).status_code == 401
    weak = hub.client(scopes=["customers:read"])
    problem_of(await weak.post(PATH, json=base | {"phone": make_number()}), 403, "insufficient_scope")


async def test_what_was_done_is_audited_and_told(fresh_hub: HubUnderTest) -> None:
    entry = await suppress(fresh_hub.api, phone=make_number())
    await lift(fresh_hub.api, entry)
    sql = "SELECT action, reason FROM audit_entries WHERE object_type = 'suppression' ORDER BY id"
    told = [tuple(row) for row in await fresh_hub.rows(sql)]
    assert told == [("suppression.added", "person_asked"), ("suppression.lifted", "fresh_consent")]
    events = await fresh_hub.rows("SELECT type FROM events WHERE subject_type = 'suppression' ORDER BY id")
    assert [row[0] for row in events] == ["suppression.added", "suppression.lifted"]


async def test_fifty_at_once_make_one_entry(hub: HubUnderTest) -> None:
    body = {"kind": "do_not_contact", "reason": "other", "phone": make_number()}
    answers = await asyncio.gather(*(hub.api.post(PATH, json=body) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


@pytest.mark.parametrize("category", list(Category))
async def test_m4_nothing_is_sent_to_who_is_on_the_list(hub: HubUnderTest, category: Category) -> None:
    number, mail = make_number(), make_mail()
    await suppress(hub.api, phone=number)
    await suppress(hub.api, "complaint", email=mail)
    for recipient in (Recipient.sms(number, "CN"), Recipient.email(mail.replace("@", "+tag@"))):
        sending = Sending(new_id(), recipient.channel, "test", category, None, None, recipient)
        verdict = await hub.app.messages.parts.gates.judge(sending, START)
        expected = "allow" if category is Category.OPERATOR else "refuse"
        assert verdict.decision == expected
        if expected == "refuse":
            assert verdict.reason == "suppressed"
    free = Recipient.email(make_mail())
    sending = Sending(new_id(), Channel.EMAIL, "test", Category.TRANSACTIONAL, None, None, free)
    assert (await hub.app.messages.parts.gates.judge(sending, START)).decision == "allow"


async def test_one_read_asks_about_a_whole_batch(hub: HubUnderTest) -> None:
    items = [make_customer(phones=[{"number": make_number()}], emails=[{"email": make_mail()}]) for _ in range(40)]
    with counted(hub) as calls:
        headers = {"Idempotency-Key": make_number()}
        assert (await hub.api.post("/v1/customers/batch", json={"items": items}, headers=headers)).status_code == 200
    assert sum("suppression_hashes" in sql for sql in calls.fetches) == 1
