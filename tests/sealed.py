"""What is sealed in a test's database: opened with its keys, or damaged on purpose."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from custhub.crypto.cipher import Dek
from custhub.kit.ids import Prefix, from_text
from tests.hub import HubUnderTest


def as_uuid(value: Any) -> UUID:
    """An id as either driver gives it."""
    return value if isinstance(value, UUID) else UUID(bytes=bytes(value))


def literal(hub: HubUnderTest, value: UUID | bytes) -> str:
    """An id or bytes as SQL text of the engine."""
    raw = value.bytes if isinstance(value, UUID) else value
    if hub.engine == "sqlite":
        return f"x'{raw.hex()}'"
    return f"'{value}'" if isinstance(value, UUID) else f"'\\x{raw.hex()}'"


async def dek_of(hub: HubUnderTest, customer: dict[str, Any]) -> Dek:
    """The data key of a customer."""
    customer_id = from_text(Prefix.CUSTOMER, customer["id"])
    rows = await hub.rows(
        f"SELECT dek_version, wrapped FROM customer_keys WHERE customer_id = {literal(hub, customer_id)}"  # noqa: S608  # no input
    )
    return hub.app.keys.cipher.unwrap(customer_id, rows[0][0], bytes(rows[0][1]))


async def newest_details(hub: HubUnderTest, customer: dict[str, Any]) -> Any:
    """The opened details of the newest audit entry, which must be this customer's."""
    row = (await hub.rows("SELECT id, details FROM audit_entries ORDER BY id DESC LIMIT 1"))[0]
    dek = await dek_of(hub, customer)
    return orjson.loads(dek.open("audit_entries", "details", as_uuid(row[0]), bytes(row[1])))


async def damage(hub: HubUnderTest, table: str, column: str, where: str = "") -> None:
    """Flip the last bit of a sealed value."""
    rows = await hub.rows(f"SELECT id, {column} FROM {table} {where}")  # noqa: S608  # no input
    for row_id, blob in (tuple(row) for row in rows):
        raw = bytes(blob)
        broken = literal(hub, raw[:-1] + bytes([raw[-1] ^ 1]))
        async with hub.app.database.transaction() as connection:
            await connection.execute(
                f"UPDATE {table} SET {column} = {broken} WHERE id = {literal(hub, as_uuid(row_id))}",  # noqa: S608  # no input
                (),
            )
