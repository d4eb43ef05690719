"""A request that lost a race runs again under locks and never ends in a 500 (contract_d2, ARCHITECTURE section 5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from custhub.kit.db import DatabaseUnavailable, LockTimeout
from custhub.kit.writes import LostRace
from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.faults import Calls
from tests.hub import HubUnderTest


class Unlucky(Calls):
    """Loses the first `times` attempts: the one without locks, then those with."""

    def __init__(self, database: Any, times: int, error: Exception) -> None:
        super().__init__(database)
        self.left = times
        self._error = error

    def _lose(self) -> None:
        if self.left > 0:
            self.left -= 1
            raise self._error

    async def send(self, writes: Any) -> None:
        """Lose, or send."""
        if writes.writes:
            self._lose()
        await super().send(writes)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """Lose at the end of the block, or go through."""
        async with super().transaction() as connection:
            yield connection
            self._lose()


@pytest.mark.parametrize("times", [1, 2, 5])
async def test_a_lost_race_is_run_again(hub: HubUnderTest, times: int) -> None:
    """contract_d2: without If-Match the caller never hears of it; the change is made once."""
    customer = await create_customer(hub.api)
    unlucky = hub.app.hub.database = Unlucky(hub.app.database, times, LostRace())
    try:
        answer = await hub.api.patch(path_of(customer), json={"note": "x"})
    finally:
        hub.app.hub.database = hub.app.database
    assert (answer.status_code, unlucky.left) == (200, 0)
    assert (await read_customer(hub.api, customer))["revision"] == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [(LostRace(), "lock_timeout"), (LockTimeout(), "lock_timeout"), (DatabaseUnavailable(), "database_unavailable")],
)
async def test_who_never_wins_is_told_to_come_back(hub: HubUnderTest, error: Exception, code: str) -> None:
    """reliability_r2: 503 with Retry-After, not a 500 and not for ever; nothing was changed."""
    customer = await create_customer(hub.api)
    hub.app.hub.database = Unlucky(hub.app.database, 1_000, error)
    try:
        answer = await hub.api.patch(path_of(customer), json={"note": "x"})
    finally:
        hub.app.hub.database = hub.app.database
    problem_of(answer, 503, code)
    assert int(answer.headers["retry-after"]) > 0
    assert (await read_customer(hub.api, customer))["revision"] == 1
