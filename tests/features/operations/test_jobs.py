"""See and cancel jobs through the API (J-6, CONTRACT D5)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from custhub.features.operations.errors.jobs import JobNotFailed, JobReplaced
from custhub.features.operations.service.jobs import JobDesk
from custhub.jobs.models import JobRow
from custhub.jobs.work import JobWork
from custhub.kit.ids import Prefix, to_text
from custhub.kit.uow import Actor
from custhub.operator.commands import OPERATOR_PRINCIPAL, in_unit_of_work
from tests.features.jobs.working import execute, finished, job_of, put, work_until, worker_of
from tests.hub import HubUnderTest
from tests.principals import make_principal

_MEMBERS = {
    "id", "object", "kind", "status", "total", "processed", "succeeded", "failed", "skipped", "rate_per_second",
    "eta_seconds", "result_url", "error", "created_at", "started_at", "finished_at",
}  # fmt: skip


def path_of(job: JobRow) -> str:
    return f"/v1/jobs/{to_text(Prefix.JOB, job.id)}"


async def _nothing(_: JobWork) -> None:
    return None


async def test_contract_d5_a_job_shows_its_progress(fresh_hub: HubUnderTest) -> None:
    async def run(work: JobWork) -> None:
        await work.batch(work.unit_of_work(), processed=100, succeeded=90, failed=7, skipped=3, total=400)
        await work.pause(3_600)

    job = await put(fresh_hub)
    waiting = await fresh_hub.api.get(path_of(job))
    body = waiting.json()
    assert set(body) == _MEMBERS | {"updated_at", "revision"}
    assert (body["object"], body["kind"], body["status"], body["rate_per_second"]) == ("job", "test_kind", "queued", 0)
    seen = await fresh_hub.api.get(path_of(job), headers={"If-None-Match": waiting.headers["etag"]})
    assert seen.status_code == 304
    worker = worker_of(fresh_hub, run)

    async def has_begun() -> bool:
        return (await job_of(fresh_hub, job.id)).processed == 100

    await work_until(worker, has_begun)
    earlier = f"UPDATE jobs SET started_at = started_at - {_ten_seconds(fresh_hub)} WHERE id = ?"  # noqa: S608  # no input
    await execute(fresh_hub, earlier, job.id)
    body = (await fresh_hub.api.get(path_of(job))).json()
    assert (body["status"], body["total"], body["processed"]) == ("running", 400, 100)
    assert (body["succeeded"], body["failed"], body["skipped"]) == (90, 7, 3)
    assert (body["rate_per_second"], body["eta_seconds"], body["finished_at"]) == (10, 30, None)
    await worker.drain()


def _ten_seconds(hub: HubUnderTest) -> str:
    return "interval '10 seconds'" if hub.engine == "postgresql" else "10000000"


async def test_contract_d5_the_end_of_a_job_shows_its_result_or_a_problem(fresh_hub: HubUnderTest) -> None:
    async def run(work: JobWork) -> None:
        if work.args["fails"]:
            work.fail_permanently(JobReplaced())
        work.finish({"result_url": "/v1/exports/1"})

    worker = worker_of(fresh_hub, run)
    good, bad = await put(fresh_hub, args={"fails": False}), await put(fresh_hub, args={"fails": True})
    for job in (good, bad):
        await finished(fresh_hub, worker, job.id)
    body = (await fresh_hub.api.get(path_of(good))).json()
    assert (body["status"], body["result_url"], body["error"]) == ("succeeded", "/v1/exports/1", None)
    body = (await fresh_hub.api.get(path_of(bad))).json()
    assert (body["status"], body["result_url"]) == ("failed", None)
    assert body["error"]["code"] == "job_replaced"
    assert (body["error"]["type"], body["error"]["status"]) == ("/docs/errors/job_replaced", 409)


async def test_j06_cancel_of_a_waiting_job_is_done_at_once_and_can_be_repeated(fresh_hub: HubUnderTest) -> None:
    job = await put(fresh_hub)
    first = await fresh_hub.api.post(f"{path_of(job)}/cancel")
    assert (first.status_code, first.json()["status"]) == (200, "canceled")
    assert first.json()["finished_at"] is not None
    again = await fresh_hub.api.post(f"{path_of(job)}/cancel")
    assert (again.status_code, again.json(), again.headers["etag"]) == (200, first.json(), first.headers["etag"])
    worker = worker_of(fresh_hub, _nothing)
    await worker.tick()
    assert worker.in_hand == 0
    entries = await fresh_hub.rows("SELECT reason FROM audit_entries WHERE action = 'job.canceled'")
    assert [row[0] for row in entries] == ["test_kind"]


async def test_j06_cancel_of_a_running_job_takes_effect_and_keeps_what_is_done(fresh_hub: HubUnderTest) -> None:
    async def run(work: JobWork) -> None:
        while True:
            await work.batch(work.unit_of_work(), processed=10, succeeded=10, total=1_000)
            await work.pause(0.01)

    job = await put(fresh_hub)
    worker = worker_of(fresh_hub, run)
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(10):
        while (await job_of(fresh_hub, job.id)).processed < 30:
            await asyncio.sleep(0.01)
        asked = await fresh_hub.api.post(f"{path_of(job)}/cancel")
        assert asked.json()["status"] in ("canceling", "canceled")
    async with asyncio.timeout(5):
        while (body := (await fresh_hub.api.get(path_of(job))).json())["status"] != "canceled":
            await asyncio.sleep(0.01)
    stop.set()
    await running
    assert body["processed"] == body["succeeded"] >= 30


async def test_a_finished_job_is_not_canceled(fresh_hub: HubUnderTest) -> None:
    job = await put(fresh_hub)
    await finished(fresh_hub, worker_of(fresh_hub, _nothing), job.id)
    refused = await fresh_hub.api.post(f"{path_of(job)}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (409, "job_finished")


async def test_everybody_sees_the_own_jobs_and_jobs_manage_shows_all(fresh_hub: HubUnderTest) -> None:
    who = make_principal(scopes=["customers:read"])
    mine, other = await put(fresh_hub, actor=who.actor), await put(fresh_hub, actor=Actor("user", mine_not(who)))
    client = fresh_hub.client_of(who)
    assert [job["id"] for job in (await client.get("/v1/jobs")).json()["data"]] == [path_of(mine)[-30:]]
    assert (await client.get(path_of(mine))).status_code == 200
    for refused in (await client.get(path_of(other)), await client.post(f"{path_of(other)}/cancel")):
        assert (refused.status_code, refused.json()["code"]) == (404, "job_not_found")
    assert (await client.post(f"{path_of(mine)}/cancel")).json()["status"] == "canceled"
    every = (await fresh_hub.client(["jobs:manage"]).get("/v1/jobs")).json()["data"]
    assert [job["id"] for job in every] == [path_of(other)[-30:], path_of(mine)[-30:]]
    assert (await fresh_hub.client(token="").get("/v1/jobs")).status_code == 401
    assert (await fresh_hub.client(token="").get(path_of(mine))).status_code == 401
    assert (await fresh_hub.client(token="").post(f"{path_of(mine)}/cancel")).status_code == 401


def mine_not(who: Any) -> Any:
    from custhub.kit.ids import new_id

    made = new_id()
    assert made != who.id
    return made


async def test_list_jobs_pages_and_filters(fresh_hub: HubUnderTest) -> None:
    made = [await put(fresh_hub, kind) for kind in ("one", "two", "one", "two", "one")]
    await fresh_hub.api.post(f"{path_of(made[0])}/cancel")
    ids, cursor = [], None
    while True:
        params: dict[str, Any] = {"limit": 2} | ({} if cursor is None else {"cursor": cursor})
        answer = await fresh_hub.api.get("/v1/jobs", params=params)
        body = answer.json()
        ids += [job["id"] for job in body["data"]]
        cursor = body["next_cursor"]
        assert ("link" in answer.headers) == body["has_more"]
        if cursor is None:
            break
    assert ids == [path_of(job)[-30:] for job in reversed(made)]

    async def listed(**params: Any) -> list[str]:
        data = (await fresh_hub.api.get("/v1/jobs", params=params)).json()["data"]
        return [job["id"] for job in reversed(data)]

    assert await listed(kind="two") == [path_of(job)[-30:] for job in (made[1], made[3])]
    assert await listed(status="canceled") == [path_of(made[0])[-30:]]
    assert await listed(status=["queued", "running"], kind=["one"]) == [
        path_of(job)[-30:] for job in (made[2], made[4])
    ]
    assert (await fresh_hub.api.get("/v1/jobs", params={"status": "lost"})).status_code == 422
    refused = await fresh_hub.api.get("/v1/jobs", params={"cursor": "AAAA"})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_cursor")


async def test_j01_only_the_operator_runs_a_failed_job_again(fresh_hub: HubUnderTest) -> None:
    async def run(work: JobWork) -> None:
        if work.job.cursor is None:
            await work.batch(work.unit_of_work(), cursor=1, processed=1)
            raise RuntimeError

    worker = worker_of(fresh_hub, run)
    job = await put(fresh_hub, max_attempts=1, unique_key="one")
    assert (await finished(fresh_hub, worker, job.id)).state == "failed"
    twin = await put(fresh_hub, "other", unique_key="one")

    async def retry() -> JobRow:
        return await in_unit_of_work(fresh_hub.app, lambda uow: JobDesk(uow).retry(OPERATOR_PRINCIPAL, job.id))

    with pytest.raises(JobReplaced):
        await retry()
    await fresh_hub.api.post(f"{path_of(twin)}/cancel")
    again = await retry()
    assert (again.state, again.attempt, again.error, again.cursor) == ("available", 0, None, 1)
    done = await finished(fresh_hub, worker, job.id)
    assert (done.state, done.processed, done.attempt) == ("succeeded", 1, 1)
    with pytest.raises(JobNotFailed):
        await retry()
