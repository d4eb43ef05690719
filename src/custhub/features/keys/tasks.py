"""Work beside requests: knowing the keys, in every process; looking after them and rotating them, in workers."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Final

from custhub.crypto.errors import KeyUnavailable
from custhub.features.keys.errors import KeysUnusable, RotationIncomplete, RotationInProgress
from custhub.features.keys.models import RotationRow
from custhub.features.keys.queries import stopped_rotations
from custhub.features.keys.rules import (
    ADOPTION_SECONDS,
    FENCE_SECONDS,
    KEY_ROTATION,
    POLL_SECONDS,
    RotatedPurpose,
    RotationState,
)
from custhub.features.keys.service.field_rotation import FieldRotation
from custhub.features.keys.service.index_rotation import IndexRotation, Refill
from custhub.features.keys.service.retirement import KeyTransitions
from custhub.features.keys.service.rotations import close_stopped, get_rotation, reopen
from custhub.features.keys.service.states import KeyStates
from custhub.features.keys.service.steps import MOST_ROWS, Patience, RotationSteps
from custhub.http.hub import Hub
from custhub.jobs.states import Queue
from custhub.jobs.work import JobWork
from custhub.kit.background import pause
from custhub.kit.db import DatabaseUnavailable, LockTimeout
from custhub.kit.ids import Prefix, from_text, to_text
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


class KeyTender:
    """Looks after keys between two states, and after rotations whose job has ended without them."""

    name = "key transitions"

    def __init__(
        self,
        hub: Hub,
        states: KeyStates,
        *,
        poll_seconds: float = POLL_SECONDS,
        adoption_seconds: float = ADOPTION_SECONDS,
    ) -> None:
        self._states = states
        self._open = hub.unit_of_work
        self._poll = poll_seconds
        self._transitions = KeyTransitions(states, hub.unit_of_work, Patience(hub.clock, adoption_seconds))

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`."""
        while not stop.is_set():
            await self.round()
            await pause(stop, self._poll)

    async def round(self) -> None:
        """Do what is due; what another process does at the same moment is left to it."""
        if await self._states.follow():
            return
        with suppress(LostRace):
            await self._transitions.tend()
            for row in await stopped_rotations(self._states.database):
                await close_stopped(self._open(SYSTEM, row.request_id), row)


class KeyRotation:
    """The job that moves stored values to a new key (S-17)."""

    name = KEY_ROTATION
    queue = Queue.MAINTENANCE

    def __init__(
        self,
        hub: Hub,
        states: KeyStates,
        *,
        poll_seconds: float = POLL_SECONDS,
        adoption_seconds: float = ADOPTION_SECONDS,
        most_rows: int = MOST_ROWS,
        refill: Refill | None = None,
    ) -> None:
        self._states = states
        self._refill = refill
        self._database = states.database
        self._hub = hub
        self._poll = poll_seconds
        self._patience = Patience(hub.clock, adoption_seconds)
        self._most_rows = most_rows

    async def run(self, work: JobWork) -> None:
        """Go on where the rotation is; every step and the job's own progress are one commit."""
        row = await self._opened(work)
        steps = self._steps(work, row.purpose)
        number = 0
        while row.state == RotationState.RUNNING:
            await work.check()
            if number % _ROUND == 0 and await self._states.follow():
                await work.pause(self._poll)
                continue
            number += 1
            try:
                row, wait = await steps.step(row)
            except LostRace:
                row, wait = await get_rotation(self._database, row.id), 0.0
            except LockTimeout:
                wait = _BUSY_SECONDS
            except KeyUnavailable:
                number, wait = 0, self._poll
            if row.state == RotationState.RUNNING:
                await work.pause(min(wait, self._poll) if wait >= POLL_SECONDS else wait)
        if row.state == RotationState.FAILED:
            work.fail_permanently(RotationIncomplete())
        work.finish({"result_url": f"/v1/key-rotations/{to_text(Prefix.KEY, row.id)}"})

    async def _opened(self, work: JobWork) -> RotationRow:
        """The rotation, running. A job that is run again takes up one that had failed."""
        row = await get_rotation(self._database, from_text(Prefix.KEY, work.args["rotation_id"]))
        if row.state in (RotationState.RUNNING, RotationState.SUCCEEDED):
            return row
        uow = self._hub.unit_of_work(SYSTEM, row.request_id)
        try:
            return await reopen(uow, row, work)
        except RotationInProgress as error:
            work.fail_permanently(error)

    def _steps(self, work: JobWork, purpose: str) -> RotationSteps:
        hub = self._hub
        parts = (self._states, hub.clock, hub.unit_of_work, self._patience, self._most_rows, work)
        if purpose == RotatedPurpose.FIELD:
            return FieldRotation(*parts)
        steps = IndexRotation(*parts)
        steps.refill = self._refill
        return steps
