"""Crashes, redelivery, order, isolation (W-6, W-7, W-8, W-9)."""

from __future__ import annotations

import asyncio
import time
from statistics import quantiles

import pytest

from custhub.features.webhooks.models import webhook_deliveries
from custhub.features.webhooks.service.turn import Result, Turns
from custhub.features.webhooks.tasks import WebhookSender
from custhub.kit.ids import Prefix, from_text
from tests.customers import problem_of
from tests.features.webhooks.consumer import HANG, Answer, Consumer
from tests.features.webhooks.stage import Stage


async def test_w7_a_crash_between_sending_and_recording_sends_again(stage: Stage, consumer: Consumer) -> None:
    endpoint = await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.place()
    endpoint_id = from_text(Prefix.WEBHOOK, endpoint["id"])
    turned = await Turns(stage.webhooks.parts).turn(endpoint_id, [], 4)
    (shot,) = turned.shots
    # Its process dies here. Nobody takes it while the lease lasts.
    await stage.send()
    assert consumer.received == []
    await stage.shift("webhook_deliveries", "lease_until", 1)
    await stage.send()
    (request,) = consumer.received
    assert request.headers["custhub-attempt"] == "2"
    assert request.body == shot.body
    (delivery,) = await stage.deliveries()
    log = (await stage.delivery(delivery["id"]))["attempt_log"]
    assert [(attempt["number"], attempt["error"]) for attempt in log] == [(1, "lost"), (2, None)]


async def test_w7_a_late_record_under_an_old_lease_changes_nothing(stage: Stage, consumer: Consumer) -> None:
    from custhub.features.webhooks.rules import AttemptError
    from custhub.features.webhooks.service.transport import Sent

    endpoint = await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.place()
    turns = Turns(stage.webhooks.parts)
    endpoint_id = from_text(Prefix.WEBHOOK, endpoint["id"])
    (old,) = (await turns.turn(endpoint_id, [], 4)).shots
    await stage.shift("webhook_deliveries", "lease_until", 1)
    (new,) = (await turns.turn(endpoint_id, [], 4)).shots
    late = await turns.turn(endpoint_id, [Result(old, Sent(500, AttemptError.STATUS, 1))], 0)
    assert late.recorded == ()
    done = await turns.turn(endpoint_id, [Result(new, Sent(200, None, 1))], 0)
    assert len(done.recorded) == 1
    assert [d["state"] for d in await stage.deliveries()] == ["delivered"]


async def test_w7_two_processes_send_each_delivery_once(stage: Stage, consumer: Consumer) -> None:
    await stage.endpoint(consumer.url)
    for _ in range(30):
        await stage.customer()
    await stage.place()
    other = WebhookSender(stage.webhooks.parts)
    await asyncio.gather(stage.webhooks.sender.drain(), other.drain())
    await stage.send()
    assert len(consumer.received) == 30
    assert consumer.duplicates == {}
    assert consumer.most_in_flight <= 4


async def test_w7_the_embedded_database_takes_over_at_start(stage: Stage, consumer: Consumer) -> None:
    if stage.hub.engine != "sqlite":
        return  # there, the lease alone says that a process is gone
    endpoint = await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.place()
    await Turns(stage.webhooks.parts).turn(from_text(Prefix.WEBHOOK, endpoint["id"]), [], 4)
    stop = asyncio.Event()
    running = asyncio.create_task(WebhookSender(stage.webhooks.parts).run(stop))
    await consumer.wait_for(1)
    stop.set()
    await running
    assert [d["state"] for d in await stage.deliveries()] == ["delivered"]


async def test_w9_redeliver_one(stage: Stage, consumer: Consumer) -> None:
    consumer.answer = Answer(410)
    endpoint = await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.settle()
    (delivery,) = await stage.deliveries()
    path = f"/v1/webhook-deliveries/{delivery['id']}/redeliver"
    problem_of(await stage.api.post(path), 409, "webhook_endpoint_disabled")
    await stage.api.post(f"/v1/webhook-endpoints/{endpoint['id']}/enable")
    consumer.answer = Answer(200)
    again = await stage.api.post(path)
    assert (again.status_code, again.json()["state"]) == (200, "pending")
    await stage.send()
    first, second = consumer.received
    assert (first.id, first.body) == (second.id, second.body)
    assert second.headers["custhub-attempt"] == "2"
    assert (await stage.delivery(delivery["id"]))["state"] == "delivered"
    # What was delivered can be sent again too.
    await stage.api.post(path)
    await stage.send()
    assert len(consumer.received) == 3
    unknown = "/v1/webhook-deliveries/dlv_01m81amc1cfrnt9m7qcr38rxrh"
    problem_of(await stage.api.get(unknown), 404, "webhook_delivery_not_found")
    problem_of(await stage.api.post(f"{unknown}/redeliver"), 404, "webhook_delivery_not_found")


async def test_w9_what_is_being_sent_is_not_sent_twice(stage: Stage, consumer: Consumer) -> None:
    endpoint = await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.place()
    await Turns(stage.webhooks.parts).turn(from_text(Prefix.WEBHOOK, endpoint["id"]), [], 4)
    (delivery,) = await stage.deliveries(state="sending")
    answer = await stage.api.post(f"/v1/webhook-deliveries/{delivery['id']}/redeliver")
    problem_of(answer, 409, "webhook_delivery_in_progress")


