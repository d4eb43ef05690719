"""A job in the hands of its worker: what a kind reads, writes and asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, NoReturn, TypeVar
from uuid import UUID

from custhub.jobs.errors import JobCanceled, JobInterrupted, LeaseLost, PermanentFailure, Stopping
from custhub.jobs.models import JobRow, jobs
from custhub.jobs.states import JobState
from custhub.jobs.store import ADVANCE, JOB, PROGRESS
from custhub.kit.clock import Clock
from custhub.kit.db import Database, TransactionConnection
from custhub.kit.errors import HubError
from custhub.kit.uow import Actor, UnitOfWork
from custhub.kit.writes import LostRace

OpenUnitOfWork = Callable[[Actor, str], UnitOfWork]
Result = TypeVar("Result")

_SAME: Final = object()
#: Seconds before a step that lost a race is tried again.
_PAUSES: Final = (0.02, 0.1, 0.3, 1.0)
#: Which signal counts when there are several.
_ORDER: Final[tuple[type[JobInterrupted], ...]] = (LeaseLost, JobCanceled, Stopping)


class JobWork:
    """One run of a job. Everything it commits is fenced: without the lease nothing is written (J-4)."""

    def __init__(self, database: Database, clock: Clock, open_work: OpenUnitOfWork, job: JobRow, token: UUID) -> None:
        self._database = database
        self._clock = clock
        self._open = open_work
        self._token = token
        self._told = asyncio.Event()
        self._signals: set[type[JobInterrupted]] = set()
        #: The row as this run knows it.
        self.job = job
        #: Told to clients at the end, e.g. `{"result_url": ...}`.
        self.result: Mapping[str, Any] | None = job.result

    @property
    def args(self) -> Mapping[str, Any]:
        """What `enqueue` was given."""
        args: Mapping[str, Any] = self.job.args
        return args

    @property
    def cursor(self) -> Any:
        """Where to go on; None at the beginning."""
        return self.job.cursor

    def unit_of_work(self) -> UnitOfWork:
        """A fresh one, of whoever started the job, under the id of that request."""
        job = self.job
        return self._open(Actor(job.actor_kind, job.actor_id, job.client_id), job.request_id)

    def bulk_unit_of_work(self) -> UnitOfWork:
        """A fresh one whose events give way to those of requests: what changes thousands of rows."""
        uow = self.unit_of_work()
        uow.bulk_id = self.job.id
        return uow

    async def retried(self, step: Callable[[UnitOfWork], Awaitable[Result]]) -> Result:
        """A step that commits the bulk unit of work it is given; once more, in a fresh one, where it lost a race.

        Whatever it raises is raised after a rollback, a race lost five times as LostRace.
        """
        for pause in (*_PAUSES, None):
            uow = self.bulk_unit_of_work()
            try:
                return await step(uow)
            except LostRace:
                await uow.rollback()
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            except BaseException:
                await uow.rollback()
                raise
        raise AssertionError("the last attempt returns or raises")

    async def batch(
        self,
        uow: UnitOfWork,
        *,
        cursor: Any = _SAME,
        processed: int = 0,
        succeeded: int = 0,
        failed: int = 0,
        skipped: int = 0,
        total: Any = _SAME,
    ) -> None:
        """Commit `uow` together with this progress; the counts are added to those before.

        Raises LeaseLost or JobCanceled, after which nothing of it is written, and LostRace where a guard of the
        batch's own did not hold.
        """
        values = self._values(cursor, total, processed, succeeded, failed, skipped)
        key = {"id": self.job.id, "lease_token": self._token, "state": JobState.RUNNING.value}
        uow.update(jobs, key, values, guard=True)
        try:
            await uow.commit()
        except LostRace:
            await uow.rollback()
            raise await self._reason() from None
        self.job = self.job._replace(**values)

    @asynccontextmanager
    async def transaction(
        self,
        *,
        cursor: Any = _SAME,
        processed: int = 0,
        succeeded: int = 0,
        failed: int = 0,
        skipped: int = 0,
        total: Any = _SAME,
    ) -> AsyncIterator[TransactionConnection]:
        """`batch` for writes of thousands of rows: an explicit transaction that begins with the progress."""
        values = self._values(cursor, total, processed, succeeded, failed, skipped)
        params = {f"new_{name}": values.get(name, getattr(self.job, name)) for name in PROGRESS}
        try:
            async with self._database.transaction() as connection:
                if await ADVANCE.run(self._database, connection, of_id=self.job.id, token=self._token, **params) != 1:
                    raise LostRace
                yield connection
        except LostRace:
            raise await self._reason() from None
        self.job = self.job._replace(**values)

    async def check(self) -> None:
        """Between batches, at least every second: give way, and end where the job has to.

        Raises JobCanceled, Stopping, LeaseLost.
        """
        await asyncio.sleep(0)
        for signal in _ORDER:
            if signal in self._signals:
                raise signal

    async def pause(self, seconds: float) -> None:
        """Wait, no longer than until the job has to end. Raises what `check` raises."""
        try:
            async with asyncio.timeout(seconds):
                await self._told.wait()
        except TimeoutError:
            pass
        await self.check()

    def finish(self, result: Mapping[str, Any]) -> None:
        """What clients are told when the run ends well, e.g. `{"result_url": "/v1/..."}`."""
        self.result = dict(result)

    def fail_permanently(self, error: HubError) -> NoReturn:
        """End the job as failed, without another attempt."""
        raise PermanentFailure(error)

    def tell(self, signal: type[JobInterrupted]) -> None:
        """Of its worker: the run has to end."""
        self._signals.add(signal)
        self._told.set()

    def is_told(self, signal: type[JobInterrupted]) -> bool:
        """Whether the worker said so."""
        return signal in self._signals

    def _values(
        self, cursor: Any, total: Any, processed: int, succeeded: int, failed: int, skipped: int
    ) -> dict[str, Any]:
        job = self.job
        if min(processed, succeeded, failed, skipped) < 0:
            raise ValueError("progress never falls")
        values: dict[str, Any] = {
            "processed": job.processed + processed,
            "succeeded": job.succeeded + succeeded,
            "failed": job.failed + failed,
            "skipped": job.skipped + skipped,
            "lost_leases": 0,
            "updated_at": self._clock.now(),
            "revision": job.revision + 1,
        }
        if cursor is not _SAME:
            values["cursor"] = cursor
        if total is not _SAME:
            values["total"] = total
        return values

    async def _reason(self) -> Exception:
        now = await JOB.first(self._database, id=self.job.id)
        if now is None or now.lease_token != self._token:
            return LeaseLost()
        return JobCanceled() if now.state == JobState.CANCELING else LostRace()
