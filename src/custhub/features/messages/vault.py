"""Sealing and opening of addresses and contents: under the customer's data key, else under that of messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import orjson

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.crypto.system import SystemVault
from custhub.features.messages.errors import RecipientGone
from custhub.features.messages.models import MessageRow
from custhub.features.messages.queries import data_keys_of
from custhub.features.messages.rules import Channel, Content, Recipient
from custhub.kit.db import Database
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork

PURPOSE: Final = "messages"
_TABLE: Final = "messages"


class MessageVault:
    """Seals for a unit of work, opens for the sender and for readers."""

    def __init__(self, database: Database, keys: LiveKeys) -> None:
        self._database = database
        self._keys = keys
        self._system = SystemVault(database, keys, PURPOSE)

    async def seal(
        self, uow: UnitOfWork, message_id: UUID, customer_id: UUID | None, recipient: Recipient, content: Content
    ) -> tuple[Sealed, Sealed]:
        """Address and content of a new message. Raises RecipientGone, KeyUnavailable."""
        address, said = recipient.address.encode(), orjson.dumps([content.subject, content.body])
        if customer_id is None:
            seal = self._system.seal
            return (
                await seal(_TABLE, "recipient", message_id, address, within=uow),
                await seal(_TABLE, "content", message_id, said, within=uow),
            )
        dek = (await self._deks(uow, [customer_id])).get(customer_id)
        if dek is None:
            raise RecipientGone
        return (
            Sealed(dek.seal(_TABLE, "recipient", message_id, address)),
            Sealed(dek.seal(_TABLE, "content", message_id, said)),
        )

    async def open(self, row: MessageRow) -> tuple[Recipient, Content]:
        """What to send to whom. Raises IntegrityError, KeyUnavailable."""
        dek = (await self._deks_of([row])).get(row.customer_id)
        if dek is None or row.content is None:
            raise IntegrityError
        subject, body = orjson.loads(dek.open(_TABLE, "content", row.id, row.content.blob))
        return open_recipient(dek, row), Content(subject, body)

    async def recipients(self, rows: Iterable[MessageRow]) -> list[Recipient | None]:
        """To whom messages go, in their order; None where that does not open any more. Raises KeyUnavailable."""
        rows = list(rows)
        deks = await self._deks_of(rows)
        return [_or_none(deks.get(row.customer_id), row) for row in rows]

    async def _deks_of(self, rows: Iterable[MessageRow]) -> dict[UUID | None, Dek]:
        owners = {row.customer_id for row in rows}
        deks = await self._deks(self._database, [owner for owner in owners if owner is not None])
        if None in owners and (system := await self._system.key()) is not None:
            deks[None] = system
        return deks

    async def _deks(self, reader: Reader, customer_ids: list[UUID]) -> dict[UUID | None, Dek]:
        found = await data_keys_of(reader, customer_ids)
        unwrap = self._keys.cipher.unwrap
        return {owner: unwrap(owner, key.dek_version, key.wrapped) for owner, key in found.items()}


def open_recipient(dek: Dek, row: MessageRow) -> Recipient:
    """The address of a message. Raises IntegrityError."""
    return Recipient(Channel(row.channel), dek.open(_TABLE, "recipient", row.id, row.recipient.blob).decode())


def resealed(old: Dek, new: Dek, row: MessageRow) -> dict[str, Sealed | None]:
    """The sealed members under another key. Raises IntegrityError."""
    values: dict[str, Sealed | None] = {}
    for column, value in (("recipient", row.recipient), ("content", row.content)):
        if value is not None:
            plain = old.open(_TABLE, column, row.id, value.blob)
            values[column] = Sealed(new.seal(_TABLE, column, row.id, plain))
    return values


def _or_none(dek: Dek | None, row: MessageRow) -> Recipient | None:
    try:
        return None if dek is None else open_recipient(dek, row)
    except IntegrityError:
        return None
