"""A number of one's own has one customer (S-13)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.client import ApiClient
from tests.customers import add_phone, create_customer, path_of, problem_of, read_customer
from tests.hub import HubUnderTest, make_customer, make_number


async def _is_free(api: ApiClient, number: str) -> bool:
    answer = await api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))
    if answer.status_code == 201:
        await api.post(f"{path_of(answer.json())}/archive")
        return True
    problem_of(answer, 409, "phone_taken")
    return False


STATES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    # what the number is made with, what is changed then, whether another may have it
    ({}, {}, False),
    ({}, {"status": "active"}, False),
    ({}, {"status": "dead"}, True),
    ({}, {"status": "changed"}, True),
    ({}, {"status": "unknown"}, False),
    ({}, {"shared": True}, True),
    ({"shared": True}, {}, True),
    ({"shared": True}, {"shared": False}, False),
    ({"shared": True}, {"status": "active"}, True),
    ({"kind": "virtual"}, {}, True),
    ({"kind": "virtual"}, {"shared": False}, True),
    ({}, {"label": "x", "is_primary": True}, False),
]


@pytest.mark.parametrize(("made", "change", "free"), STATES)
async def test_a_number_is_its_customers_own_while_live_and_not_shared(
    api: ApiClient, made: dict[str, Any], change: dict[str, Any], free: bool
) -> None:
    """S-13: live is active or unknown; dead, changed and shared numbers are free."""
    customer, number = await create_customer(api), make_number()
    phone = await add_phone(api, customer, number, **made)
    if change:
        assert (await api.patch(path_of(customer, phone), json=change)).status_code == 200
    assert await _is_free(api, number) is free


@pytest.mark.parametrize(("status", "back"), [("dead", "active"), ("changed", "unknown"), ("dead", "unknown")])
async def test_a_number_that_lives_again_is_claimed_again(api: ApiClient, status: str, back: str) -> None:
    """S-13: the claim follows the status both ways."""
    customer, number = await create_customer(api), make_number()
    phone = await add_phone(api, customer, number)
    for state, free in ((status, True), (back, False), (status, True)):
        await api.patch(path_of(customer, phone), json={"status": state})
        assert await _is_free(api, number) is free


async def test_a_number_that_lives_again_and_is_taken_answers_409_and_changes_nothing(api: ApiClient) -> None:
    """S-13: the one who has it now keeps it."""
    customer, number = await create_customer(api), make_number()
    phone = await add_phone(api, customer, number)
    await api.patch(path_of(customer, phone), json={"status": "changed"})
    other = await create_customer(api, phones=[{"number": number}])
    before = await read_customer(api, customer)
    for answer in (
        await api.patch(path_of(customer, phone), json={"status": "active"}),
        await api.post(f"{path_of(customer, phone)}/verify", json={"result": "reached_owner"}),
    ):
        assert problem_of(answer, 409, "phone_taken")["existing_id"] == other["id"]
    assert await read_customer(api, customer) == before


@pytest.mark.parametrize(
    ("number", "shared"),
    [
        ("{mobile}", False),
        ("021 6384 {tail}", True),
        ("+86 21 6384 {tail} ext. 801", True),
        ("+1 201 555 {tail}", False),
        ("+44 20 7946 {tail}", True),
        ("{mobile} ext. 5", True),
    ],
)
async def test_fixed_lines_and_extensions_are_shared_unless_said_otherwise(
    api: ApiClient, number: str, shared: bool
) -> None:
    """S-13, contract_b4: a family or office line belongs to several."""
    mobile = make_number()
    text = number.format(mobile=mobile, tail=mobile[-4:])
    customer = await create_customer(api)
    assert (await add_phone(api, customer, text))["shared"] is shared


async def test_an_extension_stays_shared_whatever_is_said(api: ApiClient) -> None:
    """contract_b4: behind a switchboard a number is nobody's own."""
    mobile = make_number()
    customer = await create_customer(api)
    phone = await add_phone(api, customer, f"021 6384 {mobile[-4:]} ext. 7", shared=False)
    assert phone["shared"] is True
    answer = await api.patch(path_of(customer, phone), json={"shared": False})
    assert (answer.status_code, answer.json()["shared"], answer.json()["revision"]) == (200, True, 1)


