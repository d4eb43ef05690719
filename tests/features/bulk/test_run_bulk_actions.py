"""Bulk actions: what they do to whom, under whose rights, and how they are taken back."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.kit.ids import Prefix, new_id, to_text
from custhub.security.reach import scoped
from tests.customers import add_phone, create_customer, path_of, problem_of, read_customer
from tests.features.bulk.desk import PATH, Desk, counts
from tests.hub import HubUnderTest, make_number
from tests.principals import add_team, add_user, make_principal


async def _people(desk: Desk) -> dict[str, Any]:
    users = [to_text(Prefix.USER, await add_user(desk.hub.app.hub)) for _ in range(2)]
    team = to_text(Prefix.TEAM, await add_team(desk.hub.app.hub))
    return {"owner": users[0], "other": users[1], "team": team}


async def _customers(desk: Desk, people: dict[str, Any]) -> list[dict[str, Any]]:
    made = [
        await create_customer(
            desk.api,
            display_name=f"customer {i:02d}",
            owner_id=people["owner"] if i % 2 else None,
            stage="lead" if i % 3 else "active",
            tags=["old", "both"] if i % 4 else ["both"],
            phones=[{"number": make_number()}],
            external_ids=[{"source": "shop", "id": f"A-{i}"}],
        )
        for i in range(9)
    ]
    await desk.api.post(f"{path_of(made[8])}/archive")
    return made


ACTIONS: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[int, int, int]]] = {
    "owner": ({"type": "assign_owner", "owner_id": "{other}"}, {"filter": {}}, (8, 0, 0)),
    "no owner": ({"type": "assign_owner", "owner_id": None}, {"filter": {"archived": "any"}}, (4, 4, 1)),
    "team": ({"type": "assign_team", "team_id": "{team}"}, {"filter": {"stage": ["lead"]}}, (5, 0, 0)),
    "stage": ({"type": "set_stage", "stage": "active"}, {"filter": {}}, (5, 3, 0)),
    "stage of a stage": ({"type": "set_stage", "stage": "active"}, {"filter": {"stage": ["lead"]}}, (5, 0, 0)),
    "add tags": ({"type": "add_tags", "tags": ["Both", "new", "NEW"]}, {"filter": {"tag": ["old"]}}, (6, 0, 0)),
    "remove tags": ({"type": "remove_tags", "tags": ["OLD", "absent"]}, {"filter": {}}, (6, 2, 0)),
    "archive": ({"type": "archive"}, {"filter": {"archived": "any"}}, (8, 1, 0)),
    "restore": ({"type": "restore"}, {"filter": {}}, (1, 0, 0)),
    "leaver": (
        {"type": "reassign_leaver", "from_owner_id": "{owner}", "to_owner_id": "{other}"}, {}, (4, 0, 0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIONS)
async def test_every_action_does_what_it_says_and_its_undo_restores_all(desk: Desk, name: str) -> None:
    people = await _people(desk)
    await _customers(desk, people)
    action, selection, expected = ACTIONS[name]
    action = {key: value.format(**people) if isinstance(value, str) else value for key, value in action.items()}
    before = await desk.content()
    dry = await desk.do(action, dry_run=True, **selection)
    assert (counts(dry), dry["dry_run"], await desk.content()) == (expected, True, before)
    done = await desk.do(action, **selection)
    assert (counts(done), done["total"], done["status"]) == (expected, sum(expected), "succeeded")
    after = await desk.content()
    assert sum(one != other for one, other in zip(before, after, strict=True)) == expected[0]
    again = await desk.do(action, **selection)
    assert counts(again)[0] == 0
    undone = await desk.undo(done)
    assert (undone["restored"], undone["kept"], undone["undo_status"]) == (expected[0], 0, "succeeded")
    assert await desk.content() == before
    problem_of(await desk.api.post(f"{PATH}/{done['id']}/undo"), 409, "bulk_action_undone")
    problem_of(await desk.api.post(f"{PATH}/{dry['id']}/undo"), 409, "bulk_action_dry")


async def test_the_undo_leaves_what_changed_since_and_names_it(desk: Desk) -> None:
    made = [await create_customer(desk.api) for _ in range(4)]
    done = await desk.do({"type": "set_stage", "stage": "active"}, ids=[customer["id"] for customer in made])
    await desk.api.patch(path_of(made[0]), json={"stage": "prospect"})
    await desk.api.post(f"{path_of(made[1])}/archive")
    await desk.api.patch(path_of(made[2]), json={"note": "something else"})
    undone = await desk.undo(done)
    assert (undone["restored"], undone["kept"]) == (2, 2)
    kept = {row["customer_id"]: row["undo_error"] for row in await desk.rows(done, undo_outcome="kept")}
    assert kept == {made[0]["id"]: "changed_since", made[1]["id"]: "customer_archived"}
    stages = [(await read_customer(desk.api, customer))["stage"] for customer in made]
    assert stages == ["prospect", "active", "lead", "lead"]


async def test_one_that_a_constraint_refuses_is_refused_alone(desk: Desk) -> None:
    """S-13: a number that somebody else took meanwhile; the others of its transaction come back."""
    number = make_number()
    made = [await create_customer(desk.api, phones=[{"number": n}]) for n in (make_number(), number, make_number())]
    done = await desk.do({"type": "archive"}, filter={})
    rival = await create_customer(desk.api)
    await add_phone(desk.api, rival, number)
    undone = await desk.undo(done)
    assert (undone["restored"], undone["kept"]) == (2, 1)
    (kept,) = await desk.rows(done, undo_outcome="kept")
    assert (kept["customer_id"], kept["undo_error"]) == (made[1]["id"], "phone_taken")
    again = await desk.do({"type": "restore"}, filter={})
    assert counts(again) == (0, 0, 1)
    assert [row["error"] for row in await desk.rows(again, outcome="refused")] == ["phone_taken"]


async def test_ids_that_are_not_there_are_refused_and_named(desk: Desk) -> None:
    customer, unknown = await create_customer(desk.api), to_text(Prefix.CUSTOMER, new_id())
    done = await desk.do({"type": "add_tags", "tags": ["x"]}, ids=[customer["id"], unknown, customer["id"]])
    assert counts(done) == (1, 0, 1)
    rows = {row["customer_id"]: (row["outcome"], row["error"]) for row in await desk.rows(done)}
    assert rows == {customer["id"]: ("changed", None), unknown: ("refused", "customer_not_found")}


async def test_s62_only_what_its_starter_reaches(desk: Desk) -> None:
    mine = await add_user(desk.hub.app.hub)
    client = desk.hub.client_of(make_principal(user_id=mine, reach=scoped(owner=mine), scopes=[
        "customers:read", "customers:create", "tags:write"]))  # fmt: skip
    other, own = await create_customer(desk.api), await create_customer(client)
    done = await desk.do({"type": "add_tags", "tags": ["x"]}, api=client, filter={})
    assert counts(done) == (1, 0, 0)
    named = await desk.do({"type": "add_tags", "tags": ["y"]}, api=client, ids=[other["id"], own["id"]])
    assert counts(named) == (1, 0, 1)
    assert (await read_customer(desk.api, other))["tags"] == []
    problem_of(await desk.hub.client_of(make_principal("sales")).get(f"{PATH}/{done['id']}"), 404,
               "bulk_action_not_found")  # fmt: skip


async def test_rights_are_those_of_the_single_action(desk: Desk) -> None:
    """S-60, S-61: scope and field of each."""
    hub = desk.hub
    reader = hub.client(scopes=["customers:read"])
    for action, scope in (
        ({"type": "set_stage", "stage": "active"}, "customers:write"),
        ({"type": "assign_owner", "owner_id": None}, "customers:write"),
        ({"type": "add_tags", "tags": ["x"]}, "tags:write"),
        ({"type": "archive"}, "customers:archive"),
        ({"type": "restore"}, "customers:archive"),
    ):
        answer = await reader.post(PATH, json={"action": action, "filter": {}})
        assert problem_of(answer, 403, "insufficient_scope")["scope"] == scope
    support = hub.client_of(make_principal("support"))
    answer = await support.post(PATH, json={"action": {"type": "set_stage", "stage": "active"}, "filter": {}})
    problem_of(answer, 403, "field_not_writable")
    partner = make_principal("partner", scopes=["customers:read", "tags:write", "customers:archive"])
    answer = await hub.client_of(partner).post(PATH, json={"action": {"type": "archive"}, "filter": {"tag": ["x"]}})
    assert problem_of(answer, 403, "field_hidden")["errors"][0]["pointer"] == "#/filter/tag"
    done = await desk.do({"type": "add_tags", "tags": ["x"]}, filter={})
    other = hub.client_of(make_principal(scopes=["customers:read", "jobs:manage"]))
    assert (await other.get(f"{PATH}/{done['id']}")).status_code == 200
    problem_of(await other.post(f"{PATH}/{done['id']}/undo"), 403, "insufficient_scope")


async def test_what_cannot_be_asked_for(desk: Desk) -> None:
    api, unknown = desk.api, to_text(Prefix.USER, new_id())
    archive = {"type": "archive"}
    for body in ({"action": archive}, {"action": archive, "filter": {}, "ids": [to_text(Prefix.CUSTOMER, new_id())]}):
        problem_of(await api.post(PATH, json=body), 422, "selection_unclear")
    answer = await api.post(PATH, json={"action": {"type": "assign_owner", "owner_id": unknown}, "filter": {}})
    assert problem_of(answer, 409, "owner_unknown")["errors"][0]["pointer"] == "#/action/owner_id"
    team = to_text(Prefix.TEAM, new_id())
    answer = await api.post(PATH, json={"action": {"type": "assign_team", "team_id": team}, "filter": {}})
    problem_of(answer, 409, "team_unknown")
    absent = to_text(Prefix.SAVED_FILTER, new_id())
    answer = await api.post(PATH, json={"action": archive, "saved_filter_id": absent})
    problem_of(answer, 404, "saved_filter_not_found")
    for action in ({"type": "explode"}, {"type": "add_tags", "tags": []}, {"type": "archive", "x": 1}, {}):
        assert (await api.post(PATH, json={"action": action, "filter": {}})).status_code == 422
    gone = to_text(Prefix.BULK_ACTION, new_id())
    for answer in (
        await api.get(f"{PATH}/{gone}"), await api.get(f"{PATH}/{gone}/rows"), await api.post(f"{PATH}/{gone}/undo"),
    ):  # fmt: skip
        problem_of(answer, 404, "bulk_action_not_found")


async def test_it_is_told_per_customer_in_the_bulk_lane_and_once_in_all(desk: Desk) -> None:
    """E-8; and the history of each customer says who did it."""
    made = [await create_customer(desk.api) for _ in range(3)]
    done = await desk.do({"type": "set_stage", "stage": "active"}, filter={})
    events = await desk.hub.rows(
        "SELECT type, bulk_id IS NULL FROM events WHERE type <> 'customer.created' ORDER BY id"
    )
    assert [(row[0], bool(row[1])) for row in events] == [("customer.updated", False)] * 3 + [
        ("bulk_action.completed", True)
    ]
    history = (await desk.api.get(f"{path_of(made[0])}/history")).json()["data"]
    assert history[0]["changes"] == [{"field": "stage", "old": "lead", "new": "active"}]
    listed = (await desk.api.get(PATH)).json()["data"]
    assert [action["id"] for action in listed] == [done["id"]]


async def test_s89_erasure_takes_what_an_action_kept_of_a_customer(desk: Desk) -> None:
    from tests.features.customers.test_sync_customers import erase

    one, other = await create_customer(desk.api, tags=["secret"]), await create_customer(desk.api, tags=["secret"])
    done = await desk.do({"type": "remove_tags", "tags": ["secret"]}, filter={})
    await erase(desk.hub, one)
    assert [row["customer_id"] for row in await desk.rows(done)] == [other["id"]]
    assert (await desk.undo(done))["restored"] == 1


async def test_a_saved_filter_selects_and_a_running_action_cannot_be_undone(desk: Desk) -> None:
    await create_customer(desk.api, stage="active")
    await create_customer(desk.api)
    saved = (await desk.api.post("/v1/saved-filters", json={"name": "active", "filter": {"stage": ["active"]}})).json()
    job = await desk.start({"type": "add_tags", "tags": ["x"]}, saved_filter_id=saved["id"])
    action = await desk.read(job["result_url"])
    assert (action["status"], action["total"], action["filter"]["stage"]) == ("queued", 1, ["active"])
    problem_of(await desk.api.post(f"{PATH}/{action['id']}/undo"), 409, "bulk_action_running")
    await desk.api.post(f"/v1/jobs/{job['id']}/cancel")
    assert (await desk.undo(action))["restored"] == 0


async def test_pages_of_actions_and_rows(hub: HubUnderTest) -> None:
    desk = Desk(hub)
    for _ in range(5):
        await create_customer(hub.api)
    done = [await desk.do({"type": "add_tags", "tags": [tag]}, filter={}) for tag in ("a", "b", "c")]
    first = (await hub.api.get(PATH, params={"limit": 2})).json()
    assert [one["id"] for one in first["data"]] == [done[2]["id"], done[1]["id"]]
    rest = (await hub.api.get(PATH, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [one["id"] for one in rest["data"]] == [done[0]["id"]]
    assert len(await desk.rows(done[0], limit=2)) == 5
