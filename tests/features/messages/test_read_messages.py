"""The log of messages, for operators: masked, without what they say."""

from __future__ import annotations

from custhub.features.messages.links import CustomerMessages
from custhub.features.messages.repository import OLD_MESSAGES
from custhub.features.messages.rules import Channel
from custhub.features.messages.tasks import KEPT
from custhub.kit.customer_link import Kept, WhyKept
from custhub.kit.ids import Prefix, from_text, new_id, to_text
from custhub.kit.uow import SYSTEM
from tests.customers import create_customer, problem_of
from tests.features.messages.office import Office
from tests.sealed import damage


async def test_get_message(office: Office) -> None:
    (row,) = await office.queue("li.na@example.com")
    await office.sender.round()
    answer = await office.hub.api.get(f"/v1/messages/{to_text(Prefix.MESSAGE, row.id)}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["recipient"], body["state"], body["attempts"]) == ("l***@example.com", "sent", 1)
    assert "li.na" not in answer.text
    assert "content" not in body
    unknown = to_text(Prefix.MESSAGE, new_id())
    problem_of(await office.hub.api.get(f"/v1/messages/{unknown}"), 404, "message_not_found")


async def test_rights(office: Office) -> None:
    (row,) = await office.queue("li.na@example.com")
    for path in ("/v1/messages", f"/v1/messages/{to_text(Prefix.MESSAGE, row.id)}"):
        problem_of(await office.hub.client(token="").get(path), 401, "token_missing")
        problem_of(await office.hub.client(["customers:read"]).get(path), 403, "insufficient_scope")
        assert (await office.hub.client(["jobs:manage"]).get(path)).status_code == 200


async def test_list_messages_by_filters_and_pages(office: Office) -> None:
    customer = await create_customer(office.hub.api)
    customer_id = from_text(Prefix.CUSTOMER, customer["id"])
    rows = await office.queue("a@example.com", "138 1234 5678", "b@example.com")
    rows += await office.queue("138 1234 5679", customer_id=customer_id)
    office.mail.replies["b@example.com"] = "550 5.1.1 nobody"
    await office.sender.round()
    ids = [to_text(Prefix.MESSAGE, row.id) for row in reversed(rows)]

    async def listed(**query: object) -> list[str]:
        answer = await office.hub.api.get("/v1/messages", params={k: str(v) for k, v in query.items()})
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["data"]]

    assert await listed() == ids
    assert await listed(channel="sms") == [ids[0], ids[2]]
    assert await listed(state="bounced") == [ids[1]]
    assert await listed(kind="letter", channel="email") == [ids[1], ids[3]]
    assert await listed(customer_id=customer["id"]) == [ids[0]]
    assert await listed(created_at_gte="2026-03-01T09:00:00Z") == []
    walked, query = [], {"limit": "3"}
    while True:
        page = (await office.hub.api.get("/v1/messages", params=query)).json()
        walked += [item["id"] for item in page["data"]]
        if not page["has_more"]:
            break
        query["cursor"] = page["next_cursor"]
    assert walked == ids
    masks = [item["recipient"] for item in (await office.hub.api.get("/v1/messages")).json()["data"]]
    assert masks == ["+86 138****5679", "b***@example.com", "+86 138****5678", "a***@example.com"]
    wrong = await office.hub.api.get("/v1/messages", params={"limit": "3", "state": "sent", "cursor": query["cursor"]})
    problem_of(wrong, 422, "invalid_cursor")


async def test_messages_of_a_customer_are_exported_moved_and_erased(office: Office) -> None:
    first, second = [from_text(Prefix.CUSTOMER, (await create_customer(office.hub.api))["id"]) for _ in range(2)]
    (row,) = await office.queue("138 1234 5678", customer_id=first)
    link, hub = CustomerMessages(office.hub.app.keys), office.hub.app.hub
    told = await link.export(hub.database, first)
    assert [(one["recipient"], one["state"]) for one in told["messages"]] == [("+8613812345678", "queued")]
    uow = hub.unit_of_work(SYSTEM, "merge")
    moved = await link.reassign(uow, [first], second)
    await uow.commit()
    assert moved == {first: {"messages": {row.id.hex: {"revision": row.revision + 1}}}}
    assert (await link.export(hub.database, first))["messages"] == []
    uow = hub.unit_of_work(SYSTEM, "unmerge")
    assert await link.give_back(uow, moved, second) == {first: []}
    await uow.commit()
    assert await link.export(hub.database, first) == told
    uow = hub.unit_of_work(SYSTEM, "merge")
    moved = await link.reassign(uow, [first], second)
    await uow.commit()
    await office.sender.round()
    assert office.sms.sent[0]["to"] == "+8613812345678"
    (waiting,) = await office.queue("138 1234 5679", customer_id=second)
    uow = hub.unit_of_work(SYSTEM, "erase")
    await link.erase(uow, second)
    await uow.commit()
    await office.later(86_400)
    assert await office.sender.round() == 0
    assert (await link.export(hub.database, second))["messages"] == []
    uow = hub.unit_of_work(SYSTEM, "unmerge")
    assert await link.give_back(uow, moved, second) == {first: [Kept("messages", row.id.hex, WhyKept.GONE)]}
    await uow.commit()
    assert len(office.sms.sent) == 1
    assert waiting.channel == Channel.SMS


async def test_a_damaged_message_has_failed_and_is_listed_without_recipient(office: Office) -> None:
    (row,) = await office.queue("li.na@example.com")
    await damage(office.hub, "messages", "recipient")
    await office.sender.round()
    found = await office.now(row)
    assert (found.state, found.error) == ("failed", "unreadable")
    (item,) = (await office.hub.api.get("/v1/messages")).json()["data"]
    assert item["recipient"] is None


async def test_the_log_is_kept_for_90_days(office: Office) -> None:
    await office.queue("li.na@example.com")
    await office.sender.round()
    office.hub.clock.advance(KEPT.total_seconds() - 60)
    (waiting,) = await office.queue("138 1234 5678")
    now = office.hub.clock.now
    assert await OLD_MESSAGES.run(office.hub.app.database, now() - KEPT) == 0
    office.hub.clock.advance(120)
    assert await OLD_MESSAGES.run(office.hub.app.database, now() - KEPT) == 1
    assert await office.states([waiting]) == ["queued"]
