"""The relay: seals what is committed into the chain, within two seconds, one relay at a time (S-70).

Ids say nothing about the order of commits: a slow transaction makes lower ids visible later. So there is no mark that
moves up. Each look asks for the entries without a link in a window longer than any transaction.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from custhub.features.audit.models import ChainLink
from custhub.features.audit.queries.chain import LAST_CUT, OLDEST_UNSEALED, PAGE_END, TAIL, UNSEALED, Unsealed
from custhub.features.audit.repository import the_one_writer
from custhub.features.audit.rules import FIRST_ID, GENESIS, LAST_ID, extend, first_id_at
from custhub.features.audit.service.checkpoints import Checkpoints
from custhub.kit.clock import Clock
from custhub.kit.db import Database
from custhub.kit.query import Reader

log = logging.getLogger("custhub.audit")

TICK_SECONDS = 1.0
_LONGEST_PAUSE = 30.0
#: Each look: longer than a statement with its waits and resends takes (ids are made when a unit of work commits).
_NEAR = timedelta(seconds=60)
_STATEMENTS = 12
#: Once a minute: a process may have been frozen between making an id and committing it, or its clock be wrong.
_WIDE = timedelta(hours=1)
_WIDE_SECONDS = 60.0
#: How often an idle relay asks whether a checkpoint is due.
_CHECKPOINT_SECONDS = 5.0
#: Entries asked for at once, and pages of the check at start per look: neither may hold up what is new.
_PAGE = 5_000
_START_PAGES = 20
#: Links per transaction: on SQLite it must stay within 20 ms.
_BATCH = {"sqlite": 400, "postgresql": 5_000}


class AuditRelay:
    """Seals, and has checkpoints made. Every process runs one; they take turns."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        checkpoints: Checkpoints,
        *,
        gauge: Callable[[float], None],
        statement_timeout_ms: int,
        page: int = _PAGE,
        start_pages: int = _START_PAGES,
    ) -> None:
        """`gauge` hears the age of the oldest entry outside the chain, in seconds, after each look.

        `page` entries are looked through at once, and `start_pages` pages per look by the check at start.
        """
        self.checkpoints = checkpoints
        self._database = database
        self._clock = clock
        self._gauge = gauge
        self._near = max(_NEAR, timedelta(milliseconds=statement_timeout_ms * _STATEMENTS))
        self._page = page
        self._start_pages = start_pages
        self._batch = _BATCH[database.name]
        self._wide_at = self._checkpoint_at = clock.monotonic()
        self._clean_at = clock.now()
        self._sink_works = True
        self._checked: UUID | None = FIRST_ID

    async def turn(self) -> float:
        """One look, for the task that it shares with the relay of events; the seconds until the next one."""
        await self.run_once()
        return TICK_SECONDS

    async def run_once(self) -> int:
        """One look: seal what is there, sign what is due. Gives the number of entries sealed.

        Raises DatabaseUnavailable. A sink that cannot be written is logged: it must not hold up the sealing.
        """
        try:
            sealed = await self._seal(first_id_at(self._clock.now() - self._window()))
            sealed += await self._check_from_start()
            if (sealed and self._sink_works) or self._clock.monotonic() >= self._checkpoint_at:
                await self._sign()
        except Exception:
            self._gauge((self._clock.now() - self._clean_at).total_seconds())
            raise
        return sealed

    async def checkpoint(self) -> int:
        """Seal all that is committed and sign it now. Gives the number of checkpoints. Raises OSError."""
        await self.seal_all()
        return await self.checkpoints.write_due(force=True)

    async def seal_all(self) -> int:
        """Seal every committed entry, however old. Reads the whole log in pages."""
        sealed = await self._seal(FIRST_ID)
        self._checked = None
        return sealed

    async def _sign(self) -> None:
        try:
            await self.checkpoints.write_due()
            self._sink_works = True
        except OSError:
            self._sink_works = False
            log.exception("audit sink cannot be written")
        pause_seconds = _CHECKPOINT_SECONDS if self._sink_works else _LONGEST_PAUSE
        self._checkpoint_at = self._clock.monotonic() + pause_seconds

    def _window(self) -> timedelta:
        if self._clock.monotonic() < self._wide_at:
            return self._near
        self._wide_at = self._clock.monotonic() + _WIDE_SECONDS
        return max(_WIDE, self._near)

    async def _check_from_start(self) -> int:
        # What an earlier process left unsealed may be of any age. A bounded part per look, until the end is reached.
        sealed = 0
        for _ in range(self._start_pages):
            if self._checked is None:
                break
            end = await PAGE_END.first(self._database, after=self._checked, rows=self._page - 1)
            more, alone = await self._seal_range(self._checked, end or LAST_ID)
            sealed += more
            if not alone:
                break
            self._checked = end
            await asyncio.sleep(0)
        return sealed

    async def _seal(self, after: UUID) -> int:
        began = self._clock.now()
        sealed = 0
        end: UUID | None = after
        while end is not None:
            after, end = end, await PAGE_END.first(self._database, after=end, rows=self._page - 1)
            more, alone = await self._seal_range(after, end or LAST_ID)
            sealed += more
            if not alone:
                return sealed
            await asyncio.sleep(0)
        self._clean_at = began
        self._gauge(0.0)
        return sealed

    async def _seal_range(self, after: UUID, upto: UUID) -> tuple[int, bool]:
        """Seal what is unsealed among these ids: how many that were, and whether no other relay was at work."""
        sealed = 0
        while oldest := await OLDEST_UNSEALED.first(self._database, after=after, upto=upto):
            self._gauge(max(0.0, (self._clock.now() - oldest.at).total_seconds()))
            async with the_one_writer(self._database) as chain:
                if chain is None:
                    return sealed, False
                # Asked again, now that nobody else can be sealing them.
                found = await UNSEALED.all(chain, after=after, upto=upto, limit=self._batch)
                if found:
                    await chain.append(self._links(found, *await _end_of_chain(chain)))
            sealed += len(found)
            if len(found) < self._batch:
                break  # what came meanwhile is for the next look, or this one would never end
            after = found[-1].id
        return sealed, True

    def _links(self, entries: list[Unsealed], seq: int, prev: bytes) -> list[ChainLink]:
        now = self._clock.now()
        hashes = extend(prev, [entry.mac for entry in entries])
        prevs = [prev, *hashes[:-1]]
        return [
            ChainLink(seq + i, entry.id, before, after, now)
            for i, (entry, before, after) in enumerate(zip(entries, prevs, hashes, strict=True), 1)
        ]


async def _end_of_chain(reader: Reader) -> tuple[int, bytes]:
    tail = await TAIL.first(reader)
    if tail is not None:
        return tail.seq, tail.hash
    cut = await LAST_CUT.first(reader)
    return (0, GENESIS) if cut is None else (cut.last_seq, cut.last_hash)
