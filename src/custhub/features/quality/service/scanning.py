"""A scan: every customer, some at a time, from where the last run ended. Each slice is one fenced commit."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple
from uuid import UUID

from custhub.crypto.live import LiveKeys
from custhub.features.customers.queries.merged import themselves
from custhub.features.customers.service.standards import Standards
from custhub.features.quality.errors import ScanRunning
from custhub.features.quality.events import FindingOpened, FindingResolved, QualityScanCompleted
from custhub.features.quality.queries import FiguresRow, ScanRow
from custhub.features.quality.queries.scanning import next_slice
from custhub.features.quality.queries.scans import figures_of, finding_counts, scan_of, unfinished_scans
from custhub.features.quality.repository import (
    DROP_FINDINGS,
    DROP_VERIFICATIONS,
    RENEW,
    RESOLVE,
    FindingRepository,
    ScanRepository,
    VerificationRepository,
)
from custhub.features.quality.rules import Measure
from custhub.features.quality.rules.tally import Tally, tally_of
from custhub.features.quality.service.looking import Look, Outcome
from custhub.features.quality.service.policies import policy_of
from custhub.jobs.models import UNIQUE_JOB, JobRow
from custhub.jobs.queue import enqueue
from custhub.jobs.states import LIVE, JobState, Queue
from custhub.jobs.work import JobWork
from custhub.kit.db import Database, EngineName
from custhub.kit.errors import HubError
from custhub.kit.ids import Prefix, to_text
from custhub.kit.uow import Note, UnitOfWork
from custhub.kit.writes import LostRace
from custhub.settings import Settings

KIND: Final = "quality_scan"
#: Who closes findings whose reason is gone.
SCANNER: Final = "system:quality_scan"
_SCHEDULED: Final = "schedule"
#: Customers of one slice. On SQLite nobody else writes while it is stored.
_AT_ONCE: Final[dict[EngineName, int]] = {"sqlite": 100, "postgresql": 500}


class Parts(NamedTuple):
    """What scans work with."""

    database: Database
    keys: LiveKeys
    settings: Settings
    standards: Standards


async def start_scan(uow: UnitOfWork, trigger: str) -> JobRow:
    """Queue a scan. Raises ScanRunning, also at commit."""
    if any(_is_live(other.state) for other in await unfinished_scans(uow)):
        raise ScanRunning

    async def running() -> HubError:
        return ScanRunning()

    job = enqueue(uow, KIND, {}, queue=Queue.MAINTENANCE, unique_key=KIND, result_url=_url)
    uow.on_violation(UNIQUE_JOB, running)
    ScanRepository(uow).add(_new(uow, job.id, trigger))
    uow.audit(Note("quality_scan.started", KIND, job.id))
    return job


class ScanRun:
    """One run of a scan."""

    def __init__(self, parts: Parts, work: JobWork, row: ScanRow, look: Look) -> None:
        self._parts = parts
        self._work = work
        self._row = row
        self._look = look

    async def run(self) -> None:
        """Every customer, then the figures of the day."""
        # A slice loses a race where somebody decided a finding, or opened one, between reading and writing.
        while await self._work.retried(self._slice):
            await self._work.check()
        await self._finish()

    async def _slice(self, uow: UnitOfWork) -> bool:
        """Look at the next customers; False behind the last one."""
        work, database = self._work, self._parts.database
        after = UUID(hex=work.cursor) if work.cursor else UUID(int=0)
        found = await next_slice(database, after, _AT_ONCE[database.name])
        if found is None:
            return False
        outcome = await asyncio.to_thread(self._look.at, found)
        await self._store(uow, outcome)
        return True

    async def _store(self, uow: UnitOfWork, outcome: Outcome) -> None:
        owners = {row.customer_id for row in outcome.opened} | {row.customer_id for row in outcome.due}
        if owners and owners - await themselves(uow, owners):
            raise LostRace
        if outcome.resolved:
            ids = [finding.id for finding in outcome.resolved]
            if await uow.run(RESOLVE, ids=ids, by=SCANNER, now=uow.now) != len(ids):
                raise LostRace
        if outcome.gone:
            await uow.run(DROP_FINDINGS, ids=outcome.gone)
        if outcome.due_gone or outcome.gone:
            await uow.run(DROP_VERIFICATIONS, ids=[*outcome.due_gone, *outcome.gone])
        if outcome.due_changed:
            await uow.run(RENEW, rows=[{**renewed, "at": uow.now} for renewed in outcome.due_changed])
        for known in outcome.resolved:
            uow.emit(FindingResolved(known.id, known.revision + 1, known.customer_id, (known.field,)))
        FindingRepository(uow).add_all(outcome.opened, _run_again)
        for new in outcome.opened:
            uow.emit(FindingOpened(new.id, 1, new.customer_id, (new.field,)))
        VerificationRepository(uow).add_all(outcome.due)
        row, count = self._row, outcome.customers
        values = {
            "customers": row.customers + count,
            "opened": row.opened + len(outcome.opened),
            "resolved": row.resolved + len(outcome.resolved),
            "tally": tally_of(row.tally).plus(outcome.tally).stored(),
        }
        after = ScanRepository(uow).change(row, values)
        await self._work.batch(uow, cursor=outcome.last.hex, processed=count, succeeded=count)
        self._row = after

    async def _finish(self) -> None:
        if self._row.finished_at is not None:
            return
        database, uow = self._parts.database, self._work.unit_of_work()
        day = uow.now.date()
        counts, known = await finding_counts(database), await figures_of(database, day)
        row, scans = self._row, ScanRepository(uow)
        tally = tally_of(row.tally)
        figures = FiguresRow(
            day, row.id, uow.now, tally.customers, tally.phones, tally.verified, tally.completeness, tally.score_sum,
            {kind: dict(states) for kind, states in counts.items()},
        )  # fmt: skip
        scans.keep(figures, is_new=known is None)
        row = scans.change(row, {"finished_at": uow.now})
        told = {"customers": row.customers, "opened": row.opened, "resolved": row.resolved}
        uow.emit(QualityScanCompleted(row.id, row.revision, extra=told))
        reason = " ".join(f"{name}={count}" for name, count in told.items())
        uow.audit(Note("quality_scan.completed", KIND, row.id, reason=reason))
        await self._work.batch(uow, total=row.customers)
        self._row = row


async def scan_run(parts: Parts, work: JobWork) -> ScanRun | None:
    """The run of a job; a scheduled one begins its scan here. None where another scan is at it."""
    database = parts.database
    standing = await scan_of(database, work.job.id)
    if standing is None:
        if any(_is_live(other.state) for other in await unfinished_scans(database)):
            return None
        uow = work.unit_of_work()
        row = _new(uow, work.job.id, _SCHEDULED)
        ScanRepository(uow).add(row)
        await work.batch(uow)
    else:
        row = standing.row
    work.finish({"result_url": _url(row.id)})
    catalogue = parts.standards.catalogue.value
    measure = Measure(
        work.unit_of_work().now,
        parts.settings.default_country,
        await policy_of(database),
        tuple(key for key, known in catalogue.definitions.items() if known.required and not known.archived),
        catalogue.is_entry,
    )
    return ScanRun(parts, work, row, Look(parts.keys, measure))


def _new(uow: UnitOfWork, scan_id: UUID, trigger: str) -> ScanRow:
    return ScanRow(scan_id, trigger, 0, 0, 0, Tally().stored(), None, uow.now, uow.now, 1)


def _url(scan_id: UUID) -> str:
    return f"/v1/quality/scans/{to_text(Prefix.SCAN, scan_id)}"


def _is_live(state: str | None) -> bool:
    return state is not None and JobState(state) in LIVE


async def _run_again() -> HubError:
    raise LostRace
