"""Merges as the operator sees them: all of them, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import Field

from custhub.app import Application
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.standards import STANDARDS
from custhub.features.merges.errors import MergeNotFound
from custhub.features.merges.queries import absorbed_by, members_of, merge_by_id, page_of_merges
from custhub.features.merges.schemas import UndoReason
from custhub.features.merges.service.merging import LINKS
from custhub.features.merges.service.showing import merge_view, outcome_view
from custhub.features.merges.service.undoing import Undoing
from custhub.features.merges.service.verifying import MergeVerifier
from custhub.http.answers import dump
from custhub.kit.ids import Prefix, from_text
from custhub.kit.uow import UnitOfWork
from custhub.operator.commands import OPERATOR_PRINCIPAL, Arguments, Command, in_unit_of_work
from custhub.operator.refused import CommandRefused
from custhub.security.reach import ALL_ROWS


class ListMerges(Arguments):
    """Which merges: of a customer, of a state, or all; the newest ones."""

    customer: str | None
    state: Literal["done", "undone"] | None
    limit: Annotated[int, Field(ge=1, le=200)]


class NamedMerge(Arguments):
    """A merge by id."""

    merge: str


class UndoneMerge(NamedMerge):
    """Why it is undone."""

    reason: UndoReason


def _merge_id(text: str) -> UUID:
    try:
        return from_text(Prefix.MERGE, text)
    except ValueError:
        raise CommandRefused("that is no id of a merge; `custhub merges list` shows them") from None


def _customer_id(text: str) -> UUID:
    try:
        return from_text(Prefix.CUSTOMER, text)
    except ValueError:
        raise CommandRefused("that is no id of a customer") from None


async def _list(app: Application, asked: ListMerges) -> Mapping[str, Any]:
    filters: dict[str, Any] = {}
    if asked.customer is not None:
        filters["customer_id"] = _customer_id(asked.customer)
    if asked.state is not None:
        filters["state"] = asked.state
    found = await page_of_merges(app.database, ALL_ROWS, filters, None, asked.limit)
    merged = await absorbed_by(app.database, [row.id for row in found.items])
    views = [merge_view(row, merged.get(row.id, ())) for row in found.items]
    return {"merges": _plain(views), "has_more": found.after is not None}


async def _show(app: Application, asked: NamedMerge) -> Mapping[str, Any]:
    merge_id = _merge_id(asked.merge)

    async def work(uow: UnitOfWork) -> Mapping[str, Any]:
        row = await merge_by_id(uow, ALL_ROWS, merge_id)
        if row is None:
            raise MergeNotFound
        members = await members_of(uow, merge_id)
        merged = [member.customer_id for member in members if member.place]
        verification = await MergeVerifier(_context(app, uow)).verify(row, members)
        return {"merge": _plain(merge_view(row, merged)), "verification": _plain(verification)}

    return await in_unit_of_work(app, work)


async def _undo(app: Application, asked: UndoneMerge) -> Mapping[str, Any]:
    merge_id = _merge_id(asked.merge)

    async def work(uow: UnitOfWork) -> Mapping[str, Any]:
        context = _context(app, uow)
        # Unchecked: a revision tells what a client has seen last, and nobody keeps one at a terminal. The locks and
        # the state behind them still see to it that a merge is undone once.
        undone = await Undoing(context, app.hub.parts[LINKS]).undo(merge_id, asked.reason.value, None, checked=False)
        view = merge_view(undone.merge, undone.merged)
        return {"merge": _plain(view), "undo": _plain(outcome_view(undone.outcome, context))}

    return await in_unit_of_work(app, work)


def _context(app: Application, uow: UnitOfWork) -> CustomerContext:
    return CustomerContext(uow, OPERATOR_PRINCIPAL, app.keys, app.settings, app.hub.parts[STANDARDS])


def _plain(view: Any) -> Any:  # any body
    return orjson.loads(dump(view))


COMMANDS = {
    "merges.list": Command(ListMerges, _list),
    "merges.show": Command(NamedMerge, _show),
    "merges.undo": Command(UndoneMerge, _undo),
}
