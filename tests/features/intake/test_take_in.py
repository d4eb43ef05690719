"""POST /v1/intake and /v1/intake/batch: write-only, nothing gets lost, nothing is told."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from custhub.kit.db import Violation
from custhub.kit.ids import Prefix, from_text
from custhub.kit.uow import SYSTEM
from custhub.security.fields import Access, everything
from custhub.security.reach import scoped
from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.features.intake.sending import (
    PATH,
    RECEIPT,
    at,
    findings,
    found_by_number,
    item,
    send,
    send_all,
    sender,
    the_one,
    touchpoints,
)
from tests.hub import HubUnderTest, make_number
from tests.principals import make_principal


def mail() -> str:
    return f"i{make_number()}@example.com"


async def test_the_receipt_is_the_same_whoever_was_known(hub: HubUnderTest) -> None:
    api, number = sender(hub), make_number()
    person: dict[str, Any] = {"display_name": "李娜", "phones": [{"number": number, "label": "mobile"}]}
    first = await api.post(PATH, json=item(person))
    again = await api.post(PATH, json=item(person | {"note": "asks for a catalogue"}))
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (202, RECEIPT)
    assert {name for name in first.headers if name != "x-request-id"} == set(again.headers) - {"x-request-id"}
    customer = await the_one(hub, number)
    assert (customer["display_name"], customer["source"], customer["note"]) == ("李娜", "fair", "asks for a catalogue")
    assert customer["phones"][0]["label"] == "mobile"


async def test_who_sends_reads_nothing(hub: HubUnderTest) -> None:
    customer, api = await create_customer(hub.api), sender(hub)
    for path in (path_of(customer), f"{path_of(customer)}/touchpoints", "/v1/customers"):
        problem_of(await api.get(path), 403, "insufficient_scope")
    problem_of(await hub.client(scopes=["customers:create"]).post(PATH, json=item({})), 403, "insufficient_scope")
    problem_of(await hub.client(token="").post(PATH, json=item({})), 401, "token_missing")


async def test_a_touchpoint_of_each(hub: HubUnderTest) -> None:
    number = make_number()
    more = {"channel": "event", "campaign": "spring-2026", "form": "booth", "device_id": "t-7", "sequence": 12}
    consents = [{"purpose": "marketing", "channel": "sms", "status": "granted"}]
    await send(sender(hub), {"phones": [{"number": number}], "tags": ["x"]}, **more, consents=consents)
    customer = await the_one(hub, number)
    (touchpoint,) = await touchpoints(hub, customer)
    assert {name: touchpoint[name] for name in more} == more
    told = {name: touchpoint[name] for name in ("source", "occurred_at", "outcome", "fields", "customer_id")}
    assert told == {
        "source": "fair", "occurred_at": at(1).replace("+00:00", "Z"), "outcome": "created",
        "fields": ["consents", "phones", "tags"], "customer_id": customer["id"],
    }  # fmt: skip
    (event,) = await hub.rows("SELECT type FROM events WHERE subject_type = 'touchpoint' ORDER BY id DESC LIMIT 1")
    assert event[0] == "touchpoint.recorded"
    (entry,) = (await hub.api.get(f"/v1/customers/{customer['id']}/consents")).json()["data"]
    assert (entry["status"], entry["captured_at"]) == ("granted", touchpoint["occurred_at"])
    (consent,) = (await hub.api.get("/v1/consents", params={"customer_id": customer["id"]})).json()["data"]
    assert consent["source"] == "fair"


async def test_touchpoints_are_paged_and_within_reach(hub: HubUnderTest) -> None:
    """S-62, S-63, contract_c2."""
    number, api = make_number(), sender(hub)
    for hours in range(5):
        await send(api, {"phones": [{"number": number}]}, occurred_at=at(hours))
    customer = await the_one(hub, number)
    path = f"{path_of(customer)}/touchpoints"
    first = (await hub.api.get(path, params={"limit": 3})).json()
    second = (await hub.api.get(path, params={"limit": 3, "cursor": first["next_cursor"]})).json()
    ids = [row["id"] for row in first["data"] + second["data"]]
    assert ids == [row["id"] for row in await touchpoints(hub, customer)] == sorted(ids, reverse=True)
    assert len(ids) == 5
    nobody = hub.client_of(make_principal(reach=scoped()))
    problem_of(await nobody.get(path), 404, "customer_not_found")


async def test_the_same_of_a_device_counts_once(hub: HubUnderTest) -> None:
    """Another thing under a number that was used before is kept too: a device may begin to count anew."""
    number, api = make_number(), sender(hub)
    sent = item({"phones": [{"number": number}]}, device_id="till-1", sequence=1)
    other = item({"phones": [{"number": number}], "note": "other"}, device_id="till-1", sequence=1)
    answer = await send_all(api, [sent, sent, other])
    assert [result["status"] for result in answer.json()["results"]] == [202, 202, 202]
    assert (await api.post(PATH, json=sent)).json() == RECEIPT
    customer = await the_one(hub, number)
    assert len(await touchpoints(hub, customer)) == 2
    assert customer["note"] == "other"
    # Of what does not say when, nothing is the same.
    for _ in range(2):
        await send(api, {"phones": [{"number": number}]}, occurred_at=None)
    assert len(await touchpoints(hub, customer)) == 4


async def test_a_subscription_needs_no_name(hub: HubUnderTest) -> None:
    """Whoever names the customer later, or said it earlier, or is believed less, names it."""
    await hub.api.put("/v1/external-sources/rumour", json={"priority": 1})
    number, api = make_number(), sender(hub)
    await send(api, {"phones": [{"number": number}]})
    assert (await the_one(hub, number))["display_name"] == "Unnamed"
    await send(api, {"phones": [{"number": number}], "display_name": "王伟"}, source="rumour", occurred_at=at(99))
    await send(api, {"phones": [{"number": number}]}, occurred_at=at(0.5))
    customer = await the_one(hub, number)
    assert (customer["display_name"], customer["family_name"], customer["given_name"]) == ("王伟", "王", "伟")


async def test_without_any_key_it_is_a_new_customer(hub: HubUnderTest) -> None:
    for _ in range(2):
        await send(sender(hub), {"display_name": "Keyless Lead", "tags": ["keyless"]}, occurred_at=None)
    found = (await hub.api.get("/v1/customers", params={"tag": "keyless"})).json()["data"]
    assert len(found) == 2


@pytest.mark.parametrize(
    ("members", "pointer", "code"),
    [
        ({"occurred_at": "2026-03-01T08:06:00Z"}, "#/occurred_at", "intake_not_yet"),
        ({"campaign": "call 13812345678"}, "#/campaign", "phone_in_intake"),
        ({"customer": {"phones": [{"number": "123"}]}}, "#/customer/phones/0/number", "phone_invalid"),
        ({"customer": {"stage": "nothing"}}, "#/customer/stage", "vocabulary_value_unknown"),
        ({"customer": {"birthday": {"date": "2030-01-01"}}}, "#/customer/birthday/date", "birthday_invalid"),
        ({"customer": {"custom_fields": {"no": 1}}}, "#/customer/custom_fields/no", "custom_field_unknown"),
        (
            {"customer": {"kind": "organisation", "display_name": "A", "contacts": [
                {"name": "B", "person_id": "cus_01m81amc1cfrnt9m7qcr38rxrh"}]}},
            "#/customer/contacts/0/person_id", "person_unknown",
        ),
        (
            {"consents": [{"purpose": "p", "channel": "sms", "status": "denied", "captured_at": at(-999)}]},
            "#/consents/0/captured_at", "consent_not_yet",
        ),
        (
            {"customer": {"birthday": {"date": "2020-01-01"}},
             "consents": [{"purpose": "p", "channel": "sms", "status": "granted"}]},
            "#/consents/0/guardian", "guardian_required",
        ),
    ],
)  # fmt: skip
async def test_what_is_refused_is_refused_whoever_is_known(
    hub: HubUnderTest, members: dict[str, Any], pointer: str, code: str
) -> None:
    """Twice the same answer: with a customer under one of its keys, and without."""
    key = {"emails": [{"email": mail()}]}
    sent = item({}) | members
    sent["customer"] = key | sent["customer"]
    first = await sender(hub).post(PATH, json=sent)
    await create_customer(hub.api, **key)
    again = await sender(hub).post(PATH, json=sent)
    told = problem_of(first, first.status_code, code)["errors"]
    assert [error["pointer"] for error in told] == [pointer]
    assert told == problem_of(again, first.status_code, code)["errors"]


async def test_members_that_make_no_sense_together(hub: HubUnderTest) -> None:
    cases = (
        ({"device_id": "t"}, "device_incomplete"),
        ({"sequence": 1}, "device_incomplete"),
        ({"customer": {"source": "x"}}, "source_twice"),
    )
    for members, code in cases:
        answer = await sender(hub).post(PATH, json=item({}) | members)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)


async def test_a_batch_takes_what_is_fine(hub: HubUnderTest) -> None:
    """contract_d4."""
    numbers = [make_number() for _ in range(2)]
    items: list[Any] = [item({"phones": [{"number": n}]}) for n in (numbers[0], "12", numbers[1])]
    items += [{"source": "fair"}, "nonsense"]
    api = sender(hub)
    refused = problem_of(await send_all(api, items, atomic=True), 422, "batch_refused")
    assert {error["pointer"].split("/")[2] for error in refused["errors"]} == {"1", "3", "4"}
    assert not await found_by_number(hub, numbers[0])
    answer = (await send_all(api, items)).json()
    assert [result["status"] for result in answer["results"]] == [202, 422, 202, 422, 422]
    assert (answer["succeeded"], answer["failed"]) == (2, 3)
    assert answer["results"][1]["error"]["code"] == "phone_invalid"
    for number in numbers:
        await the_one(hub, number)
    problem_of(await api.post(f"{PATH}/batch", json={"items": items}), 400, "idempotency_key_required")


async def test_what_somebody_else_has_becomes_a_finding(hub: HubUnderTest) -> None:
    """S-13: the sender hears nothing of the other customer; nothing that came is lost."""
    taken, number = make_number(), make_number()
    other = await create_customer(hub.api, phones=[{"number": taken}])
    key = {"source": "shop", "id": make_number()}
    mine = await create_customer(hub.api, external_ids=[key])
    sent = {"external_ids": [key], "phones": [{"number": taken}, {"number": number}], "language": "en"}
    await send(sender(hub), sent)
    now = await read_customer(hub.api, mine)
    assert (len(now["phones"]), now["language"]) == (1, "en")
    (finding,) = await findings(hub, mine)
    assert (finding["field"].split(".")[0], finding["reason"]) == ("phones", "phone_taken")
    assert taken not in str(finding)
    assert finding["proposed"]["masked"].endswith(taken[-4:])
    assert len((await read_customer(hub.api, other))["phones"]) == 1
    (touchpoint,) = await touchpoints(hub, mine)
    assert touchpoint["outcome"] == "updated"
    # Whoever decides finds out whose it is, takes it from there, and gives it to the right one; or takes that back.
    path = f"/v1/findings/{finding['id']}"
    refused = problem_of(await hub.api.post(f"{path}/accept"), 409, "phone_taken")
    assert refused["existing_id"] == other["id"]
    await hub.api.delete(f"{path_of(other)}/phones/{other['phones'][0]['id']}")
    assert (await hub.api.post(f"{path}/accept")).json()["state"] == "accepted"
    assert (await the_one(hub, taken))["id"] == mine["id"]
    assert (await hub.api.post(f"{path}/undo")).json()["state"] == "open"
    assert not await found_by_number(hub, taken)


async def test_an_address_of_several_says_not_who_it_is(hub: HubUnderTest) -> None:
    shared = mail()
    first = await create_customer(hub.api, display_name="李娜", emails=[{"email": shared}])
    second = await create_customer(hub.api, display_name="李强", emails=[{"email": shared}])
    sent = {"display_name": "李丽", "emails": [{"email": shared}], "tags": ["new"]}
    await send(sender(hub), sent)
    for customer in (first, second):
        assert await read_customer(hub.api, customer) == customer
    found = await findings(hub, first)
    assert {finding["reason"] for finding in found} == {"match_ambiguous"}
    assert {finding["field"].split(".")[0] for finding in found} == {"display_name", "given_name", "tags"}
    assert [row["outcome"] for row in await touchpoints(hub, first)] == ["held"]
    assert not await findings(hub, second)
    tag = next(finding for finding in found if finding["field"].startswith("tags."))
    assert (await hub.api.post(f"/v1/findings/{tag['id']}/accept")).status_code == 200
    assert (await read_customer(hub.api, first))["tags"][0]["tag"] == "new"


async def test_of_whom_is_out_of_reach_nothing_is_written(hub: HubUnderTest) -> None:
    """S-62. What the person agreed to counts all the same."""
    number = make_number()
    customer = await create_customer(hub.api, language="en", phones=[{"number": number}], source="shop")
    api = hub.client_of(make_principal(kind="client", reach=scoped(sources=["fair"])))
    consents = [{"purpose": "marketing", "channel": "sms", "status": "withdrawn"}]
    await send(api, {"phones": [{"number": number}], "language": "de"}, consents=consents)
    assert await read_customer(hub.api, customer) == customer
    (finding,) = await findings(hub, customer)
    told = [finding[name] for name in ("field", "reason", "standing", "proposed")]
    assert told == ["language", "out_of_reach", "en", "de"]
    (state,) = (await hub.api.get(f"{path_of(customer)}/consents")).json()["data"]
    assert state["status"] == "withdrawn"
    problem_of(await api.post(PATH, json=item({}, source="shop")), 403, "source_not_granted")


async def test_whoever_was_erased_is_not_kept(hub: HubUnderTest) -> None:
    """S-85: the answer is the same; the audit log says that something came."""
    number = make_number()
    entry = {"phone": number, "kind": "erased", "reason": "erasure"}
    assert (await hub.api.post("/v1/suppressions", json=entry)).status_code == 201
    before = await hub.rows("SELECT count(*) FROM audit_entries WHERE action = 'intake.suppressed'")
    await send(sender(hub), {"display_name": "王伟", "phones": [{"number": number}]})
    assert not await found_by_number(hub, number)
    after = await hub.rows("SELECT count(*) FROM audit_entries WHERE action = 'intake.suppressed'")
    assert after[0][0] == before[0][0] + 1
    barred = make_number()
    entry = {"phone": barred, "kind": "do_not_contact", "reason": "person_asked"}
    await hub.api.post("/v1/suppressions", json=entry)
    await send(sender(hub), {"phones": [{"number": barred}]})
    assert (await the_one(hub, barred))["phones"][0]["contactable"] is False


async def test_a_child_agrees_by_a_guardian(hub: HubUnderTest) -> None:
    """PIPL 31: that this customer is a child is not told; the grant waits."""
    number = make_number()
    customer = await create_customer(hub.api, birthday={"date": "2020-01-01"}, phones=[{"number": number}])
    grant = {"purpose": "marketing", "channel": "sms", "status": "granted"}
    await send(sender(hub), {"phones": [{"number": number}]}, consents=[grant])
    assert (await hub.api.get(f"{path_of(customer)}/consents")).json()["data"] == []
    (finding,) = await findings(hub, customer)
    assert (finding["field"], finding["reason"]) == ("consents.marketing:sms", "guardian_required")
    assert finding["proposed"]["status"] == "granted"
    problem_of(await hub.api.post(f"/v1/findings/{finding['id']}/accept"), 409, "finding_by_hand")


async def test_a_kind_that_differs_is_kept_as_a_finding(hub: HubUnderTest) -> None:
    number = make_number()
    customer = await create_customer(hub.api, phones=[{"number": number}])
    sent = {"kind": "organisation", "company_name": "A 公司", "contacts": [{"name": "王伟"}]}
    await send(sender(hub), sent | {"phones": [{"number": number}]})
    found = {finding["field"].split(".")[0]: finding for finding in await findings(hub, customer)}
    assert {"kind", "contacts"} <= set(found)
    assert found["kind"]["proposed"] == "organisation"
    assert (await read_customer(hub.api, customer))["kind"] == "person"


async def test_a_source_believed_less_waits(hub: HubUnderTest) -> None:
    await hub.api.put("/v1/external-sources/gossip", json={"priority": 10})
    number = make_number()
    customer = await create_customer(hub.api, language="en", phones=[{"number": number}])
    await send(sender(hub), {"phones": [{"number": number}], "language": "fr"}, source="gossip")
    (finding,) = await findings(hub, customer)
    assert (finding["reason"], finding["proposed"]) == ("source_priority", "fr")


async def test_fields_that_a_role_does_not_write_are_refused_before_anybody_is_looked_for(hub: HubUnderTest) -> None:
    """S-61."""
    fields = everything(Access.WRITE) | {"birthday": Access.READ}
    api = hub.client_of(make_principal(kind="client", fields=fields))
    refused = await api.post(PATH, json=item({"birthday": {"date": "1990-05-03"}}))
    problem = problem_of(refused, 403, "field_not_writable")
    assert [error["pointer"] for error in problem["errors"]] == ["#/customer/birthday"]


async def test_equal_ones_at_once_give_one_customer(hub: HubUnderTest) -> None:
    number, address, api = make_number(), mail(), sender(hub)
    bodies = [item({"phones": [{"number": number}]}, occurred_at=at(n)) for n in range(6)]
    bodies += [item({"emails": [{"email": address}]}, occurred_at=at(n)) for n in range(6)]
    answers = await asyncio.gather(*(api.post(PATH, json=body) for body in bodies))
    assert {answer.status_code for answer in answers} == {202}, [answer.text for answer in answers]
    customer = await the_one(hub, number)
    assert len(await touchpoints(hub, customer)) == 6
    (rows,) = await hub.rows(f"SELECT count(*) FROM customer_emails WHERE folded = '{address}'")  # noqa: S608  # ours
    assert rows[0] == 1


async def test_touchpoints_are_never_changed_and_their_content_is_sealed(hub: HubUnderTest) -> None:
    number = make_number()
    await send(sender(hub), {"display_name": "王伟", "phones": [{"number": number}]})
    customer = await the_one(hub, number)
    own: UUID = from_text(Prefix.CUSTOMER, customer["id"])
    link = next(link for link in hub.app.links if "touchpoints" in link.tables)
    (told,) = (await link.export(hub.app.database, own))["touchpoints"]
    assert told["content"]["customer"]["phones"] == [{"number": number}]
    for statement in ("UPDATE touchpoints SET source = 'x'", "DELETE FROM touchpoints"):
        with pytest.raises(Violation):
            async with hub.app.database.transaction() as connection:
                await connection.execute(statement, ())
    work = hub.app.hub.unit_of_work(SYSTEM, "test")
    assert await link.reassign(work, [own], own) == {}
    await link.erase(work, own)
    await work.commit()


async def test_a_role_of_the_guide_sends_and_reads_nothing(hub: HubUnderTest) -> None:
    """docs/intake.md: the role that it shows is enough."""
    fields = dict.fromkeys(("display_name", "family_name", "given_name", "source", "phones", "emails"), Access.WRITE)
    scopes = ["customers:intake"]
    api = hub.client_of(make_principal(kind="client", scopes=scopes, fields=fields, phone_mask="none"))
    number = make_number()
    for name in ("李娜", "王伟"):
        await send(api, {"display_name": name, "phones": [{"number": number}]}, occurred_at=None)
    customer = await the_one(hub, number)
    assert (customer["display_name"], customer["family_name"]) == ("王伟", "王")
    problem_of(await api.get(path_of(customer)), 403, "insufficient_scope")
    problem_of(await api.post(PATH, json=item({"tags": ["x"]})), 403, "field_not_writable")
