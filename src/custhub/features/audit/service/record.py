"""Writes audit entries with the change they tell of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from custhub.crypto.live import LiveKeys
from custhub.features.audit.models import AuditEntry, audit_entries
from custhub.features.audit.rules import canonical_entry
from custhub.kit.ids import new_id
from custhub.kit.uow import Actor, Note, UnitOfWork
from custhub.security.principal import Principal

OpenUnitOfWork = Callable[[Actor, str], UnitOfWork]
#: Where entries go, for whoever stores them in another way.
ENTRIES = str(audit_entries.name)


class AuditWriter:
    """Turns notes into rows of the same unit of work."""

    def __init__(self, keys: LiveKeys) -> None:
        self._keys = keys

    def write(self, uow: UnitOfWork, notes: Sequence[Note]) -> None:
        """Add one entry per note."""
        for note in notes:
            uow.insert(audit_entries, self.entry_of(uow, note))

    def entry_of(self, uow: UnitOfWork, note: Note) -> AuditEntry:
        """The entry of a note."""
        key, entry_id = self._keys.mac, new_id()
        details = None
        if note.details is not None and note.sealer is not None:
            details = note.sealer.seal("audit_entries", "details", entry_id, orjson.dumps(note.details))
        members: dict[str, Any] = {
            "id": entry_id,
            "at": uow.now,
            "actor_kind": uow.actor.kind,
            "actor_id": uow.actor.id,
            "client_id": uow.actor.client_id,
            "request_id": uow.request_id,
            "action": note.action,
            "object_type": note.object_type,
            "object_id": note.object_id,
            "customer_id": note.customer_id,
            "fields": list(note.fields),
            "reason": note.reason,
            "outcome": note.outcome,
            "details": details,
        }
        mac = key.mac(canonical_entry(**members))
        return AuditEntry(**members, mac_kid=key.kid, mac=mac)


class DenialLog:
    """Leaves an entry for each denied call, in a transaction of its own (S-75)."""

    def __init__(self, open_unit_of_work: OpenUnitOfWork) -> None:
        self._open = open_unit_of_work

    async def denied(self, principal: Principal, request_id: str, operation: str, reason: str) -> None:
        """Record who was denied what: the scope that was missing, or the code of another refusal."""
        uow = self._open(principal.actor, request_id)
        uow.audit(Note("call.denied", "operation", None, fields=[operation], reason=reason, outcome="denied"))
        await uow.commit()
