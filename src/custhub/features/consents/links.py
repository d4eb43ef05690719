"""What the hub keeps of a customer's consents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.live import LiveKeys
from custhub.features.consents.models import ConsentRow, ConsentStateRow, consent_entries, consent_states
from custhub.features.consents.queries import data_key_of, entries_among, entries_of, states_of
from custhub.features.consents.repository import ConsentRepository
from custhub.features.consents.rules import ConsentStatus, strictness
from custhub.features.consents.service.recording import recorded_by, told
from custhub.features.consents.vault import opened
from custhub.kit.customer_link import Joined, Kept, Moved, WhyKept
from custhub.kit.ids import Prefix, new_id, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork

_ENTRIES: Final = str(consent_entries.name)
#: Entries that counted for the target right after the merge.
_STOOD: Final = f"{_ENTRIES}.stood"
_UNTOLD: Final = {"id", "customer_id", "evidence", "guardian", "recorded_by"}


class CustomerConsents:
    """The ledger, which stays with whom it was about, and what counts now."""

    tables = frozenset({consent_entries.name, consent_states.name})

    def __init__(self, keys: LiveKeys) -> None:
        self._keys = keys

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """The whole ledger with its evidence; what does not open any more is null."""
        key = await data_key_of(reader, customer_id)
        dek = None if key is None else self._keys.cipher.unwrap(customer_id, key.dek_version, key.wrapped)
        return {"consents": [_exported(dek, row) for row in await entries_of(reader, customer_id)]}

    async def reassign(self, uow: UnitOfWork, sources: Sequence[UUID], target: UUID) -> Joined:
        """The strictest of all counts: where one is stricter, the ledger of `target` gets an entry that says so.

        Entries never move: they are append-only, and `sources` keep their ids.
        """
        states = await _states(uow, [*sources, target])
        was = states.get(target, {})
        held = dict(was)
        told_of = [
            state for own in sources for key, state in states.get(own, {}).items() if _is_stricter(state, was.get(key))
        ]
        entries = await entries_among(uow, [state.entry_id for state in told_of]) if told_of else {}
        repository, joined = ConsentRepository(uow), dict[UUID, Moved]()
        for source in sources:
            stricter = [state for key, state in states.get(source, {}).items() if _is_stricter(state, held.get(key))]
            added: dict[str, dict[str, Any]] = {}
            for state in stricter:
                key = (state.purpose, state.channel)
                old = held.get(key)
                # At the moment of the merge: it counts from now on, whatever was said before.
                at = max(uow.now, state.captured_at, old.captured_at if old else state.captured_at)
                row = _repeated(uow, entries[state.entry_id], target, at)
                repository.append(row)
                held[key] = _settled(row)
                uow.emit(told(row))
                added[row.id.hex] = {"instead": None if old is None else old.entry_id.hex}
            stood = sorted(state.entry_id for state in held.values())
            joined[source] = {_ENTRIES: added, _STOOD: {entry_id.hex: {} for entry_id in stood}}
        repository.settle_all(was, held)
        return joined

    async def give_back(self, uow: UnitOfWork, joined: Joined, target: UUID) -> Mapping[UUID, Sequence[Kept]]:
        """What counted for `target` counts again, where nothing was said since; an entry of the ledger says so.

        A refusal that was said since may have been of any of them: it counts for each of them.
        """
        states = await _states(uow, [*joined, target])
        was = states.get(target, {})
        now = dict(was)
        former = [one["instead"] for moved in joined.values() for one in moved.get(_ENTRIES, {}).values()]
        known = {UUID(hex=key) for key in former if key is not None} | {state.entry_id for state in was.values()}
        entries = await entries_among(uow, sorted(known)) if known else {}
        repository, kept = ConsentRepository(uow), dict[UUID, Sequence[Kept]]()
        for source in reversed(list(joined)):
            added, stood = joined[source].get(_ENTRIES, {}), joined[source].get(_STOOD, {})
            before = states.get(source, {})
            own = dict(before)
            since = [
                state
                for key, state in now.items()
                if state.entry_id.hex not in stood
                and state.status != ConsentStatus.GRANTED
                and _is_stricter(state, own.get(key))
            ]
            for key, state in [(key, state) for key, state in now.items() if state.entry_id.hex in added]:
                instead = added[state.entry_id.hex]["instead"]
                row = entries[state.entry_id if instead is None else UUID(hex=instead)]
                again = _repeated(uow, row, target, max(uow.now, state.captured_at))
                if instead is None:
                    # Nothing had been said: neither the refusal of another nor a consent counts for it.
                    again = again._replace(status=ConsentStatus.EXPIRED.value)
                    del now[key]
                else:
                    now[key] = _settled(row)
                repository.append(again)
                uow.emit(told(again))
            for state in since:
                row = _repeated(uow, entries[state.entry_id], source, max(uow.now, state.captured_at))
                repository.append(row)
                own[state.purpose, state.channel] = _settled(row)
                uow.emit(told(row))
            repository.settle_all(before, own)
            kept[source] = [Kept(_ENTRIES, state.entry_id.hex, WhyKept.SAID_SINCE) for state in since]
        repository.settle_all(was, now)
        return kept

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """Nothing counts any more. The ledger stays: evidence and guardians go with the customer's key."""
        ConsentRepository(uow).forget_states(customer_id)


async def _states(uow: UnitOfWork, ids: Iterable[UUID]) -> dict[UUID, dict[tuple[str, str], ConsentStateRow]]:
    found: dict[UUID, dict[tuple[str, str], ConsentStateRow]] = {}
    for state in await states_of(uow, ids):
        found.setdefault(state.customer_id, {})[state.purpose, state.channel] = state
    return found


def _repeated(uow: UnitOfWork, row: ConsentRow, customer_id: UUID, at: datetime) -> ConsentRow:
    """An entry said again of somebody, without what is sealed under another's key."""
    return row._replace(
        id=new_id(),
        customer_id=customer_id,
        captured_at=at,
        evidence=None,
        guardian=None,
        recorded_by=recorded_by(uow),
        created_at=uow.now,
    )


def _settled(row: ConsentRow) -> ConsentStateRow:
    return ConsentStateRow(row.customer_id, row.purpose, row.channel, row.status, row.captured_at, row.id)


def _is_stricter(state: ConsentStateRow, held: ConsentStateRow | None) -> bool:
    return held is None or strictness(state.status) > strictness(held.status)


def _exported(dek: Dek | None, row: ConsentRow) -> dict[str, Any]:
    evidence, guardian = opened(dek, row)
    told_of = {name: value for name, value in row._asdict().items() if name not in _UNTOLD}
    return {"id": to_text(Prefix.CONSENT, row.id), **told_of, "evidence": evidence, "guardian": guardian}
