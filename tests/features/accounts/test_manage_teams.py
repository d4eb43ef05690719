"""Teams: a tree without circles, and what it lets people see (S-62)."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from custhub.security.roles import ROLES
from tests.features.accounts.staff import STALE, enter, hire, new_email, notes
from tests.hub import HubUnderTest

UNKNOWN = "tea_01m81amc1cfrnt9m7qcr38rxrh"


async def team(hub: HubUnderTest, parent: str | None = None) -> str:
    made = await hub.api.post("/v1/teams", json={"name": new_email(), "parent_id": parent})
    assert made.status_code == 201, made.text
    created: str = made.json()["id"]
    return created


async def test_create_answers_what_get_answers(hub: HubUnderTest) -> None:
    top = await team(hub)
    made = await hub.api.post("/v1/teams", json={"name": " 华南 ", "parent_id": top})
    read = await hub.api.get(made.headers["location"])
    assert (made.status_code, read.json(), read.headers["etag"]) == (201, made.json(), made.headers["etag"])
    assert (made.json()["name"], made.json()["parent_id"]) == ("华南", top)
    again = await hub.api.post("/v1/teams", json={"name": "华南"})
    assert (again.status_code, again.json()["code"]) == (409, "team_name_taken")
    seen = await hub.api.get(made.headers["location"], headers={"If-None-Match": made.headers["etag"]})
    assert seen.status_code == 304


async def test_patch_moves_and_renames(hub: HubUnderTest) -> None:
    a, b = await team(hub), await team(hub)
    moved = await hub.api.patch(f"/v1/teams/{b}", json={"parent_id": a, "name": new_email()})
    assert (moved.json()["parent_id"], moved.json()["revision"]) == (a, 2)
    top = await hub.api.patch(f"/v1/teams/{b}", json={"parent_id": None})
    assert top.json()["parent_id"] is None
    assert (await hub.api.patch(f"/v1/teams/{b}", json={"parent_id": None})).json()["revision"] == 3
    stale = await hub.api.patch(f"/v1/teams/{b}", json={"name": "x"}, headers={"If-Match": '"1-00000000"'})
    assert stale.status_code == 412
    null = await hub.api.patch(f"/v1/teams/{b}", json={"name": None})
    assert null.json()["errors"][0]["code"] == "null_not_allowed"
    unknown = await hub.api.patch(f"/v1/teams/{b}", json={"parent_id": UNKNOWN})
    assert unknown.json()["code"] == "reference_unknown"
    taken = await hub.api.patch(f"/v1/teams/{b}", json={"name": (await hub.api.get(f"/v1/teams/{a}")).json()["name"]})
    assert taken.json()["code"] == "team_name_taken"


async def test_circles_are_refused(hub: HubUnderTest) -> None:
    a = await team(hub)
    b = await team(hub, a)
    c = await team(hub, b)
    for child, parent in ((a, a), (a, b), (a, c), (b, c)):
        answer = await hub.api.patch(f"/v1/teams/{child}", json={"parent_id": parent})
        assert (answer.status_code, answer.json()["code"]) == (409, "team_cycle")


async def test_racing_moves_close_no_circle(hub: HubUnderTest) -> None:
    for _ in range(5):
        a, b, c = await team(hub), await team(hub), await team(hub)
        answers = await asyncio.gather(
            *(hub.api.patch(f"/v1/teams/{x}", json={"parent_id": y}) for x, y in ((a, b), (b, c), (c, a)))
        )
        assert Counter(answer.status_code for answer in answers) == {200: 2, 409: 1}


async def test_delete_refuses_a_team_in_use(hub: HubUnderTest) -> None:
    top = await team(hub)
    child = await team(hub, top)
    staffed = await team(hub)
    await hire(hub, team_id=staffed)
    looking_after = await team(hub)
    await hub.api.post("/v1/customers", json={"display_name": "李娜", "team_id": looking_after})
    for used in (top, staffed, looking_after):
        answer = await hub.api.delete(f"/v1/teams/{used}")
        assert (answer.status_code, answer.json()["code"]) == (409, "team_in_use")
    assert (await hub.api.delete(f"/v1/teams/{child}", headers={"If-Match": '"7-00000000"'})).status_code == 412
    assert (await hub.api.delete(f"/v1/teams/{child}")).status_code == 204
    assert (await hub.api.delete(f"/v1/teams/{child}")).status_code == 404
    assert (await hub.api.delete(f"/v1/teams/{top}")).status_code == 204


async def test_user_and_deletion_of_its_team_race_without_a_dangling_reference(hub: HubUnderTest) -> None:
    for _ in range(5):
        place = await team(hub)
        body: dict[str, Any] = {"email": new_email(), "name": "王伟", "team_id": place}
        made, gone = await asyncio.gather(hub.api.post("/v1/users", json=body), hub.api.delete(f"/v1/teams/{place}"))
        assert (made.status_code, gone.status_code) in {(201, 409), (409, 204)}


async def test_list_is_filtered_by_parent(hub: HubUnderTest) -> None:
    top = await team(hub)
    below = [await team(hub, top) for _ in range(3)]
    page = (await hub.api.get("/v1/teams", params={"parent_id": top, "limit": "2"})).json()
    assert [row["id"] for row in page["data"]] == below[:2]
    rest = await hub.api.get("/v1/teams", params={"parent_id": top, "limit": "2", "cursor": page["next_cursor"]})
    assert [row["id"] for row in rest.json()["data"]] == below[2:]


async def test_s62_reach_follows_the_tree(hub: HubUnderTest) -> None:
    """A manager sees the whole tree below, a salesperson the own team; a moved team is seen within five seconds."""
    top = await team(hub)
    middle = await team(hub, top)
    leaf, elsewhere = await team(hub, middle), await team(hub)
    for place in (top, middle, leaf, elsewhere):
        await hub.api.post("/v1/customers", json={"display_name": "李娜", "team_id": place})
    manager = await enter(hub, await hire(hub, ["manager"], team_id=top))
    seller = await enter(hub, await hire(hub, ["sales"], team_id=middle))
    nobody = await enter(hub, await hire(hub, ["sales"]))

    async def seen(client: Any) -> set[str | None]:
        return {row["team_id"] for row in (await client.get("/v1/customers")).json()["data"]}

    assert await seen(manager) == {top, middle, leaf}
    assert await seen(seller) == {middle}
    assert await seen(nobody) == set()
    me = (await manager.get("/v1/me")).json()
    assert (me["reach"]["kind"], set(me["reach"]["team_ids"])) == ("scoped", {top, middle, leaf})
    await hub.api.patch(f"/v1/teams/{elsewhere}", json={"parent_id": leaf})
    hub.clock.advance(STALE)
    assert await seen(manager) == {top, middle, leaf, elsewhere}


async def test_s62_owned_customers_are_seen_wherever_they_are(hub: HubUnderTest) -> None:
    seller = await enter(hub, await hire(hub, ["sales"]))
    made = await seller.post("/v1/customers", json={"display_name": "李娜"})
    assert made.status_code == 201
    assert made.json()["owner_id"] == (await seller.get("/v1/me")).json()["id"]
    assert [row["id"] for row in (await seller.get("/v1/customers")).json()["data"]] == [made.json()["id"]]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("POST", ""), *((m, f"/{UNKNOWN}") for m in ("GET", "PATCH", "DELETE"))]
)
async def test_s60_every_route_needs_users_manage(hub: HubUnderTest, method: str, path: str) -> None:
    body: dict[str, Any] = {"json": {"name": new_email()}} if method in ("POST", "PATCH") else {}
    assert (await hub.client(token="").request(method, "/v1/teams" + path, **body)).status_code == 401
    without = await hub.client(set(ROLES["admin"].scopes) - {"users:manage"}).request(
        method, "/v1/teams" + path, **body
    )
    assert (without.status_code, without.json()["scope"]) == (403, "users:manage")
    if path:
        missing = await hub.api.request(method, "/v1/teams" + path, **body)
        assert (missing.status_code, missing.json()["code"]) == (404, "team_not_found")


async def test_s75_changes_are_audited(fresh_hub: HubUnderTest) -> None:
    made = await team(fresh_hub)
    await fresh_hub.api.patch(f"/v1/teams/{made}", json={"name": "x"})
    await fresh_hub.api.delete(f"/v1/teams/{made}")
    for action in ("team.created", "team.updated", "team.deleted"):
        assert len(await notes(fresh_hub, action)) == 1