async def test_w9_redeliver_by_filter(stage: Stage, consumers: list[Consumer], monkeypatch: pytest.MonkeyPatch) -> None:
    from custhub.features.webhooks.service import deliveries

    monkeypatch.setattr(deliveries, "AT_ONCE", 2)
    one, two, _ = consumers
    first = await stage.endpoint(one.url)
    await stage.endpoint(two.url)
    for _ in range(3):
        await stage.customer()
    await stage.place()
    await stage.execute("UPDATE webhook_deliveries SET state = 'dead', next_attempt_at = NULL")
    path = "/v1/webhook-deliveries/redeliver"
    body = {"endpoint_id": first["id"], "type": "customer.created"}
    answer = (await stage.api.post(path, json=body)).json()
    assert (answer["redelivered"], answer["has_more"]) == (2, True)
    answer = (await stage.api.post(path, json=body)).json()
    assert (answer["redelivered"], answer["has_more"]) == (1, False)
    await stage.send()
    assert (len(one.received), len(two.received)) == (3, 0)
    nothing = await stage.api.post(path, json={"state": "dead", "since": "2100-01-01T00:00:00Z"})
    assert nothing.json() == {"object": "webhook_redelivery", "redelivered": 0, "has_more": False}


async def test_w8_later_events_of_a_subject_wait_for_earlier_ones(stage: Stage, consumer: Consumer) -> None:
    await stage.endpoint(consumer.url, ordering="subject")
    first, second = await stage.customer(), await stage.customer()
    for note in ("a", "b"):
        await stage.api.patch(f"/v1/customers/{first['id']}", json={"note": note})
    await stage.place()
    consumer.decide = lambda request: (
        Answer(500) if request.event["subject"]["id"] == first["id"] and len(consumer.received) < 3 else None
    )
    await stage.send()
    # The first event of one subject failed: its later ones wait, the other subject does not.
    assert [(e["subject"]["id"], e["subject"]["revision"]) for e in consumer.events] == [
        (first["id"], 1),
        (second["id"], 1),
    ]
    await stage.make_due()
    await stage.send()
    revisions = [e["subject"]["revision"] for e in consumer.events if e["subject"]["id"] == first["id"]]
    assert revisions == [1, 1, 2, 3]


async def test_w8_a_dead_delivery_lets_later_ones_go(stage: Stage, consumer: Consumer) -> None:
    await stage.endpoint(consumer.url, ordering="subject")
    customer = await stage.customer()
    await stage.api.patch(f"/v1/customers/{customer['id']}", json={"note": "a"})
    await stage.place()
    consumer.decide = lambda request: Answer(500) if request.event["subject"]["revision"] == 1 else None
    for _ in range(11):
        await stage.make_due()
        await stage.send()
    assert [d["state"] for d in await stage.deliveries()] == ["dead", "delivered"]


async def test_w6_an_endpoint_that_hangs_does_not_hold_up_another(stage: Stage, consumers: list[Consumer]) -> None:
    """The short form of 10,000 queued deliveries behind an endpoint that hangs for 15 seconds."""
    hanging, healthy, _ = consumers
    hanging.answer = HANG
    await stage.endpoint(hanging.url)
    await stage.customer()
    await stage.place()
    await queue(stage, 10_000)
    await stage.endpoint(healthy.url)
    stop = asyncio.Event()
    sender = asyncio.create_task(stage.webhooks.sender.run(stop))
    ages = []
    try:
        await hanging.wait_for(1)
        for count in range(1, 21):
            began = time.perf_counter()
            await stage.customer()
            await stage.place()
            await healthy.wait_for(count)
            ages.append(time.perf_counter() - began)
    finally:
        stop.set()
        for consumer in consumers:
            await consumer.stop()
        await sender
    assert quantiles(ages, n=20)[-1] < 5
    assert hanging.most_in_flight <= 4


async def queue(stage: Stage, count: int) -> None:
    """So many more deliveries like the one that waits."""
    columns = [column.name for column in webhook_deliveries.columns]
    if stage.hub.engine == "sqlite":
        special = {"id": "randomblob(16)", "replay": "0", "position": "position + n.n"}
        numbers = f"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count}) "  # noqa: S608  # no input
        source = "webhook_deliveries d, n"
    else:
        special = {"id": "gen_random_uuid()", "replay": "0", "position": "position + n.n"}
        numbers, source = "", f"webhook_deliveries d, generate_series(1, {count}) n(n)"
    special["subject_id"] = special["id"]
    # Another event each: of one event there is one delivery.
    special["event_id"] = special["id"]
    values = ", ".join(special.get(name, f"d.{name}") for name in columns)
    where = "d.state = 'pending'"
    body = "X'7b7d'" if stage.hub.engine == "sqlite" else "decode('7b7d', 'hex')"
    await stage.execute(
        f"INSERT INTO webhook_deliveries ({', '.join(columns)}) {numbers}SELECT {values} FROM {source} WHERE {where}"  # noqa: S608  # no input
    )
    await stage.execute(f"UPDATE webhook_deliveries SET body = {body}")  # noqa: S608  # no input
    rows = await stage.hub.rows("SELECT count(*) FROM webhook_deliveries")
    assert rows[0][0] == count + 1
