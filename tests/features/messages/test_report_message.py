"""What providers report: authenticated, and as often as they like (M-4)."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest

from custhub.features.messages.models import MessageRow
from custhub.features.messages.rules.callbacks import signature_of
from tests.customers import problem_of
from tests.features.messages.office import CALLBACK_SECRET, Office, counted

TOKEN = {"authorization": f"Bearer {CALLBACK_SECRET}"}


async def report(
    office: Office, reference: str, status: str, channel: str = "email", *, headers: dict[str, str] = TOKEN, **more: Any
) -> httpx.Response:
    body = {"reference": reference, "status": status, **more}
    client = office.hub.client(token="")
    return await client.post(f"/v1/messages/callbacks/{channel}", json=body, headers=headers)


async def sent(office: Office, address: str = "li.na@example.com") -> MessageRow:
    (row,) = await office.queue(address)
    await office.sender.round()
    assert (await office.now(row)).state == "sent"
    return row


async def test_m4_delivered_once_however_often_it_is_reported(office: Office) -> None:
    row = await sent(office)
    for _ in range(3):
        assert (await report(office, row.provider_key, "delivered")).status_code == 204
    found = await office.now(row)
    assert (found.state, found.delivered_at is not None) == ("delivered", True)
    assert await office.events(row) == ["message.queued", "message.sent", "message.delivered"]
    assert counted(office)["email", "delivered"] == 1


async def test_m4_reports_out_of_order_do_not_bring_a_message_back(office: Office) -> None:
    row = await sent(office)
    await report(office, row.provider_key, "bounced", error="mailbox_gone")
    await report(office, row.provider_key, "delivered")
    await report(office, row.provider_key, "failed")
    found = await office.now(row)
    assert (found.state, found.error) == ("bounced", "mailbox_gone")


@pytest.mark.parametrize(("status", "state"), [("bounced", "bounced"), ("complained", "delivered")])
async def test_m3_who_bounces_or_complains_gets_nothing_more(office: Office, status: str, state: str) -> None:
    row = await sent(office)
    assert (await report(office, row.provider_key, status)).status_code == 204
    assert (await office.now(row)).state == state
    (second,) = await office.queue("li.na@example.com")
    await office.sender.round()
    assert (await office.now(second)).error == "suppressed"


async def test_m2_a_report_says_what_became_of_a_message_in_doubt(office: Office) -> None:
    office.sms.answers = [None]
    (row,) = await office.queue("138 1234 5678")
    await office.sender.round()
    assert (await office.now(row)).state == "unknown"
    assert (await report(office, row.provider_key, "delivered", "sms")).status_code == 204
    assert (await office.now(row)).state == "delivered"


async def test_a_provider_may_use_its_own_name_for_a_message(office: Office) -> None:
    row = await sent(office, "138 1234 5678")
    assert (await report(office, "sms-1", "failed", "sms")).status_code == 204
    found = await office.now(row)
    assert (found.state, found.error) == ("failed", "reported_failed")


async def test_reports_of_other_channels_and_unknown_messages_are_ignored(office: Office) -> None:
    row = await sent(office)
    assert (await report(office, row.provider_key, "bounced", "sms")).status_code == 204
    assert (await report(office, "sms-77", "bounced", "sms")).status_code == 204
    (waiting,) = await office.queue("other@example.com")
    assert (await report(office, waiting.provider_key, "delivered")).status_code == 204
    assert await office.states([row, waiting]) == ["sent", "queued"]


async def test_m4_who_cannot_prove_to_be_the_provider_is_refused(office: Office) -> None:
    row = await sent(office)
    for headers in (
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": CALLBACK_SECRET},
        {"authorization": "Bearer "},
    ):
        problem_of(await report(office, row.provider_key, "bounced", headers=headers), 401, "callback_refused")
    assert (await office.now(row)).state == "sent"


async def test_m4_signed_reports(office: Office) -> None:
    row = await sent(office)
    body = orjson.dumps({"reference": row.provider_key, "status": "delivered"})
    at = int(office.hub.clock.now().timestamp())

    async def post(content: bytes, timestamp: int, signature: str) -> httpx.Response:
        headers = {
            "content-type": "application/json",
            "webhook-id": "report-1",
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature,
        }
        client = office.hub.client(token="")
        return await client.post("/v1/messages/callbacks/email", content=content, headers=headers)

    good = signature_of(CALLBACK_SECRET, "report-1", at, body)
    problem_of(await post(body.replace(b"delivered", b"bounced"), at, good), 401, "callback_refused")
    problem_of(await post(body, at + 1, good), 401, "callback_refused")
    old = signature_of(CALLBACK_SECRET, "report-1", at - 301, body)
    problem_of(await post(body, at - 301, old), 401, "callback_refused")
    assert (await office.now(row)).state == "sent"
    assert (await post(body, at, f"v1,AAAA {good}")).status_code == 204
    assert (await office.now(row)).state == "delivered"


async def test_without_a_secret_nobody_may_report(office: Office) -> None:
    row = await sent(office)
    parts = office.sender.parts
    object.__setattr__(parts, "callback_secrets", {})
    refused = await report(office, row.provider_key, "delivered", headers={"authorization": "Bearer "})
    problem_of(refused, 401, "callback_refused")


async def test_reports_are_read_strictly(office: Office) -> None:
    problem_of(await report(office, "x", "delivered", "fax"), 422, "validation_failed")
    problem_of(await report(office, "x", "eaten"), 422, "validation_failed")
    problem_of(await report(office, "x", "delivered", extra=1), 422, "unknown_field")
