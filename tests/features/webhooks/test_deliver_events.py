"""What goes over the wire, and what the log says of it (W-1, W-2, W-3, W-4)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
import standardwebhooks
from svix.webhooks import Webhook as SvixWebhook

from custhub.features.webhooks.rules import ATTEMPTS
from custhub.features.webhooks.rules.schedule import DELAYS
from custhub.features.webhooks.service import transport
from tests.features.webhooks.consumer import DRIP, HANG, HUGE, RESET, Answer, Consumer, Received
from tests.features.webhooks.stage import Stage


def verify(request: Received, secret: str) -> None:
    """Both libraries accept the exact bytes. Raises their WebhookVerificationError."""
    standardwebhooks.Webhook(secret).verify(request.body, dict(request.headers))
    SvixWebhook(secret).verify(request.body, dict(request.headers))


async def test_w1_signed_thin_event_arrives_once(stage: Stage, consumer: Consumer) -> None:
    endpoint = await stage.endpoint(consumer.url)
    customer = await stage.customer()
    await stage.settle()
    (request,) = consumer.received
    verify(request, endpoint["secret"])
    event = request.event
    assert event["type"] == "customer.created"
    assert event["subject"] == {"type": "customer", "id": customer["id"], "revision": 1}
    assert event["data"] == {"id": customer["id"], "self": f"/v1/customers/{customer['id']}"}
    (delivery,) = await stage.deliveries()
    assert request.id == event["id"] == delivery["event_id"]
    assert request.headers["custhub-delivery-id"] == delivery["id"]
    assert (request.headers["custhub-attempt"], request.headers["custhub-replay"]) == ("1", "0")
    assert request.headers["content-type"] == "application/json"
    assert (delivery["state"], delivery["attempts"], delivery["last_status"]) == ("delivered", 1, 200)
    await stage.settle()
    assert len(consumer.received) == 1


async def test_w1_body_is_the_envelope_of_the_feed(stage: Stage, consumer: Consumer) -> None:
    await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.settle()
    feed = (await stage.api.get("/v1/events", params={"type": "customer.created"})).json()["data"]
    assert consumer.events == feed
    assert len(consumer.received[0].body) <= 20_000


async def test_contract_j3_deliveries_are_as_the_document_says(stage: Stage, consumer: Consumer) -> None:
    document = stage.hub.app.api.openapi()
    await stage.endpoint(consumer.url, ["*"])
    customer = await stage.customer(tags=["vip"])
    await stage.api.patch(f"/v1/customers/{customer['id']}", json={"note": "x"})
    await stage.settle()
    assert len(consumer.received) >= 3
    for request in consumer.received:
        operation = document["webhooks"][request.event["type"]]["post"]
        reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        schema = {"$ref": reference, "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(request.event)
        signed = {parameter["name"]: parameter["schema"] for parameter in operation["parameters"]}
        assert set(signed) <= set(request.headers)
        for name, rule in signed.items():
            text = request.headers[name]
            jsonschema.validate(int(text) if rule["type"] == "integer" else text, rule)


async def test_w2_both_secrets_sign_during_the_overlap(stage: Stage, consumer: Consumer) -> None:
    endpoint = await stage.endpoint(consumer.url)
    path = f"/v1/webhook-endpoints/{endpoint['id']}/rotate-secret"
    etag = (await stage.api.get(f"/v1/webhook-endpoints/{endpoint['id']}")).headers["etag"]
    rotated = await stage.api.post(path, json={"overlap_hours": 24}, headers={"If-Match": etag})
    assert rotated.status_code == 200
    assert rotated.headers["cache-control"] == "no-store"
    second = rotated.json()
    assert second["secret"] != endpoint["secret"]
    assert [secret["expires_at"] is None for secret in second["secrets"]] == [True, False]
    await stage.customer()
    await stage.settle()
    (request,) = consumer.received
    assert request.headers["webhook-signature"].count("v1,") == 2
    verify(request, endpoint["secret"])
    verify(request, second["secret"])
    # Newest first.
    newest = standardwebhooks.Webhook(second["secret"])
    at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
    signed = newest.sign(request.id, at, request.body.decode())
    assert request.headers["webhook-signature"].startswith(signed)
    await stage.shift("webhook_secrets", "expires_at", 25, "expires_at IS NOT NULL")
    await stage.customer()
    await stage.settle()
    verify(consumer.received[1], second["secret"])
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(endpoint["secret"]).verify(
            consumer.received[1].body, dict(consumer.received[1].headers)
        )


async def test_w2_at_most_three_secrets_live_and_no_overlap_ends_at_once(stage: Stage, consumer: Consumer) -> None:
    endpoint = await stage.endpoint(consumer.url)
    path = f"/v1/webhook-endpoints/{endpoint['id']}/rotate-secret"
    for _ in range(4):
        made = (await stage.api.post(path, json={}, headers={"If-Match": "*"})).json()
        if "secret" not in made:
            etag = (await stage.api.get(f"/v1/webhook-endpoints/{endpoint['id']}")).headers["etag"]
            made = (await stage.api.post(path, json={}, headers={"If-Match": etag})).json()
    assert len(made["secrets"]) == 3
    etag = (await stage.api.get(f"/v1/webhook-endpoints/{endpoint['id']}")).headers["etag"]
    made = (await stage.api.post(path, json={"overlap_hours": 0}, headers={"If-Match": etag})).json()
    assert len(made["secrets"]) == 1


@pytest.mark.parametrize(
    ("answer", "error", "status"),
    [
        (Answer(500), "status", 500),
        (Answer(404), "status", 404),
        (Answer(429), "status", 429),
        (Answer(302, {"location": "/elsewhere"}), "redirect", 302),
        (Answer(304), "redirect", 304),
        (RESET, "reset", None),
        (HANG, "timeout", None),
        (DRIP, "timeout", None),
    ],
    ids=["500", "404", "429", "302", "304", "reset", "hang", "drip"],
)
async def test_w3_failures_are_named_and_tried_again(
    stage: Stage,
    consumer: Consumer,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    error: str,
    status: int | None,
) -> None:
    monkeypatch.setattr(transport, "DEADLINE_SECONDS", 0.3)
    consumer.answer = answer
    endpoint = await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.settle()
    (delivery,) = await stage.deliveries()
    assert (delivery["state"], delivery["last_status"]) == ("pending", status)
    (attempt,) = (await stage.delivery(delivery["id"]))["attempt_log"]
    expected = {error, "protocol"} if error == "reset" else {error}
    assert attempt["error"] in expected
    assert attempt["status"] == status
    assert consumer.connections == 1  # a redirect is never followed
    assert (await stage.read(endpoint))["health"]["consecutive_failures"] == 1


async def test_w3_a_huge_answer_is_read_to_64_kib_and_is_success(stage: Stage, consumer: Consumer) -> None:
    consumer.answer = HUGE
    await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.settle()
    assert [delivery["state"] for delivery in await stage.deliveries()] == ["delivered"]


async def test_w1_retries_send_the_same_bytes_and_id(stage: Stage, consumer: Consumer) -> None:
    consumer.next_answers = [Answer(500), Answer(503)]
    endpoint = await stage.endpoint(consumer.url)
    customer = await stage.customer()
    await stage.settle()
    await stage.api.patch(f"/v1/customers/{customer['id']}", json={"note": "changed"})
    for _ in range(2):
        await stage.make_due()
        await stage.send()
    first, second, third = consumer.received
    assert first.body == second.body == third.body
    assert first.id == second.id == third.id
    assert [request.headers["custhub-attempt"] for request in consumer.received] == ["1", "2", "3"]
    verify(third, endpoint["secret"])
    (delivery,) = await stage.deliveries()
    log = (await stage.delivery(delivery["id"]))["attempt_log"]
    assert [(attempt["number"], attempt["status"]) for attempt in log] == [(1, 500), (2, 503), (3, 200)]
    assert (await stage.read(endpoint))["health"]["consecutive_failures"] == 0


async def test_w4_schedule_is_followed_until_dead(stage: Stage, consumer: Consumer) -> None:
    consumer.answer = Answer(500)
    await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.place()
    waits = []
    for attempt in range(1, ATTEMPTS + 1):
        await stage.make_due()
        await stage.send()
        (delivery,) = await stage.deliveries()
        assert delivery["attempts"] == attempt
        if delivery["next_attempt_at"] is not None:
            due = datetime.fromisoformat(delivery["next_attempt_at"])
            waits.append((due - datetime.fromisoformat(delivery["updated_at"])).total_seconds())
    assert (delivery["state"], delivery["finished_at"] is None) == ("dead", False)
    assert len(consumer.received) == ATTEMPTS == 10
    assert all(0.8 * base <= wait <= 1.2 * base for wait, base in zip(waits, DELAYS, strict=True)), waits
    await stage.make_due()
    await stage.send()
    assert len(consumer.received) == ATTEMPTS


async def test_w4_retry_after_is_a_floor(stage: Stage, consumer: Consumer) -> None:
    consumer.next_answers = [Answer(429, {"retry-after": "7200"})]
    await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.settle()
    (delivery,) = await stage.deliveries()
    due = datetime.fromisoformat(delivery["next_attempt_at"])
    assert (due - datetime.fromisoformat(delivery["updated_at"])).total_seconds() == pytest.approx(7200, abs=1)


async def test_w12_a_blocked_destination_is_a_permanent_failure(stage: Stage, consumer: Consumer) -> None:
    await stage.endpoint(consumer.url)
    await stage.execute("UPDATE webhook_endpoints SET url = 'http://169.254.169.254/latest'")
    await stage.customer()
    await stage.settle()
    (delivery,) = await stage.deliveries()
    assert (delivery["state"], delivery["last_error"]) == ("dead", "destination_blocked")


async def test_e5_full_bodies_show_what_the_endpoint_may_see(stage: Stage, consumer: Consumer) -> None:
    await stage.endpoint(consumer.url, payload="full")
    customer = await stage.customer(phones=[{"number": "138 0013 8000"}])
    await stage.settle()
    resource = consumer.events[0]["data"]["resource"]
    assert resource["id"] == customer["id"]
    assert resource["display_name"] == customer["display_name"]
    assert "13800138000" not in consumer.received[0].body.decode()
    assert resource["phones"][0]["masked"] == customer["phones"][0]["masked"]


async def test_s67_full_bodies_end_where_the_rights_of_the_maker_do(stage: Stage, consumer: Consumer) -> None:
    poor = stage.hub.client(["webhooks:manage"], ["admin"])
    made = await poor.post(
        "/v1/webhook-endpoints", json={"url": consumer.url, "event_types": ["customer.*"], "payload": "full"}
    )
    assert made.json()["scopes"] == ["webhooks:manage"]
    await stage.customer()
    await stage.settle()
    assert "resource" not in consumer.events[0]["data"]
    # Whoever changes it leaves it with own rights: a poorer caller cannot redirect what a richer one set up.
    rich = await stage.endpoint(consumer.url, payload="full")
    patched = await poor.patch(f"/v1/webhook-endpoints/{rich['id']}", json={"description": "mine"})
    assert patched.json()["scopes"] == ["webhooks:manage"]


async def test_e5_a_large_full_body_is_sent_thin_and_marked(stage: Stage, consumer: Consumer) -> None:
    await stage.endpoint(consumer.url, payload="full")
    emails = [{"email": f"{i:03}{'x' * 50}@{'y' * 60}.example.com"} for i in range(20)]
    addresses = [{"country": "CN", "street": f"{i} {'长' * 180}"} for i in range(20)]
    await stage.customer(emails=emails, addresses=addresses, note="长" * 2_000)
    await stage.settle()
    (event,) = consumer.events
    assert event["truncated"] is True
    assert "resource" not in event["data"]
    assert len(consumer.received[0].body) <= 20_000


async def test_filters_narrow_what_is_sent(stage: Stage, consumers: list[Consumer]) -> None:
    tags, people, mute = consumers
    await stage.endpoint(tags.url, filter={"fields": ["tags"]})
    await stage.endpoint(people.url, filter={"actor_kinds": ["user"]})
    operator = (await stage.api.get("/v1/me")).json()["id"]
    if operator.startswith("cli_"):
        await stage.endpoint(mute.url, filter={"ignored_client_ids": [operator]})
    customer = await stage.customer()
    path = f"/v1/customers/{customer['id']}"
    await stage.api.patch(path, json={"note": "x"})
    await stage.api.put(f"{path}/tags/vip")
    await stage.settle()
    # Events that name no field pass.
    kinds = [(event["type"], event["data"].get("fields")) for event in tags.events]
    assert ("customer.created", None) in kinds
    assert all(fields is None or "tags" in fields for _, fields in kinds)
    assert people.events == []
    assert mute.events == []


async def test_e8_an_endpoint_may_ask_for_summaries_alone(stage: Stage, consumers: list[Consumer]) -> None:
    every, summary, _ = consumers
    await stage.endpoint(every.url)
    await stage.endpoint(summary.url, bulk="summary")
    await stage.customer()
    await stage.execute("UPDATE events SET bulk_id = id WHERE type = 'customer.created' AND position IS NULL")
    await stage.customer()
    await stage.settle()
    assert (len(every.events), len(summary.events)) == (2, 1)


async def test_w9_the_log_is_filtered_and_paged(stage: Stage, consumers: list[Consumer]) -> None:
    good, bad, _ = consumers
    bad.answer = Answer(500, body=b"no\0\xff" + b"x" * 5_000)
    one, two = await stage.endpoint(good.url), await stage.endpoint(bad.url)
    for _ in range(3):
        await stage.customer()
    await stage.settle()
    assert len(await stage.deliveries()) == 6
    assert {d["endpoint_id"] for d in await stage.deliveries(state="delivered")} == {one["id"]}
    assert len(await stage.deliveries(endpoint=two["id"], state="pending")) == 3
    assert await stage.deliveries(type="customer.updated") == []
    assert len(await stage.deliveries(since="2026-01-01T00:00:00Z", type="customer.created")) == 6
    event = (await stage.deliveries())[0]["event_id"]
    assert len(await stage.deliveries(event=event)) == 2
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = (await stage.api.get("/v1/webhook-deliveries", params={"limit": "4", **cursor})).json()
        seen += [delivery["id"] for delivery in answer["data"]]
        if not answer["has_more"]:
            break
        cursor = {"cursor": answer["next_cursor"]}
    assert len(seen) == len(set(seen)) == 6


async def test_w9_excerpts_are_bounded_text(stage: Stage, consumer: Consumer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "is_public", lambda _: True)
    consumer.answer = Answer(500, body=b"no\0\xff" + "长".encode() * 1_000)
    await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.settle()
    (delivery,) = await stage.deliveries()
    (attempt,) = (await stage.delivery(delivery["id"]))["attempt_log"]
    assert attempt["body_excerpt"].startswith("no\N{REPLACEMENT CHARACTER}")
    assert len(attempt["body_excerpt"].encode()) <= 1_024
    assert attempt["address"] == "127.0.0.1"


async def test_r9_metrics_count_attempts(stage: Stage, consumer: Consumer) -> None:
    consumer.next_answers = [Answer(500)]
    await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.settle()
    await stage.make_due()
    await stage.send()
    await stage.webhooks.watch.look()
    text = stage.hub.app.hub.metrics.render()[0].decode()
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert lines['webhook_attempts_total{result="success"}'] == "1.0"
    assert lines['webhook_attempts_total{result="status"}'] == "1.0"
    assert lines["webhook_delivery_age_seconds_count"] == "1.0"
    assert lines["webhook_dead_total"] == "0.0"
    assert lines["webhook_endpoint_disabled"] == "0.0"


async def test_erasure_empties_stored_bodies(stage: Stage, consumer: Consumer) -> None:
    from custhub.features.webhooks.links import CustomerDeliveries
    from custhub.kit.ids import Prefix, from_text
    from custhub.kit.uow import SYSTEM

    consumer.next_answers = [Answer(500)]
    await stage.endpoint(consumer.url, payload="full")
    customer = await stage.customer()
    await stage.settle()
    assert (await stage.hub.rows("SELECT count(*) FROM webhook_deliveries WHERE body IS NOT NULL"))[0][0] == 1
    uow = stage.hub.app.hub.unit_of_work(SYSTEM, "tests")
    await CustomerDeliveries().erase(uow, from_text(Prefix.CUSTOMER, customer["id"]))
    await uow.commit()
    assert (await stage.hub.rows("SELECT count(*) FROM webhook_deliveries WHERE body IS NOT NULL"))[0][0] == 0
    await stage.make_due()
    await stage.send()
    assert consumer.received[1].id == consumer.received[0].id


def test_documented_headers_are_all_sent() -> None:
    from custhub.api import document

    webhooks: dict[str, Any] = json.loads(document())["webhooks"]
    names = {tuple(p["name"] for p in entry["post"]["parameters"]) for entry in webhooks.values()}
    assert len(names) == 1
