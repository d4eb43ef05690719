"""A new number or address counts only when a code that was sent there comes back."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from custhub.kit.ids import Prefix, from_text
from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.features.consents.test_consents import links as of_all_links
from tests.features.selfservice.counter import (
    browser,
    correct,
    filled,
    last_code,
    make_link,
    other,
    page_of,
    proof_path,
    seen,
    sent,
)
from tests.hub import HubUnderTest, make_number


async def propose(
    hub: HubUnderTest, person: httpx.AsyncClient, customer: dict[str, Any], **values: str
) -> tuple[dict[str, Any], str]:
    """The link, and the page that asks for codes."""
    link = await make_link(hub.api, customer, "phones", "emails", locale="en")
    return link, await proof_path(await correct(person, page_of(hub, link), **values))


async def raw(hub: HubUnderTest) -> str:
    changes = await hub.rows("SELECT * FROM self_service_changes")
    rows = [tuple(row) for row in (*changes, *await hub.rows("SELECT * FROM self_service_links"))]
    return repr(rows)


async def test_without_proof_nothing_changes_and_with_it_the_number_is_verified(hub: HubUnderTest) -> None:
    """B4, S-01, S-13."""
    old, new = make_number(), make_number()
    customer = await create_customer(hub.api, phones=[{"number": old}])
    async with browser(hub) as person:
        link, path = await propose(hub, person, customer, phones=f"{new[:3]} {new[3:]}")
        asked = await person.get(path)
        assert (asked.status_code, filled(asked.text)) == (200, {"code.phones": ""})
        assert ("one-time-code" in asked.text, "+86 138****" in asked.text, new in asked.text) == (True, True, False)
        assert await read_customer(hub.api, customer) == customer
        waiting = await seen(hub.api, customer, link)
        assert (waiting["status"], waiting["changed_fields"], waiting["unproven_fields"]) == ("used", [], ["phones"])
        stored = await raw(hub)
        code = await last_code(hub, f"+86{new}")
        assert (new in stored, f"'{code}'" in stored) == (False, False)
        answer = await person.post(path, data={"code.phones": f" {code[:3]} {code[3:]} "})
        assert (answer.status_code, "Thank you" in answer.text) == (200, True)
        assert (await person.get(path)).status_code == 410
        assert (await person.post(path, data={"code.phones": code})).status_code == 410
    now = (await hub.api.get(path_of(customer), params={"include": "provenance"})).json()
    assert now["revision"] == 2
    before, after = now["phones"]
    assert (before["is_primary"], before["status"]) == (False, "changed")
    assert (after["is_primary"], after["status"], after["masked"][-4:]) == (True, "active", new[-4:])
    assert after["verified_at"] is not None
    (origin,) = (origin for origin in now["provenance"] if origin["part_id"] == after["id"])
    assert (origin["source"], origin["by"]) == ("self_service", f"customer:{customer['id']}")
    done = await seen(hub.api, customer, link)
    assert (done["changed_fields"], done["unproven_fields"]) == (["phones"], [])
    # The old number is free for whoever has it now.
    await create_customer(hub.api, phones=[{"number": old}])
    refused = await hub.api.post("/v1/customers", json={"display_name": "x", "phones": [{"number": new}]})
    problem_of(refused, 409, "phone_taken")


async def test_an_address_is_proven_and_the_old_one_stays_beside_it(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api, emails=[{"email": "old@example.com"}])
    async with browser(hub) as person:
        link, path = await propose(hub, person, customer, emails="New@example.com")
        assert await read_customer(hub.api, customer) == customer
        code = await last_code(hub, "New@example.com")
        assert (await person.post(path, data={"code.emails": code})).status_code == 200
    now = await read_customer(hub.api, customer)
    assert [(one["email"], one["is_primary"]) for one in now["emails"]] == [
        ("old@example.com", False), ("New@example.com", True),
    ]  # fmt: skip
    assert now["emails"][1]["verified_at"] is not None
    found = await hub.api.post("/v1/customers/search", json={"q": "new@example.com"})
    assert customer["id"] in [hit["customer"]["id"] for hit in found.json()["data"]]
    assert (await seen(hub.api, customer, link))["changed_fields"] == ["emails"]


async def test_both_at_once_each_with_its_code(hub: HubUnderTest) -> None:
    new = make_number()
    customer = await create_customer(hub.api)
    async with browser(hub) as person:
        _, path = await propose(hub, person, customer, phones=new, emails="both@example.com")
        codes = [await last_code(hub, to) for to in (f"+86{new}", "both@example.com")]
        half = await person.post(path, data={"code.phones": codes[0], "code.emails": ""})
        assert (half.status_code, filled(half.text)) == (200, {"code.emails": ""})
        assert (await person.post(path, data={"code.emails": codes[1]})).status_code == 200
        both = await create_customer(hub.api)
        newer = make_number()
        _, path = await propose(hub, person, both, phones=newer, emails="pair@example.com")
        codes = [await last_code(hub, to) for to in (f"+86{newer}", "pair@example.com")]
        done = await person.post(path, data={"code.phones": codes[0], "code.emails": codes[1]})
        assert (done.status_code, "Thank you" in done.text) == (200, True)
    for known in (customer, both):
        now = await read_customer(hub.api, known)
        assert (len(now["phones"]), len(now["emails"])) == (1, 1)


async def test_five_wrong_codes_and_it_is_dead(hub: HubUnderTest) -> None:
    new = make_number()
    customer = await create_customer(hub.api)
    async with browser(hub) as person:
        link, path = await propose(hub, person, customer, phones=new)
        code = await last_code(hub, f"+86{new}")
        for _ in range(4):
            answer = await person.post(path, data={"code.phones": other(code)})
            assert (answer.status_code, "This is not the code" in answer.text) == (422, True)
        assert (await person.post(path, data={"code.phones": ""})).status_code == 422  # no attempt
        dead = await person.post(path, data={"code.phones": other(code)})
        assert (dead.status_code, "Too many wrong codes" in dead.text) == (410, True)
        for method in ("GET", "POST"):
            assert (await person.request(method, path)).status_code == 410
        assert (await person.post(path, data={"code.phones": code})).status_code == 410
    assert await read_customer(hub.api, customer) == customer
    assert (await seen(hub.api, customer, link))["unproven_fields"] == ["phones"]
    noted = await hub.rows("SELECT count(*) FROM audit_entries WHERE action = 'self_service_change.failed'")
    assert noted[0][0] >= 1
    assert "None, b" in await raw(hub)  # the number is gone


async def test_guesses_at_once_are_counted_one_by_one(hub: HubUnderTest) -> None:
    new = make_number()
    customer = await create_customer(hub.api)
    async with browser(hub) as person:
        _, path = await propose(hub, person, customer, phones=new)
        wrong = other(await last_code(hub, f"+86{new}"))
        answers = await asyncio.gather(*(person.post(path, data={"code.phones": wrong}) for _ in range(8)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [410] * 4 + [422] * 4


async def test_of_two_right_codes_at_once_one_counts(hub: HubUnderTest) -> None:
    new = make_number()
    customer = await create_customer(hub.api)
    async with browser(hub) as person:
        _, path = await propose(hub, person, customer, phones=new)
        code = await last_code(hub, f"+86{new}")
        answers = await asyncio.gather(*(person.post(path, data={"code.phones": code}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200] + [410] * 3
    assert len((await read_customer(hub.api, customer))["phones"]) == 1


async def test_codes_expire_and_are_sent_anew_a_few_times(hub: HubUnderTest) -> None:
    new = make_number()
    customer = await create_customer(hub.api)
    async with browser(hub) as person:
        _, path = await propose(hub, person, customer, phones=new)
        first = await last_code(hub, f"+86{new}")
        assert (await person.post(path, data={"resend": "code.phones"})).status_code == 429
        hub.clock.advance(601)
        late = await person.post(path, data={"code.phones": first})
        assert (late.status_code, "no longer valid" in late.text) == (422, True)
        again = await person.post(path, data={"code.phones": "", "resend": "code.phones"})
        assert (again.status_code, "on its way" in again.text) == (200, True)
        second = await last_code(hub, f"+86{new}")
        if first != second:
            assert (await person.post(path, data={"code.phones": first})).status_code == 422
        hub.clock.advance(61)
        last = await person.post(path, data={"resend": "code.phones"})
        assert (last.status_code, "Send a new code" in last.text) == (200, False)
        hub.clock.advance(61)
        over = await person.post(path, data={"resend": "code.phones"})
        assert (over.status_code, "No further code" in over.text) == (429, True)
        assert (await person.post(path, data={"resend": "code.emails"})).status_code == 422
        assert (await person.post(path, data={"display_name": "x"})).status_code == 422
        third = await last_code(hub, f"+86{new}")
        assert len([to for to, _ in await sent(hub, "self_service_code") if to == f"+86{new}"]) == 3
        assert (await person.post(path, data={"code.phones": third})).status_code == 200
    assert (await read_customer(hub.api, customer))["phones"][0]["status"] == "active"


async def test_a_number_that_is_taken_becomes_a_finding_and_the_page_says_the_same(hub: HubUnderTest) -> None:
    """S-13, S-14: no page tells whether somebody else has a number."""
    taken, free = make_number(), make_number()
    await create_customer(hub.api, phones=[{"number": taken}])
    texts = []
    async with browser(hub) as person:
        for number in (free, taken):
            customer = await create_customer(hub.api)
            link, path = await propose(hub, person, customer, phones=number)
            code = await last_code(hub, f"+86{number}")
            answer = await person.post(path, data={"code.phones": code})
            texts.append((answer.status_code, answer.text))
    assert texts[0] == texts[1]
    assert (await read_customer(hub.api, customer))["phones"] == []
    (finding,) = (await hub.api.get("/v1/findings", params={"customer_id": customer["id"]})).json()["data"]
    assert (finding["field"], finding["source"], finding["reason"]) == ("phones", "self_service", "taken")
    assert finding["proposed"]["masked"].endswith(taken[-4:])
    assert taken not in str(finding)
    assert (await seen(hub.api, customer, link))["unproven_fields"] == ["phones"]
    # It is somebody else's until those two are one.
    problem_of(await hub.api.post(f"/v1/findings/{finding['id']}/accept"), 409, "phone_taken")
    assert (await hub.api.post(f"/v1/findings/{finding['id']}/reject")).status_code == 200


async def test_of_two_who_prove_one_number_at_once_one_gets_it(hub: HubUnderTest) -> None:
    new = make_number()
    customers = [await create_customer(hub.api) for _ in range(2)]
    async with browser(hub) as person:
        paths, codes = [], []
        for customer in customers:
            paths.append((await propose(hub, person, customer, phones=new))[1])
            codes.append(await last_code(hub, f"+86{new}"))
        answers = await asyncio.gather(
            *(person.post(path, data={"code.phones": code}) for path, code in zip(paths, codes, strict=True))
        )
    assert [answer.status_code for answer in answers] == [200, 200]
    held = [len((await read_customer(hub.api, customer))["phones"]) for customer in customers]
    assert sorted(held) == [0, 1]


async def test_the_own_number_again_is_only_verified(hub: HubUnderTest) -> None:
    own, second = make_number(), make_number()
    customer = await create_customer(hub.api, phones=[{"number": own}, {"number": second}])
    async with browser(hub) as person:
        _, path = await propose(hub, person, customer, phones=second)
        code = await last_code(hub, f"+86{second}")
        assert (await person.post(path, data={"code.phones": code})).status_code == 200
    first, again = (await read_customer(hub.api, customer))["phones"]
    assert (first["is_primary"], again["is_primary"], again["status"]) == (False, True, "active")
    assert again["verified_at"] is not None


async def test_nothing_is_sent_to_a_suppressed_number(hub: HubUnderTest) -> None:
    """M-4, S-85."""
    new = make_number()
    customer = await create_customer(hub.api)
    body = {"phone": new, "kind": "do_not_contact", "reason": "person_asked"}
    answer = await hub.api.post("/v1/suppressions", json=body)
    assert answer.status_code in (200, 201), answer.text
    async with browser(hub) as person:
        await propose(hub, person, customer, phones=new)
    await hub.app.messages.round()
    listed = await hub.api.get("/v1/messages", params={"customer_id": customer["id"]})
    assert [(one["state"], one["error"]) for one in listed.json()["data"]] == [("failed", "suppressed")]


async def test_erasure_takes_what_waits_and_the_export_tells_it(hub: HubUnderTest) -> None:
    """S-26, ARCHITECTURE 7."""
    new = make_number()
    customer = await create_customer(hub.api)
    own = from_text(Prefix.CUSTOMER, customer["id"])
    async with browser(hub) as person:
        _, path = await propose(hub, person, customer, phones=new)
        told: dict[str, Any] = {}
        for link in hub.app.links:
            told |= await link.export(hub.app.database, own)
        assert told["self_service"][0]["given"] == [{"field": "phones", "value": f"+86{new}", "state": "pending"}]
        await of_all_links(hub, "erase", own)
        assert (await person.get(path)).status_code == 404
    for table in ("links", "changes"):
        rows = await hub.rows(f"SELECT customer_id FROM self_service_{table}")  # noqa: S608  # no input
        assert own.bytes not in [row[0] if isinstance(row[0], bytes) else row[0].bytes for row in rows]
