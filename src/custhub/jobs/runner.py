"""The worker of a process: claims jobs, runs them, and lets go of them in order (J-3, J-9, R-1)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

from custhub.jobs.errors import JobCanceled, JobCrashed, JobInterrupted, LeaseLost, PermanentFailure, Stopping
from custhub.jobs.kinds import JobKind
from custhub.jobs.leases import Leases
from custhub.jobs.models import JobRow
from custhub.jobs.settling import Outcome, Settling
from custhub.jobs.states import JobState, Queue
from custhub.jobs.store import CLAIM, PROBE, PROMOTE, STANDING
from custhub.jobs.work import JobWork, OpenUnitOfWork
from custhub.kit.clock import Clock
from custhub.kit.db import Database, DatabaseUnavailable, DiskFull
from custhub.kit.db_clock import database_now
from custhub.kit.errors import HubError
from custhub.kit.ids import new_id
from custhub.kit.writes import LostRace

log = logging.getLogger("custhub.jobs")

POLL_SECONDS: Final = 0.5
#: A run that was told to end and does not ask is cut off after this long: cancel takes effect within 5 s (J-6).
_PATIENCE_SECONDS: Final = 3.0
#: How long runs get to end their batch when the process stops.
_DRAIN_SECONDS: Final = 4.0
_AGAIN_SECONDS: Final = 1.0
#: A worker that has not looked for jobs for so long is not alive (R-7).
SILENCE_SECONDS: Final = 30.0


class _Run:
    """One job in hand."""

    def __init__(self, work: JobWork, token: UUID, queue: str) -> None:
        self.work = work
        self.token = token
        self.queue = queue
        self.task: asyncio.Task[None] | None = None
        self.told_at: float | None = None


class JobRunner:
    """Runs the jobs of some kinds, each queue with its own number of places. One per process."""

    name = "jobs"

    def __init__(
        self,
        database: Database,
        clock: Clock,
        open_work: OpenUnitOfWork,
        kinds: Sequence[JobKind],
        places: Mapping[Queue, int],
        leases: Leases,
        *,
        lost: Callable[[int], None] = lambda _: None,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._open = open_work
        self._kinds = {kind.name: kind for kind in kinds}
        if len(self._kinds) != len(kinds):
            raise ValueError("two kinds of jobs have one name")
        self._names = sorted(self._kinds)
        self._places = dict(places)
        self._leases = leases
        self._lost = lost
        self._poll = poll_seconds
        self._settling = Settling(database, clock)
        self._runs: dict[UUID, _Run] = {}
        self._freed = asyncio.Event()
        self._stops = False
        self._beat: float | None = None

    @property
    def is_silent(self) -> bool:
        """Whether it began to look for jobs and stopped doing so."""
        return self._beat is not None and self._clock.monotonic() - self._beat > SILENCE_SECONDS

    @property
    def in_hand(self) -> int:
        """How many jobs it runs."""
        return len(self._runs)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; then batches under way are finished and their jobs given back."""
        self._stops = False
        self._leases.start()
        is_recovered = self._leases.lease is not None
        try:
            while not stop.is_set():
                self._freed.clear()
                try:
                    if not is_recovered:
                        self._count(await self._settling.recover())
                        is_recovered = True
                    await self.tick()
                except (DatabaseUnavailable, DiskFull):
                    log.warning("jobs wait for the database")
                self._beat = self._clock.monotonic()
                await self._rest(stop)
        finally:
            await self.drain()
            self._leases.stop()
            self._beat = None

    async def tick(self) -> None:
        """Look once: what became due, whose worker is gone, what was canceled; then take what there is room for."""
        now = await database_now(self._database, self._clock)
        is_due, is_lost, *waiting = await PROBE.first(self._database, now=now) or ()
        if is_lost:
            self._count(await self._settling.reap())
        if is_due or is_lost:
            await self._promote()
            waiting = [True] * len(Queue)
        await self._look_after_runs()
        for queue, is_waiting in zip(Queue, waiting, strict=True):
            while is_waiting and not self._stops and self._has_room(queue):
                job = await self._claim(queue)
                if job is None:
                    break
                self._begin(job)

    async def drain(self) -> None:
        """Ask every run to end, cut off those that do not, and give their jobs back."""
        self._stops = True
        tasks = [run.task for run in self._runs.values() if run.task is not None]
        for run in self._runs.values():
            run.work.tell(Stopping)
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=_DRAIN_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until nothing is in hand."""
        while self._runs:
            await asyncio.gather(*(run.task for run in [*self._runs.values()] if run.task is not None))

    def _count(self, lost: int) -> None:
        if lost:
            self._lost(lost)

    def _has_room(self, queue: Queue) -> bool:
        return sum(run.queue == queue for run in self._runs.values()) < self._places.get(queue, 0)

    async def _promote(self) -> None:
        async with self._database.transaction() as connection:
            now = await database_now(connection, self._clock)
            await PROMOTE.run(self._database, connection, now=now, at=self._clock.now())

    async def _claim(self, queue: Queue) -> JobRow | None:
        lease = self._leases.lease
        async with self._database.transaction() as connection:
            until = None if lease is None else await database_now(connection, self._clock) + lease
            taken = await CLAIM.run(
                self._database,
                connection,
                queue=queue.value,
                kinds=self._names,
                token=new_id(),
                until=until,
                at=self._clock.now(),
            )
        return taken[0] if taken else None

    def _begin(self, job: JobRow) -> None:
        token = job.lease_token
        if token is None:
            raise RuntimeError("a claim without a token")
        self._leases.hold(job.id, token)
        run = _Run(JobWork(self._database, self._clock, self._open, job, token), token, job.queue)
        self._runs[job.id] = run
        run.task = asyncio.create_task(self._run(run), name=f"job {job.kind}")

    async def _run(self, run: _Run) -> None:
        job = run.work.job
        try:
            outcome = await self._outcome(run)
            with suppress(asyncio.CancelledError):
                await self._settle(run, outcome)
        finally:
            self._leases.drop(job.id)
            self._runs.pop(job.id, None)
            self._freed.set()

    async def _outcome(self, run: _Run) -> Outcome:
        job = run.work.job
        facts = {"job": str(job.id), "kind": job.kind, "request_id": job.request_id}
        try:
            await self._kinds[job.kind].run(run.work)
        except (JobInterrupted, PermanentFailure) as end:
            return end
        except asyncio.CancelledError:
            # Cut off: by a cancel it did not ask for, by a lease that is another's now, or by the end of the process.
            for signal in (LeaseLost, JobCanceled):
                if run.work.is_told(signal):
                    return signal()
            if self._stops:
                return Stopping()
            if run.task is None or run.task.cancelling():
                raise  # not ours to swallow: the loop itself ends
            log.exception("job cut itself off", extra=facts)
            return JobCrashed()
        except (HubError, LostRace) as error:
            log.warning("job failed", extra={**facts, "status": getattr(error, "code", "lost_race")})
            return error
        except Exception as error:
            log.exception("job crashed", extra=facts)
            return error
        return None

    async def _settle(self, run: _Run, outcome: Outcome) -> None:
        """Until it is stored: the embedded database has nobody else who would notice."""
        while True:
            try:
                state = await self._settling.settle(run.work, run.token, outcome)
            except (DatabaseUnavailable, DiskFull, LostRace):
                if self._stops:
                    return
                await asyncio.sleep(_AGAIN_SECONDS)
                continue
            if state is None:
                log.warning("a job went to another worker", extra={"job": str(run.work.job.id)})
            return

    async def _look_after_runs(self) -> None:
        if not self._runs:
            return
        found = {row[0]: row for row in await STANDING.all(self._database, ids=list(self._runs))}
        for job_id, run in [*self._runs.items()]:
            row = found.get(job_id)
            if row is None or row[2] != run.token:
                # Its end may have been stored since the question; then it is not among the runs any more.
                self._tell(run, LeaseLost)
            elif row[1] == JobState.CANCELING:
                self._tell(run, JobCanceled)

    def _tell(self, run: _Run, signal: type[JobInterrupted]) -> None:
        now = self._clock.monotonic()
        run.work.tell(signal)
        if run.told_at is None:
            run.told_at = now
        elif now - run.told_at > _PATIENCE_SECONDS and run.task is not None:
            run.task.cancel()

    async def _rest(self, stop: asyncio.Event) -> None:
        """Until the next look, the end of a run, or the end of the process."""
        waits = [asyncio.ensure_future(event.wait()) for event in (stop, self._freed)]
        try:
            await asyncio.wait(waits, timeout=self._poll, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
