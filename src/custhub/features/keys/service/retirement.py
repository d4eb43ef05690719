"""Keys between two states: new ones come into charge when every process knows them, retired ones leave (S-17)."""

from __future__ import annotations

import logging

from custhub.crypto.errors import KeyringError
from custhub.crypto.keyring import Purpose
from custhub.crypto.models import KeyReference
from custhub.events.envelope import Event
from custhub.features.keys.events import KeyActivated
from custhub.features.keys.queries import all_refs, count_dependants
from custhub.features.keys.repository import KeyRepository
from custhub.features.keys.rules import ALL_LIVE, AddedPurpose, KeyState
from custhub.features.keys.service.registry import named
from custhub.features.keys.service.states import KeyStates, OpenUnitOfWork, in_charge
from custhub.features.keys.service.steps import Patience, settle
from custhub.kit.uow import SYSTEM, Note

log = logging.getLogger("custhub.keys")
_REQUEST_ID = "keys"


class KeyTransitions:
    """Looks after keys that no rotation looks after."""

    def __init__(self, states: KeyStates, open_work: OpenUnitOfWork, patience: Patience) -> None:
        self._states = states
        self._open = open_work
        self._patience = patience

    async def tend(self) -> None:
        """Do what is due. Raises LostRace when another process does it too."""
        refs = await all_refs(self._states.database)
        current = in_charge(refs)
        for ref in refs:
            if ref.state == KeyState.NEXT and ref.purpose in list(AddedPurpose):
                if self._patience.is_over(ref.id, ref.state, ref.missing_at):
                    await self._activate(ref, current[ref.purpose])
            elif ref.state == KeyState.RETIRED and self._is_kept(ref) and self._patience.is_over(ref.id, ref.state):
                await self._remove(ref)

    def _is_kept(self, ref: KeyReference) -> bool:
        keys = self._states.keys
        return keys.is_writable and ref.kid in keys.loaded.kids(Purpose(ref.purpose))

    async def _activate(self, ref: KeyReference, previous: KeyReference) -> None:
        moves = [(ref, KeyState.LIVE)]
        if ref.purpose not in ALL_LIVE:
            moves.append((previous, KeyState.RETIRING))
        event = KeyActivated(ref.id, ref.revision + 1, extra={"purpose": ref.purpose, "kid": ref.kid})
        await self._store(moves, "key.activated", ref, event)

    async def _remove(self, ref: KeyReference) -> None:
        await settle(self._states.database)
        if await count_dependants(self._states.database, ref.purpose, ref.kid):
            # Somebody wrote under it in the moment it was retired: it is needed after all.
            await self._store([(ref, KeyState.RETIRING)], "key.kept", ref)
            return
        try:
            self._states.keys.write_without(Purpose(ref.purpose), ref.kid)
        except KeyringError:
            log.exception("a retired key stays in the keyring", extra={"purpose": ref.purpose, "kid": ref.kid})
            return
        await self._store([], "key.removed", ref)

    async def _store(
        self, moves: list[tuple[KeyReference, KeyState]], action: str, ref: KeyReference, event: Event | None = None
    ) -> None:
        uow = self._open(SYSTEM, _REQUEST_ID)
        for moved, state in moves:
            KeyRepository(uow).move(moved, state)
        if event is not None:
            uow.emit(event)
        uow.audit(Note(action, "key", ref.id, reason=named(ref)))
        await uow.commit()
        await self._states.follow()
