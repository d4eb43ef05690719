"""Match keys as customers keep them: written with what they are made of, whatever road it comes by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.live import LiveKeys
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.sources import IdentitySources
from custhub.features.customers.service.standards import NewRecord
from custhub.features.matching.models import MatchKeyRow, match_keys
from custhub.features.matching.repository import DROP_KEYS, add_keys, change_keys
from custhub.features.matching.service.reading import data_key
from custhub.features.matching.service.rebuilding import queue_rebuild
from custhub.features.matching.service.rekeying import match_keys_of
from custhub.kit.followed import FOLLOW_SECONDS
from custhub.kit.uow import UnitOfWork

_TABLE: Final = str(match_keys.name)
#: Until then every process has heard of a source.
_HEARD_AFTER: Final = timedelta(seconds=2 * FOLLOW_SECONDS)


class MatchKeeper:
    """Implements `MatchKeys` of customers."""

    def __init__(self, keys: LiveKeys, personal: IdentitySources) -> None:
        self._keys = keys
        self._personal = personal

    @property
    def personal(self) -> frozenset[str]:
        """The sources one id of which means one person."""
        return self._personal.value

    def rows(self, new: NewRecord) -> tuple[str, Sequence[MatchKeyRow]]:
        """The keys of a new customer, and the table that they go to."""
        record, numbers = new.record, [number.canonical for number in new.numbers]
        dek = self._dek(record) if _has_spans(record) else None
        found = match_keys_of(self._keys, self._personal.value, record, dek, numbers)
        return _TABLE, [MatchKeyRow(key, record.row.id) for key in sorted(found)]

    def add(self, uow: UnitOfWork, added: Iterable[NewRecord]) -> None:
        """Store those of new customers."""
        add_keys(uow, [row for new in added for row in self.rows(new)[1]])

    def change(self, uow: UnitOfWork, old: CustomerRecord, new: CustomerRecord) -> None:
        """A customer was `old` and is `new`: once in a unit of work, with all that it changes."""
        personal, dek = self._personal.value, self._dek(new)
        before, after = (match_keys_of(self._keys, personal, record, dek) for record in (old, new))
        change_keys(uow, [(new.row.id, before, after)])

    async def forget(self, uow: UnitOfWork, customers: Sequence[UUID]) -> None:
        """These customers are gone as if they had never been; in the explicit transaction."""
        await uow.run(DROP_KEYS, ids=list(customers))

    def declared(self, uow: UnitOfWork, source: str, *, was: bool, now: bool) -> None:
        """Ids of a source mean one person from now on, or do so no more: all keys are made anew."""
        if was == now:
            return
        changed = {source}
        uow.on_commit(lambda: self._personal.put(lambda known: known | changed if now else known - changed))
        queue_rebuild(uow, uow.now + _HEARD_AFTER)

    def _dek(self, record: CustomerRecord) -> Dek | None:
        return data_key(self._keys.cipher, record)


def _has_spans(record: CustomerRecord) -> bool:
    return record.row.spans is not None or any(address.spans is not None for address in record.addresses)
