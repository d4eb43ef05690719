"""Who may give which rights to whom, and the last administrator (S-67)."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from custhub.security.roles import ROLES
from tests.client import ApiClient
from tests.features.accounts.staff import enter, hire, new_email
from tests.hub import HubUnderTest


async def admin(hub: HubUnderTest) -> ApiClient:
    return await enter(hub, await hire(hub, ["admin"]))


async def role_of(hub: HubUnderTest, name: str, scopes: list[str], **members: Any) -> str:
    body = {
        "name": name,
        "description": "Of a test",
        "scopes": scopes,
        "reach": "all",
        "fields": {},
        "phone_mask": "none",
    } | members
    made = await hub.api.post("/v1/roles", json=body)
    assert made.status_code == 201, made.text
    return name


async def test_s67_administrators_give_every_built_in_role_to_others(fresh_hub: HubUnderTest) -> None:
    client = await admin(fresh_hub)
    for role in ROLES:
        answer = await client.post("/v1/users", json={"email": new_email(), "name": "王伟", "roles": [role]})
        assert answer.status_code == 201, role


async def test_s67_nobody_gives_himself_a_scope_he_lacks(hub: HubUnderTest) -> None:
    person = await hire(hub, ["admin"])
    client = await enter(hub, person)
    answer = await client.patch(f"/v1/users/{person.id}", json={"roles": ["admin", "sales"]})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_not_grantable")
    assert answer.json()["scopes"] == ["phones:reveal"]


async def test_s67_lesser_manager_gives_what_he_has_and_no_more(hub: HubUnderTest) -> None:
    await role_of(hub, "front_desk", ["users:manage", "customers:read"], fields={"display_name": "read"})
    await role_of(hub, "reader", ["customers:read"], fields={"display_name": "read"})
    await role_of(hub, "nosy", ["customers:read"], fields={"tax_id": "read"})
    client = await enter(hub, await hire(hub, ["front_desk"]))

    async def give(role: str) -> tuple[int, str | None]:
        answer = await client.post("/v1/users", json={"email": new_email(), "name": "王伟", "roles": [role]})
        return answer.status_code, answer.json().get("code")

    assert await give("reader") == (201, None)
    assert await give("admin") == (403, "scope_not_grantable")
    assert await give("sales") == (403, "scope_not_grantable")
    assert await give("nosy") == (403, "access_not_grantable")


async def test_s67_lesser_manager_takes_over_no_account_above_him(hub: HubUnderTest) -> None:
    await role_of(hub, "helpdesk", ["users:manage"])
    client = await enter(hub, await hire(hub, ["helpdesk"]))
    boss, peer = await hire(hub, ["admin"]), await hire(hub, ["helpdesk"])
    for verb in ("reset-password", "reset-totp", "disable"):
        answer = await client.post(f"/v1/users/{boss.id}/{verb}")
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_not_grantable"), verb
        assert (await client.post(f"/v1/users/{peer.id}/{verb}")).status_code == 200, verb
    bodies: list[dict[str, Any]] = [{"email": new_email()}, {"roles": []}]
    for body in bodies:
        answer = await client.patch(f"/v1/users/{boss.id}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_not_grantable")
    assert (await client.patch(f"/v1/users/{boss.id}", json={"name": "Boss"})).status_code == 200


async def test_s67_manager_of_a_team_gives_no_role_that_sees_all_rows(hub: HubUnderTest) -> None:
    scopes = ["users:manage", *sorted(ROLES["read_only"].scopes)]
    fields = {str(field): level.name.lower() for field, level in ROLES["read_only"].fields.items()}
    await role_of(hub, "branch_head", scopes, reach="own_team", fields=fields, phone_mask="mask")
    client = await enter(hub, await hire(hub, ["branch_head"]))
    answer = await client.post("/v1/users", json={"email": new_email(), "name": "王伟", "roles": ["read_only"]})
    assert (answer.status_code, answer.json()["code"]) == (403, "access_not_grantable")


async def test_s67_last_administrator_stays(fresh_hub: HubUnderTest) -> None:
    last = await hire(fresh_hub, ["admin"])
    path = f"/v1/users/{last.id}"
    for attempt in (
        fresh_hub.api.post(f"{path}/disable"),
        fresh_hub.api.patch(path, json={"roles": ["manager"]}),
        fresh_hub.api.patch(path, json={"roles": []}),
    ):
        answer = await attempt
        assert (answer.status_code, answer.json()["code"]) == (409, "last_administrator")
    second = await hire(fresh_hub, ["admin", "sales"])
    assert (await fresh_hub.api.post(f"/v1/users/{second.id}/disable")).status_code == 200
    assert (await fresh_hub.api.post(f"{path}/disable")).status_code == 409
    assert (await fresh_hub.api.patch(f"/v1/users/{second.id}", json={"roles": []})).status_code == 200


async def test_s67_racing_removals_leave_one_administrator(fresh_hub: HubUnderTest) -> None:
    """Four administrators taken away at once, in every way: one is left."""
    hub = fresh_hub
    people = [await hire(hub, ["admin"]) for _ in range(4)]
    answers = await asyncio.gather(
        *(hub.api.post(f"/v1/users/{person.id}/disable") for person in people[:2]),
        *(hub.api.patch(f"/v1/users/{person.id}", json={"roles": ["sales"]}) for person in people[2:]),
    )
    assert Counter(answer.status_code for answer in answers) == {200: 3, 409: 1}
    rows = await hub.rows(
        "SELECT count(*) FROM users u JOIN user_roles h ON h.user_id = u.id JOIN roles r ON r.id = h.role_id "
        "WHERE r.name = 'admin' AND NOT u.is_disabled"
    )
    assert rows[0][0] == 1
