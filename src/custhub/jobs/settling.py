"""How a run ends in the database, and what becomes of jobs whose worker is gone."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from custhub.jobs.errors import (
    JobCanceled,
    JobCrashed,
    LeaseLost,
    PermanentFailure,
    Stopping,
    WorkerLost,
)
from custhub.jobs.models import JobRow
from custhub.jobs.rules import MOST_LOST, backoff, stored_error
from custhub.jobs.states import JobState
from custhub.jobs.store import CANCELED, FAIL, GIVE_UP, LOSE, LOST, ORPHANS, RELEASE, RETRY, SUCCEED
from custhub.jobs.work import JobWork
from custhub.kit.clock import Clock
from custhub.kit.commands import Returning
from custhub.kit.db import Database, LockTimeout, TransactionConnection
from custhub.kit.db_clock import database_now
from custhub.kit.errors import HubError
from custhub.kit.writes import LostRace

log = logging.getLogger("custhub.jobs")

#: What a run ended in; None: well.
Outcome = BaseException | None
_WORKER_LOST: Final = stored_error(WorkerLost())


class Settling:
    """Writes the end of runs."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def settle(self, work: JobWork, token: object, outcome: Outcome) -> JobState | None:
        """Store how a run ended; the state it led to, None where another worker has the job by now.

        A job that was told to cancel is canceled, however its run ended.
        """
        if isinstance(outcome, LeaseLost):
            return None
        job, at = work.job, self._clock.now()
        async with self._database.transaction() as connection:
            now = await database_now(connection, self._clock)
            move, values = _end(work, outcome, now)
            common = {"of_id": job.id, "token": token, "at": at}
            done = [] if move is None else await move.run(self._database, connection, **common, **values)
            done = done or await CANCELED.run(self._database, connection, **common)
        return JobState(done[0].state) if done else None

    async def reap(self) -> int:
        """Jobs whose lease ran out run again, or are given up. How many leases were lost."""
        async with self._database.transaction() as connection:
            now = await database_now(connection, self._clock)
            rows = await LOST.all(_Inside(self._database, connection), now=now)
            for row in rows:
                await self._lose(connection, row, now)
        return len(rows)

    async def recover(self) -> int:
        """All jobs in hand were a former process's: this one owns the database alone (R-4). How many there were."""
        async with self._database.transaction() as connection:
            now = await database_now(connection, self._clock)
            rows = await ORPHANS.all(_Inside(self._database, connection))
            for row in rows:
                await self._lose(connection, row, now)
        return len(rows)

    async def _lose(self, connection: TransactionConnection, row: JobRow, now: datetime) -> None:
        common = {"of_id": row.id, "token": row.lease_token, "at": self._clock.now()}
        facts = {"job": str(row.id), "kind": row.kind}
        if row.state == JobState.CANCELING:
            await CANCELED.run(self._database, connection, **common)
        elif row.lost_leases + 1 >= MOST_LOST:
            log.error("job given up, its workers died", extra=facts)
            await GIVE_UP.run(self._database, connection, **common, error=_WORKER_LOST)
        else:
            log.warning("job of a lost worker runs again", extra=facts)
            await LOSE.run(self._database, connection, **common, run_at=now)


def _end(work: JobWork, outcome: Outcome, now: datetime) -> tuple[Returning[JobRow] | None, dict[str, object]]:
    job = work.job
    match outcome:
        case None:
            return SUCCEED, {"result": work.result}
        case JobCanceled():
            return None, {}
        case Stopping():
            return RELEASE, {"run_at": now}
        case PermanentFailure():
            return FAIL, {"error": stored_error(outcome.error)}
        case LostRace():
            error = stored_error(LockTimeout())
        case HubError():
            error = stored_error(outcome)
        case _:
            error = stored_error(JobCrashed())
    if job.attempt >= job.max_attempts:
        return FAIL, {"error": error}
    return RETRY, {"error": error, "run_at": now + backoff(job.attempt)}


class _Inside:
    """A transaction as something queries read from."""

    def __init__(self, database: Database, connection: TransactionConnection) -> None:
        self.name = database.name
        self.dialect = database.dialect
        self.fetch = connection.fetch
