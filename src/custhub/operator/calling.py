"""How a command gets done: by the hub that runs, or by this process in its place (R-4).

Imports as little as it can: a script that asks for a token every minute does not want to load a whole hub for it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from custhub.crypto.source import key_provider
from custhub.kit.clock import SystemClock
from custhub.operator import assertion
from custhub.operator.line import ask
from custhub.operator.refused import CommandRefused, NoAnswer
from custhub.settings import Settings

#: So long a command waits for another one, or for a hub that is just starting or stopping.
_PATIENCE_SECONDS = 10.0
_PAUSE_SECONDS = 0.1


def call(settings: Settings, command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What the command answers. Raises CommandRefused, DirectoryLocked, KeyringError, DatabaseUnavailable."""
    if settings.engine == "sqlite":
        answer = _on_sqlite(settings, command, arguments)
    else:
        answer = _alone(settings, command, arguments)
    if "refused" in answer:
        raise CommandRefused(answer["refused"])
    done: dict[str, Any] = answer["done"]
    return done


def _on_sqlite(settings: Settings, command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    keyring = key_provider(settings).load()
    patience = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            answer = ask(settings.home, assertion.request(keyring, SystemClock(), command, arguments))
        except NoAnswer:
            raise CommandRefused("the hub stopped before it answered; look whether it was done") from None
        if answer is not None:
            return answer
        from custhub.kit.directory_lock import DirectoryLocked

        try:
            return _alone(settings, command, arguments)
        except DirectoryLocked:
            # Whoever owns it is about to listen, or to leave.
            if time.monotonic() > patience:
                raise
            time.sleep(_PAUSE_SECONDS)


def _alone(settings: Settings, command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    from custhub.operator.alone import do

    return do(settings, command, arguments)
