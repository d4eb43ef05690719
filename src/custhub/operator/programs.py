"""Partner clients as the operator sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from custhub.app import Application
from custhub.features.accounts.queries.access import CLIENTS, ClientRecord, client_by_id
from custhub.features.accounts.schemas.bodies import ClientCreate
from custhub.features.accounts.service.clients import Clients, ClientSecret
from custhub.kit.ids import Prefix, from_text, to_text
from custhub.kit.uow import UnitOfWork
from custhub.operator.commands import (
    OPERATOR_PRINCIPAL,
    Arguments,
    Command,
    NoArguments,
    in_unit_of_work,
)
from custhub.operator.refused import CommandRefused

_PAGE = 200
_WEEK = 604_800


class AddClient(Arguments):
    """A client with its ceiling of scopes."""

    name: str
    scopes: list[str]
    role: str | None
    sources: list[str]
    networks: list[str]


class RotateSecret(Arguments):
    """A client by id, and how long its newest secret stays valid beside the new one."""

    client: str
    overlap_seconds: Annotated[int, Field(ge=0, le=_WEEK)]


async def _add(app: Application, asked: AddClient) -> Mapping[str, Any]:
    body = ClientCreate.model_validate(asked.model_dump())

    async def work(uow: UnitOfWork) -> ClientSecret:
        return await Clients(uow, OPERATOR_PRINCIPAL).create(body)

    made = await in_unit_of_work(app, work)
    return {"client": _view(made.record), "secret": made.secret}


async def _list(app: Application, _: NoArguments) -> Mapping[str, Any]:
    clients: list[ClientRecord] = []
    after = None
    while True:
        page = await CLIENTS.page(app.database, {}, after, _PAGE)
        clients += page.items
        if page.after is None:
            return {"clients": [_view(record) for record in clients]}
        after = list(page.after)


async def _rotate(app: Application, asked: RotateSecret) -> Mapping[str, Any]:
    try:
        found = await client_by_id(app.database, from_text(Prefix.CLIENT, asked.client))
    except ValueError:
        found = None
    if found is None:
        raise CommandRefused("there is no such client; `custhub clients list` shows all")
    seen = frozenset({found.row.revision})
    client_id = found.row.id

    async def work(uow: UnitOfWork) -> ClientSecret:
        return await Clients(uow, OPERATOR_PRINCIPAL).rotate(client_id, seen, asked.overlap_seconds)

    made = await in_unit_of_work(app, work)
    return {"client": _view(made.record), "secret": made.secret}


def _view(record: ClientRecord) -> dict[str, Any]:
    return {
        "id": to_text(Prefix.CLIENT, record.row.id),
        "name": record.row.name,
        "role": record.role,
        "scopes": record.row.scopes,
        "is_disabled": record.row.is_disabled,
    }


COMMANDS = {
    "clients.add": Command(AddClient, _add),
    "clients.list": Command(NoArguments, _list),
    "clients.rotate-secret": Command(RotateSecret, _rotate),
}
