"""Creating a customer: standardised, sealed, unique."""

from __future__ import annotations

import asyncio

import pytest

from tests.client import ApiClient
from tests.hub import HubUnderTest, make_customer, make_number

SPELLINGS = (
    "{n}", "{a} {b} {c}", "{a}-{b}-{c}", "+86{n}", "+86 {a} {b} {c}", "0086 {n}", "(+86){n}", "86 {a} {b} {c}",
    "tel:+86-{a}-{b}-{c}", " {a}\u00a0{b}\u00a0{c} ",
)  # fmt: skip


async def test_create_customer_answers_what_get_answers(api: ApiClient) -> None:
    body = make_customer(
        phones=[{"number": make_number()}],
        emails=[{"email": "Li.Na@Example.COM"}],
        addresses=[{"full_text": "广东省深圳市南山区科技园路1号"}],
        external_ids=[{"source": "shop", "id": make_number()}],
        tags=["VIP", "vip"],
        birthday={"date": "1990-05-03"},
    )
    created = await api.post("/v1/customers", json=body)
    assert created.status_code == 201
    read = await api.get(created.headers["location"])
    assert read.json() == created.json()
    assert read.headers["etag"] == created.headers["etag"]
    assert [tag["tag"] for tag in created.json()["tags"]] == ["VIP"]
    assert created.json()["addresses"][0]["division_code"] == "440305"


async def test_create_customer_with_taken_phone_answers_409_and_stores_nothing(fresh_hub: HubUnderTest) -> None:
    number = make_number()
    first = await fresh_hub.api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))
    second = await fresh_hub.api.post("/v1/customers", json=make_customer(phones=[{"number": f"+86 {number}"}]))
    assert second.status_code == 409
    assert second.json()["code"] == "phone_taken"
    assert second.json()["existing_id"] == first.json()["id"]
    assert (await fresh_hub.rows("SELECT count(*) FROM customers"))[0][0] == 1


async def test_two_hundred_parallel_creates_of_one_number_in_ten_spellings_give_one_customer(
    hub: HubUnderTest,
) -> None:
    """S-13: uniqueness holds under a storm."""
    n = make_number()
    a, b, c = n[:3], n[3:7], n[7:]
    bodies = [
        make_customer(phones=[{"number": SPELLINGS[i % len(SPELLINGS)].format(n=n, a=a, b=b, c=c)}]) for i in range(200)
    ]
    answers = await asyncio.gather(*(hub.api.post("/v1/customers", json=body) for body in bodies))
    created = [answer for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code == 409]
    assert (len(created), len(refused)) == (1, 199)
    assert {answer.json()["existing_id"] for answer in refused} == {created[0].json()["id"]}


@pytest.mark.parametrize(
    ("members", "code", "pointer"),
    [
        ({"phones": [{"number": "12345"}]}, "phone_invalid", "#/phones/0/number"),
        ({"display_name": "\u200b"}, "name_invalid", "#/display_name"),
        ({"emails": [{"email": "nobody"}]}, "email_invalid", "#/emails/0/email"),
        ({"birthday": {"date": "2023-02-30"}}, "birthday_invalid", "#/birthday/date"),
        ({"kind": "organisation", "tax_id": "91350100M000100Y44"}, "tax_id_invalid", "#/tax_id"),
        ({"time_zone": "Asia/Nowhere"}, "time_zone_invalid", "#/time_zone"),
        ({"nickname": "x"}, "unknown_field", "#/nickname"),
    ],
)
async def test_create_customer_refuses_a_broken_member_at_its_place(
    api: ApiClient, members: dict[str, object], code: str, pointer: str
) -> None:
    answer = await api.post("/v1/customers", json=make_customer(**members))
    assert answer.status_code == 422
    problem = answer.json()
    assert (problem["code"], problem["errors"][0]["pointer"]) == (code, pointer)
    assert problem["errors"][0]["code"] == code


async def test_a_person_has_no_contacts(api: ApiClient) -> None:
    answer = await api.post("/v1/customers", json=make_customer(contacts=[{"name": "王伟"}]))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "contact_not_allowed")
    assert problem["errors"][0]["pointer"] == "#/contacts"


async def test_create_customer_needs_its_scope(hub: HubUnderTest) -> None:
    assert (await hub.client(token="").post("/v1/customers", json=make_customer())).status_code == 401
    refused = await hub.client(["customers:read"]).post("/v1/customers", json=make_customer())
    assert (refused.status_code, refused.json()["scope"]) == (403, "customers:create")
