"""Postal addresses of a customer: merge patch of the parts, the whole in standard form again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.hub import HubUnderTest

SHENZHEN = {"full_text": "广东省深圳市南山区科技园路1号", "label": "home"}


async def an_address(api: ApiClient, **members: Any) -> tuple[str, dict[str, Any]]:
    path = path_of(await create_customer(api))
    answer = await api.post(f"{path}/addresses", json=members or SHENZHEN)
    assert answer.status_code == 201, answer.text
    return f"{path}/addresses/{answer.json()['id']}", answer.json()


async def test_add_address_answers_what_get_shows(api: ApiClient) -> None:
    path = path_of(await create_customer(api))
    added = await api.post(f"{path}/addresses", json=SHENZHEN)
    assert added.status_code == 201
    assert (added.json()["division_code"], added.json()["street"]) == ("440305", "科技园路1号")
    read = await api.get(added.headers["location"])
    assert (read.json(), read.headers["etag"]) == (added.json(), added.headers["etag"])
    assert (await api.get(f"{path}/addresses")).json()["data"] == [added.json()]


async def test_patch_street_keeps_the_place(api: ApiClient) -> None:
    path, address = await an_address(api)
    changed = (await api.patch(path, json={"street": "科技园路2号"})).json()
    assert changed == address | {"street": "科技园路2号", "revision": 2, "updated_at": changed["updated_at"]}


async def test_patch_district_gives_the_code_anew(api: ApiClient) -> None:
    path, _ = await an_address(api)
    changed = (await api.patch(path, json={"district": "福田区"})).json()
    assert (changed["city"], changed["district"], changed["division_code"]) == ("深圳市", "福田区", "440304")


async def test_patch_code_renames_the_place(api: ApiClient) -> None:
    path, _ = await an_address(api)
    changed = (await api.patch(path, json={"division_code": "110105"})).json()
    assert (changed["province"], changed["district"]) == ("北京市", "朝阳区")


async def test_patch_full_text_replaces_all_parts(api: ApiClient) -> None:
    path, _ = await an_address(api, **SHENZHEN, postcode="518057")
    changed = (await api.patch(path, json={"full_text": "上海市浦东新区世纪大道100号"})).json()
    assert (changed["district"], changed["street"], changed["postcode"]) == ("浦东新区", "世纪大道100号", None)
    assert changed["label"] == "home"


async def test_patch_country_drops_the_chinese_code(api: ApiClient) -> None:
    path, _ = await an_address(api)
    body = {"country": "de", "province": None, "city": "Berlin", "district": None, "street": "Allee 1"}
    changed = (await api.patch(path, json=body)).json()
    assert (changed["country"], changed["city"], changed["division_code"]) == ("DE", "Berlin", None)


async def test_patch_that_contradicts_itself_is_refused_and_stores_nothing(api: ApiClient) -> None:
    path, address = await an_address(api)
    problem_of(await api.patch(path, json={"province": "四川省"}), 422, "address_inconsistent")
    empty = dict.fromkeys(("province", "city", "district", "street"))
    problem_of(await api.patch(path, json=empty), 422, "address_invalid")
    problem_of(await api.patch(path, json={"postcode": "12"}), 422, "postcode_invalid")
    assert (await api.get(path)).json() == address


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"label": "x"}, "address_invalid"),
        ({"province": "四川省", "city": "深圳市", "street": "x"}, "address_inconsistent"),
        ({"country": "Atlantis", "street": "x"}, "country_invalid"),
        ({"street": "x", "postcode": "1"}, "postcode_invalid"),
    ],
)
async def test_add_address_that_is_none_is_refused(api: ApiClient, body: dict[str, Any], code: str) -> None:
    path = path_of(await create_customer(api))
    problem_of(await api.post(f"{path}/addresses", json=body), 422, code)


async def test_number_in_a_street_is_sealed_and_survives_other_changes(hub: HubUnderTest) -> None:
    """S-25: the street keeps a placeholder, its readers see the mask."""
    path, address = await an_address(hub.api, full_text="广东省深圳市南山区科技园路1号 收件人13912345678")
    assert address["street"] == "科技园路1号 收件人+86 139****5678"
    relabelled = (await hub.api.patch(path, json={"label": "office", "postcode": "518057"})).json()
    assert relabelled["street"] == address["street"]
    moved = (await hub.api.patch(path, json={"street": "科技园路2号 收件人13812345678"})).json()
    assert moved["street"] == "科技园路2号 收件人+86 138****5678"
    rows = await hub.rows("SELECT street FROM customer_addresses")
    assert not any("13912345678" in row[0] or "13812345678" in row[0] for row in rows)


async def test_patch_of_nothing_new_stores_nothing(api: ApiClient) -> None:
    customer = await create_customer(api, addresses=[SHENZHEN])
    path = f"{path_of(customer)}/addresses/{customer['addresses'][0]['id']}"
    for body in ({}, {"label": "home"}, {"street": " 科技园路1号 "}, {"district": "南山"}):
        assert (await api.patch(path, json=body)).json() == customer["addresses"][0]
    assert (await read_customer(api, customer))["revision"] == customer["revision"]


async def test_removed_primary_address_leaves_the_oldest_as_primary(api: ApiClient) -> None:
    path = path_of(await create_customer(api))
    made = [(await api.post(f"{path}/addresses", json={"street": f"{i} Road"})).json() for i in range(3)]
    assert (await api.delete(f"{path}/addresses/{made[0]['id']}")).status_code == 204
    left = (await api.get(f"{path}/addresses")).json()["data"]
    assert [(a["street"], a["is_primary"]) for a in left] == [("1 Road", True), ("2 Road", False)]
    problem_of(await api.get(f"{path}/addresses/{made[0]['id']}"), 404, "address_not_found")
    problem_of(await api.delete(f"{path}/addresses/{made[0]['id']}"), 404, "address_not_found")
    problem_of(await api.patch(f"{path}/addresses/{made[0]['id']}", json={"label": "x"}), 404, "address_not_found")


async def test_support_writes_addresses_and_nothing_else_of_the_parts(hub: HubUnderTest) -> None:
    """S-61: the table of SECURITY 3, row support."""
    customer = await create_customer(hub.api)
    support = hub.client(roles=["support"])
    path = path_of(customer)
    assert (await support.post(f"{path}/addresses", json=SHENZHEN)).status_code == 201
    for part, body in (("emails", {"email": "a@example.com"}), ("external-ids", {"source": "shop", "id": "1"})):
        problem_of(await support.post(f"{path}/{part}", json=body), 403, "field_not_writable")
