"""What the database says about keys, and whether this process can live up to it (S-15)."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Sequence

from custhub.crypto.errors import KeyringError, KeyUnavailable
from custhub.crypto.keyring import KeyRef, Keyring, Purpose, check_references
from custhub.crypto.live import KeyRoles, LiveKeys
from custhub.crypto.models import KEY_REF, KeyReference
from custhub.features.keys.errors import KeysUnusable
from custhub.features.keys.queries import all_refs, count_dependants, referenced_kids
from custhub.features.keys.repository import KeyRepository
from custhub.features.keys.rules import ALL_LIVE, FENCE_SECONDS, KeyState
from custhub.kit.clock import Clock
from custhub.kit.db import Database, Violation
from custhub.kit.ids import new_id
from custhub.kit.query import Reader
from custhub.kit.uow import SYSTEM, Actor, UnitOfWork

OpenUnitOfWork = Callable[[Actor, str], UnitOfWork]

_REQUEST_ID = "keys"
#: Keys in these states need not be there yet, or not any more.
_UNNEEDED = frozenset({KeyState.NEXT, KeyState.RETIRED})
_CLAIMED = frozenset({KeyState.FILLING, KeyState.LIVE, KeyState.DRAINING})


def in_charge(refs: Iterable[KeyReference]) -> dict[str, KeyReference]:
    """The key that new values are written under, by purpose: the newest live one."""
    return {ref.purpose: ref for ref in sorted(refs, key=lambda ref: ref.kid) if ref.state == KeyState.LIVE}


def roles_of(refs: Sequence[KeyReference]) -> KeyRoles:
    """The parts of all keys."""
    return KeyRoles(
        in_charge={Purpose(purpose): ref.kid for purpose, ref in in_charge(refs).items()},
        claims=tuple(sorted(ref.kid for ref in refs if ref.purpose == Purpose.BIDX and ref.state in _CLAIMED)),
        retired=frozenset((Purpose(ref.purpose), ref.kid) for ref in refs if ref.state == KeyState.RETIRED),
    )


async def has_ciphertext(reader: Reader) -> bool:
    """Whether stored data needs a keyring that exists somewhere: then none may be created (S-15)."""
    return bool(await all_refs(reader)) or any((await referenced_kids(reader)).values())


class KeyStates:
    """Keeps the keys of this process in step with `key_refs`."""

    def __init__(self, database: Database, keys: LiveKeys, clock: Clock, open_work: OpenUnitOfWork) -> None:
        self.database = database
        self.keys = keys
        self._clock = clock
        self._open = open_work

    async def start(self) -> None:
        """Check every key that stored data needs, list all keys at the first start, and take up their parts.

        Raises KeysUnusable, after which a process must not serve.
        """
        refs = await all_refs(self.database)
        listed = {ref.purpose for ref in refs}
        missing = [purpose for purpose in Purpose if purpose not in listed]
        if missing:
            lines = await self._unlisted(missing)
            if lines:
                raise KeysUnusable(lines)
            await self._list(missing)
            refs = await all_refs(self.database)
        lines = await self.check(refs)
        if lines:
            raise KeysUnusable(lines)
        self.keys.adopt(roles_of(refs))

    async def check(self, refs: Sequence[KeyReference] | None = None) -> list[str]:
        """One line for each key that stored data needs and that is missing here, or another than expected."""
        found = await all_refs(self.database) if refs is None else refs
        faulty = [ref for ref in found if ref.state not in _UNNEEDED and not _fits(self.keys.loaded, ref)]
        counted = [
            KeyRef(
                Purpose(ref.purpose), ref.kid, ref.kcv, await count_dependants(self.database, ref.purpose, ref.kid) or 0
            )
            for ref in faulty
        ]
        return check_references(self.keys.loaded, counted)

    def watch(self, seconds: float = FENCE_SECONDS) -> None:
        """From now on `follow` is called regularly; without it, this process stops writing after `seconds`."""
        self.keys.watch(self._clock.monotonic, seconds)

    async def follow(self) -> str:
        """Take up what changed: the keyring file, then the parts of the keys. Returns what is wrong, or nothing."""
        began = self._clock.monotonic()
        refs = await all_refs(self.database)
        fault = ""
        try:
            # After the refs: what they name was put into the file before they were committed.
            if self.keys.is_outdated:
                self.keys.reload()
            fault = " ".join(f"{r.purpose}:{r.kid}" for r in refs if r.state not in _UNNEEDED and not self._has(r))
            if not fault:
                self.keys.adopt(roles_of(refs))
        except KeyringError as error:
            fault = str(error)
        self.keys.fault = fault
        if not fault:
            self.keys.confirm(began)
        await self._object([ref for ref in refs if ref.state == KeyState.NEXT and not self._has(ref)])
        return fault

    async def refresh(self) -> list[KeyReference]:
        """The keys as they are now, the keyring too. Raises KeyUnavailable when it cannot be read."""
        refs = await all_refs(self.database)
        try:
            if self.keys.is_outdated:
                self.keys.reload()
        except KeyringError as error:
            raise KeyUnavailable from error
        return refs

    def _has(self, ref: KeyReference) -> bool:
        return _fits(self.keys.loaded, ref)

    async def _object(self, refs: Sequence[KeyReference]) -> None:
        if refs:
            uow = self._open(SYSTEM, _REQUEST_ID)
            for ref in refs:
                KeyRepository(uow).report_missing(ref, self._clock.now())
            await uow.commit()

    async def _unlisted(self, purposes: Sequence[Purpose]) -> list[str]:
        lines = []
        for name, kids in (await referenced_kids(self.database)).items():
            absent = [kid for kid in kids if kid not in self.keys.loaded.kids(Purpose(name))]
            for kid in absent if name in purposes else ():
                count = await count_dependants(self.database, name, kid)
                lines.append(f"key purpose={name} kid={kid} missing; {count} wrapped keys depend on it")
        return lines

    async def _list(self, purposes: Sequence[Purpose]) -> None:
        uow, ring = self._open(SYSTEM, _REQUEST_ID), self.keys.loaded
        for purpose in purposes:
            newest = ring.newest(purpose)
            for kid in ring.kids(purpose):
                state = KeyState.LIVE if kid == newest or purpose in ALL_LIVE else KeyState.RETIRING
                KeyRepository(uow).add(new_id(), purpose, kid, ring.kcv(purpose, kid), state)
        try:
            await uow.commit()
        except Violation as violation:
            # Another process starts for the first time too, and was quicker.
            if violation.constraint != KEY_REF:
                raise


def _fits(keyring: Keyring, ref: KeyReference) -> bool:
    purpose = Purpose(ref.purpose)
    return ref.kid in keyring.kids(purpose) and hmac.compare_digest(keyring.kcv(purpose, ref.kid), ref.kcv)
