"""The consent ledger: append-only, the last entry counts, the strictest of a moment and of a merge (S-81)."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from custhub.features.messages.rules import Category, Channel, Recipient
from custhub.features.messages.service.gates import Sending
from custhub.kit.db import Violation
from custhub.kit.ids import Prefix, from_text, new_id
from custhub.kit.uow import SYSTEM
from custhub.security.reach import scoped
from tests.canonical import given_back, joined
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.hub import START, HubUnderTest
from tests.principals import make_principal

PATH = "/v1/consents"


def at(hours: float) -> str:
    return (START + timedelta(hours=hours)).isoformat()


def entry(status: str = "granted", **members: Any) -> dict[str, Any]:
    return {"purpose": "marketing", "channel": "email", "status": status, "captured_at": at(-1), **members}


async def record(api: ApiClient, customer: dict[str, Any], **members: Any) -> dict[str, Any]:
    answer = await api.post(PATH, json={"customer_id": customer["id"], **entry(**members)})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def states(api: ApiClient, customer: dict[str, Any]) -> dict[tuple[str, str], str]:
    found = (await api.get(f"{path_of(customer)}/consents")).json()["data"]
    return {(state["purpose"], state["channel"]): state["status"] for state in found}


async def test_an_entry_has_every_column_and_its_evidence_is_sealed(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api, birthday={"date": "2020-01-01"})
    given: dict[str, Any] = {
        "legal_basis": "consent", "notice_version": "2026-01", "separate": True, "source": "shop_form",
        "method": "double_opt_in", "evidence": "ticked by 李明 at 10.0.0.9",
        "guardian": {"name": "李明", "relationship": "father"},
    }  # fmt: skip
    made = await record(hub.api, customer, **given)
    assert {name: made[name] for name in given} == given
    assert (made["captured_at"], made["has_evidence"]) == (at(-1).replace("+00:00", "Z"), True)
    assert (await hub.api.get(f"{PATH}/{made['id']}")).json() == made
    # Readers see that there is evidence, not what it says.
    seen = (await hub.client(scopes=["consents:read"]).get(f"{PATH}/{made['id']}")).json()
    assert (seen["has_evidence"], seen["evidence"], seen["guardian"]) == (True, None, None)
    for row in await hub.rows("SELECT evidence, guardian FROM consent_entries WHERE evidence IS NOT NULL"):
        assert "李明".encode() not in bytes(row[0]) + bytes(row[1])
    assert (await read_customer(hub.api, customer))["revision"] == 1  # contract_a4


async def test_the_last_by_capture_counts_in_any_order_of_arrival(api: ApiClient) -> None:
    said = [("granted", -5), ("withdrawn", -4), ("granted", -3), ("denied", -2)]
    for order in itertools.permutations(said):
        customer = await create_customer(api)
        for status, hours in order:
            await record(api, customer, status=status, captured_at=at(hours))
        assert await states(api, customer) == {("marketing", "email"): "denied"}


@pytest.mark.parametrize("order", list(itertools.permutations(["granted", "expired", "withdrawn", "denied"]))[::5])
async def test_of_one_moment_the_strictest_counts(api: ApiClient, order: tuple[str, ...]) -> None:
    customer = await create_customer(api)
    for i, status in enumerate(order):
        await record(api, customer, status=status)
        strictest = max(order[: i + 1], key=["granted", "expired", "withdrawn", "denied"].index)
        assert (await states(api, customer))["marketing", "email"] == strictest


async def test_several_are_recorded_together_or_not_at_all(api: ApiClient) -> None:
    customer = await create_customer(api)
    entries = [entry(), entry("denied", channel="sms"), entry("withdrawn", captured_at=at(-0.5))]
    answer = await api.post(f"{PATH}/record", json={"customer_id": customer["id"], "entries": entries})
    assert answer.status_code == 201
    assert [row["status"] for row in answer.json()["data"]] == ["granted", "denied", "withdrawn"]
    assert await states(api, customer) == {("marketing", "email"): "withdrawn", ("marketing", "sms"): "denied"}
    bad = {"customer_id": customer["id"], "entries": [entry(channel="phone"), entry(captured_at=at(1))]}
    refused = problem_of(await api.post(f"{PATH}/record", json=bad), 422, "consent_not_yet")
    assert refused["errors"][0]["pointer"] == "#/entries/1/captured_at"
    assert len((await api.get(PATH, params={"customer_id": customer["id"]})).json()["data"]) == 3


async def test_the_ledger_lists_filters_and_walks(api: ApiClient) -> None:
    """contract_c1, contract_c2."""
    customer = await create_customer(api)
    made = [await record(api, customer, channel=channel) for channel in ("email", "sms", "email", "wechat")]
    ids = [row["id"] for row in made][::-1]

    async def listed(**params: Any) -> list[str]:
        answer = await api.get(PATH, params={"customer_id": customer["id"], **params})
        return [row["id"] for row in answer.json()["data"]]

    assert await listed() == ids
    assert await listed(channel="email") == [made[2]["id"], made[0]["id"]]
    assert await listed(status="denied") == []
    assert await listed(purpose="marketing", status="granted") == ids
    page = (await api.get(PATH, params={"customer_id": customer["id"], "limit": 3})).json()
    rest = (
        await api.get(PATH, params={"customer_id": customer["id"], "limit": 3, "cursor": page["next_cursor"]})
    ).json()
    assert [row["id"] for row in (*page["data"], *rest["data"])] == ids


async def test_a_child_needs_a_guardian_to_agree(api: ApiClient) -> None:
    """PIPL 31."""
    child = await create_customer(api, birthday={"date": "2012-03-02"})
    body = {"customer_id": child["id"], **entry()}
    refused = problem_of(await api.post(PATH, json=body), 422, "guardian_required")
    assert refused["errors"][0]["pointer"] == "#/guardian"
    await record(api, child, status="denied")
    await record(api, child, guardian={"name": "李明", "relationship": "father"})
    for birthday in ({"date": "2012-03-01"}, {"date": "--03-02"}, None):
        adult = await create_customer(api, birthday=birthday)
        assert (await api.post(PATH, json={"customer_id": adult["id"], **entry(captured_at=at(0))})).status_code == 201


async def test_rows_can_be_added_and_nothing_else(hub: HubUnderTest) -> None:
    """S-81: the database itself refuses."""
    await record(hub.api, await create_customer(hub.api))
    statements = ["UPDATE consent_entries SET status = 'granted'", "DELETE FROM consent_entries"]
    if hub.engine == "postgresql":
        statements.append("TRUNCATE consent_entries CASCADE")
    for statement in statements:
        with pytest.raises(Violation):
            async with hub.app.database.transaction() as connection:
                await connection.execute(statement, ())


async def test_racing_entries_leave_the_right_state(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api)
    hours = list(range(-30, 0))
    answers = await asyncio.gather(
        *(
            hub.api.post(
                PATH,
                json={
                    "customer_id": customer["id"],
                    **entry("denied" if hour == -1 else "granted", captured_at=at(hour)),
                },
            )
            for hour in hours
        )
    )
    assert [answer.status_code for answer in answers] == [201] * 30
    assert await states(hub.api, customer) == {("marketing", "email"): "denied"}
    assert len((await hub.api.get(PATH, params={"customer_id": customer["id"]})).json()["data"]) == 30


async def test_rights_and_reach(hub: HubUnderTest) -> None:
    """S-62, S-63, H2."""
    customer = await create_customer(hub.api, source="theirs")
    made = await record(hub.api, customer)
    body = {"customer_id": customer["id"], **entry()}
    stranger = hub.client_of(make_principal(reach=scoped(sources=["mine"]), kind="client"))
    problem_of(await stranger.post(PATH, json=body), 409, "consent_customer_unknown")
    problem_of(await stranger.get(f"{PATH}/{made['id']}"), 404, "consent_not_found")
    problem_of(await stranger.get(f"{path_of(customer)}/consents"), 404, "customer_not_found")
    assert (await stranger.get(PATH, params={"customer_id": customer["id"]})).json()["data"] == []
    assert (await hub.client(token="").get(PATH)).status_code == 401
    reader = hub.client(scopes=["consents:read"])
    problem_of(await reader.post(PATH, json=body), 403, "insufficient_scope")
    problem_of(await hub.client(scopes=["customers:read"]).get(PATH), 403, "insufficient_scope")
    await hub.api.post(f"{path_of(customer)}/archive")
    problem_of(await hub.api.post(PATH, json=body), 409, "consent_customer_unknown")


async def test_each_entry_is_told_and_audited(fresh_hub: HubUnderTest) -> None:
    customer = await create_customer(fresh_hub.api)
    for status in ("granted", "withdrawn", "denied", "expired"):
        await record(fresh_hub.api, customer, status=status)
    told = await fresh_hub.rows("SELECT type FROM events WHERE subject_type = 'consent' ORDER BY id")
    assert [row[0] for row in told] == [f"consent.{status}" for status in ("granted", "withdrawn", "denied", "expired")]
    noted = await fresh_hub.rows("SELECT action, fields FROM audit_entries WHERE action = 'consent.recorded'")
    assert len(noted) == 4
    assert "marketing:email" in str(noted[0][1])


async def links(hub: HubUnderTest, operation: str, *ids: UUID) -> None:
    uow = hub.app.hub.unit_of_work(SYSTEM, "tests")
    for link in hub.app.links:
        if operation == "reassign":
            await link.reassign(uow, ids[:1], ids[1])
        else:
            await getattr(link, operation)(uow, *ids)
    await uow.commit()


def id_of(customer: dict[str, Any]) -> UUID:
    return from_text(Prefix.CUSTOMER, customer["id"])


async def test_in_a_merge_the_strictest_wins_and_no_entry_moves(hub: HubUnderTest) -> None:
    """MATCHING 4."""
    old, new = await create_customer(hub.api), await create_customer(hub.api)
    for channel, first, second in (
        ("email", "denied", "granted"), ("sms", "granted", "denied"), ("phone", "granted", None),
        ("wechat", "withdrawn", "withdrawn"),
    ):  # fmt: skip
        await record(hub.api, old, channel=channel, status=first)
        if second is not None:
            await record(hub.api, new, channel=channel, status=second, captured_at=at(-0.5))
    await links(hub, "reassign", id_of(old), id_of(new))
    expected = {"email": "denied", "sms": "denied", "phone": "granted", "wechat": "withdrawn"}
    assert {channel: status for (_, channel), status in (await states(hub.api, new)).items()} == expected
    counts = [len((await hub.api.get(PATH, params={"customer_id": who["id"]})).json()["data"]) for who in (old, new)]
    assert counts == [4, 5]
    # What the merge said counts like any entry: a later one of the person comes after it.
    await record(hub.api, new, channel="email", captured_at=at(0.05))
    assert (await states(hub.api, new))["marketing", "email"] == "granted"


async def test_when_a_merge_is_taken_back_counts_what_counted_before(hub: HubUnderTest) -> None:
    """S-81, MATCHING 5: by new entries; a refusal said since may have been of either, and counts for both."""
    old, new = await create_customer(hub.api), await create_customer(hub.api)
    for channel, first, second in (
        ("email", "denied", "granted"), ("sms", "granted", "denied"), ("phone", "granted", None),
        ("wechat", "granted", "granted"), ("app", None, "granted"), ("mail", "denied", "granted"),
    ):  # fmt: skip
        for who, status in ((old, first), (new, second)):
            if status is not None:
                await record(hub.api, who, channel=channel, status=status)
    before = [await states(hub.api, who) for who in (old, new)]
    counted = "SELECT * FROM consent_states ORDER BY customer_id, purpose, channel"
    rows = await hub.rows(counted)
    moved = await joined(hub, old, new)
    assert (await states(hub.api, new))["marketing", "email"] == "denied"
    assert await given_back(hub, old, new, moved) == []
    assert [await states(hub.api, who) for who in (old, new)] == before
    assert await hub.rows(counted) == rows
    ledger = (await hub.api.get(PATH, params={"customer_id": new["id"]})).json()["data"]
    last = {one["channel"]: one["status"] for one in reversed(ledger)}
    assert last == {"email": "granted", "sms": "denied", "phone": "expired", "wechat": "granted", "app": "granted",
                    "mail": "granted"}  # fmt: skip

    moved = await joined(hub, old, new)
    for channel in ("wechat", "app"):
        await record(hub.api, new, channel=channel, status="withdrawn", captured_at=at(0.05))
    await record(hub.api, new, channel="mail", status="granted", captured_at=at(0.05))
    kept = await given_back(hub, old, new, moved)
    assert [(one.table, one.why) for one in kept] == [("consent_entries", "said_since")] * 2
    after = [await states(hub.api, who) for who in (old, new)]
    said = {("marketing", "wechat"): "withdrawn", ("marketing", "app"): "withdrawn"}
    assert after == [before[0] | said, before[1] | said]


async def test_an_erasure_leaves_the_ledger_without_evidence(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api)
    made = await record(hub.api, customer, evidence="signed by 李娜")
    export: dict[str, Any] = {}
    for link in hub.app.links:
        export |= await link.export(hub.app.database, id_of(customer))
    assert export["consents"][0]["evidence"] == "signed by 李娜"
    await links(hub, "erase", id_of(customer))
    left = (await hub.api.get(f"{PATH}/{made['id']}")).json()
    assert (left["status"], left["has_evidence"], left["evidence"]) == ("granted", True, None)
    assert await states(hub.api, customer) == {}


@pytest.mark.parametrize("status", ["granted", "withdrawn", "denied", "expired", None])
async def test_m4_marketing_leaves_only_with_a_standing_consent(hub: HubUnderTest, status: str | None) -> None:
    """S-82."""
    customer = await create_customer(hub.api)
    if status is not None:
        await record(hub.api, customer, status=status)
    gates = hub.app.messages.parts.gates
    recipient = Recipient.email("somebody@example.com")

    def sending(category: Category, purpose: str | None, customer_id: UUID | None) -> Sending:
        return Sending(new_id(), Channel.EMAIL, "test", category, purpose, customer_id, recipient)

    verdict = await gates.judge(sending(Category.MARKETING, "marketing", id_of(customer)), START)
    assert verdict.decision == ("allow" if status == "granted" else "refuse")
    for purpose, own in (("surveys", id_of(customer)), ("marketing", None), (None, id_of(customer))):
        assert (await gates.judge(sending(Category.MARKETING, purpose, own), START)).decision == "refuse"
    assert (await gates.judge(sending(Category.TRANSACTIONAL, None, id_of(customer)), START)).decision == "allow"


async def test_a_replay_records_once(api: ApiClient) -> None:
    """contract_d3."""
    customer = await create_customer(api)

    async def post() -> httpx.Response:
        body = {"customer_id": customer["id"], **entry()}
        return await api.post(PATH, json=body, headers={"Idempotency-Key": f"consent-{customer['id']}"})

    first, second = await post(), await post()
    assert (second.status_code, second.json()) == (201, first.json())
    assert len((await api.get(PATH, params={"customer_id": customer["id"]})).json()["data"]) == 1