async def test_a_fixed_line_may_be_claimed(api: ApiClient) -> None:
    """S-13: shared is a default, not a rule of its kind."""
    number = f"021 6384 {make_number()[-4:]}"
    customer = await create_customer(api)
    phone = await add_phone(api, customer, number, shared=False)
    assert phone["shared"] is False
    problem_of(
        await api.post("/v1/customers", json=make_customer(phones=[{"number": number, "shared": False}])),
        409,
        "phone_taken",
    )
    # Who takes it for shared may have it too: only claims exclude each other.
    assert (await api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))).status_code == 201


async def test_a_removed_number_is_free(api: ApiClient) -> None:
    """S-13."""
    number = make_number()
    customer = await create_customer(api, phones=[{"number": number}])
    assert await _is_free(api, number) is False
    assert (await api.delete(path_of(customer, customer["phones"][0]))).status_code == 204
    assert await _is_free(api, number) is True


async def test_variants_of_one_subscriber_are_one_number(api: ApiClient) -> None:
    """S-09: Brazil's ninth digit, Mexico's +521, Argentina's 9."""
    tail = make_number()[-4:]
    for first, second in (
        (f"+55 11 9 8765 {tail}", f"+55 11 8765 {tail}"),
        (f"+52 1 55 1234 {tail}", f"+52 55 1234 {tail}"),
        (f"+54 9 11 2345 {tail}", f"+54 11 2345 {tail}"),
    ):
        holder = await create_customer(api, phones=[{"number": first, "shared": False}])
        body = make_customer(phones=[{"number": second, "shared": False}])
        assert problem_of(await api.post("/v1/customers", json=body), 409, "phone_taken")["existing_id"] == holder["id"]


async def test_the_same_number_twice_in_one_body_is_refused_at_its_place(api: ApiClient) -> None:
    """S-13: in two spellings too; nobody else has it, so it is no conflict."""
    number = make_number()
    body = make_customer(phones=[{"number": number}, {"number": make_number()}, {"number": f"+86 {number}"}])
    problem = problem_of(await api.post("/v1/customers", json=body), 422, "phone_repeated")
    assert problem["errors"][0]["pointer"] == "#/phones/2/number"
    assert await _is_free(api, number)
    shared = [{"number": number, "shared": True}, {"number": number}]
    assert (await api.post("/v1/customers", json=make_customer(phones=shared))).status_code == 201


async def test_a_number_the_customer_has_already_names_that_customer(api: ApiClient) -> None:
    """S-13: the holder is the customer itself."""
    number = make_number()
    customer = await create_customer(api, phones=[{"number": number}])
    answer = await api.post(f"{path_of(customer)}/phones", json={"number": f"0086{number}"})
    assert problem_of(answer, 409, "phone_taken")["existing_id"] == customer["id"]
    assert (await read_customer(api, customer))["revision"] == 1


async def test_racing_additions_of_one_number_to_many_customers_succeed_once(hub: HubUnderTest) -> None:
    """S-13: two racing writes: one 201, the others 409."""
    number = make_number()
    made = [await create_customer(hub.api) for _ in range(12)]
    answers = await asyncio.gather(
        *(hub.api.post(f"{path_of(customer)}/phones", json={"number": number}) for customer in made)
    )
    won = [i for i, answer in enumerate(answers) if answer.status_code == 201]
    assert len(won) == 1
    for i, answer in enumerate(answers):
        if i not in won:
            assert problem_of(answer, 409, "phone_taken")["existing_id"] == made[won[0]]["id"]
            assert (await read_customer(hub.api, made[i]))["phones"] == []


async def test_creates_of_two_numbers_in_opposite_order_do_not_deadlock(hub: HubUnderTest) -> None:
    """ARCHITECTURE section 5: claims of one write are sorted, or rivals would wait for each other."""

    async def deadlocks() -> int:
        if hub.engine == "sqlite":
            return 0
        rows = await hub.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(rows[0][0])

    before = await deadlocks()
    for _ in range(10):
        one, two = make_number(), make_number()
        bodies = [
            make_customer(phones=[{"number": number} for number in pair]) for pair in ((one, two), (two, one)) * 4
        ]
        answers = await asyncio.gather(*(hub.api.post("/v1/customers", json=body) for body in bodies))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert await deadlocks() == before
