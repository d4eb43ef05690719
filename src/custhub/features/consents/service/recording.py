"""Record what customers said. The ledger only grows; what counts now is kept beside it, in the same commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.features.consents.errors import ConsentCustomerUnknown, ConsentNotYet, GuardianRequired
from custhub.features.consents.events import BY_STATUS, ConsentEvent
from custhub.features.consents.models import ConsentRow, ConsentStateRow
from custhub.features.consents.queries import Subject, states_of, subjects
from custhub.features.consents.repository import ConsentRepository
from custhub.features.consents.rules import ConsentStatus, is_child, supersedes
from custhub.features.consents.schemas import ConsentInput
from custhub.features.consents.vault import sealed
from custhub.features.customers.queries.merged import survivors_of
from custhub.features.customers.service.holding import hold
from custhub.http.issues import issue
from custhub.kit.ids import Prefix, new_id, to_text
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.reach import Reach

#: Clocks of devices and forms go a little wrong.
_AHEAD = timedelta(minutes=5)


class ConsentLedger:
    """The ledger in one unit of work."""

    def __init__(self, uow: UnitOfWork, keys: LiveKeys) -> None:
        self._uow = uow
        self._keys = keys
        self._consents = ConsentRepository(uow)

    async def record(
        self, reach: Reach, customer_id: UUID, entries: Sequence[ConsentInput], pointer: str = "#/entries/{}"
    ) -> list[ConsentRow]:
        """Append what a customer within reach said.

        Raises ConsentCustomerUnknown, and ConsentNotYet or GuardianRequired at `pointer`, given the entry's place.
        """
        uow = self._uow
        subject = (await subjects(uow, reach, [customer_id], locking=uow.locking)).get(customer_id)
        if subject is not None and subject.merged_into is not None:
            # What is said of an id that was merged is said of who it became.
            customer_id = (await survivors_of(uow, [customer_id]))[customer_id]
            subject = (await subjects(uow, reach, [customer_id], locking=uow.locking)).get(customer_id)
        if subject is None or subject.is_archived:
            raise ConsentCustomerUnknown(issues=[issue("#/customer_id", ConsentCustomerUnknown.code)])
        if subject.wrapped is None or subject.dek_version is None:
            raise IntegrityError
        dek = self._keys.cipher.unwrap(customer_id, subject.dek_version, subject.wrapped)
        standing = await states_of(uow, [customer_id])
        return self.append(subject, dek, entries, standing, pointer)

    def append(
        self,
        subject: Subject,
        dek: Dek,
        entries: Sequence[ConsentInput],
        standing: Sequence[ConsentStateRow],
        pointer: str,
    ) -> list[ConsentRow]:
        """The same for a customer at hand: `standing` are its states. Nothing is stored when one entry is refused."""
        rows = [self._row(subject, dek, entry, pointer.format(i)) for i, entry in enumerate(entries)]
        hold(self._uow, subject.id)
        before = {(state.purpose, state.channel): state for state in standing}
        after = dict(before)
        for row in rows:
            self._consents.append(row)
            self._tell(row)
            key = (row.purpose, row.channel)
            known = after.get(key)
            if known is None or supersedes(row.status, row.captured_at, known.status, known.captured_at):
                after[key] = ConsentStateRow(row.customer_id, *key, row.status, row.captured_at, row.id)
        for key, state in after.items():
            if state is not before.get(key):
                self._consents.settle(before.get(key), state)
        fields = sorted({f"{row.purpose}:{row.channel}" for row in rows})
        self._uow.audit(Note("consent.recorded", "customer", subject.id, subject.id, fields))
        return rows

    def _row(self, subject: Subject, dek: Dek, entry: ConsentInput, pointer: str) -> ConsentRow:
        now = self._uow.now
        captured_at = entry.captured_at or now
        if captured_at > now + _AHEAD:
            raise ConsentNotYet(issues=[issue(f"{pointer}/captured_at", ConsentNotYet.code)])
        grants = entry.status is ConsentStatus.GRANTED
        if grants and entry.guardian is None and is_child(subject.birthday, subject.calendar, captured_at.date()):
            raise GuardianRequired(issues=[issue(f"{pointer}/guardian", GuardianRequired.code)])
        row = ConsentRow(
            id=new_id(),
            customer_id=subject.id,
            purpose=entry.purpose,
            channel=entry.channel.value,
            status=entry.status.value,
            legal_basis=entry.legal_basis.value,
            notice_version=entry.notice_version,
            separate=entry.separate,
            captured_at=captured_at,
            source=entry.source,
            method=entry.method.value,
            evidence=None,
            guardian=None,
            recorded_by=recorded_by(self._uow),
            created_at=now,
        )
        return sealed(dek, row, entry.evidence, None if entry.guardian is None else entry.guardian.model_dump())

    def _tell(self, row: ConsentRow) -> None:
        self._uow.emit(told(row))


def told(row: ConsentRow) -> ConsentEvent:
    """The event of an entry."""
    extra = {
        "customer_id": to_text(Prefix.CUSTOMER, row.customer_id),
        "purpose": row.purpose,
        "channel": row.channel,
        "captured_at": row.captured_at.isoformat().replace("+00:00", "Z"),
    }
    return BY_STATUS[row.status](row.id, 1, row.customer_id, extra=extra)


def recorded_by(uow: UnitOfWork) -> str:
    """Who records: an id, or the kind of actor that has none."""
    actor = uow.actor
    return actor.kind if actor.id is None else to_text(Prefix.USER if actor.kind == "user" else Prefix.CLIENT, actor.id)
