"""Walks the chain and says where, and how, it was tampered with first (S-73)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from custhub.crypto.live import LiveKeys
from custhub.features.audit.queries.chain import (
    COUNT_UNSEALED,
    COVERING,
    HEAD,
    LAST_CUT,
    LINK,
    LINKED,
    NEAR,
    TAIL,
    LinkedEntry,
)
from custhub.features.audit.rules import (
    FIRST_ID,
    GENESIS,
    LAST_ID,
    Fault,
    Finding,
    Link,
    Verification,
    extend,
    fault_of,
    link_hash,
)
from custhub.features.audit.service.proofs import Proofs
from custhub.features.audit.service.sink import CheckpointSink
from custhub.features.audit.service.witness import Witness
from custhub.kit.clock import Clock
from custhub.kit.db import Database

#: Older than this, an entry has its link, and a checkpoint its line in the sink.
SETTLED_WITHIN = timedelta(seconds=60)
#: Links per read: short enough not to hold up the event loop.
_PAGE = 100
#: Links on each side that are searched for what belongs where a fault is.
_AROUND = 2_000


class AuditVerifier:
    """Verifies the log of one hub; keeps nothing between two verifications."""

    def __init__(self, database: Database, keys: LiveKeys, clock: Clock, sink: CheckpointSink) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._sink = sink

    async def verify(self, from_seq: int = 1, limit: int | None = None) -> Verification:
        """Walk at most `limit` links from `from_seq`, to the end of the chain without; stops at the first fault."""
        proofs = Proofs(self._keys.keyring)
        settled_before = self._clock.now() - SETTLED_WITHIN
        witness = await Witness.call(self._database, proofs, self._sink, settled_before)
        walk = _Walk(self._database, proofs, settled_before, witness)
        result = await walk.run(from_seq, limit)
        if result.finding is not None:
            cut = await LAST_CUT.first(self._database)
            if cut is not None and cut.last_seq >= walk.first:
                return await self.verify(cut.last_seq + 1, limit)  # what was read has meanwhile been cut off
        return result


class _Walk:
    """One verification."""

    def __init__(self, database: Database, proofs: Proofs, settled_before: datetime, witness: Witness) -> None:
        self._database = database
        self._proofs = proofs
        self._settled_before = settled_before
        self._witness = witness
        #: The first link that the database has to have.
        self.first = 1

    async def run(self, from_seq: int, limit: int | None) -> Verification:
        start, prev, low, finding = await self._start(from_seq)
        seq, unsealed, at_end = start, 0, False
        while finding is None and not at_end and (limit is None or seq < start + limit):
            size = _PAGE if limit is None else min(_PAGE, start + limit - seq)
            page = await LINKED.all(self._database, first=seq, limit=size)
            at_end = len(page) < size
            good, finding = await self._page(seq, prev, page)
            if good:
                finding = await self._witness.check(seq, seq + good - 1) or finding
                high = max(low, *(linked.link.entry_id for linked in page[:good]))
                unsealed += await self._unsealed(low, high)
                prev, low, seq = page[good - 1].link.hash, high, seq + good
            await asyncio.sleep(0)
        if finding is None and at_end:
            finding = await self._witness.check_end(self.first, seq - 1)
            unsealed += await self._unsealed(low, LAST_ID)
        if finding is None and unsealed:
            finding = Finding(seq, Fault.UNSEALED)
        return Verification(
            from_seq=start,
            to_seq=seq - 1,
            checked=seq - start,
            checkpoints=self._witness.checked,
            unsealed=unsealed,
            sink_missing=self._witness.sink_missing,
            finding=finding,
            next_seq=seq if not at_end and (finding is None or finding.fault is Fault.UNSEALED) else None,
        )

    async def _start(self, from_seq: int) -> tuple[int, bytes, UUID, Finding | None]:
        """Where to begin: the first link, the hash and the id of the entry before it, what is wrong already."""
        prev, finding = GENESIS, None
        cut = await LAST_CUT.first(self._database)
        if cut is not None:
            self.first, prev = cut.last_seq + 1, cut.last_hash
            if not self._proofs.is_signed(cut):
                finding = Finding(cut.first_seq, Fault.CHECKPOINT_MISMATCH)
        head = await HEAD.first(self._database)
        if finding is None and head is not None and head.seq < self.first:
            finding = Finding(head.seq, Fault.INSERTED, head.entry_id)
        if from_seq <= self.first:
            return self.first, prev, FIRST_ID, finding
        before = await LINK.first(self._database, seq=from_seq - 1)
        if before is None:
            tail = await TAIL.first(self._database)
            if tail is not None and tail.seq >= from_seq:
                return from_seq, prev, FIRST_ID, finding or Finding(from_seq - 1, Fault.DELETED)
            if tail is None or tail.seq < self.first:
                return self.first, prev, FIRST_ID, finding
            before = tail
        return before.seq + 1, before.hash, before.entry_id, finding

    async def _page(self, seq: int, prev: bytes, page: Sequence[LinkedEntry]) -> tuple[int, Finding | None]:
        """How many links of a page follow `prev` as they must, and what is wrong with the next one."""
        for good, (link, entry) in enumerate(page):
            if not (
                link.seq == seq
                and entry is not None
                and link.prev == prev
                and link.hash == link_hash(prev, entry.mac)
                and self._proofs.is_genuine(entry)
            ):
                return good, await self._diagnose(seq, prev, page[good])
            prev, seq = link.hash, seq + 1
        return len(page), None

    async def _diagnose(self, seq: int, prev: bytes, linked: LinkedEntry) -> Finding:
        link, entry = linked
        if link.seq == seq and entry is not None and not self._proofs.knows_mac_key(entry.mac_kid):
            return Finding(seq, Fault.KEY_MISSING, entry.id)
        near = await NEAR.all(self._database, first=seq - _AROUND, last=seq + _AROUND)
        others = [other for other in near if other.seq != link.seq]
        claim = Link(link.seq, link.prev, link.hash, None if entry is None else entry.mac)
        fault = fault_of(seq, prev, claim, entry is not None and self._proofs.is_genuine(entry), others)
        if fault is Fault.EDITED and await self._fits_without(seq, prev):
            fault = Fault.INSERTED
        return Finding(seq, fault, link.entry_id if link.seq == seq else None)

    async def _fits_without(self, seq: int, prev: bytes) -> bool:
        """Whether the links behind `seq` alone lead to what was signed: then somebody put it in and hashed on."""
        signed = await COVERING.first(self._database, seq=seq)
        if signed is None or not self._proofs.is_signed(signed):
            return False
        behind = await NEAR.all(self._database, first=seq + 1, last=signed.last_seq + 1)
        macs = [link.mac for link in behind if link.mac is not None]
        return len(macs) == signed.last_seq - seq + 1 and extend(prev, macs)[-1] == signed.last_hash

    async def _unsealed(self, after: UUID, upto: UUID) -> int:
        if after >= upto:
            return 0
        return await COUNT_UNSEALED.first(self._database, after=after, upto=upto, before=self._settled_before) or 0
