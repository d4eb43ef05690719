"""Keeps what was built under an older knowledge of the keys from being committed (S-13, S-17)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from custhub.crypto.errors import KeyUnavailable
from custhub.crypto.keyring import Purpose
from custhub.crypto.live import LiveKeys
from custhub.kit.uow import UnitOfWork
from custhub.kit.writes import LostRace, Write

_NUMBERS, _CLAIMS, _DATA_KEYS = "customer_phones", "phone_claims", "customer_keys"
_WATCHED = frozenset({_NUMBERS, _CLAIMS, _DATA_KEYS})


class KeyFence:
    """Looks at a unit of work right before it is sent."""

    def __init__(self, keys: LiveKeys) -> None:
        self._keys = keys

    def check(self, uow: UnitOfWork) -> None:
        """Raise LostRace when keys changed their parts since the rows were built: the request runs once more.

        Raises KeyUnavailable when this process does not know enough to write at all.
        """
        for write in uow.writes.writes:
            if write.table.name in _WATCHED and write.operation.startswith("insert") and not self._holds(write):
                if uow.locking:
                    raise KeyUnavailable  # it has run twice already
                raise LostRace

    def _holds(self, write: Write) -> bool:
        keys, name = self._keys, write.table.name
        if name == _CLAIMS:
            return _kids(write, "kid") == set(keys.claim_kids)
        if name == _NUMBERS:
            return _kids(write, "index_kid") == {keys.index_kid}
        keys.require_current()
        return _kids(write, "kid") <= set(keys.keyring.kids(Purpose.FIELD))


def _kids(write: Write, column: str) -> set[Any]:
    rows: Iterable[Any] = write.rows or (write.values,)
    return {row[column] for row in rows}
