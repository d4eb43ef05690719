"""S-48: two hashes at once, a short queue, then 503."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from custhub.features.accounts.errors import LoginBusy, PasswordTooWeak
from custhub.features.accounts.rules import PasswordHasher
from custhub.features.accounts.service.hashing import AT_ONCE, WAITING, HashingDesk

PASSWORD = "correct horse battery staple"


class SlowHasher(PasswordHasher):
    """Hashes when it is let, and counts how many do at once."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.running = 0
        self.most = 0
        self._lock = threading.Lock()

    def verify(self, stored: str | None, password: str) -> bool:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.gate.wait(10)
        with self._lock:
            self.running -= 1
        return password == PASSWORD


@pytest.fixture(name="slow")
def _slow() -> SlowHasher:
    return SlowHasher()


@pytest.fixture(name="desk")
def _desk(slow: SlowHasher) -> Iterator[HashingDesk]:
    made = HashingDesk(slow)
    yield made
    slow.gate.set()
    made.close()


@pytest.fixture(name="anyio_backend", scope="module")
def _backend() -> str:
    return "asyncio"


async def test_s48_two_at_once_a_short_queue_and_then_busy(desk: HashingDesk, slow: SlowHasher) -> None:
    places = AT_ONCE + WAITING
    tasks = [asyncio.create_task(desk.verify(None, PASSWORD)) for _ in range(places)]
    await asyncio.sleep(0.05)
    with pytest.raises(LoginBusy):
        await desk.verify(None, PASSWORD)
    slow.gate.set()
    assert await asyncio.gather(*tasks) == [True] * places
    assert slow.most == AT_ONCE
    assert await desk.verify(None, "other") is False


async def test_s48_caller_who_goes_away_frees_no_place_before_the_thread_does(
    desk: HashingDesk, slow: SlowHasher
) -> None:
    tasks = [asyncio.create_task(desk.verify(None, PASSWORD)) for _ in range(AT_ONCE + WAITING)]
    await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    with pytest.raises(LoginBusy):
        await desk.verify(None, PASSWORD)
    slow.gate.set()
    for _ in range(100):
        await asyncio.sleep(0.01)
        if slow.running == 0:
            break
    await asyncio.sleep(0.05)
    assert await desk.verify(None, PASSWORD) is True


async def test_s48_weak_password_costs_no_hash(desk: HashingDesk) -> None:
    with pytest.raises(PasswordTooWeak):
        await desk.hash("short")


async def test_s48_loop_goes_on_while_a_hash_runs(desk: HashingDesk, slow: SlowHasher) -> None:
    task = asyncio.create_task(desk.verify(None, PASSWORD))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not task.done()
    slow.gate.set()
    assert await task is True
