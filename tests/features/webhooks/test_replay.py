"""Replays: what was missed, given up, or everything, as a job (W-10)."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.features.webhooks.service import replays
from custhub.kit.ids import Prefix, from_text
from tests.customers import problem_of
from tests.features.jobs.working import Kind, job_of, work_until, worker_of
from tests.features.webhooks.consumer import Answer, Consumer
from tests.features.webhooks.stage import Stage

LONG_AGO = "2000-01-01T00:00:00Z"


async def replay(stage: Stage, endpoint: dict[str, Any], **body: Any) -> dict[str, Any]:
    """A replay, run to its end and sent; gives the finished job."""
    answer = await stage.api.post(
        f"/v1/webhook-endpoints/{endpoint['id']}/replay", json={"since": LONG_AGO, "only": "missing"} | body
    )
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"
    await work(stage, answer.json())
    await stage.send()
    done: dict[str, Any] = (await stage.api.get(answer.headers["location"])).json()
    return done


async def work(stage: Stage, job: dict[str, Any]) -> None:
    """Let a worker run it."""
    worker = worker_of(stage.hub, Kind(stage.webhooks.replay.run, replays.KIND))
    job_id = from_text(Prefix.JOB, job["id"])

    async def is_done() -> bool:
        return (await job_of(stage.hub, job_id)).finished_at is not None

    await work_until(worker, is_done)


async def test_w10_missing_recovers_what_came_while_disabled(stage: Stage, consumer: Consumer) -> None:
    endpoint = await stage.endpoint(consumer.url)
    path = f"/v1/webhook-endpoints/{endpoint['id']}"
    before = await stage.customer()
    await stage.settle()
    await stage.api.post(f"{path}/disable")
    missed = [await stage.customer() for _ in range(3)]
    await stage.settle()
    await stage.api.post(f"{path}/enable")
    assert [event["subject"]["id"] for event in consumer.events] == [before["id"]]
    job = await replay(stage, endpoint)
    assert (job["status"], job["succeeded"]) == ("succeeded", 3)
    assert job["processed"] == job["total"]
    assert [e["subject"]["id"] for e in consumer.events[1:]] == [customer["id"] for customer in missed]
    assert {request.headers["custhub-replay"] for request in consumer.received[1:]} == {"1"}
    assert consumer.duplicates == {}
    # All of it is there now.
    assert (await replay(stage, endpoint))["succeeded"] == 0


async def test_w10_failed_sends_what_was_given_up_under_its_old_id(stage: Stage, consumer: Consumer) -> None:
    endpoint = await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.customer()
    await stage.place()
    consumer.next_answers = [Answer(500), Answer(200)]
    await stage.send()
    await stage.execute("UPDATE webhook_deliveries SET state = 'dead' WHERE state = 'pending'")
    assert (await replay(stage, endpoint, only="missing"))["succeeded"] == 0
    assert (await replay(stage, endpoint, only="failed"))["succeeded"] == 1
    assert list(consumer.duplicates.values()) == [2]


async def test_w10_all_from_a_position_of_some_types(stage: Stage, consumer: Consumer) -> None:
    endpoint = await stage.endpoint(consumer.url)
    first, second = await stage.customer(), await stage.customer()
    await stage.api.patch(f"/v1/customers/{second['id']}", json={"note": "x"})
    await stage.settle()
    position = next(e["position"] for e in consumer.events if e["subject"]["id"] == second["id"])
    consumer.received.clear()
    job = await replay(stage, endpoint, since=None, from_position=position, types=["customer.created"], only="all")
    assert job["succeeded"] == 1
    assert [(e["type"], e["subject"]["id"]) for e in consumer.events] == [("customer.created", second["id"])]
    assert first["id"] != second["id"]
    consumer.received.clear()
    assert (await replay(stage, endpoint, only="all", until=LONG_AGO))["succeeded"] == 0
    assert (await replay(stage, endpoint, since="2100-01-01T00:00:00Z", only="all"))["succeeded"] == 0
    assert consumer.received == []


async def test_w10_new_events_go_before_replayed_ones(stage: Stage, consumer: Consumer) -> None:
    endpoint = await stage.endpoint(consumer.url)
    old = [await stage.customer() for _ in range(8)]
    await stage.settle()
    consumer.received.clear()
    answer = await stage.api.post(
        f"/v1/webhook-endpoints/{endpoint['id']}/replay", json={"since": LONG_AGO, "only": "all"}
    )
    await work(stage, answer.json())
    new = [await stage.customer() for _ in range(6)]
    await stage.settle()
    places = [request.headers["custhub-replay"] for request in consumer.received]
    assert len(places) == len(old) + len(new)
    assert places[:4] == ["0"] * 4
    assert places[-4:] == ["1"] * 4


async def test_w10_one_replay_at_a_time_and_canceling_skips_the_rest(stage: Stage, consumer: Consumer) -> None:
    endpoint = await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.settle()
    path = f"/v1/webhook-endpoints/{endpoint['id']}/replay"
    body = {"since": LONG_AGO, "only": "all"}
    job = (await stage.api.post(path, json=body)).json()
    problem_of(await stage.api.post(path, json=body), 409, "webhook_replay_running")
    canceled = await stage.api.post(f"/v1/jobs/{job['id']}/cancel")
    assert canceled.json()["status"] == "canceled"
    assert (await stage.api.post(path, json=body)).status_code == 202


async def test_w10_canceling_a_running_replay_skips_what_was_not_sent(
    stage: Stage, consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "_ROWS", {"sqlite": 1, "postgresql": 1})
    monkeypatch.setattr(replays, "_PAUSE_SECONDS", 30.0)
    endpoint = await stage.endpoint(consumer.url)
    for _ in range(3):
        await stage.customer()
    await stage.settle()
    consumer.received.clear()
    path = f"/v1/webhook-endpoints/{endpoint['id']}/replay"
    job = (await stage.api.post(path, json={"from_position": 2, "only": "all"})).json()
    worker = worker_of(stage.hub, Kind(stage.webhooks.replay.run, replays.KIND))
    job_id = from_text(Prefix.JOB, job["id"])

    async def has_begun() -> bool:
        return bool(await stage.hub.rows("SELECT 1 FROM webhook_deliveries WHERE replay = 1"))

    async def is_done() -> bool:
        return (await job_of(stage.hub, job_id)).finished_at is not None

    await work_until(worker, has_begun)
    await stage.api.post(f"/v1/jobs/{job['id']}/cancel")
    await work_until(worker, is_done)
    assert (await job_of(stage.hub, job_id)).state == "canceled"
    states = {row[0] for row in await stage.hub.rows("SELECT state FROM webhook_deliveries WHERE replay = 1")}
    assert states == {"skipped"}
    await stage.send()
    assert consumer.received == []


async def test_w10_replays_are_refused_where_nothing_is_sent(stage: Stage, consumer: Consumer) -> None:
    endpoint = await stage.endpoint(consumer.url)
    path = f"/v1/webhook-endpoints/{endpoint['id']}"
    body = {"since": LONG_AGO}
    problem_of(await stage.api.post(f"{path}/replay", json={}), 422, "webhook_replay_unclear")
    both = {"since": LONG_AGO, "from_position": 1}
    problem_of(await stage.api.post(f"{path}/replay", json=both), 422, "webhook_replay_unclear")
    problem = problem_of(
        await stage.api.post(f"{path}/replay", json=body | {"types": ["x.y"]}), 422, "webhook_event_type_unknown"
    )
    assert problem["errors"][0]["pointer"] == "#/types/0"
    await stage.api.post(f"{path}/disable")
    problem_of(await stage.api.post(f"{path}/replay", json=body), 409, "webhook_endpoint_disabled")
    unknown = "/v1/webhook-endpoints/whk_01m81amc1cfrnt9m7qcr38rxrh/replay"
    problem_of(await stage.api.post(unknown, json=body), 404, "webhook_endpoint_not_found")
    assert (await stage.hub.client(["events:read"]).post(f"{path}/replay", json=body)).status_code == 403
    assert (await stage.hub.client(token="").post(f"{path}/replay", json=body)).status_code == 401
