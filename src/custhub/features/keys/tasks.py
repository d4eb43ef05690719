"""Work beside requests: knowing the keys, and rotating them. Every process runs both."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from custhub.crypto.errors import KeyUnavailable
from custhub.features.keys.errors import KeysUnusable
from custhub.features.keys.models import RotationRow
from custhub.features.keys.queries import open_rotations
from custhub.features.keys.repository import KeyRepository
from custhub.features.keys.rules import (
    ADOPTION_SECONDS,
    FENCE_SECONDS,
    POLL_SECONDS,
    RotatedPurpose,
    RotationState,
)
from custhub.features.keys.service.field_rotation import FieldRotation
from custhub.features.keys.service.index_rotation import IndexRotation
from custhub.features.keys.service.retirement import KeyTransitions
from custhub.features.keys.service.states import KeyStates
from custhub.features.keys.service.steps import LEASE, MOST_ROWS, Patience, RotationSteps
from custhub.http.hub import Hub
from custhub.kit.background import pause
from custhub.kit.db import DatabaseUnavailable, LockTimeout
from custhub.kit.ids import new_id
from custhub.kit.uow import SYSTEM
from custhub.kit.writes import LostRace

log = logging.getLogger("custhub.keys")
#: Batches of one rotation before the others, and the keys themselves, are looked at again.
_ROUND: Final = 50
_BUSY_SECONDS: Final = 0.05


class KeyWatcher:
    """Takes up changes of the keys within a second; while it cannot, this process does not write what needs keys."""

    name = "keys"

    def __init__(
        self, hub: Hub, states: KeyStates, *, poll_seconds: float = POLL_SECONDS, fence_seconds: float = FENCE_SECONDS
    ) -> None:
        self._hub = hub
        self._states = states
        self._poll = poll_seconds
        self._fence = fence_seconds
        self._is_started = False

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop`."""
        self._states.watch(self._fence)
        while not stop.is_set():
            try:
                await self.poll()
            except DatabaseUnavailable:
                log.warning("keys wait for the database")
            await pause(stop, self._poll)

    async def poll(self) -> None:
        """Look once, and tell readiness what was found."""
        if not self._is_started:
            try:
                await self._states.start()
            except KeysUnusable as error:
                self._tell(str(error))
                return
            self._is_started = True
        self._tell(await self._states.follow())

    def _tell(self, fault: str) -> None:
        hub, code = self._hub, KeyUnavailable.code
        if fault and not hub.not_ready:
            log.error("keys unavailable: %s", fault)
            hub.not_ready = code
        elif not fault and hub.not_ready == code:
            log.info("keys available again")
            hub.not_ready = ""


class RotationRunner:
    """Runs rotations that are queued or were left behind, one process at a time for each."""

    name = "key rotations"

    def __init__(
        self,
        hub: Hub,
        states: KeyStates,
        *,
        poll_seconds: float = POLL_SECONDS,
        adoption_seconds: float = ADOPTION_SECONDS,
        most_rows: int = MOST_ROWS,
    ) -> None:
        self._states = states
        self._database = states.database
        self._clock = hub.clock
        self._open = hub.unit_of_work
        self._poll = poll_seconds
        self._id = new_id()
        self._patience = Patience(hub.clock, adoption_seconds)
        parts = (states, hub.clock, hub.unit_of_work, self._patience, most_rows)
        self._kinds: dict[str, RotationSteps] = {
            RotatedPurpose.FIELD: FieldRotation(*parts),
            RotatedPurpose.BIDX: IndexRotation(*parts),
        }
        steps = self._kinds[RotatedPurpose.FIELD]
        self._transitions = KeyTransitions(states, hub.unit_of_work, self._patience, steps)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; a batch under way is finished first."""
        while not stop.is_set():
            await pause(stop, await self.round(stop))

    async def round(self, stop: asyncio.Event | None = None) -> float:
        """Do what is due, a bounded number of batches. Returns how many seconds to wait before the next round."""
        if await self._states.follow():
            return self._poll
        try:
            await self._transitions.tend()
        except LostRace:
            return 0.0
        waits = [self._poll]
        for row in await open_rotations(self._database):
            waits.append(await self._some(row, stop))
        return min(waits)

    async def _some(self, row: RotationRow, stop: asyncio.Event | None) -> float:
        try:
            mine = await self._leased(row)
            if mine is None:
                return self._poll
            for _ in range(_ROUND):
                if mine.state != RotationState.RUNNING or (stop is not None and stop.is_set()):
                    break
                mine, wait = await self._kinds[mine.purpose].step(mine)
                if wait >= POLL_SECONDS:
                    return self._poll
                await asyncio.sleep(wait)
        except LostRace:
            return 0.0
        except LockTimeout:
            return _BUSY_SECONDS
        except KeyUnavailable:
            return self._poll
        return 0.0

    async def _leased(self, row: RotationRow) -> RotationRow | None:
        """The rotation as ours, or None while another process works on it. Raises LostRace."""
        now = self._clock.now()
        if row.lease_until is not None and row.lease_until > now:
            if row.runner != self._id:
                return None
            if row.lease_until > now + LEASE / 2:
                return row
        uow = self._open(SYSTEM, row.request_id)
        values = {
            "runner": self._id,
            "lease_until": now + LEASE,
            "state": RotationState.RUNNING,
            "started_at": row.started_at or now,
        }
        row = KeyRepository(uow).change(row, values)
        await uow.commit()
        return row
