"""What the hub keeps of findings about a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.crypto.data_keys import data_keys
from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.features.quality.models import findings, verifications
from custhub.features.quality.queries import FindingRow, VerificationRow, data_key_of, findings_of, findings_of_all
from custhub.features.quality.queries.verifications import verification_of, verifications_among
from custhub.features.quality.repository import FindingRepository, VerificationRepository
from custhub.features.quality.rules import FindingState
from custhub.features.quality.vault import open_evidence, seal_evidence
from custhub.kit.customer_link import Joined, Kept, changed, from_plain, gone, to_plain
from custhub.kit.ids import Prefix, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork

_TABLE: Final = str(findings.name)
_QUEUE: Final = str(verifications.name)
#: Customers that left the queue with a merge.
_LEFT: Final = f"{_QUEUE}.left"
_BY_MERGE: Final = "system:merge"
_TOLD: Final = (
    "kind",
    "field",
    "part",
    "source",
    "severity",
    "reason",
    "state",
    "times_seen",
    "last_seen_at",
    "decided_by",
    "decided_at",
)
_TOLD_OF_QUEUE: Final = ("due_at", "attempts", "last_result", "last_at")


class CustomerFindings:
    """What may be wrong with a customer, and what was decided about it."""

    tables = frozenset({_TABLE, _QUEUE})

    def __init__(self, keys: LiveKeys) -> None:
        self._keys = keys

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """Each finding with its values; null where they do not open."""
        rows = await findings_of(reader, customer_id)
        dek = await self._dek(reader, customer_id) if rows else None
        queued = await verification_of(reader, customer_id)
        verifications = [] if queued is None else [{name: getattr(queued, name) for name in _TOLD_OF_QUEUE}]
        return {"findings": [_exported(dek, row) for row in rows], "verifications": verifications}

    async def reassign(self, uow: UnitOfWork, sources: Sequence[UUID], target: UUID) -> Joined:
        """The findings of `sources` become those of `target`, sealed anew. Raises IntegrityError.

        Of two open ones about the same the one that was there first stays open; the other is turned down. Who is to
        be called leaves the queue.
        """
        queued = await verifications_among(uow, sources)
        VerificationRepository(uow).remove_all(sources)
        joined: dict[UUID, dict[str, Any]] = {own: {_LEFT: {own.hex: to_plain(row)}} for own, row in queued.items()}
        owned = await findings_of_all(uow, sources)
        if not owned:
            return joined
        deks = await data_keys(uow, self._keys.cipher, [target, *owned])
        held = {_key(row) for row in await findings_of(uow, target) if row.state == FindingState.OPEN}
        changes: dict[UUID, dict[str, Any]] = {}
        for source in (one for one in sources if one in owned):
            before: dict[str, dict[str, Any]] = {}
            for row in owned[source]:
                values = _moved(uow, row, (deks[source], deks[target]), target)
                before[row.id.hex] = {"revision": row.revision}
                if row.state == FindingState.OPEN and _key(row) in held:
                    values |= {"state": FindingState.REJECTED, "decided_by": _BY_MERGE, "decided_at": uow.now}
                    before[row.id.hex]["state"] = row.state
                changes[row.id] = values
            held |= {_key(row) for row in owned[source] if row.state == FindingState.OPEN}
            joined.setdefault(source, {})[_TABLE] = before
        FindingRepository(uow).move_all(changes)
        return joined

    async def give_back(self, uow: UnitOfWork, joined: Joined, target: UUID) -> Mapping[UUID, Sequence[Kept]]:
        """The findings that are still kept; what the merge turned down is open again. The place in the queue too."""
        left = {own: values for own, moved in joined.items() for values in moved.get(_LEFT, {}).values()}
        queued = await verifications_among(uow, left) if left else {}
        places = [from_plain(verifications, values) for own, values in left.items() if own not in queued]
        VerificationRepository(uow).add_all([VerificationRow(**values) for values in places])
        held = {row.id.hex: row for row in await findings_of(uow, target)}
        moving = {own: [held[key] for key in moved.get(_TABLE, {}) if key in held] for own, moved in joined.items()}
        owners = [own for own, rows in moving.items() if rows]
        deks = await data_keys(uow, self._keys.cipher, [target, *owners]) if owners else {}
        kept: dict[UUID, Sequence[Kept]] = {}
        changes: dict[UUID, dict[str, Any]] = {}
        for source, rows in moving.items():
            before = joined[source].get(_TABLE, {})
            for row in rows:
                values = _moved(uow, row, (deks[target], deks[source]), source)
                if "state" in before[row.id.hex] and row.decided_by == _BY_MERGE:
                    values |= {"state": before[row.id.hex]["state"], "decided_by": None, "decided_at": None}
                changes[row.id] = values
            kept[source] = [*gone(_TABLE, before, rows), *changed(_TABLE, before, rows)]
        FindingRepository(uow).move_all(changes)
        return kept

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """All of them go."""
        FindingRepository(uow).remove_of(customer_id)
        VerificationRepository(uow).remove(customer_id)

    async def _dek(self, reader: Reader, customer_id: UUID) -> Dek | None:
        key = await data_key_of(reader, customer_id)
        return None if key is None else self._keys.cipher.unwrap(customer_id, key.dek_version, key.wrapped)


def _moved(uow: UnitOfWork, row: FindingRow, deks: tuple[Dek, Dek], target: UUID) -> dict[str, Any]:
    old, new = deks
    sealed: Sealed = seal_evidence(new, row.id, open_evidence(old, row))
    return {"customer_id": target, "evidence": sealed, "updated_at": uow.now}


def _key(row: FindingRow) -> tuple[str, str, str, str]:
    return row.kind, row.field, row.part, row.source


def _exported(dek: Dek | None, row: FindingRow) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in _TOLD}
    values: dict[str, Any] = {"standing": None, "claimed": None}
    try:
        if dek is not None:
            evidence = open_evidence(dek, row)
            values = {name: evidence.get(name) for name in values}
    except IntegrityError:
        pass
    return {"id": to_text(Prefix.FINDING, row.id), **told, **values}
