"""Recording whether a number reached its customer."""

from __future__ import annotations

import pytest

from tests.customers import add_phone, create_customer, path_of, problem_of, read_customer
from tests.hub import HubUnderTest, make_customer, make_number
from tests.sealed import newest_details

NOW = "2026-03-01T08:00:00Z"
RESULTS = [
    # result, status after `unknown`, status after `active`, whether it proves the owner
    ("reached_owner", "active", "active", True),
    ("code_confirmed", "active", "active", True),
    ("wrong_person", "changed", "changed", False),
    ("no_such_number", "dead", "dead", False),
    ("suspended", "unknown", "active", False),
    ("unreachable", "unknown", "active", False),
    ("no_answer", "unknown", "active", False),
]


async def test_verify_phone_needs_a_token_and_its_scope(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api, phones=[{"number": make_number()}])
    path = f"{path_of(customer, customer['phones'][0])}/verify"
    problem_of(await hub.client(token="").post(path, json={"result": "no_answer"}), 401, "token_missing")
    refused = await hub.client(["customers:read", "phones:reveal"]).post(path, json={"result": "no_answer"})
    assert problem_of(refused, 403, "insufficient_scope")["scope"] == "customers:write"


@pytest.mark.parametrize(("result", "of_unknown", "of_active", "proves"), RESULTS)
async def test_a_result_sets_status_and_times(
    hub: HubUnderTest, result: str, of_unknown: str, of_active: str, proves: bool
) -> None:
    """Only proof sets `verified_at`; each attempt sets `checked_at`."""
    api = hub.api
    for before, after in (("unknown", of_unknown), ("active", of_active)):
        customer = await create_customer(api)
        phone = await add_phone(api, customer)
        await api.patch(path_of(customer, phone), json={"status": before})
        answer = await api.post(f"{path_of(customer, phone)}/verify", json={"result": result})
        assert answer.status_code == 200
        body = answer.json()
        assert (body["status"], body["checked_at"], body["verified_at"]) == (after, NOW, NOW if proves else None)
        assert (await api.get(path_of(customer, phone))).json() == body


@pytest.mark.parametrize(("result", "frees"), [(row[0], row[1] in ("changed", "dead")) for row in RESULTS])
async def test_a_number_that_is_no_longer_the_customers_is_free(hub: HubUnderTest, result: str, frees: bool) -> None:
    """S-13: the claim follows the status."""
    number = make_number()
    customer = await create_customer(hub.api, phones=[{"number": number}])
    await hub.api.post(f"{path_of(customer, customer['phones'][0])}/verify", json={"result": result})
    answer = await hub.api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))
    assert answer.status_code == (201 if frees else 409)


async def test_each_attempt_is_told_and_audited(fresh_hub: HubUnderTest) -> None:
    """reliability_e3: contact_point.verified with its result; the note is sealed in the audit entry (S-71)."""
    api, secret = fresh_hub.api, "the neighbour answered"
    customer = await create_customer(api, phones=[{"number": make_number()}])
    path = f"{path_of(customer, customer['phones'][0])}/verify"
    await api.post(path, json={"result": "wrong_person", "note": secret})
    rows = await fresh_hub.rows("SELECT type, subject_type, subject_revision, data FROM events ORDER BY id")
    kinds = {row[0]: row for row in rows}
    assert kinds["contact_point.verified"][1:3] == ("phone", 2)
    assert '"wrong_person"' in kinds["contact_point.verified"][3]
    assert kinds["customer.updated"][2] == 2
    entry = (await fresh_hub.rows("SELECT action, reason, details FROM audit_entries ORDER BY id DESC LIMIT 1"))[0]
    assert (entry[0], entry[1]) == ("phone.verified", "wrong_person")
    assert secret.encode() not in bytes(entry[2])
    before, after = (await newest_details(fresh_hub, customer))["phones"]
    assert (before["status"], after["status"], after["note"]) == ("unknown", "changed", secret)


async def test_verify_refuses_another_result(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api, phones=[{"number": make_number()}])
    path = f"{path_of(customer, customer['phones'][0])}/verify"
    problem = problem_of(await hub.api.post(path, json={"result": "maybe"}), 422, "validation_failed")
    assert (problem["errors"][0]["pointer"], problem["errors"][0]["code"]) == ("#/result", "unknown_value")
    assert (await read_customer(hub.api, customer))["revision"] == 1
