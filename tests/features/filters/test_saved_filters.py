"""Saved filters: one's own, shared with a team, used in lists."""

from __future__ import annotations

from typing import Any

from custhub.kit.ids import Prefix, new_id, to_text
from custhub.security.reach import scoped
from tests.client import ApiClient
from tests.customers import create_customer, problem_of
from tests.hub import HubUnderTest
from tests.principals import add_team, add_user, make_principal

PATH = "/v1/saved-filters"


async def save(api: ApiClient, **members: Any) -> dict[str, Any]:
    answer = await api.post(PATH, json={"name": f"n{new_id()}", "filter": {"stage": ["active"]}} | members)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"{PATH}/{body['id']}"
    return body


async def test_a_filter_is_kept_as_it_was_given(hub: HubUnderTest) -> None:
    owner = to_text(Prefix.USER, await add_user(hub.app.hub))
    given = {
        "stage": ["active"], "owner_id": [owner], "tag": ["VIP"], "created_at_gte": "2026-01-01T00:00:00Z",
        "archived": "any",
    }  # fmt: skip
    body = await save(hub.api, filter=given)
    assert {name: value for name, value in body["filter"].items() if value} == given
    assert (await hub.api.get(f"{PATH}/{body['id']}")).json() == body
    etag = (await hub.api.get(f"{PATH}/{body['id']}")).headers["etag"]
    assert (await hub.api.get(f"{PATH}/{body['id']}", headers={"if-none-match": etag})).status_code == 304


async def test_it_selects_in_a_list_and_parameters_beside_it_win(fresh_hub: HubUnderTest) -> None:
    api = fresh_hub.api
    active = [await create_customer(api, stage="active", tags=[tag]) for tag in ("a", "b")]
    lead = await create_customer(api, stage="lead", tags=["a"])
    body = await save(api)

    async def listed(**params: str) -> set[str]:
        answer = await api.get("/v1/customers", params={"saved_filter_id": body["id"]} | params)
        assert answer.status_code == 200, answer.text
        return {customer["id"] for customer in answer.json()["data"]}

    assert await listed() == {customer["id"] for customer in active}
    assert await listed(tag="a") == {active[0]["id"]}
    assert await listed(stage="lead") == {lead["id"]}
    page = (await api.get("/v1/customers", params={"saved_filter_id": body["id"], "limit": 1})).json()
    await api.patch(f"{PATH}/{body['id']}", json={"filter": {"stage": ["lead"]}})
    answer = await api.get("/v1/customers", params={"saved_filter_id": body["id"], "cursor": page["next_cursor"]})
    problem_of(answer, 422, "invalid_cursor")
    unknown = {"saved_filter_id": to_text(Prefix.SAVED_FILTER, new_id())}
    problem_of(await api.get("/v1/customers", params=unknown), 404, "saved_filter_not_found")


async def test_a_team_sees_what_is_shared_with_it_and_only_the_owner_changes_it(hub: HubUnderTest) -> None:
    """S-62, S-63: the own ones, and those of teams within reach; others are not there."""
    team, other = [await add_team(hub.app.hub) for _ in range(2)]
    people = [await add_user(hub.app.hub, at) for at in (team, team, other)]
    owner, mate, stranger = [
        hub.client_of(make_principal("sales", user_id=user, reach=scoped(owner=user, teams=[at])))
        for user, at in zip(people, (team, team, other), strict=True)
    ]
    own, shared = await save(owner), await save(owner, team_id=to_text(Prefix.TEAM, team))
    for client, seen in ((owner, {own["id"], shared["id"]}), (mate, {shared["id"]}), (stranger, set())):
        assert {one["id"] for one in (await client.get(PATH)).json()["data"]} == seen
    path = f"{PATH}/{shared['id']}"
    problem_of(await stranger.get(path), 404, "saved_filter_not_found")
    problem_of(await mate.patch(path, json={"name": "mine"}), 403, "saved_filter_not_yours")
    problem_of(await mate.delete(path), 403, "saved_filter_not_yours")
    problem_of(await stranger.delete(path), 404, "saved_filter_not_found")
    answer = await owner.patch(path, json={"team_id": to_text(Prefix.TEAM, other)})
    problem_of(answer, 409, "team_unknown")
    assert (await owner.patch(path, json={"team_id": None})).json()["team_id"] is None
    problem_of(await mate.get(path), 404, "saved_filter_not_found")
    assert (await hub.api.delete(f"{PATH}/{own['id']}")).status_code == 404  # not shared: not even to who sees all


async def test_rename_replace_delete(hub: HubUnderTest) -> None:
    body = await save(hub.api, name="before")
    path = f"{PATH}/{body['id']}"
    etag = (await hub.api.get(path)).headers["etag"]
    answer = await hub.api.patch(path, json={"name": "after", "filter": {"tag": ["x"]}}, headers={"if-match": etag})
    assert (answer.json()["name"], answer.json()["filter"]["stage"], answer.json()["revision"]) == ("after", [], 2)
    assert (await hub.api.patch(path, json={"name": "after"})).json()["revision"] == 2
    problem_of(await hub.api.patch(path, json={"name": "x"}, headers={"if-match": etag}), 412, "precondition_failed")
    problem_of(await hub.api.delete(path, headers={"if-match": etag}), 412, "precondition_failed")
    twin = await save(hub.api, name="twin")
    problem_of(await hub.api.post(PATH, json={"name": "twin", "filter": {}}), 409, "saved_filter_exists")
    problem_of(await hub.api.patch(path, json={"name": twin["name"]}), 409, "saved_filter_exists")
    assert (await hub.api.delete(path)).status_code == 204
    problem_of(await hub.api.get(path), 404, "saved_filter_not_found")
    types = await hub.rows("SELECT DISTINCT type FROM events WHERE subject_type = 'saved_filter' ORDER BY type")
    assert [row[0] for row in types] == [
        "saved_filter.created", "saved_filter.deleted", "saved_filter.updated",
    ]  # fmt: skip


async def test_what_is_refused(hub: HubUnderTest) -> None:
    partner = hub.client_of(make_principal("partner", reach=scoped(sources=["x"])))
    answer = await partner.post(PATH, json={"name": "x", "filter": {"city": ["深圳"]}})
    assert problem_of(answer, 403, "field_hidden")["errors"][0]["pointer"] == "#/filter/city"
    for body in ({"name": "x"}, {"name": " ", "filter": {}}, {"name": "x", "filter": {"phone": "1"}},
                 {"name": "x", "filter": {"stage": ["no key"]}}, {"name": "x", "filter": {"stage": "lead"}},
                 {"name": "x", "filter": None}, {"name": "x", "resource": "orders", "filter": {}}):  # fmt: skip
        assert (await hub.api.post(PATH, json=body)).status_code == 422, body


async def test_pages(fresh_hub: HubUnderTest) -> None:
    made = [await save(fresh_hub.api) for _ in range(3)]
    first = (await fresh_hub.api.get(PATH, params={"limit": 2})).json()
    rest = (await fresh_hub.api.get(PATH, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [one["id"] for one in first["data"] + rest["data"]] == [one["id"] for one in made]
