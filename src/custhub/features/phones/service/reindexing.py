"""Moves the blind indexes and the claims of numbers to another index key, a batch at a time (S-17)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from custhub.crypto.cipher import FieldCipher
from custhub.crypto.errors import IntegrityError, KeyUnavailable
from custhub.crypto.live import LiveKeys
from custhub.features.phones.models import customer_phones
from custhub.features.phones.repository import (
    FollowedClaim,
    NewIndex,
    SealedNumber,
    claims_under,
    drop_claims,
    numbers_of,
    numbers_under,
    write_indexes,
)
from custhub.features.phones.rules import equivalence_key, last4_of
from custhub.kit.db import Database, TransactionConnection

__all__ = ["Batch", "FollowedClaim", "Reindexing"]


class Batch(NamedTuple):
    """What was found of some numbers: their new indexes, how many do not open, and the last one looked at."""

    indexes: Sequence[NewIndex]
    unreadable: int
    last: UUID


class Reindexing:
    """From one index key to another. Reads and computes outside, writes inside the caller's transaction."""

    def __init__(self, database: Database, keys: LiveKeys, old_kid: int, new_kid: int) -> None:
        self._database = database
        self._keys = keys
        self._old = old_kid
        self._new = new_kid

    async def batch(self, after: UUID | None, limit: int) -> Batch | None:
        """The next numbers that are indexed under the old key; None at the end."""
        numbers = await numbers_under(self._database, self._old, after, limit)
        return self._indexed(numbers) if numbers else None

    async def claims(self, after: bytes, limit: int) -> list[FollowedClaim]:
        """The next claims under the old key."""
        return await claims_under(self._database, self._old, self._new, after, limit)

    async def of(self, phone_ids: Sequence[UUID]) -> Sequence[NewIndex]:
        """New indexes of these numbers, without those that do not open."""
        numbers = await numbers_of(self._database, phone_ids)
        return self._indexed(numbers).indexes if numbers else ()

    async def store(self, connection: TransactionConnection, indexes: Sequence[NewIndex]) -> None:
        """Write new indexes, and new claims beside the old ones."""
        await write_indexes(self._database, connection, self._old, self._new, indexes)

    async def drop(self, connection: TransactionConnection, claims: Sequence[FollowedClaim]) -> None:
        """Remove old claims."""
        await drop_claims(self._database, connection, self._old, claims)

    def _indexed(self, numbers: Sequence[SealedNumber]) -> Batch:
        # A cipher of its own: a walk through all data keys would push those that requests need out of the cache.
        cipher = FieldCipher(self._keys.keyring, cache_size=1)
        indexes = self._keys.indexes
        found: list[NewIndex] = []
        for number in numbers:
            if number.wrapped is None or number.dek_version is None:
                continue
            try:
                dek = cipher.unwrap(number.customer_id, number.dek_version, number.wrapped)
                plain = dek.open(customer_phones.name, "e164", number.id, number.e164.blob).decode()
            except (IntegrityError, KeyUnavailable):
                continue
            e164 = plain.partition(";")[0]  # without an extension
            exact = indexes.exact(equivalence_key(e164), self._new)
            found.append(NewIndex(number.id, exact, indexes.last4(last4_of(e164), self._new)))
        return Batch(found, len(numbers) - len(found), numbers[-1].id)
