"""Failing endpoints: probed, reported, disabled; sporadic failure never disables (W-5, W-6, W-11)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from custhub.features.webhooks.models import EndpointRow
from custhub.features.webhooks.service import transport
from custhub.features.webhooks.service.watch import EndpointWatch
from custhub.kit.uow import UnitOfWork
from tests.features.webhooks.consumer import Answer, Consumer
from tests.features.webhooks.stage import Stage
from tests.principals import add_user, make_principal


async def fail(stage: Stage, times: int) -> None:
    """So many failures in a row, of one event."""
    for _ in range(times):
        await stage.make_due()
        await stage.send()


async def test_w5_410_disables_at_once(stage: Stage, consumer: Consumer) -> None:
    consumer.answer = Answer(410)
    endpoint = await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.settle()
    now = await stage.read(endpoint)
    assert (now["state"], now["disabled_reason"]) == ("disabled", "gone")
    (delivery,) = await stage.deliveries()
    assert (delivery["state"], delivery["last_error"]) == ("dead", "gone")
    told = await stage.hub.rows("SELECT data FROM events WHERE type = 'webhook_endpoint.disabled'")
    assert len(told) == 1
    audited = await stage.hub.rows("SELECT reason FROM audit_entries WHERE action = 'webhook_endpoint.disabled'")
    assert [row[0] for row in audited] == ["gone"]
    await stage.webhooks.watch.look()
    assert "webhook_endpoint_disabled 1.0" in stage.hub.app.hub.metrics.render()[0].decode()


async def test_w6_after_five_failures_one_probe_a_minute(stage: Stage, consumer: Consumer) -> None:
    consumer.answer = Answer(500)
    await stage.endpoint(consumer.url)
    for _ in range(20):
        await stage.customer()
    await stage.settle()
    await stage.send()
    assert 5 <= len(consumer.received) <= 8
    before = len(consumer.received)
    # What was claimed ahead and not sent was given back: it counts no attempt.
    assert sum(delivery["attempts"] for delivery in await stage.deliveries()) == before
    assert await stage.deliveries(state="sending") == []
    await stage.execute("UPDATE webhook_health SET probe_at = NULL")
    await stage.send()
    assert len(consumer.received) == before + 1
    consumer.answer = Answer(200)
    await stage.make_due()
    await stage.send()
    assert {d["state"] for d in await stage.deliveries()} == {"delivered"}


async def test_w6_at_most_four_in_flight(stage: Stage, consumer: Consumer) -> None:
    consumer.answer = Answer(200, delay=0.05)
    await stage.endpoint(consumer.url)
    for _ in range(12):
        await stage.customer()
    await stage.settle()
    assert len(consumer.received) == 12
    assert consumer.most_in_flight == 4


async def test_w5_disabled_after_120_hours_of_failure(stage: Stage, consumer: Consumer) -> None:
    consumer.answer = Answer(500)
    endpoint = await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.place()
    await fail(stage, 9)
    await stage.shift("webhook_health", "failing_since", 121)
    await stage.webhooks.watch.look()
    assert (await stage.read(endpoint))["state"] == "active"  # nine are not enough
    await fail(stage, 1)
    now = await stage.read(endpoint)
    assert (now["state"], now["disabled_reason"]) == ("disabled", "failing")


async def test_w5_sporadic_failure_never_disables(stage: Stage, consumer: Consumer) -> None:
    consumer.answer = Answer(500)
    endpoint = await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.place()
    await fail(stage, 10)
    # All within a moment, long ago, and nothing since.
    await stage.shift("webhook_health", "failing_since", 300)
    await stage.shift("webhook_health", "failed_at", 299)
    await stage.webhooks.watch.look()
    assert (await stage.read(endpoint))["state"] == "active"


async def test_w5_owner_hears_at_24_hours_and_at_the_end(stage: Stage, consumer: Consumer) -> None:
    told: list[tuple[UUID, str, str]] = []

    async def notify(uow: UnitOfWork, owner_id: UUID, notice: Any, endpoint: EndpointRow) -> None:
        told.append((owner_id, notice, endpoint.state))

    user_id = await add_user(stage.hub.app.hub)
    stage.api = stage.hub.client_of(make_principal(user_id=user_id))
    watch = EndpointWatch(replace(stage.webhooks.parts, notify=notify))
    consumer.answer = Answer(500)
    await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.place()
    await fail(stage, 10)
    await watch.look()
    assert told == []
    await stage.shift("webhook_health", "failing_since", 25)
    await watch.look()
    await watch.look()
    assert told == [(user_id, "failing", "active")]
    await stage.shift("webhook_health", "failing_since", 100)
    await watch.look()
    assert told[1:] == [(user_id, "disabled", "disabled")]


async def test_what_waits_for_a_disabled_endpoint_is_skipped(stage: Stage, consumer: Consumer) -> None:
    endpoint = await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.place()
    await stage.api.post(f"/v1/webhook-endpoints/{endpoint['id']}/disable")
    await stage.customer()
    await stage.settle()
    await stage.webhooks.watch.look()
    assert consumer.received == []
    assert [d["state"] for d in await stage.deliveries()] == ["skipped", "skipped"]
    await stage.api.post(f"/v1/webhook-endpoints/{endpoint['id']}/enable")
    await stage.customer()
    await stage.settle()
    assert len(consumer.received) == 1


async def test_w11_ping_is_answered_at_once_and_withheld_from_private_places(
    stage: Stage, consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    consumer.next_answers = [Answer(200, body=b"inside")]
    endpoint = await stage.endpoint(consumer.url)
    path = f"/v1/webhook-endpoints/{endpoint['id']}"
    await stage.api.post(f"{path}/disable")
    attempt = (await stage.api.post(f"{path}/test")).json()
    assert (attempt["status"], attempt["error"], attempt["number"]) == (200, None, 1)
    assert (attempt["body_excerpt"], attempt["body_withheld"]) == (None, True)
    (request,) = consumer.received
    event = request.event
    assert event["type"] == "webhook_endpoint.ping"
    assert (event["epoch"], event["position"]) == (None, None)
    monkeypatch.setattr(transport, "is_public", lambda _: True)
    consumer.next_answers = [Answer(503, body=b"busy")]
    attempt = (await stage.api.post(f"{path}/test")).json()
    assert (attempt["status"], attempt["error"], attempt["body_excerpt"]) == (503, "status", "busy")
    assert await stage.deliveries() == []
    await stage.execute("UPDATE webhook_endpoints SET url = 'https://10.0.0.1/'")
    assert (await stage.api.post(f"{path}/test")).json()["error"] == "destination_blocked"
