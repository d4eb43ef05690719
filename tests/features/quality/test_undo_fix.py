"""A quality fix undone restores the value: each kind of fix, on both engines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.customers import add_phone, path_of, problem_of
from tests.features.quality.desk import DAY, FINDINGS, content, findings, person, reachable, scan, spoil_number
from tests.hub import HubUnderTest

Make = Callable[[HubUnderTest], Awaitable[dict[str, Any]]]
_ADDRESS = {"country": "DE", "city": "Berlin", "street": "Unter den Linden 1", "postcode": "10117"}


async def _invalid(hub: HubUnderTest) -> dict[str, Any]:
    customer = await reachable(hub.api)
    await spoil_number(hub, customer, "+8610000000000")
    return customer


async def _expired(hub: HubUnderTest) -> dict[str, Any]:
    phone = {"number": "13800138000", "kind": "virtual", "expires_at": "2026-12-24T00:00:00Z", "is_primary": True}
    customer = await reachable(hub.api, phones=[phone, {"number": "13800138001"}])
    hub.clock.advance(400 * DAY)
    return customer


async def _dead(hub: HubUnderTest) -> dict[str, Any]:
    customer = await reachable(hub.api, phones=[{"number": "13800138000", "label": "office"}])
    await add_phone(hub.api, customer, "13800138001")
    phone = customer["phones"][0]
    answer = await hub.api.post(f"{path_of(customer, phone)}/verify", json={"result": "no_such_number"})
    assert answer.json()["status"] == "dead"
    hub.clock.advance(91 * DAY)
    return customer


def _made(**members: Any) -> Make:
    async def make(hub: HubUnderTest) -> dict[str, Any]:
        return await reachable(hub.api, **members)

    return make


_BAD: dict[str, tuple[Make, str, str]] = {
    "not_valid": (_invalid, "invalid_phone", "set_status"),
    "expired": (_expired, "invalid_phone", "set_status"),
    "dead": (_dead, "dead_phone", "remove"),
    "email_typo": (_made(emails=[{"email": "li.na@gmial.com"}]), "contradictory", "replace"),
    "email_typo beside the right one": (
        _made(emails=[{"email": "li.na@gmial.com"}, {"email": "li.na@gmail.com"}]),
        "contradictory",
        "remove",
    ),
    "duplicate e-mail": (
        _made(emails=[{"email": "Li.Na@example.com"}, {"email": "li.na@example.com", "label": "work"}]),
        "contradictory",
        "remove",
    ),
    "duplicate phone": (
        _made(phones=[{"number": "010 8888 6666"}, {"number": "+86 10 8888 6666", "label": "desk"}]),
        "contradictory",
        "remove",
    ),
    "duplicate address": (_made(addresses=[_ADDRESS, _ADDRESS | {"label": "home"}]), "contradictory", "remove"),
    "number_in_name": (_made(display_name="张三丰 13812345678"), "contradictory", "set_field"),
    "title_in_name": (_made(display_name="Mrs. Jane Austen"), "contradictory", "set_field"),
    "company_as_person": (_made(display_name="深圳市大海贸易有限公司"), "contradictory", "set_field"),
    "birthday_too_old": (_made(birthday={"date": "1901-02-03"}), "contradictory", "set_field"),
}  # fmt: skip


@pytest.mark.parametrize("name", _BAD)
async def test_a_fix_undone_restores_the_value(fresh_hub: HubUnderTest, name: str) -> None:
    hub = fresh_hub
    make, kind, fix = _BAD[name]
    customer = await make(hub)
    before = await content(hub, customer)
    await scan(hub)
    finding = (await findings(hub, customer, fixable="true"))[name.partition(" ")[0]]
    assert (finding["kind"], finding["fix"], finding["source"]) == (kind, fix, "scan")
    api, path = person(hub), f"{FINDINGS}/{finding['id']}"
    accepted = await api.post(f"{path}/accept")
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted"), accepted.text
    fixed = await content(hub, customer)
    assert fixed != before
    assert (await scan(hub))["resolved"] == 0
    assert finding["reason"] not in await findings(hub, customer)
    undone = await api.post(f"{path}/undo")
    assert (undone.status_code, undone.json()["state"]) == (200, "open"), undone.text
    assert await content(hub, customer) == before
    assert (await scan(hub))["opened"] == 0
    assert finding["reason"] in await findings(hub, customer)
    assert (await api.post(f"{path}/accept")).status_code == 200
    assert await content(hub, customer) == fixed


async def test_the_origin_of_a_fixed_value_is_the_rule_quality(fresh_hub: HubUnderTest) -> None:
    customer = await reachable(fresh_hub.api, display_name="Mr. Tom Sawyer", emails=[{"email": "t@gmial.com"}])
    await scan(fresh_hub)
    api = person(fresh_hub)
    for finding in (await findings(fresh_hub, customer)).values():
        if finding["fix"] is not None:
            assert (await api.post(f"{FINDINGS}/{finding['id']}/accept")).status_code == 200
    now = await content(fresh_hub, customer)
    assert (now["display_name"], now["emails"][0]["email"]) == ("Tom Sawyer", "t@gmail.com")
    rules = {(entry["field"], entry["rule"]) for entry in now["provenance"]}
    assert {("display_name", "quality"), ("emails", "quality")} <= rules


async def test_what_changed_since_is_neither_fixed_nor_undone(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    customer = await reachable(hub.api, display_name="Mr. Tom Sawyer", emails=[{"email": "t@gmial.com"}])
    await scan(hub)
    api, found = person(hub), await findings(hub, customer)
    name, mail = (f"{FINDINGS}/{found[reason]['id']}" for reason in ("title_in_name", "email_typo"))
    assert (await api.patch(path_of(customer), json={"display_name": "Huck Finn"})).status_code == 200
    problem_of(await api.post(f"{name}/accept"), 409, "finding_outdated")
    assert (await api.post(f"{mail}/accept")).status_code == 200
    assert (await api.delete(f"{path_of(customer)}/emails/{customer['emails'][0]['id']}")).status_code == 204
    problem_of(await api.post(f"{mail}/undo"), 409, "finding_outdated")


async def test_who_does_not_write_the_field_does_not_fix_it(fresh_hub: HubUnderTest) -> None:
    """S-61: a fix is a change like any other."""
    hub = fresh_hub
    customer = await reachable(hub.api, display_name="Mr. Tom Sawyer", emails=[{"email": "t@gmial.com"}])
    await scan(hub)
    limited = person(hub, "support", scopes=frozenset(("customers:write", "quality:read", "quality:write")))
    for finding in (await findings(hub, customer)).values():
        if finding["fix"] is not None:
            problem_of(await limited.post(f"{FINDINGS}/{finding['id']}/accept"), 403, "field_not_writable")
