"""R-7: a process whose worker no longer looks for jobs is not ready, and says why."""

from __future__ import annotations

import asyncio

from custhub.jobs.runner import SILENCE_SECONDS
from tests.hub import HubUnderTest


async def _readiness(hub: HubUnderTest) -> tuple[int, str]:
    answer = await hub.client(["ops:read"]).get("/health/ready")
    body = answer.json()
    if answer.status_code == 503:
        assert "retry-after" in answer.headers
        return 503, str(body["code"])
    return answer.status_code, {check["name"]: check["state"] for check in body["checks"]}["worker"]


async def test_r7_a_silent_worker_makes_its_process_unready_until_it_looks_again(fresh_hub: HubUnderTest) -> None:
    assert await _readiness(fresh_hub) == (200, "ok")  # a process without a worker misses none
    stop = asyncio.Event()
    working = asyncio.create_task(fresh_hub.app.jobs.run(stop))
    try:
        async with asyncio.timeout(20):
            # The time goes by between two looks, as if the second one did not come.
            while await _readiness(fresh_hub) != (503, "worker_silent"):
                await asyncio.sleep(0.01)
                fresh_hub.clock.advance(SILENCE_SECONDS + 1)
            while await _readiness(fresh_hub) != (200, "ok"):
                await asyncio.sleep(0.05)
    finally:
        stop.set()
        await working
