"""Secrets without a customer, sealed under a key of the system (S-01, S-05, S-15)."""

from __future__ import annotations

import asyncio

import pytest

from custhub.crypto.errors import IntegrityError
from custhub.crypto.system import SystemVault
from custhub.kit.ids import new_id
from tests.hub import HubUnderTest


def vault(hub: HubUnderTest, purpose: str) -> SystemVault:
    return SystemVault(hub.app.database, hub.app.keys, purpose)


async def test_value_opens_at_its_place_alone(hub: HubUnderTest) -> None:
    made, row = vault(hub, "places"), new_id()
    sealed = await made.seal("users", "totp_secret", row, b"seed")
    assert b"seed" not in sealed.blob
    assert await vault(hub, "places").open("users", "totp_secret", row, sealed) == b"seed"
    for table, column, other in (
        ("clients", "totp_secret", row),
        ("users", "secret", row),
        ("users", "totp_secret", new_id()),
    ):
        with pytest.raises(IntegrityError):
            await made.open(table, column, other, sealed)


async def test_first_values_at_once_share_one_key(fresh_hub: HubUnderTest) -> None:
    rows = [new_id() for _ in range(8)]
    sealed = await asyncio.gather(*(vault(fresh_hub, "race").seal("t", "c", row, b"x") for row in rows))
    assert len(await fresh_hub.rows("SELECT id FROM system_keys")) == 1
    for row, value in zip(rows, sealed, strict=True):
        assert await vault(fresh_hub, "race").open("t", "c", row, value) == b"x"


async def test_purposes_do_not_open_each_others_values(hub: HubUnderTest) -> None:
    row = new_id()
    sealed = await vault(hub, "one").seal("t", "c", row, b"x")
    await vault(hub, "other").seal("t", "c", row, b"y")
    with pytest.raises(IntegrityError):
        await vault(hub, "other").open("t", "c", row, sealed)


async def test_s15_opening_never_makes_a_key(fresh_hub: HubUnderTest) -> None:
    sealed = await vault(fresh_hub, "lost").seal("t", "c", new_id(), b"x")
    with pytest.raises(IntegrityError):
        await vault(fresh_hub, "never used").open("t", "c", new_id(), sealed)
    assert len(await fresh_hub.rows("SELECT id FROM system_keys")) == 1
