"""What every kind of rotation does: wait until all processes know, take a batch, go on to the next phase."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from custhub.crypto.models import KeyReference
from custhub.events.envelope import Event
from custhub.features.keys.events import KeyActivated, KeyRotated, KeyRotationFailed
from custhub.features.keys.models import RotationRow
from custhub.features.keys.queries import all_refs
from custhub.features.keys.repository import KeyRepository, advance, writers
from custhub.features.keys.rules import POLL_SECONDS, KeyState, Phase, RotationState
from custhub.features.keys.service.states import KeyStates, OpenUnitOfWork
from custhub.jobs.work import JobWork
from custhub.kit.clock import Clock
from custhub.kit.db import Database, EngineName, TransactionConnection
from custhub.kit.uow import SYSTEM, Note

Moves = Sequence[tuple[KeyReference, KeyState]]
Work = Callable[[TransactionConnection], Awaitable[None]]

#: How long a batch may keep others from writing: all of them on SQLite (R-4), those of numbers on PostgreSQL.
_SLICE_SECONDS: Final[dict[EngineName, float]] = {"sqlite": 0.020, "postgresql": 0.050}
_FIRST_ROWS, _FEWEST_ROWS, MOST_ROWS = 100, 20, 500
_SETTLE_SECONDS: Final = 0.02


async def settle(database: Database) -> None:
    """Wait until every write that is under way now has ended."""
    early = await writers(database)
    while early:
        await asyncio.sleep(_SETTLE_SECONDS)
        early &= await writers(database)


class Patience:
    """How long this process has known of something: every other one gets that long to learn of it.

    Measured here and not against times in the database: clocks of machines differ.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._since: dict[tuple[object, ...], float] = {}

    def is_over(self, *what: object) -> bool:
        """Whether `what` has been known for long enough; the first call begins the wait."""
        now = self._clock.monotonic()
        return now - self._since.setdefault(what, now) >= self._seconds

    def forget(self, first: object) -> None:
        """Drop what begins with this."""
        self._since = {what: since for what, since in self._since.items() if what[0] != first}


class BatchSize:
    """How many rows a batch takes, so that its transaction stays within its slice."""

    def __init__(self, slice_seconds: float, most: int = MOST_ROWS) -> None:
        self._slice = slice_seconds
        self._most = most
        self._fewest = min(most, _FEWEST_ROWS)
        self.rows = min(most, _FIRST_ROWS)

    def took(self, seconds: float) -> None:
        """Learn from the last batch."""
        factor = 0.5 if seconds > self._slice else 1.25 if seconds < self._slice / 2 else 1.0
        self.rows = min(self._most, max(self._fewest, int(self.rows * factor)))


class RotationSteps:
    """Base of the two kinds. A step returns its rotation as it is now, and how long to pause before the next."""

    def __init__(
        self,
        states: KeyStates,
        clock: Clock,
        open_work: OpenUnitOfWork,
        patience: Patience,
        most_rows: int,
        job: JobWork,
    ) -> None:
        self._states = states
        self._database = states.database
        self._keys = states.keys
        self._clock = clock
        self._open = open_work
        self._patience = patience
        self._job = job
        self._size = BatchSize(_SLICE_SECONDS[states.database.name], most_rows)

    async def step(self, row: RotationRow) -> tuple[RotationRow, float]:
        """Do the next bit. Raises LostRace when somebody else did it."""
        raise NotImplementedError

    async def refs(self, row: RotationRow) -> dict[int, KeyReference]:
        """The keys of the rotation's purpose, by kid."""
        return {ref.kid: ref for ref in await all_refs(self._database) if ref.purpose == row.purpose}

    async def is_adopted(self, row: RotationRow, *more: object) -> bool:
        """Whether every process has taken up the present phase, or writes nothing, and all earlier writes are done."""
        if not self._patience.is_over(row.id, row.phase, *more):
            return False
        await settle(self._database)
        return True

    async def batch(self, row: RotationRow, work: Work, **changes: Any) -> tuple[RotationRow, float]:
        """Do a bit of work and store its progress, in one transaction; then give way as long as it took."""
        changes["updated_at"] = self._clock.now()
        moved = max(0, changes.get("processed", row.processed) - row.processed)
        total = changes.get("total", row.total)
        async with self._job.transaction(processed=moved, succeeded=moved, total=total) as connection:
            began = time.perf_counter()
            row = await advance(self._database, connection, row, changes)
            await work(connection)
            # Without the COMMIT: that waits for the disk, in a thread.
            took = time.perf_counter() - began
        self._size.took(took)
        return row, took

    async def enter(
        self, row: RotationRow, phase: Phase, moves: Moves = (), *, total: int | None = None
    ) -> tuple[RotationRow, float]:
        """Go on to another phase; the parts of the keys change in the same transaction."""
        changes: dict[str, Any] = {"phase": phase, "phase_at": self._clock.now(), "reached": None, "unreadable": 0}
        if total is not None:
            changes["total"] = total
        row = await self._store(row, changes, moves, f"key_rotation.{phase}")
        await self._states.follow()
        return row, 0.0

    async def again(self, row: RotationRow) -> tuple[RotationRow, float]:
        """Begin another pass of the same phase: rows came under the old key after it had passed them."""
        return await self._store(row, {"reached": None, "unreadable": 0}, (), "key_rotation.repeated"), POLL_SECONDS

    async def succeed(self, row: RotationRow) -> tuple[RotationRow, float]:
        """Finish: nothing stored depends on the old key any more."""
        extra = {"purpose": row.purpose, "from_kid": row.from_kid, "to_kid": row.to_kid}
        event = KeyRotated(row.id, row.revision + 1, extra=extra)
        changes = {"state": RotationState.SUCCEEDED, "phase": Phase.DONE, "finished_at": self._clock.now()}
        self._patience.forget(row.id)
        return await self._store(row, changes, (), "key_rotation.succeeded", event), POLL_SECONDS

    async def fail(self, row: RotationRow) -> tuple[RotationRow, float]:
        """Give up because of rows that do not open; everything done so far stays and is valid."""
        extra = {"purpose": row.purpose, "from_kid": row.from_kid, "to_kid": row.to_kid, "rows": row.unreadable}
        event = KeyRotationFailed(row.id, row.revision + 1, extra=extra)
        changes = {
            "state": RotationState.FAILED,
            "error": "key_rotation_incomplete",
            "finished_at": self._clock.now(),
        }
        self._patience.forget(row.id)
        return await self._store(row, changes, (), "key_rotation.failed", event), POLL_SECONDS

    async def _store(
        self, row: RotationRow, changes: dict[str, Any], moves: Moves, action: str, event: Event | None = None
    ) -> RotationRow:
        uow = self._open(SYSTEM, row.request_id)
        repository = KeyRepository(uow)
        new = repository.change(row, changes)
        for ref, state in moves:
            moved = repository.move(ref, state)
            if state == KeyState.LIVE:
                uow.emit(KeyActivated(ref.id, moved.revision, extra={"purpose": ref.purpose, "kid": ref.kid}))
        uow.audit(Note(action, "key_rotation", row.id, reason=f"purpose={row.purpose} kid={row.from_kid}"))
        if event is not None:
            uow.emit(event)
        await self._job.batch(uow)
        return new
