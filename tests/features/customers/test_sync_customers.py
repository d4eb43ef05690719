"""The sync of customers: what changed, what is gone, and nothing missed (S-90)."""

from __future__ import annotations

from typing import Any

from custhub.kit.ids import Prefix, from_text
from custhub.security.reach import scoped
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of
from tests.hub import HubUnderTest
from tests.principals import add_user, make_principal

PATH = "/v1/customers/changes"


async def erase(hub: HubUnderTest, customer: dict[str, Any]) -> None:
    """What a privacy request will do."""
    uow = hub.app.hub.unit_of_work(make_principal().actor, "tests")
    for link in hub.app.links:
        await link.erase(uow, from_text(Prefix.CUSTOMER, customer["id"]))
    await uow.commit()


async def walk(api: ApiClient, **params: Any) -> tuple[list[dict[str, Any]], str]:
    """All changes, and where the next walk begins."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = await api.get(PATH, params=params | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found += body["data"]
        cursor = body["next_cursor"]
        assert body["has_more"] is (cursor is not None)
        if cursor is None:
            return found, body["synced_until"]
        assert body["synced_until"] is None


async def test_a_walk_shows_live_archived_merged_and_erased_ones(fresh_hub: HubUnderTest) -> None:
    api = fresh_hub.api
    made = [await create_customer(api, display_name=name) for name in "abcd"]
    live, archived, merged, erased = made
    await api.post(f"{path_of(archived)}/archive")
    await erase(fresh_hub, erased)
    uow = fresh_hub.app.hub.unit_of_work(make_principal().actor, "tests")
    ids = [from_text(Prefix.CUSTOMER, customer["id"]) for customer in made]
    from custhub.features.customers.models import customers

    uow.update(customers, {"id": ids[2]}, {"merged_into": ids[0], "archived_at": uow.now})
    await uow.commit()
    found, _ = await walk(api)
    assert {change["id"]: (change["state"], change["merged_into"]) for change in found} == {
        live["id"]: ("live", None),
        archived["id"]: ("archived", None),
        merged["id"]: ("merged", live["id"]),
        erased["id"]: ("erased", None),
    }
    assert [change["updated_at"] for change in found] == sorted(change["updated_at"] for change in found)
    assert next(c["revision"] for c in found if c["id"] == archived["id"]) == 2


async def test_walks_follow_each_other_without_missing_anything(fresh_hub: HubUnderTest) -> None:
    api, clock = fresh_hub.api, fresh_hub.clock
    made = []
    for _ in range(5):
        made.append(await create_customer(api))
        clock.advance(2 * 60)
    found, since = await walk(api, limit=2)
    assert [change["id"] for change in found] == [customer["id"] for customer in made]
    assert (await walk(api, updated_at_gte=since))[0] == []
    await api.patch(path_of(made[1]), json={"note": "x"})
    # Younger than a minute: shown at once, and once more, because something older may still be on its way.
    for _ in range(2):
        found, since = await walk(api, updated_at_gte=since)
        assert [(change["id"], change["revision"]) for change in found] == [(made[1]["id"], 2)]
    clock.advance(5 * 60)
    found, since = await walk(api, updated_at_gte=since)
    assert len(found) == 1
    assert (await walk(api, updated_at_gte=since))[0] == []


async def test_a_walk_ends_with_what_is_younger_than_a_minute(fresh_hub: HubUnderTest) -> None:
    """A page of them is not walked past: who commits late is found by the next walk."""
    api = fresh_hub.api
    made = [await create_customer(api) for _ in range(3)]
    body = (await api.get(PATH, params={"limit": 2})).json()
    assert (len(body["data"]), body["next_cursor"]) == (2, None)
    fresh_hub.clock.advance(2 * 60)
    found, _ = await walk(api, limit=2, updated_at_gte=body["synced_until"])
    assert {change["id"] for change in found} == {customer["id"] for customer in made}


async def test_s62_only_what_is_within_reach(hub: HubUnderTest) -> None:
    mine = await add_user(hub.app.hub)
    theirs = await create_customer(hub.api)
    client = hub.client_of(make_principal("sales", user_id=mine, reach=scoped(owner=mine)))
    own = await create_customer(client)
    found, _ = await walk(client)
    assert [change["id"] for change in found] == [own["id"]]
    assert theirs["id"] != own["id"]


async def test_s90_an_erased_customer_is_410_and_in_no_list(fresh_hub: HubUnderTest) -> None:
    api = fresh_hub.api
    customer = await create_customer(api, tags=["x"])
    await erase(fresh_hub, customer)
    path = path_of(customer)
    problem_of(await api.get(path), 410, "erased")
    problem_of(await api.patch(path, json={"note": "x"}), 410, "erased")
    for rest in ("archive", "restore"):
        problem_of(await api.post(f"{path}/{rest}"), 410, "erased")
    for rest in ("phones", "emails", "addresses", "contacts", "external-ids", "tags", "history"):
        problem_of(await api.get(f"{path}/{rest}"), 410, "erased")
    for archived in ("false", "true", "any"):
        assert (await api.get("/v1/customers", params={"archived": archived})).json()["data"] == []


async def test_refusals(hub: HubUnderTest) -> None:
    api = hub.api
    problem_of(await api.get(PATH, params={"cursor": "x"}), 422, "invalid_cursor")
    problem_of(await api.get(PATH, params={"since": "x"}), 422, "unknown_field")
    problem_of(await api.get(PATH, params={"updated_at_gte": "x"}), 422, "validation_failed")
    problem_of(await hub.client(scopes=["tags:write"]).get(PATH), 403, "insufficient_scope")
    problem_of(await hub.client(token="").get(PATH), 401, "token_missing")
