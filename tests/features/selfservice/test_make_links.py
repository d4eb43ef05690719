"""Links that staff make: nobody gives what it may not write itself; shown once, or sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from custhub.kit.ids import Prefix, new_id, to_text
from custhub.security.reach import scoped
from tests.customers import create_customer, declare, path_of, problem_of
from tests.features.selfservice.counter import browser, make_link, page_of, seen, sent
from tests.hub import START, HubUnderTest, make_number
from tests.principals import make_principal


def at(hours: float) -> str:
    return (START + timedelta(hours=hours)).isoformat()


async def test_the_address_is_shown_once(hub: HubUnderTest) -> None:
    """contract_d1, contract_d3."""
    customer = await create_customer(hub.api)
    path = f"{path_of(customer)}/self-service-links"
    key = {"Idempotency-Key": f"link-{customer['id']}"}
    body = {"fields": ["gender", "phones", "gender"], "expires_in_seconds": 3600, "locale": "zh"}
    first = await hub.api.post(path, json=body, headers=key)
    made = first.json()
    assert (first.status_code, first.headers["cache-control"]) == (201, "no-store")
    assert first.headers["location"] == f"{path}/{made['id']}"
    assert (made["fields"], made["status"], made["locale"]) == (["gender", "phones"], "open", "zh")
    assert made["expires_at"].startswith("2026-03-01T09:00:00")
    again = (await hub.api.post(path, json=body, headers=key)).json()
    assert again == made | {"url": None}
    assert (await hub.api.get(path)).json()["data"] == [made | {"url": None}]
    assert await seen(hub.api, customer, made) == made | {"url": None}
    stored = await hub.rows("SELECT * FROM link_tokens")
    assert made["url"].rpartition("/")[2] not in repr([tuple(row) for row in stored])


async def test_links_are_listed_newest_first(hub: HubUnderTest) -> None:
    """contract_c1."""
    customer = await create_customer(hub.api)
    ids = [(await make_link(hub.api, customer, "gender"))["id"] for _ in range(3)][::-1]
    path = f"{path_of(customer)}/self-service-links"
    page = (await hub.api.get(path, params={"limit": 2})).json()
    rest = (await hub.api.get(path, params={"limit": 2, "cursor": page["next_cursor"]})).json()
    assert [link["id"] for link in (*page["data"], *rest["data"])] == ids


async def test_nobody_gives_a_field_that_it_may_not_write_itself(hub: HubUnderTest) -> None:
    """S-61: support writes addresses and the language, and no names."""
    await declare(hub.api, "club", {"type": "string", "maxLength": 20}, writers=["manager"])
    await declare(hub.api, "sizes", {"type": "array", "items": {"type": "string", "enum": ["S", "M"]}})
    customer = await create_customer(hub.api)
    path = f"{path_of(customer)}/self-service-links"
    support = hub.client_of(make_principal("support"))
    refused = problem_of(
        await support.post(path, json={"fields": ["addresses", "display_name"]}), 403, "field_not_writable"
    )
    assert [one["pointer"] for one in refused["errors"]] == ["#/fields/1"]
    assert (await support.post(path, json={"fields": ["addresses"]})).status_code == 201
    for fields, status, code in (
        (["stage"], 422, "field_not_offered"),
        (["custom_fields.sizes"], 422, "field_not_offered"),
        (["custom_fields.unheard_of"], 422, "field_not_offered"),
        ([], 422, "too_short"),
        (["Nonsense!"], 422, "pattern_mismatch"),
    ):
        answer = await hub.api.post(path, json={"fields": fields})
        assert answer.status_code == status, answer.text
        problem = answer.json()
        assert code in {problem["code"], *(one["code"] for one in problem["errors"])}, problem


async def test_rights_and_reach(hub: HubUnderTest) -> None:
    """S-62, H2."""
    customer = await create_customer(hub.api, source="theirs")
    link = await make_link(hub.api, customer, "gender")
    path = f"{path_of(customer)}/self-service-links"
    stranger = hub.client_of(make_principal(reach=scoped(sources=["mine"]), kind="client"))
    body = {"fields": ["gender"]}
    problem_of(await stranger.post(path, json=body), 404, "customer_not_found")
    problem_of(await stranger.get(path), 404, "customer_not_found")
    problem_of(await stranger.get(f"{path}/{link['id']}"), 404, "customer_not_found")
    problem_of(await stranger.post(f"{path}/{link['id']}/revoke"), 404, "customer_not_found")
    assert (await hub.client(token="").get(path)).status_code == 401
    reader = hub.client(scopes=["customers:read"])
    problem_of(await reader.post(path, json=body), 403, "insufficient_scope")
    problem_of(await reader.post(f"{path}/{link['id']}/revoke"), 403, "insufficient_scope")
    unknown = to_text(Prefix.SELF_SERVICE_LINK, new_id())
    problem_of(await hub.api.get(f"{path}/{unknown}"), 404, "self_service_link_not_found")
    other = await create_customer(hub.api)
    problem_of(
        await hub.api.get(f"{path_of(other)}/self-service-links/{link['id']}"), 404, "self_service_link_not_found"
    )
    await hub.api.post(f"{path_of(customer)}/archive")
    problem_of(await hub.api.post(path, json=body), 409, "customer_archived")


async def test_a_link_is_revoked_once(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api)
    link = await make_link(hub.api, customer, "gender")
    path = f"{path_of(customer)}/self-service-links/{link['id']}/revoke"
    async with browser(hub) as person:
        revoked = await hub.api.post(path)
        assert (revoked.status_code, revoked.json()["status"]) == (200, "revoked")
        problem_of(await hub.api.post(path), 409, "self_service_link_closed")
        assert (await person.get(page_of(hub, link))).status_code == 404


async def test_the_hub_sends_a_link_and_shows_it_to_nobody(hub: HubUnderTest) -> None:
    number = make_number()
    customer = await create_customer(
        hub.api, phones=[{"number": number}], emails=[{"email": "post@example.com"}], language="zh-CN"
    )
    async with browser(hub) as person:
        for channel, address in (("sms", f"+86{number}"), ("email", "post@example.com")):
            link = await make_link(hub.api, customer, "gender", send_by=channel)
            assert (link["url"], link["sent_by"]) == (None, channel)
            (text,) = (text for to, text in await sent(hub, "self_service_link") if to == address)
            assert "请核对您的资料" in text
            url = next(word for word in text.replace("：", " ").split() if "/p/" in word)
            assert (await person.get(page_of(hub, {"url": url}))).status_code == 200
    nobody = await create_customer(hub.api)
    for channel in ("sms", "email"):
        answer = await hub.api.post(
            f"{path_of(nobody)}/self-service-links", json={"fields": ["gender"], "send_by": channel}
        )
        problem_of(answer, 409, "contact_point_missing")


@pytest.mark.parametrize("ending", ["waits", "revoked", "used"])
async def test_one_reminder_leaves_while_the_link_waits(fresh_hub: HubUnderTest, ending: str) -> None:
    """M-4."""
    hub = fresh_hub
    customer = await create_customer(hub.api, emails=[{"email": "post@example.com"}])
    members: dict[str, Any] = {"send_by": "email", "remind_at": at(24)}
    link = await make_link(hub.api, customer, "gender", **members)
    assert link["remind_at"] == at(24).replace("+00:00", "Z")
    (_, text) = (await sent(hub, "self_service_link"))[0]
    url = next(word for word in text.split() if "/p/" in word)
    if ending == "revoked":
        await hub.api.post(f"{path_of(customer)}/self-service-links/{link['id']}/revoke")
    elif ending == "used":
        async with browser(hub) as person:
            assert (await person.post(page_of(hub, {"url": url}), data={"gender": "male"})).status_code == 200
    hub.clock.advance(timedelta(hours=25).total_seconds())
    if hub.engine == "postgresql":  # which has a time of its own
        async with hub.app.database.transaction() as connection:
            due = "next_attempt_at = now() - interval '1 hour', expires_at = now() + interval '1 hour'"
            await connection.execute(f"UPDATE messages SET {due}", ())  # noqa: S608  # no input
            await connection.execute("UPDATE self_service_links SET expires_at = now() + interval '1 hour'", ())
    await hub.app.messages.round()
    listed = await hub.client().get("/v1/messages", params={"kind": "self_service_reminder"})
    (reminder,) = listed.json()["data"]
    expected = ("sent", None) if ending == "waits" else ("failed", "not_needed")
    assert (reminder["state"], reminder["error"]) == expected


async def test_a_reminder_needs_a_link_that_is_sent_and_waits_then(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api, emails=[{"email": "post@example.com"}])
    path = f"{path_of(customer)}/self-service-links"
    for members in (
        {"remind_at": at(1)}, {"send_by": "email", "remind_at": at(-1)},
        {"send_by": "email", "remind_at": at(2), "expires_in_seconds": 7200},
    ):  # fmt: skip
        refused = problem_of(await hub.api.post(path, json={"fields": ["gender"], **members}), 422, "reminder_invalid")
        assert refused["errors"][0]["pointer"] == "#/remind_at"


async def test_without_a_way_to_send_codes_there_is_no_link_for_numbers(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api, emails=[{"email": "post@example.com"}])
    path = f"{path_of(customer)}/self-service-links"
    transports = hub.app.messages.parts.transports
    kept = dict(transports)
    try:
        transports.clear()  # type: ignore[attr-defined]  # a double
        for body in ({"fields": ["phones"]}, {"fields": ["emails"]}, {"fields": ["gender"], "send_by": "email"}):
            problem_of(await hub.api.post(path, json=body), 409, "channel_missing")
        assert (await hub.api.post(path, json={"fields": ["gender"]})).status_code == 201
    finally:
        transports.update(kept)  # type: ignore[attr-defined]  # a double
