"""How often a request asks the database (ARCHITECTURE: one statement reads, one writes)."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.crypto.cipher import Dek
from tests.customers import add_phone, create_customer, path_of
from tests.faults import counted
from tests.hub import HubUnderTest, make_customer, make_number

KEY = {"Idempotency-Key": "counted-key"}


async def test_reading_takes_one_statement(hub: HubUnderTest) -> None:
    """One customer with all its parts, or a page of fifty with theirs."""
    customer = await create_customer(hub.api, phones=[{"number": make_number()}], tags=["VIP"])
    phone = path_of(customer, customer["phones"][0])
    for path in (path_of(customer), "/v1/customers?limit=50", f"{path_of(customer)}/phones", phone):
        with counted(hub) as calls:
            assert (await hub.api.get(path)).status_code == 200
        assert (len(calls.fetches), calls.sends, calls.transactions) == (1, 0, 0), path


async def test_a_total_takes_one_more(hub: HubUnderTest) -> None:
    with counted(hub) as calls:
        await hub.api.get("/v1/customers", params={"include": "total"})
    assert (len(calls.fetches), calls.total) == (2, 2)


@pytest.mark.parametrize("headers", [{}, KEY], ids=["plain", "with a key"])
async def test_a_create_takes_one_statement_with_all_its_rows(hub: HubUnderTest, headers: dict[str, str]) -> None:
    """Rows, claims, event, audit entry and stored answer go together; a key costs no statement (contract_d3).

    One read before it asks the suppression list about all numbers and addresses (S-85), where there are any.
    """
    body = make_customer(
        phones=[{"number": make_number()}, {"number": make_number()}],
        emails=[{"email": "a@example.com"}],
        addresses=[{"full_text": "广东省深圳市南山区科技园路1号"}],
        external_ids=[{"source": "shop", "id": make_number()}],
        tags=["VIP"],
        note=f"call {make_number()}",
    )
    with counted(hub) as calls:
        assert (await hub.api.post("/v1/customers", json=body, headers=headers)).status_code == 201
    assert (len(calls.fetches), calls.sends, calls.transactions) == (1, 1, 0)
    body = {name: value for name, value in body.items() if name not in ("phones", "emails", "external_ids")}
    headers = {name: f"{value}-2" for name, value in headers.items()}
    with counted(hub) as calls:
        assert (await hub.api.post("/v1/customers", json=body, headers=headers)).status_code == 201
    assert (len(calls.fetches), calls.sends, calls.transactions) == (0, 1, 0)


async def test_a_change_takes_one_read_and_one_write(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api)
    phone = await add_phone(hub.api, customer)
    for method, path, body in (
        ("PATCH", path_of(customer), {"note": "x"}),
        ("POST", f"{path_of(customer)}/phones", {"number": make_number()}),
        ("PATCH", path_of(customer, phone), {"label": "x"}),
        ("POST", f"{path_of(customer, phone)}/verify", {"result": "reached_owner"}),
        ("POST", f"{path_of(customer, phone)}/reveal", {"reason": "call_back"}),
        ("DELETE", path_of(customer, phone), None),
        ("POST", f"{path_of(customer)}/archive", None),
        ("POST", f"{path_of(customer)}/restore", None),
    ):
        with counted(hub) as calls:
            assert (await hub.api.request(method, path, json=body)).status_code < 300
        # Of a new number the suppression list is asked, too; of a call the queue of those to be called.
        reads = 2 if method == "POST" and path.endswith(("/phones", "/verify")) else 1
        assert (len(calls.fetches), calls.sends, calls.transactions) == (reads, 1, 0), (method, path)


async def test_a_lookup_takes_one_read_and_one_write(hub: HubUnderTest) -> None:
    """The write is its audit entry and its use."""
    number = make_number()
    await create_customer(hub.api, phones=[{"number": number}])
    for body in ({"phone": number}, {"phone": make_number()}, {"phone_last4": number[-4:]}):
        with counted(hub) as calls:
            assert (await hub.api.post("/v1/customers/lookup", json=body)).status_code == 200
        assert (len(calls.fetches), calls.sends, calls.transactions) == (1, 1, 0)


async def test_a_refusal_before_the_database_asks_nothing(hub: HubUnderTest) -> None:
    with counted(hub) as calls:
        await hub.api.post("/v1/customers", json={"x": 1})
        await hub.api.get("/v1/customers", params={"limit": 0})
        await hub.client(token="").get("/v1/customers")
        await hub.api.get("/v1/nothing")
    assert calls.total == 0


async def test_a_patch_that_changes_nothing_writes_nothing(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api)
    with counted(hub) as calls:
        await hub.api.patch(path_of(customer), json={"display_name": customer["display_name"]})
    assert (len(calls.fetches), calls.sends) == (1, 0)


class Opened:
    """Counts what is decrypted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        real = Dek.open_at  # every way leads through it

        def counting(dek: Dek, *place: Any) -> bytes:
            self.count += 1
            return real(dek, *place)

        monkeypatch.setattr(Dek, "open_at", counting)


async def test_uniqueness_and_lookup_decrypt_nothing_to_compare(
    hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S-13, S-09: a taken number is found by its keyed index; only what is shown is opened."""
    number = make_number()
    for i in range(5):
        await create_customer(hub.api, phones=[{"number": number if i == 0 else make_number()}])
    opened = Opened(monkeypatch)
    await hub.api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))
    # Its own number, for the answer that it did not become; none of those it was compared with.
    assert opened.count == 1
    await hub.api.post("/v1/customers/lookup", json={"phone": make_number()})
    assert opened.count == 1
    await hub.api.post("/v1/customers/lookup", json={"phone": number})
    assert opened.count == 2


async def test_a_role_that_sees_no_digit_decrypts_none(hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """S-21: a mask of nothing needs no plaintext."""
    customer = await create_customer(hub.api, phones=[{"number": make_number()}])
    opened = Opened(monkeypatch)
    answer = await hub.client(roles=["marketing"]).get(path_of(customer))
    assert answer.json()["phones"][0]["masked"] is None
    assert opened.count == 0
