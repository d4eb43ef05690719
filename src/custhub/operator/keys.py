"""Root keys as the operator sees them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from custhub.app import Application
from custhub.crypto.models import KeyReference
from custhub.features.keys.models import RotationRow
from custhub.features.keys.queries import all_refs
from custhub.features.keys.rules import OPEN, AddedPurpose, RotatedPurpose
from custhub.features.keys.service.registry import KeyRegistry, record_of
from custhub.features.keys.service.rotations import RotationService, get_rotation
from custhub.kit.ids import Prefix, from_text, to_text
from custhub.kit.uow import UnitOfWork
from custhub.operator.commands import Arguments, Command, NoArguments, in_unit_of_work
from custhub.operator.refused import CommandRefused

_POLL_SECONDS = 0.2


class AddKey(Arguments):
    """What the key is for."""

    purpose: AddedPurpose


class RotateKey(Arguments):
    """Which stored values move to a new key."""

    purpose: RotatedPurpose


class NamedRotation(Arguments):
    """A rotation by id."""

    rotation: str


class NamedKey(Arguments):
    """A key by purpose and number."""

    purpose: str
    kid: int


async def _list(app: Application, _: NoArguments) -> Mapping[str, Any]:
    return {"keys": [await _view(app, ref) for ref in await all_refs(app.database)]}


async def _check(app: Application, _: NoArguments) -> Mapping[str, Any]:
    return {"faults": await app.key_states.check(), "checked": len(await all_refs(app.database))}


async def _add(app: Application, asked: AddKey) -> Mapping[str, Any]:
    async def work(uow: UnitOfWork) -> KeyReference:
        return await KeyRegistry(uow, app.key_states).add(asked.purpose)

    return {"key": await _view(app, await in_unit_of_work(app, work))}


async def _retire(app: Application, asked: NamedKey) -> Mapping[str, Any]:
    found = [ref for ref in await all_refs(app.database) if (ref.purpose, ref.kid) == (asked.purpose, asked.kid)]
    if not found:
        raise CommandRefused("there is no such key; `custhub keys list` shows all")

    async def work(uow: UnitOfWork) -> KeyReference:
        return await KeyRegistry(uow, app.key_states).retire(found[0].id)

    return {"key": await _view(app, await in_unit_of_work(app, work))}


async def _rotate(app: Application, asked: RotateKey) -> Mapping[str, Any]:
    async def work(uow: UnitOfWork) -> RotationRow:
        return await RotationService(uow, app.key_states).start(asked.purpose)

    row = await in_unit_of_work(app, work)
    if not app.has_tasks:
        # Nobody else may be there to do it: this process stays until it is done.
        app.start_tasks()
        while row.state in OPEN or app.jobs.in_hand:
            await asyncio.sleep(_POLL_SECONDS)
            row = await get_rotation(app.database, row.id)
    return {"rotation": _progress(row)}


async def _rotation(app: Application, asked: NamedRotation) -> Mapping[str, Any]:
    return {"rotation": _progress(await get_rotation(app.database, from_text(Prefix.KEY, asked.rotation)))}


async def _view(app: Application, ref: KeyReference) -> dict[str, Any]:
    record = await record_of(app.database, app.keys, ref)
    return {
        "purpose": ref.purpose,
        "kid": ref.kid,
        "state": ref.state,
        "in_keyring": record.in_keyring,
        "dependants": record.dependants,
    }


def _progress(row: RotationRow) -> dict[str, Any]:
    return {
        "id": to_text(Prefix.KEY, row.id),
        "state": row.state,
        "phase": row.phase,
        "total": row.total,
        "processed": row.processed,
        "unreadable": row.unreadable,
        "is_open": row.state in OPEN,
    }


COMMANDS = {
    "keys.list": Command(NoArguments, _list),
    "keys.check": Command(NoArguments, _check),
    "keys.add": Command(AddKey, _add),
    "keys.retire": Command(NamedKey, _retire),
    "keys.rotate": Command(RotateKey, _rotate),
    "keys.rotation": Command(NamedRotation, _rotation),
}
