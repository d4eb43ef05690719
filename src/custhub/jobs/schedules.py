"""Work that comes at its time: cron lines in a zone of the world (J-8).

A local time that a change of clocks skips fires at the next valid instant, one that comes twice fires once; lines
whose minutes or hours begin with `*` go by elapsed time instead and miss or repeat nothing. That is how Vixie cron
does it. Fires that nobody was there for become one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from sqlalchemy import select

from custhub.jobs.models import UNIQUE_FIRE, FireRow, ScheduleRow, job_fires, job_schedules
from custhub.jobs.queue import enqueue
from custhub.jobs.states import Queue
from custhub.jobs.work import OpenUnitOfWork
from custhub.kit.background import pause
from custhub.kit.clock import Clock
from custhub.kit.db import Database, DatabaseUnavailable, DiskFull, Violation
from custhub.kit.db_clock import database_now
from custhub.kit.ids import new_id
from custhub.kit.query import Query
from custhub.kit.uow import SYSTEM
from custhub.kit.writes import LostRace

log = logging.getLogger("custhub.jobs")

_LOOK_SECONDS = 5.0
_FIELDS: Final = 5
#: Days; the first with a fire counts, so that a line of every minute is not read through years.
_LOOK_BACK: Final = (1, 32, 400, 3_653)
_NAME: Final = "uq_job_schedules_name"
_ALL = Query(select(job_schedules).order_by(job_schedules.c.name), ScheduleRow._make)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job that comes at its times: `cron` has five fields, `zone` is an IANA name.

    Raises ValueError for a line or a zone that cannot be read.
    """

    name: str
    kind: str
    cron: str
    zone: str
    queue: str = Queue.DEFAULT.value
    args: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read it once, so that a mistake ends the start and not a fire."""
        last_fire(self.cron, self.zone, datetime(2026, 1, 1, tzinfo=UTC))
        Queue(self.queue)


def last_fire(cron: str, zone: str, now: datetime, since: datetime | None = None) -> datetime | None:
    """The newest time after `since` and not after `now` (both aware) that a line names, in UTC, or None.

    Looks back ten years at most. Raises ValueError.
    """
    if len(cron.split()) != _FIELDS:
        raise ValueError("a schedule has five fields")
    try:
        place = ZoneInfo(zone)
    except (KeyError, OSError) as error:
        raise ValueError("no such zone") from error
    until = now.astimezone(UTC)
    for days in _LOOK_BACK:
        start = until - timedelta(days=days)
        if since is not None:
            start = max(start, since)
        found = None
        # Forwards: that is the direction in which a change of clocks is read as cron reads it.
        try:
            for fire in CronSim(cron, start.astimezone(place)):
                if fire.astimezone(UTC) > until:
                    break
                # Begun inside an hour that comes twice, the library tells of the first one again.
                if fire > start:
                    found = fire.astimezone(UTC)
        except CronSimError as error:
            raise ValueError("no such cron line") from error
        if found is not None:
            return found
    return None


class Scheduler:
    """Fires what is due. Every worker runs it; of each fire there is one."""

    name = "schedules"

    def __init__(
        self, database: Database, clock: Clock, open_work: OpenUnitOfWork, schedules: Sequence[Schedule]
    ) -> None:
        self._database = database
        self._clock = clock
        self._open = open_work
        self._schedules = tuple(schedules)
        self._is_declared = False

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop`."""
        while not stop.is_set():
            try:
                await self.look()
            except (DatabaseUnavailable, DiskFull):
                log.warning("schedules wait for the database")
            await pause(stop, _LOOK_SECONDS)

    async def look(self) -> int:
        """Fire what became due since each schedule's last fire. How many jobs that made."""
        if not self._is_declared:
            await self._declare()
            self._is_declared = True
        now = await database_now(self._database, self._clock)
        fired = 0
        for row in await _ALL.all(self._database):
            due = last_fire(row.cron, row.zone, now, row.last_fire_at or row.created_at) if row.enabled else None
            if due is not None:
                fired += await self._fire(row, due)
        return fired

    async def _fire(self, row: ScheduleRow, due: datetime) -> bool:
        uow = self._open(SYSTEM, f"schedule_{row.name}")
        job = enqueue(uow, row.kind, row.args, queue=row.queue)
        uow.insert(job_fires, FireRow(row.id, due, job.id))
        values = {"last_fire_at": due, "updated_at": uow.now, "revision": row.revision + 1}
        uow.update(job_schedules, {"id": row.id, "revision": row.revision}, values, guard=True)
        try:
            await uow.commit()
        except LostRace:
            await uow.rollback()
            return False  # another worker was quicker
        except Violation as violation:
            if violation.constraint != UNIQUE_FIRE:
                raise
            return False
        return True

    async def _declare(self) -> None:
        """Store schedules that are new or have changed; when one fired last stays."""
        known = {row.name: row for row in await _ALL.all(self._database)}
        now = await database_now(self._database, self._clock)
        for wanted in self._schedules:
            uow = self._open(SYSTEM, f"schedule_{wanted.name}")
            shape = {
                "kind": wanted.kind,
                "queue": wanted.queue,
                "args": dict(wanted.args),
                "cron": wanted.cron,
                "zone": wanted.zone,
            }
            row = known.get(wanted.name)
            if row is None:
                uow.insert(job_schedules, _new(wanted, shape, now))
            elif any(getattr(row, name) != value for name, value in shape.items()):
                key = {"id": row.id, "revision": row.revision}
                uow.update(job_schedules, key, {**shape, "updated_at": now, "revision": row.revision + 1}, guard=True)
            try:
                await uow.commit()
            except LostRace:
                await uow.rollback()
            except Violation as violation:
                if violation.constraint != _NAME:
                    raise


def _new(wanted: Schedule, shape: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    row = {"id": new_id(), "name": wanted.name, "enabled": True, "last_fire_at": None, "revision": 1}
    return {**row, **shape, "created_at": now, "updated_at": now}
