"""Filterable custom fields select customers wherever a filter is taken: one rule, one set of errors."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.security.fields import Access, everything
from tests.client import ApiClient
from tests.customers import create_customer, declare, problem_of, read_customer
from tests.features.bulk.desk import Desk as BulkDesk
from tests.features.exports.desk import Desk as ExportDesk
from tests.hub import HubUnderTest
from tests.principals import make_principal

TAG = {"type": "add_tags", "tags": ["sized"]}


async def _declare(api: ApiClient) -> None:
    await declare(api, "size", {"type": "integer"}, filterable=True)
    await declare(api, "nickname", {"type": "string"})
    await declare(api, "passport", {"type": "string"}, sensitive=True)
    await declare(api, "hr_only", {"type": "string"}, readers=["manager"], filterable=True)


def _bodies(custom: list[str]) -> list[tuple[str, str, dict[str, Any]]]:
    """Routes that take a filter in a body, the pointer to it, and a body."""
    chosen = {"custom": custom}
    return [
        ("/v1/customers/search", "#/filters/custom", {"q": "customer", "filters": chosen}),
        ("/v1/saved-filters", "#/filter/custom", {"name": "by size", "filter": chosen}),
        ("/v1/bulk-actions", "#/filter/custom", {"action": TAG, "filter": chosen}),
        ("/v1/exports", "#/filter/custom", {"format": "csv", "filter": chosen}),
    ]


async def test_the_same_customers_on_every_road(fresh_hub: HubUnderTest) -> None:
    api = fresh_hub.api
    await _declare(api)
    made = [await create_customer(api, display_name=f"customer {size}", custom_fields={"size": size})
            for size in (41, 42, 43)]  # fmt: skip
    wanted = {made[0]["id"], made[2]["id"]}
    custom = ["size:41", "size:43.0"]
    listed = await api.get("/v1/customers", params={"custom": custom})
    assert {one["id"] for one in listed.json()["data"]} == wanted
    found = await api.post("/v1/customers/search", json={"q": "customer", "filters": {"custom": custom}})
    assert {hit["customer"]["id"] for hit in found.json()["data"]} == wanted
    saved = await api.post("/v1/saved-filters", json={"name": "by size", "filter": {"custom": custom}})
    assert (saved.status_code, saved.json()["filter"]["custom"]) == (201, custom)
    listed = await api.get("/v1/customers", params={"saved_filter_id": saved.json()["id"]})
    assert {one["id"] for one in listed.json()["data"]} == wanted
    exports, bulk = ExportDesk(fresh_hub), BulkDesk(fresh_hub)
    for chosen in ({"filter": {"custom": custom}}, {"saved_filter_id": saved.json()["id"]}):
        assert {row["id"] for row in await exports.table(**chosen)} == wanted
    done = await bulk.do(TAG, filter={"custom": custom})
    assert (done["changed"], done["filter"]["custom"]) == (2, custom)
    assert [len((await read_customer(api, one))["tags"]) for one in made] == [1, 0, 1]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("passport:x", "filter_not_supported"),
        ("nickname:Bo", "filter_not_supported"),
        ("nothing:x", "custom_field_unknown"),
        ("size", "validation_failed"),
    ],
)
async def test_the_same_errors_on_every_road(hub: HubUnderTest, text: str, code: str) -> None:
    """S-11: 422, and an unknown key is told apart from one that is no filter."""
    if (await hub.api.get("/v1/field-definitions")).json()["data"] == []:
        await _declare(hub.api)
    for path, pointer, body in _bodies([text]):
        problem = problem_of(await hub.api.post(path, json=body), 422, code)
        assert problem["errors"][0]["pointer"].startswith(pointer), path
        assert problem["errors"][0]["location"] == "body"
    refused = problem_of(await hub.api.get("/v1/customers", params={"custom": text}), 422, code)
    assert refused["errors"][0]["location"] == "query"


async def test_s61_what_a_role_does_not_see_selects_nobody(fresh_hub: HubUnderTest) -> None:
    await _declare(fresh_hub.api)
    admin = fresh_hub.client_of(make_principal("admin"))
    blind = fresh_hub.client_of(make_principal(fields=everything(Access.WRITE) | {"custom_fields": Access.HIDDEN}))
    for path, _, body in _bodies(["hr_only:x"]):
        problem_of(await admin.post(path, json=body), 422, "custom_field_unknown")
        problem_of(await blind.post(path, json=body), 403, "field_hidden")


async def test_a_field_that_was_archived_since_selects_nobody(fresh_hub: HubUnderTest) -> None:
    """Rather than everybody: the filter of an export that waits is no wider than it was."""
    api = fresh_hub.api
    await _declare(api)
    await create_customer(api, custom_fields={"size": 41})
    saved = (await api.post("/v1/saved-filters", json={"name": "by size", "filter": {"custom": ["size:41"]}})).json()
    desk = ExportDesk(fresh_hub)
    job = await desk.start(filter={"custom": ["size:41"]})
    fields = (await api.get("/v1/field-definitions")).json()["data"]
    (size,) = [one for one in fields if one["key"] == "size"]
    assert (await api.post(f"/v1/field-definitions/{size['id']}/archive")).status_code == 200
    assert (await desk.run(job)).state == "succeeded"
    assert (await desk.read(job["result_url"]))["customers"] == 0
    body = {"format": "csv", "saved_filter_id": saved["id"]}
    problem_of(await api.post("/v1/exports", json=body), 422, "custom_field_unknown")
    problem_of(await api.get("/v1/customers", params={"saved_filter_id": saved["id"]}), 422, "custom_field_unknown")
