"""Add a key, retire a key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from custhub.crypto.errors import KeyringError, KeyUnavailable
from custhub.crypto.keyring import Purpose
from custhub.crypto.live import LiveKeys
from custhub.crypto.models import KEY_REF, KeyReference
from custhub.features.keys.errors import KeyInUse, KeyNotFound, KeyPermanent, KeyringReadOnly, RotationInProgress
from custhub.features.keys.events import KeyAdded, KeyRetired
from custhub.features.keys.queries import KeyRecord, count_dependants, open_rotations, ref_of
from custhub.features.keys.repository import KeyRepository
from custhub.features.keys.rules import PERMANENT, AddedPurpose, KeyState
from custhub.features.keys.service.states import KeyStates
from custhub.kit.errors import HubError
from custhub.kit.ids import new_id
from custhub.kit.query import Reader
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.claims import LEEWAY_SECONDS, MAX_LIFETIME_SECONDS

_TOKENS_LIVE = timedelta(seconds=MAX_LIFETIME_SECONDS + LEEWAY_SECONDS)


async def record_of(reader: Reader, keys: LiveKeys, ref: KeyReference) -> KeyRecord:
    """What is shown of a key."""
    dependants = await count_dependants(reader, ref.purpose, ref.kid)
    return KeyRecord(ref, ref.kid in keys.loaded.kids(Purpose(ref.purpose)), dependants)


def named(ref: KeyReference) -> str:
    """How a key is called in the log and the audit."""
    return f"purpose={ref.purpose} kid={ref.kid}"


class KeyRegistry:
    """Keys of the deployment, inside one unit of work."""

    def __init__(self, uow: UnitOfWork, states: KeyStates) -> None:
        self._uow = uow
        self._states = states
        self._keys = states.keys
        self._repository = KeyRepository(uow)

    async def get(self, key_id: UUID) -> KeyReference:
        """One key. Raises KeyNotFound."""
        ref = await ref_of(self._uow, key_id)
        if ref is None:
            raise KeyNotFound
        return ref

    async def add(self, purpose: AddedPurpose) -> KeyReference:
        """Put one more key into the keyring; it comes into charge when every process knows it.

        Raises RotationInProgress while another new key of this purpose waits for that, and KeyringReadOnly.
        """
        refs = await self._states.refresh()
        if any(ref.purpose == purpose and ref.state == KeyState.NEXT for ref in refs):
            raise RotationInProgress
        self._uow.on_violation(KEY_REF, _in_progress)
        return self.enlist(refs, Purpose(purpose))

    def enlist(self, refs: Sequence[KeyReference], purpose: Purpose) -> KeyReference:
        """List a new key: one that the keyring has and nobody uses yet, else a fresh one. Raises KeyringReadOnly."""
        kid = self._keys.loaded.newest(purpose)
        if kid <= max(ref.kid for ref in refs if ref.purpose == purpose):
            if not self._keys.is_writable:
                raise KeyringReadOnly
            kid = self._write_new(purpose)
        kcv = self._keys.loaded.kcv(purpose, kid)
        ref = self._repository.add(new_id(), purpose, kid, kcv, KeyState.NEXT)
        self._uow.emit(KeyAdded(ref.id, ref.revision, extra={"purpose": purpose, "kid": kid}))
        self._uow.audit(Note("key.added", "key", ref.id, reason=named(ref)))
        return ref

    async def retire(self, key_id: UUID) -> KeyReference:
        """Use a key no more; it leaves the keyring as soon as every process knows so. A retired key stays retired.

        Raises KeyInUse with the number of rows that need it, and KeyPermanent.
        """
        ref = await self.get(key_id)
        if ref.purpose in PERMANENT:
            raise KeyPermanent
        if ref.state == KeyState.RETIRED:
            return ref
        dependants = await count_dependants(self._uow.database, ref.purpose, ref.kid) or 0
        is_moving = any(rotation.purpose == ref.purpose for rotation in await open_rotations(self._uow))
        if dependants or is_moving or ref.state != KeyState.RETIRING:
            raise KeyInUse(dependants)
        free_at = ref.updated_at + _TOKENS_LIVE
        if ref.purpose == AddedPurpose.JWT and self._uow.now < free_at:
            raise KeyInUse(free_at=free_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
        retired = self._repository.move(ref, KeyState.RETIRED)
        self._uow.emit(KeyRetired(ref.id, retired.revision, extra={"purpose": ref.purpose, "kid": ref.kid}))
        self._uow.audit(Note("key.retired", "key", ref.id, reason=named(ref)))
        return retired

    def _write_new(self, purpose: Purpose) -> int:
        try:
            ring = self._keys.write_new(purpose)
            self._keys.reload()
        except KeyringError as error:
            raise KeyUnavailable from error
        return ring.newest(purpose)


async def _in_progress() -> HubError:
    return RotationInProgress()
