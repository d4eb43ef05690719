"""Writes audit entries with the change they tell of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

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


class EntrySeries:
    """Entries that are alike but for whom they are about: object and customer in one. What they say is written once."""

    def __init__(self, keys: LiveKeys, entry: AuditEntry) -> None:
        """`entry` is one of them, whoever it is about."""
        self._key = keys.mac
        members = entry._asdict()
        del members["mac_kid"], members["mac"]
        # Ids that nobody knows yet, so that no other member can hold one.
        own, subject = new_id(), new_id()
        text = canonical_entry(**{**members, "id": own, "object_id": subject, "customer_id": subject})
        before, after = text.split(own.hex.encode())
        self._start, self._middle = before.split(subject.hex.encode())
        self._behind, self._end = after.split(subject.hex.encode())

    def next(self, subject: UUID) -> tuple[UUID, bytes]:
        """Id and mac of another one."""
        entry_id, about = new_id(), subject.hex.encode()
        text = self._start + about + self._middle + entry_id.hex.encode() + self._behind + about + self._end
        return entry_id, self._key.mac(text)


class DenialLog:
    """Leaves an entry for each denied call, in a transaction of its own (S-75)."""

    def __init__(self, open_unit_of_work: OpenUnitOfWork) -> None:
        self._open = open_unit_of_work

    async def denied(self, principal: Principal, request_id: str, operation: str, reason: str) -> None:
        """Record who was denied what: the scope that was missing, or the code of another refusal."""
        uow = self._open(principal.actor, request_id)
        uow.audit(Note("call.denied", "operation", None, fields=[operation], reason=reason, outcome="denied"))
        await uow.commit()
