"""Who am I, and may I (SECURITY, section 3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.features.accounts.staff import client_token, enter, hire, partner
from tests.hub import HubUnderTest


async def test_me_of_a_person(hub: HubUnderTest) -> None:
    team = (await hub.api.post("/v1/teams", json={"name": "me"})).json()["id"]
    person = await hire(hub, ["sales"], team_id=team)
    me = (await (await enter(hub, person)).get("/v1/me")).json()
    assert (me["id"], me["kind"], me["email"], me["team_id"]) == (person.id, "user", person.email, team)
    assert (me["client_id"], me["roles"], me["name"]) == ("hub", ["sales"], "王伟")
    assert me["reach"] == {"kind": "scoped", "owner_id": person.id, "team_ids": [team], "sources": []}
    assert me["quotas"]["reveals_per_day"] == 50
    assert me["quotas"]["requests_per_minute"] is None


async def test_me_of_a_program(hub: HubUnderTest) -> None:
    program = await partner(hub, ["customers:read"], sources=["shop", "fair"])
    client = hub.client(token=(await client_token(hub, program)).json()["access_token"])
    me = (await client.get("/v1/me")).json()
    assert (me["id"], me["kind"], me["email"], me["client_id"]) == (program.id, "client", None, program.id)
    assert me["reach"] == {"kind": "scoped", "owner_id": None, "team_ids": [], "sources": ["fair", "shop"]}


async def test_me_of_the_operator(hub: HubUnderTest) -> None:
    me = (await hub.client(["customers:read"], ["support"]).get("/v1/me")).json()
    assert (me["id"], me["kind"], me["scopes"], me["roles"]) == (
        "operator",
        "operator",
        ["customers:read"],
        ["support"],
    )
    assert me["phone_mask"] == "last4"


async def test_s60_me_and_checks_need_a_token_and_no_scope(hub: HubUnderTest) -> None:
    body = {"checks": [{"action": "customers:read", "object_type": "customer"}]}
    public = hub.client(token="")
    for answer in (await public.get("/v1/me"), await public.post("/v1/authz/check", json=body)):
        assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")
    nobody = hub.client([])
    assert (await nobody.get("/v1/me")).status_code == 200
    assert (await nobody.post("/v1/authz/check", json=body)).status_code == 200


async def ask(client: Any, **question: Any) -> tuple[bool, str | None]:
    answer = await client.post("/v1/authz/check", json={"checks": [{"object_type": "customer"} | question]})
    assert answer.status_code == 200, answer.text
    (result,) = answer.json()["results"]
    assert {name: result[name] for name in question} == question
    return result["allowed"], result["reason"]


async def test_check_names_what_is_missing(hub: HubUnderTest) -> None:
    mine = await enter(hub, await hire(hub, ["sales"]))
    own = (await mine.post("/v1/customers", json={"display_name": "李娜"})).json()["id"]
    other = (await hub.api.post("/v1/customers", json={"display_name": "王芳"})).json()["id"]
    assert await ask(mine, action="customers:read") == (True, None)
    assert await ask(mine, action="customers:read", object_id=own) == (True, None)
    assert await ask(mine, action="customers:write", object_id=own) == (False, "scope")
    assert await ask(mine, action="customers:read", object_id=other) == (False, "reach")
    assert await ask(mine, action="customers:read", object_id="cus_01m81amc1cfrnt9m7qcr38rxrh") == (False, "reach")
    assert await ask(mine, action="customers:read", object_id="usr_01m81amc1cfrnt9m7qcr38rxrh") == (False, "reach")
    support = await enter(hub, await hire(hub, ["support"]))
    assert await ask(support, action="customers:write", object_id=own, field="language") == (True, None)
    assert await ask(support, action="customers:write", object_id=own, field="display_name") == (False, "field")
    assert await ask(support, action="customers:read", object_id=own, field="display_name") == (True, None)
    auditor = await enter(hub, await hire(hub, ["auditor"]))
    assert await ask(auditor, action="customers:read", object_id=own, field="display_name") == (False, "field")


async def test_check_knows_users_teams_roles_and_clients(hub: HubUnderTest) -> None:
    person, program = await hire(hub), await partner(hub)
    team = (await hub.api.post("/v1/teams", json={"name": "checked"})).json()["id"]
    role = (await hub.api.get("/v1/roles")).json()["data"][0]["id"]
    manager = await enter(hub, await hire(hub, ["admin"]))
    nobody = await enter(hub, person)
    for kind, scope, known in (
        ("user", "users:manage", person.id),
        ("team", "users:manage", team),
        ("role", "users:manage", role),
        ("client", "clients:manage", program.id),
    ):
        unknown = known[:4] + "01m81amc1cfrnt9m7qcr38rxrh"
        assert await ask(manager, action=scope, object_type=kind, object_id=known) == (True, None)
        assert await ask(manager, action=scope, object_type=kind, object_id=unknown) == (False, "reach")
        assert await ask(nobody, action=scope, object_type=kind, object_id=known) == (False, "scope")


@pytest.mark.parametrize(
    "question",
    [{"action": "customers:fly"}, {"action": "customers:read", "object_type": "spaceship"},
     {"action": "customers:read", "field": "colour"}],
)  # fmt: skip
async def test_check_says_what_it_does_not_know(hub: HubUnderTest, question: dict[str, str]) -> None:
    assert await ask(hub.api, **question) == (False, "unknown")


async def test_check_answers_in_order_and_what_the_call_then_does(hub: HubUnderTest) -> None:
    client = await enter(hub, await hire(hub, ["support"]))
    own = (await hub.api.post("/v1/customers", json={"display_name": "李娜"})).json()["id"]
    fields = ["language", "display_name", "preferred_channel", "stage"]
    questions = [
        {"action": "customers:write", "object_type": "customer", "object_id": own, "field": field} for field in fields
    ]
    results = (await client.post("/v1/authz/check", json={"checks": questions})).json()["results"]
    values = {"language": "en", "display_name": "x", "preferred_channel": "phone", "stage": "active"}
    calls = [(await client.patch(f"/v1/customers/{own}", json={f: values[f]})).status_code == 200 for f in fields]
    assert [result["allowed"] for result in results] == calls == [True, False, True, False]


@pytest.mark.parametrize("checks", [[], [{"action": "customers:read", "object_type": "customer"}] * 101])
async def test_check_takes_one_to_a_hundred_questions(hub: HubUnderTest, checks: list[Any]) -> None:
    assert (await hub.api.post("/v1/authz/check", json={"checks": checks})).status_code == 422
