"""The data keys of several customers at once."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from custhub.crypto.cipher import Dek, FieldCipher
from custhub.crypto.errors import IntegrityError
from custhub.crypto.models import CustomerKey, customer_keys
from custhub.kit.query import Query, Reader, any_of

_KEYS = Query(select(customer_keys).where(any_of(customer_keys.c.customer_id, "ids")), CustomerKey._make)


async def data_keys(reader: Reader, cipher: FieldCipher, ids: Iterable[UUID]) -> dict[UUID, Dek]:
    """The data key of each of these customers. Raises IntegrityError when one of them is gone."""
    wanted = set(ids)
    found = {
        key.customer_id: cipher.unwrap(key.customer_id, key.dek_version, key.wrapped)
        for key in await _KEYS.all(reader, ids=sorted(wanted))
    }
    if found.keys() != wanted:
        raise IntegrityError
    return found
