"""What the hub keeps of a customer's consents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.live import LiveKeys
from custhub.features.consents.models import ConsentRow, ConsentStateRow
from custhub.features.consents.queries import data_key_of, entries_among, entries_of, states_of
from custhub.features.consents.repository import ConsentRepository
from custhub.features.consents.rules import strictness
from custhub.features.consents.service.recording import recorded_by, told
from custhub.features.consents.vault import opened
from custhub.kit.customer_link import Moved
from custhub.kit.ids import Prefix, new_id, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork

_UNTOLD: Final = {"id", "customer_id", "evidence", "guardian", "recorded_by"}


class CustomerConsents:
    """The ledger, which stays with whom it was about, and what counts now."""

    tables = frozenset({"consent_entries", "consent_states"})

    def __init__(self, keys: LiveKeys) -> None:
        self._keys = keys

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """The whole ledger with its evidence; what does not open any more is null."""
        key = await data_key_of(reader, customer_id)
        dek = None if key is None else self._keys.cipher.unwrap(customer_id, key.dek_version, key.wrapped)
        return {"consents": [_exported(dek, row) for row in await entries_of(reader, customer_id)]}

    async def reassign(self, uow: UnitOfWork, source: UUID, target: UUID) -> Moved:
        """The strictest of both counts: where `source` is stricter, the ledger of `target` gets an entry that says so.

        Entries never move: they are append-only, and `source` keeps its id.
        """
        states = await states_of(uow, [source, target])
        held = {(state.purpose, state.channel): state for state in states if state.customer_id == target}
        stricter = [
            state
            for state in states
            if state.customer_id == source and _is_stricter(state, held.get((state.purpose, state.channel)))
        ]
        if not stricter:
            return {"consent_entries": []}
        entries = await entries_among(uow, [state.entry_id for state in stricter])
        repository, added = ConsentRepository(uow), list[str]()
        for state in stricter:
            old = held.get((state.purpose, state.channel))
            # At the moment of the merge: it counts from now on, whatever was said before.
            row = entries[state.entry_id]._replace(
                id=new_id(),
                customer_id=target,
                captured_at=max(uow.now, state.captured_at, old.captured_at if old else state.captured_at),
                evidence=None,
                guardian=None,
                recorded_by=recorded_by(uow),
                created_at=uow.now,
            )
            repository.append(row)
            new = ConsentStateRow(target, row.purpose, row.channel, row.status, row.captured_at, row.id)
            repository.settle(old, new)
            uow.emit(told(row))
            added.append(row.id.hex)
        return {"consent_entries": added}

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """Nothing counts any more. The ledger stays: evidence and guardians go with the customer's key."""
        ConsentRepository(uow).forget_states(customer_id)


def _is_stricter(state: ConsentStateRow, held: ConsentStateRow | None) -> bool:
    return held is None or strictness(state.status) > strictness(held.status)


def _exported(dek: Dek | None, row: ConsentRow) -> dict[str, Any]:
    evidence, guardian = opened(dek, row)
    told_of = {name: value for name, value in row._asdict().items() if name not in _UNTOLD}
    return {"id": to_text(Prefix.CONSENT, row.id), **told_of, "evidence": evidence, "guardian": guardian}
