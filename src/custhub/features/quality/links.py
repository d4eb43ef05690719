"""What the hub keeps of findings about a customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.features.quality.models import findings, verifications
from custhub.features.quality.queries import FindingRow, data_key_of, findings_of
from custhub.features.quality.queries.verifications import verification_of
from custhub.features.quality.repository import FindingRepository, VerificationRepository
from custhub.features.quality.rules import FindingState
from custhub.features.quality.vault import open_evidence, seal_evidence
from custhub.kit.customer_link import Moved
from custhub.kit.ids import Prefix, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork

_TABLE: Final = findings.name
_QUEUE: Final = verifications.name
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

    async def reassign(self, uow: UnitOfWork, source: UUID, target: UUID) -> Moved:
        """The findings of `source` become those of `target`, sealed anew. Raises IntegrityError.

        Of two open ones about the same the one of `target` stays open; the other is turned down. Who is to be called
        is found anew by the next scan.
        """
        VerificationRepository(uow).remove(source)
        rows = await findings_of(uow, source)
        if not rows:
            return {_TABLE: []}
        old, new = await self._dek(uow, source), await self._dek(uow, target)
        if old is None or new is None:
            raise IntegrityError
        held = {_key(row) for row in await findings_of(uow, target) if row.state == FindingState.OPEN}
        repository = FindingRepository(uow)
        for row in rows:
            sealed: Sealed = seal_evidence(new, row.id, open_evidence(old, row))
            values: dict[str, Any] = {"customer_id": target, "evidence": sealed, "updated_at": uow.now}
            if row.state == FindingState.OPEN and _key(row) in held:
                values |= {"state": FindingState.REJECTED, "decided_by": "system:merge", "decided_at": uow.now}
            repository.move(row, values)
        return {_TABLE: [row.id.hex for row in rows]}

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """All of them go."""
        FindingRepository(uow).remove_of(customer_id)
        VerificationRepository(uow).remove(customer_id)

    async def _dek(self, reader: Reader, customer_id: UUID) -> Dek | None:
        key = await data_key_of(reader, customer_id)
        return None if key is None else self._keys.cipher.unwrap(customer_id, key.dek_version, key.wrapped)


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
