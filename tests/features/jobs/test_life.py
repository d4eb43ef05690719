"""J-1 as a state machine: whatever workers, deaths and people do, a job goes only where it may."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custhub.features.operations.errors.jobs import JobFinished, JobNotFailed
from custhub.features.operations.service.jobs import JobDesk
from custhub.jobs.states import TRANSITIONS, JobState
from custhub.jobs.work import JobWork
from custhub.kit.revisions import StaleRevision
from custhub.operator.commands import OPERATOR_PRINCIPAL, in_unit_of_work
from tests.features.jobs.working import Kind, job_of, lose_lease, make_due, put, worker_of
from tests.hub import HubUnderTest

_lives = itertools.count(1)
_STEPS = ("tick", "due", "lose", "stop", "cancel", "retry", "batch", "succeed", "fail", "poison")
#: Every way from one state to another along the allowed changes: one step may make several of them.
_REACHED: dict[JobState, set[JobState]] = {}
for _state in JobState:
    _seen, _todo = set[JobState](), {_state}
    while _todo:
        _here = _todo.pop()
        _next = {target for source, target in TRANSITIONS if source == _here} - _seen
        _seen |= _next
        _todo |= _next
    _REACHED[_state] = _seen


class _Script:
    """A kind that does what it is told next."""

    def __init__(self) -> None:
        self.orders: asyncio.Queue[str] = asyncio.Queue()

    async def __call__(self, work: JobWork) -> None:
        while True:
            while self.orders.empty():
                await work.pause(0.002)
            order = self.orders.get_nowait()
            if order == "succeed":
                return
            if order == "fail":
                raise StaleRevision
            if order == "poison":
                work.fail_permanently(StaleRevision())
            await work.batch(work.unit_of_work(), processed=1)


async def _live(hub: HubUnderTest, steps: list[str]) -> None:
    # Of its own: jobs of lives before are in the same table.
    kind = f"life_{next(_lives)}"
    script, workers = _Script(), []
    worker = worker_of(hub, Kind(script, kind))
    workers.append(worker)
    job = await put(hub, kind, max_attempts=2)
    before = job
    for step in steps:
        match step:
            case "tick":
                await worker.tick()
            case "due":
                if before.state in ("scheduled", "retryable"):
                    await make_due(hub, job.id)
                await worker.tick()
            case "lose":
                if before.state in ("running", "canceling"):
                    await lose_lease(hub, job.id)
                    script = _Script()
                    worker = worker_of(hub, Kind(script, kind))
                    workers.append(worker)
                await worker.tick()
            case "stop":
                await worker.drain()
                script = _Script()
                worker = worker_of(hub, Kind(script, kind))
                workers.append(worker)
            case "cancel" | "retry":
                await _ask(hub, step, job.id, before.state)
            case _:
                if worker.in_hand:
                    script.orders.put_nowait(step)
                    if step == "batch":
                        await asyncio.sleep(0.01)
                    else:
                        async with asyncio.timeout(10):
                            await worker.settled()
        after = await job_of(hub, job.id)
        assert after.state == before.state or JobState(after.state) in _REACHED[JobState(before.state)], step
        assert after.processed >= before.processed
        assert after.revision > before.revision or after._replace(run_at=before.run_at, lease_until=None) == (
            before._replace(lease_until=None)
        )
        assert (after.lease_token is not None) == (after.state in ("running", "canceling"))
        assert (after.finished_at is not None) == (after.state in ("succeeded", "failed", "canceled"))
        assert 0 <= after.attempt <= 2
        before = after
    for each in workers:
        await each.drain()


async def _ask(hub: HubUnderTest, step: str, job_id: Any, state: str) -> None:
    may = {"cancel": state not in ("succeeded", "failed"), "retry": state == "failed"}[step]
    try:
        await in_unit_of_work(hub.app, lambda uow: getattr(JobDesk(uow), step)(OPERATOR_PRINCIPAL, job_id))
    except (JobFinished, JobNotFailed):
        assert not may
    else:
        assert may


@pytest.fixture
async def lives(hub: HubUnderTest) -> Any:
    """Runs scripts inside the loop of the hub, from the thread in which hypothesis thinks them up."""
    loop = asyncio.get_running_loop()

    def live(steps: list[str]) -> None:
        asyncio.run_coroutine_threadsafe(_live(hub, steps), loop).result(20)

    return live


async def test_j01_no_job_ever_makes_another_change_of_state(lives: Any) -> None:
    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(st.lists(st.sampled_from(_STEPS), min_size=4, max_size=16))
    def every_life(steps: list[str]) -> None:
        lives(steps)

    await asyncio.to_thread(every_life)


async def test_j01_a_long_life(lives: Any) -> None:
    steps = "tick batch fail due batch lose tick batch lose lose lose retry tick stop due cancel batch tick retry"
    await asyncio.to_thread(lives, steps.split())


def test_j01_changes_are_those_of_the_rule() -> None:
    ends = {JobState.SUCCEEDED, JobState.CANCELED}
    assert all(source not in ends for source, _ in TRANSITIONS)
    assert {target for source, target in TRANSITIONS if source == JobState.RUNNING} == {
        JobState.SUCCEEDED, JobState.RETRYABLE, JobState.FAILED, JobState.CANCELING,
    }  # fmt: skip
    assert [target for source, target in TRANSITIONS if source == JobState.CANCELING] == [JobState.CANCELED]
    assert [target for source, target in TRANSITIONS if source == JobState.FAILED] == [JobState.AVAILABLE]
