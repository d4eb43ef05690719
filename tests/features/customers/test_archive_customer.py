"""Archiving and restoring (contract_d6, S-13)."""

from __future__ import annotations

import asyncio

import pytest

from tests.client import ApiClient
from tests.customers import add_phone, create_customer, path_of, problem_of, read_customer
from tests.hub import HubUnderTest, make_customer, make_number
from tests.principals import make_principal


@pytest.mark.parametrize("verb", ["archive", "restore"])
async def test_archive_and_restore_need_a_token_and_their_scope(hub: HubUnderTest, verb: str) -> None:
    path = f"{path_of(await create_customer(hub.api))}/{verb}"
    problem_of(await hub.client(token="").post(path), 401, "token_missing")
    refused = await hub.client(["customers:write"]).post(path)
    assert problem_of(refused, 403, "insufficient_scope")["scope"] == "customers:archive"


async def test_archive_and_restore_answer_the_customer_as_it_is_then(api: ApiClient) -> None:
    """contract_d6, contract_a4: archived_at, the next revision and its tag."""
    customer = await create_customer(api, phones=[{"number": make_number()}])
    archived = await api.post(f"{path_of(customer)}/archive")
    assert (archived.status_code, archived.json()["revision"]) == (200, 2)
    assert archived.json()["archived_at"] == "2026-03-01T08:00:00Z"
    assert archived.headers["etag"].startswith('"2-')
    assert await read_customer(api, customer) == archived.json()
    restored = await api.post(f"{path_of(customer)}/restore")
    assert restored.json() == customer | {"revision": 3}
    assert await read_customer(api, customer) == restored.json()


async def test_archive_twice_and_restore_of_a_live_one_are_refused(api: ApiClient) -> None:
    customer = await create_customer(api)
    problem_of(await api.post(f"{path_of(customer)}/restore"), 409, "customer_not_archived")
    await api.post(f"{path_of(customer)}/archive")
    problem_of(await api.post(f"{path_of(customer)}/archive"), 409, "customer_archived")
    assert (await read_customer(api, customer))["revision"] == 2


async def test_an_archived_customer_cannot_be_changed(api: ApiClient) -> None:
    """contract_d6: neither its members nor its numbers; each refusal leaves it as it is."""
    customer = await create_customer(api, phones=[{"number": make_number()}])
    phone = path_of(customer, customer["phones"][0])
    await api.post(f"{path_of(customer)}/archive")
    for answer in (
        await api.patch(path_of(customer), json={"note": "x"}),
        await api.post(f"{path_of(customer)}/phones", json={"number": make_number()}),
        await api.patch(phone, json={"label": "x"}),
        await api.post(f"{phone}/verify", json={"result": "reached_owner"}),
        await api.delete(phone),
    ):
        problem_of(answer, 409, "customer_archived")
    assert (await read_customer(api, customer))["revision"] == 2


async def test_archiving_frees_numbers_and_external_ids(api: ApiClient) -> None:
    """contract_d6: another customer may have them."""
    number, key = make_number(), {"source": "shop", "id": make_number()}
    customer = await create_customer(api, phones=[{"number": number}], external_ids=[key])
    body = make_customer(phones=[{"number": number}], external_ids=[key])
    assert (await api.post("/v1/customers", json=body)).status_code == 409
    await api.post(f"{path_of(customer)}/archive")
    assert (await api.post("/v1/customers", json=body)).status_code == 201


async def test_restore_takes_numbers_and_external_ids_back(api: ApiClient) -> None:
    """contract_d6: as if it had never been away."""
    number, key = make_number(), {"source": "shop", "id": make_number()}
    customer = await create_customer(api, phones=[{"number": number}], external_ids=[key])
    await api.post(f"{path_of(customer)}/archive")
    await api.post(f"{path_of(customer)}/restore")
    taken = await api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))
    assert problem_of(taken, 409, "phone_taken")["existing_id"] == customer["id"]
    taken = await api.post("/v1/customers", json=make_customer(external_ids=[key]))
    assert problem_of(taken, 409, "external_id_taken")["existing_id"] == customer["id"]


