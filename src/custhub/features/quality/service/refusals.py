"""Keeps values that machines sent and that did not stand; the same one again is the same finding."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import orjson

from custhub.crypto.cipher import Dek
from custhub.crypto.live import LiveKeys
from custhub.features.customers.service.holding import hold
from custhub.features.customers.service.standards import RefusedChange
from custhub.features.quality.events import FindingOpened, FindingWithdrawn
from custhub.features.quality.queries import FindingRow, findings_among, findings_of_source
from custhub.features.quality.repository import DROP_FINDINGS, DROP_VERIFICATIONS, FindingRepository
from custhub.features.quality.rules import FindingKind, FindingState, Fix, Severity
from custhub.features.quality.service.parts import is_by_hand
from custhub.features.quality.vault import seal_evidence
from custhub.kit.errors import HubError
from custhub.kit.ids import new_id
from custhub.kit.uow import UnitOfWork
from custhub.kit.writes import LostRace


class RefusalKeeper:
    """Makes findings of refused changes, in the unit of work that refuses them."""

    def __init__(self, keys: LiveKeys) -> None:
        self._keys = keys

    async def keep(self, uow: UnitOfWork, customer_id: UUID, dek: Dek, refused: Sequence[RefusedChange]) -> list[UUID]:
        """Open a finding of each, or note that one was seen again. Of one field and source one is open at most.

        Gives the ids of those that were opened.
        """
        opened: list[UUID] = []
        if refused:
            hold(uow, customer_id)
        kind, repository = FindingKind.REFUSED_CHANGE, FindingRepository(uow)
        for source in {change.source for change in refused}:
            known = await findings_of_source(uow, customer_id, kind, source)
            # Of one message the last word on a field counts.
            latest = {change.field: change for change in refused if change.source == source}
            for change in latest.values():
                same = [found for found in known if found.field == change.field]
                made = self._keep(repository, uow, customer_id, dek, change, same)
                opened += [] if made is None else [made]
        return opened

    async def withdraw(self, uow: UnitOfWork, ids: Sequence[UUID]) -> None:
        """Remove those of these findings that are as they were opened."""
        repository = FindingRepository(uow)
        for row in await findings_among(uow, ids):
            if row.state == FindingState.OPEN and row.times_seen == 1:
                repository.remove(row)
                uow.emit(FindingWithdrawn(row.id, row.revision + 1, row.customer_id, (row.field,)))

    async def forget(self, uow: UnitOfWork, customers: Sequence[UUID]) -> None:
        """Remove whatever was found about them, and their places in the queue."""
        for command in (DROP_FINDINGS, DROP_VERIFICATIONS):
            await uow.run(command, ids=customers)

    def _keep(
        self,
        repository: FindingRepository,
        uow: UnitOfWork,
        customer_id: UUID,
        dek: Dek,
        change: RefusedChange,
        known: Sequence[FindingRow],
    ) -> UUID | None:
        digest = self._digest(customer_id, change)
        seen = next((found for found in known if found.state == FindingState.OPEN), None)
        if seen is None:
            seen = next((f for f in known if f.state == FindingState.REJECTED and f.digest == digest), None)
        evidence = {"standing": change.standing, "claimed": change.claimed, "at": change.at}
        if seen is not None:
            again = {"times_seen": seen.times_seen + 1, "last_seen_at": uow.now}
            if seen.digest != digest:
                sealed = seal_evidence(dek, seen.id, evidence)
                again |= {"evidence": sealed, "digest": digest, "reason": change.reason}
            repository.change(seen, again)
            return None
        finding_id = new_id()
        found = FindingRow(
            id=finding_id,
            customer_id=customer_id,
            kind=FindingKind.REFUSED_CHANGE,
            field=change.field,
            part="",
            source=change.source,
            severity=Severity.MEDIUM.value,
            fix=None if is_by_hand(change.field) else Fix.SET_FIELD.value,
            reason=change.reason,
            state=FindingState.OPEN,
            evidence=seal_evidence(dek, finding_id, evidence),
            digest=digest,
            times_seen=1,
            last_seen_at=uow.now,
            decided_by=None,
            decided_at=None,
            created_at=uow.now,
            updated_at=uow.now,
            revision=1,
        )
        repository.add(found, _run_again)
        uow.emit(FindingOpened(finding_id, 1, customer_id, (change.field,)))
        return finding_id

    def _digest(self, customer_id: UUID, change: RefusedChange) -> bytes:
        # Keyed: a birthday or a number could be guessed from a plain hash.
        told = orjson.dumps(["finding", customer_id.hex, change.field, change.claimed], option=orjson.OPT_SORT_KEYS)
        return self._keys.cursors.fingerprint(told)[:16]


async def _run_again() -> HubError:
    # Somebody opened one at the same moment: now it is there, and is seen again.
    raise LostRace
