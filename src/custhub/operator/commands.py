"""The commands by name. Arguments and answers are JSON: they travel between processes."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from custhub.app import Application
from custhub.features.accounts.service.operator import OPERATOR_ACTOR
from custhub.features.accounts.service.rights import OPERATOR, OPERATOR_CLIENT
from custhub.kit.errors import HubError
from custhub.kit.uow import UnitOfWork
from custhub.kit.writes import LostRace
from custhub.operator.refused import CommandRefused
from custhub.security.fields import Access, everything, policy
from custhub.security.principal import Principal
from custhub.security.reach import ALL_ROWS
from custhub.security.scopes import ALL

log = logging.getLogger("custhub.operator")

#: Whoever may read the keyring already holds every right.
OPERATOR_PRINCIPAL = Principal(
    "operator",
    OPERATOR,
    OPERATOR_CLIENT,
    OPERATOR_CLIENT,
    ALL,
    (),
    policy(everything(Access.WRITE), "mask"),
    ALL_ROWS,
)
T = TypeVar("T")


class Arguments(BaseModel):
    """Arguments of a command."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class NoArguments(Arguments):
    """None at all."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: how its arguments look, what it does."""

    arguments: type[Arguments]
    run: Callable[[Application, Any], Awaitable[Mapping[str, Any]]]


def new_request_id() -> str:
    """The id under which the log, the events and the audit log know a command."""
    return f"op_{secrets.token_hex(12)}"


async def in_unit_of_work(app: Application, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
    """Do `work` as the operator and commit it; a lost race runs it once more with its rows locked."""
    request_id = new_request_id()
    for locking in (False, True):
        uow = app.hub.unit_of_work(OPERATOR_ACTOR, request_id, locking=locking)
        try:
            done = await work(uow)
            await uow.commit()
        except LostRace:
            await uow.rollback()
        except BaseException:
            await uow.rollback()
            raise
        else:
            return done
    raise CommandRefused("somebody else changed the same thing; try again")


async def run(
    app: Application, commands: Mapping[str, Command], name: str, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """`{"done": ...}` or `{"refused": "why"}`."""
    command = commands.get(name)
    if command is None:
        return {"refused": "the running hub does not know this command; is it of another version?"}
    try:
        return {"done": await command.run(app, command.arguments.model_validate(arguments))}
    except ValidationError as error:
        return {"refused": "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())}
    except CommandRefused as error:
        return {"refused": str(error)}
    except HubError as error:
        return {"refused": " ".join(_texts(error))}
    except Exception:
        log.exception("command failed", extra={"kind": name})
        return {"refused": "the command failed inside the hub; its log says where"}


def _texts(error: HubError) -> list[str]:
    details = [f"{issue.pointer.removeprefix('#/')}: {issue.detail or issue.code}" for issue in error.issues]
    return [error.text("en").detail, *details]