async def test_restore_that_meets_another_claim_names_its_holder_and_changes_nothing(api: ApiClient) -> None:
    """S-13, contract_d6: 409 phone_taken, and the customer stays archived as it was."""
    numbers = [make_number(), make_number(), make_number()]
    customer = await create_customer(api, phones=[{"number": number} for number in numbers])
    await api.post(f"{path_of(customer)}/archive")
    other = await create_customer(api, phones=[{"number": numbers[1]}])
    answer = await api.post(f"{path_of(customer)}/restore")
    assert problem_of(answer, 409, "phone_taken")["existing_id"] == other["id"]
    now = await read_customer(api, customer)
    assert (now["revision"], now["archived_at"]) == (2, "2026-03-01T08:00:00Z")
    # The numbers that were free are still free.
    assert (await api.post("/v1/customers", json=make_customer(phones=[{"number": numbers[0]}]))).status_code == 201


async def test_restore_that_meets_another_external_id_names_its_holder(api: ApiClient) -> None:
    """contract_d6."""
    key = {"source": "shop", "id": make_number()}
    customer = await create_customer(api, external_ids=[key])
    await api.post(f"{path_of(customer)}/archive")
    other = await create_customer(api, external_ids=[key])
    answer = await api.post(f"{path_of(customer)}/restore")
    assert problem_of(answer, 409, "external_id_taken")["existing_id"] == other["id"]
    assert (await read_customer(api, customer))["revision"] == 2


async def test_restore_does_not_claim_what_was_not_claimed(api: ApiClient) -> None:
    """S-13: dead, changed and shared numbers stay free."""
    numbers = {status: make_number() for status in ("dead", "changed", "shared")}
    customer = await create_customer(api)
    for status, number in numbers.items():
        phone = await add_phone(api, customer, number, shared=status == "shared")
        if status != "shared":
            await api.patch(path_of(customer, phone), json={"status": status})
    await api.post(f"{path_of(customer)}/archive")
    await api.post(f"{path_of(customer)}/restore")
    for number in numbers.values():
        assert (await api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))).status_code == 201


async def test_two_archived_customers_of_one_number_cannot_both_come_back(hub: HubUnderTest) -> None:
    """S-13: of two racing restores one wins."""
    number = make_number()
    first = await create_customer(hub.api, phones=[{"number": number}])
    await hub.api.post(f"{path_of(first)}/archive")
    second = await create_customer(hub.api, phones=[{"number": number}])
    await hub.api.post(f"{path_of(second)}/archive")
    answers = await asyncio.gather(*(hub.api.post(f"{path_of(one)}/restore") for one in (first, second)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert loser.json()["existing_id"] == winner.json()["id"]


async def test_racing_archives_succeed_once(hub: HubUnderTest) -> None:
    """contract_d2: the loser runs again and finds it archived."""
    customer = await create_customer(hub.api, phones=[{"number": make_number()}])
    answers = await asyncio.gather(*(hub.api.post(f"{path_of(customer)}/archive") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert (await read_customer(hub.api, customer))["revision"] == 2


async def test_a_holder_out_of_reach_is_not_named(hub: HubUnderTest) -> None:
    """S-13, S-63: the number is taken; by whom is not told."""
    from custhub.security.reach import scoped

    number = make_number()
    customer = await create_customer(hub.api, phones=[{"number": number}], source="mine")
    await hub.api.post(f"{path_of(customer)}/archive")
    await create_customer(hub.api, phones=[{"number": number}], source="theirs")
    mine = hub.client_of(make_principal(reach=scoped(sources=["mine"])))
    problem = problem_of(await mine.post(f"{path_of(customer)}/restore"), 409, "phone_taken")
    assert "existing_id" not in problem
