"""A scan: everybody is compared, then pairs are stored slice by slice, each slice one fenced commit.

A scan that was killed compares anew, by the thresholds that it began with, and goes on storing behind the last pair
that it stored.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

from custhub.features.duplicates.errors import DuplicateScanRunning
from custhub.features.duplicates.events import DuplicateScanCompleted
from custhub.features.duplicates.queries import DuplicateRow, DuplicateScanRow, HotKeyRow
from custhub.features.duplicates.queries.pairs import known_pairs
from custhub.features.duplicates.queries.scans import scan_of, stored_settings, unfinished_scans
from custhub.features.duplicates.queries.scoring import active_model
from custhub.features.duplicates.repository import (
    PART,
    RENEW,
    RENEWED,
    RETIRE,
    SEEN,
    DuplicateRepository,
    ScanRepository,
)
from custhub.features.duplicates.rules import PairState, cluster_of
from custhub.features.duplicates.service.desk import Scored
from custhub.features.duplicates.service.gathering import Gathering, Parts
from custhub.features.matching.rules.blocking import kind_of
from custhub.features.matching.rules.keys import stored_forms
from custhub.features.matching.service.cannot_links import forbidden_among
from custhub.jobs.models import UNIQUE_JOB, JobRow
from custhub.jobs.queue import enqueue
from custhub.jobs.states import LIVE, JobState, Queue
from custhub.jobs.work import JobWork
from custhub.kit.db import EngineName
from custhub.kit.errors import HubError
from custhub.kit.ids import Prefix, new_id, to_text
from custhub.kit.uow import Note, UnitOfWork

log = logging.getLogger("custhub.duplicates")

KIND: Final = "duplicate_scan"
#: Pairs of one slice. On SQLite nobody else writes while it is stored.
_AT_ONCE: Final[dict[EngineName, int]] = {"sqlite": 100, "postgresql": 500}
#: Hot keys that are told of, those of most holders.
_MOST_HOT: Final = 1_000
_SCHEDULED: Final = "schedule"
_STORING, _RETIRING, _THRESHOLDS = "after", "retiring", "thresholds"


class Thresholds(NamedTuple):
    """From which totals pairs are shown and joined, in thousandths of a bit."""

    review: int
    merge: int


async def start_scan(uow: UnitOfWork, trigger: str) -> JobRow:
    """Queue a scan. Raises DuplicateScanRunning, also at commit."""
    if any(_is_live(other.state) for other in await unfinished_scans(uow)):
        raise DuplicateScanRunning

    async def running() -> HubError:
        return DuplicateScanRunning()

    job = enqueue(uow, KIND, {}, queue=Queue.MAINTENANCE, unique_key=KIND, result_url=_url)
    uow.on_violation(UNIQUE_JOB, running)
    ScanRepository(uow).add(await _new(uow, job.id, trigger))
    uow.audit(Note("duplicate_scan.started", KIND, job.id))
    return job


class ScanRun:
    """One run of a scan."""

    def __init__(self, parts: Parts, work: JobWork, row: DuplicateScanRow, thresholds: Thresholds) -> None:
        self._parts = parts
        self._work = work
        self._row = row
        self._thresholds = thresholds
        self._clusters: dict[int, UUID] = {}

    async def run(self) -> DuplicateScanRow:
        """Compare everybody, store what was found, retire what was not found again."""
        if not self._is_stored:
            version, (review, merge) = self._row.model_version, self._thresholds
            found = await Gathering.of_everybody(self._parts, self._work, version, review, merge)
            try:
                await self._store_all(found)
            finally:
                await found.close()
        while await self._retire():
            await self._work.check()
        return await self._finish()

    @property
    def _is_stored(self) -> bool:
        cursor = self._work.cursor
        return cursor is not None and _RETIRING in cursor

    @property
    def _cursor(self) -> dict[str, Any]:
        return {_THRESHOLDS: list(self._thresholds)}

    async def _store_all(self, found: Gathering) -> None:
        parted = await found.parted()
        groups = await found.groups(parted)
        for group in groups:
            cluster = cluster_of(found.roll.id(group[0]))
            self._clusters.update(dict.fromkeys(group, cluster))
        counts = {
            "customers": len(found.roll),
            "clusters": len(groups),
            "clustered": len(self._clusters),
            "pairs": found.found - len(parted),
        }
        after = self._work.cursor.get(_STORING)
        async for pairs in found.slices(_AT_ONCE[self._parts.database.name]):
            left = [pair for pair in pairs if after is None or _place(found, pair) > after]
            if left:
                # A slice that loses a race was read while somebody decided: it is read again.
                await self._work.retried(partial(self._store, found=found, pairs=left))
        hot = await found.hot_keys(_MOST_HOT)
        await self._work.retried(partial(self._sum_up, counts=counts, hot=hot))

    async def _sum_up(self, uow: UnitOfWork, counts: Mapping[str, int], hot: Sequence[tuple[str, int]]) -> None:
        scans, scan_id, match = ScanRepository(uow), self._row.id, self._parts.keys.indexes.match
        passed_over = []
        for text, holders in hot:
            key, organisation_key = match(stored_forms(text))
            passed_over.append(HotKeyRow(key, organisation_key, kind_of(text).value, holders, scan_id, uow.now))
        await scans.replace_hot_keys(passed_over)
        row = scans.change(self._row, counts)
        done = row.customers - self._work.job.processed
        await self._work.batch(
            uow,
            cursor=self._cursor | {_RETIRING: True},
            total=row.customers,
            processed=max(0, done),
            succeeded=max(0, done),
        )
        self._row = row

    async def _store(self, uow: UnitOfWork, found: Gathering, pairs: Sequence[Scored]) -> None:
        database, roll = self._parts.database, found.roll
        known = await known_pairs(database, sorted({roll.id(pair.left) for pair in pairs}))
        # Asked anew: a scan takes its time, and who is told apart meanwhile is no pair any more.
        parted = await forbidden_among(database, {roll.id(place) for pair in pairs for place in pair[:2]})
        added: list[DuplicateRow] = []
        renewed: list[dict[str, Any]] = []
        seen, apart = [], []
        for pair in pairs:
            new = self._pair(uow, found, pair)
            old = known.get((new.left_id, new.right_id))
            if (new.left_id, new.right_id) in parted:
                if old is not None:
                    apart.append(old.id)
            elif old is None:
                added.append(new)
            elif old.decision in ("merge", "not_same") or _is_same(old, new):
                # What was decided keeps the numbers it was decided by: weights are estimated from it.
                seen.append(old.id)
            else:
                state = PairState.LATER if old.state == PairState.LATER else PairState.OPEN
                values = new._replace(state=state.value, revision=old.revision + 1)._asdict()
                renewed.append({"id": old.id, **{name: values[name] for name in RENEWED}})
        if renewed:
            await uow.run(RENEW, rows=renewed)
        if seen:
            await uow.run(SEEN, ids=seen, scan_id=self._row.id)
        if apart:
            await uow.run(PART, ids=apart, now=uow.now)
        DuplicateRepository(uow).add_all(added)
        row = ScanRepository(uow).change(self._row, {"opened": self._row.opened + len(added)})
        await self._work.batch(uow, cursor=self._cursor | {_STORING: _place(found, pairs[-1])}, total=len(found.roll))
        self._row = row

    def _pair(self, uow: UnitOfWork, found: Gathering, pair: Scored) -> DuplicateRow:
        cluster = self._clusters.get(pair.left)
        return DuplicateRow(
            id=new_id(),
            left_id=found.roll.id(pair.left),
            right_id=found.roll.id(pair.right),
            left_revision=found.roll.revision(pair.left),
            right_revision=found.roll.revision(pair.right),
            scan_id=self._row.id,
            model_version=self._row.model_version,
            total=pair.total,
            has_contradiction=pair.has_contradiction,
            suggested=pair.suggested,
            evidence=pair.evidence,
            cluster_id=cluster if cluster == self._clusters.get(pair.right) else None,
            state=PairState.OPEN.value,
            decision=None,
            reason=None,
            decided_by=None,
            decided_at=None,
            later_until=None,
            merge_id=None,
            created_at=uow.now,
            updated_at=uow.now,
            revision=1,
        )

    async def _retire(self) -> bool:
        """Some of the pairs that this scan has not seen; False when there are none."""
        uow, at_once = self._work.unit_of_work(), _AT_ONCE[self._parts.database.name]
        try:
            gone = await uow.run(RETIRE, scan_id=self._row.id, now=uow.now, rows=at_once)
            row = ScanRepository(uow).change(self._row, {"retired": self._row.retired + gone})
            await self._work.batch(uow)
        except BaseException:
            await uow.rollback()
            raise
        self._row = row
        return gone == at_once

    async def _finish(self) -> DuplicateScanRow:
        if self._row.finished_at is not None:
            return self._row
        uow = self._work.unit_of_work()
        row = ScanRepository(uow).change(self._row, {"finished_at": uow.now})
        told = {"customers": row.customers, "pairs": row.pairs, "opened": row.opened, "retired": row.retired}
        uow.emit(DuplicateScanCompleted(row.id, row.revision, extra=told))
        reason = " ".join(f"{name}={count}" for name, count in told.items())
        uow.audit(Note("duplicate_scan.completed", KIND, row.id, reason=reason))
        await self._work.batch(uow)
        self._row = row
        return row


async def scan_run(parts: Parts, work: JobWork) -> ScanRun | None:
    """The run of a job; a scheduled one begins its scan here. None where there is nothing to do."""
    database = parts.database
    standing, settings = await scan_of(database, work.job.id), await stored_settings(database)
    begun: Mapping[str, Any] = work.cursor or {}
    thresholds = Thresholds(*begun.get(_THRESHOLDS, (settings.review, settings.merge)))
    kept = {**begun, _THRESHOLDS: list(thresholds)}
    if standing is None:
        if not settings.daily_scan or any(_is_live(other.state) for other in await unfinished_scans(database)):
            return None
        uow = work.unit_of_work()
        row = await _new(uow, work.job.id, _SCHEDULED)
        ScanRepository(uow).add(row)
        await work.batch(uow, cursor=kept)
    else:
        row = standing.row
        if kept != begun:
            # Before anything is compared: settings may change until another start goes on with this scan.
            await work.batch(work.unit_of_work(), cursor=kept)
        elif _RETIRING not in begun:
            log.info("a scan that was interrupted compares everybody anew", extra={"kind": KIND})
    work.finish({"result_url": _url(row.id)})
    return ScanRun(parts, work, row, thresholds)


async def _new(uow: UnitOfWork, scan_id: UUID, trigger: str) -> DuplicateScanRow:
    version = (await active_model(uow)).model_version
    return DuplicateScanRow(scan_id, trigger, version, 0, 0, 0, 0, 0, 0, None, uow.now, uow.now, 1)


def _is_same(old: DuplicateRow, new: DuplicateRow) -> bool:
    """Whether a scan tells nothing new of a pair that waits."""
    told: Mapping[str, Any] = old._asdict()
    names = [name for name in RENEWED if name not in ("scan_id", "state", "updated_at", "revision")]
    return old.state != PairState.RETIRED and all(told[name] == value for name, value in _told(new, names))


def _told(row: DuplicateRow, names: Sequence[str]) -> list[tuple[str, Any]]:
    return [(name, getattr(row, name)) for name in names]


def _place(found: Gathering, pair: Scored) -> list[str]:
    return [found.roll.id(pair.left).hex, found.roll.id(pair.right).hex]


def _url(scan_id: UUID) -> str:
    return f"/v1/duplicates/scans/{to_text(Prefix.DUPLICATE_SCAN, scan_id)}"


def _is_live(state: str | None) -> bool:
    return state is not None and JobState(state) in LIVE
