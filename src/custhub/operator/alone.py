"""A command done by this process, because no hub runs that owns the data."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from custhub import migrate
from custhub.app import build
from custhub.operator.commands import run
from custhub.operator.refused import CommandRefused
from custhub.operator.registry import COMMANDS
from custhub.settings import Settings


def do(settings: Settings, command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What `commands.run` answers. Raises DirectoryLocked, KeyringError, DatabaseUnavailable."""
    return asyncio.run(_do(settings, command, arguments))


async def _do(settings: Settings, command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    app = build(settings)
    app.hub.head, app.hub.migrated = migrate.head(), False
    try:
        await app.start()
        if not app.hub.migrated:
            raise CommandRefused("the database is not migrated: run `custhub migrate`, or `custhub init` for a new one")
        return await run(app, COMMANDS, command, arguments)
    finally:
        await app.stop()
