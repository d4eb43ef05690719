"""Saves pairs, scans, settings and plans inside a unit of work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, null, or_, select, tuple_, update

from custhub.features.duplicates.models import (
    MODEL_VERSION,
    BulkMergeRow,
    DuplicateRow,
    DuplicateScanRow,
    GroupRow,
    HotKeyRow,
    MatchModelRow,
    MemberRow,
    SettingsRow,
    bulk_merge_groups,
    bulk_merge_members,
    bulk_merges,
    duplicate_scans,
    duplicate_settings,
    duplicates,
    hot_keys,
    match_models,
)
from custhub.features.duplicates.rules import UNDECIDED, PairState
from custhub.kit.commands import Command, RowsCommand
from custhub.kit.db import Database, Id, TransactionConnection
from custhub.kit.errors import HubError
from custhub.kit.purge import Purge
from custhub.kit.query import any_of
from custhub.kit.uow import UnitOfWork

_d = duplicates.c
_AT = bindparam("now", type_=_d.updated_at.type)
_WAITS = or_(*(_d.state == state.value for state in UNDECIDED))
#: What a scan stores again of a pair that it knows.
RENEWED: Final = (
    "left_revision", "right_revision", "scan_id", "model_version", "total", "has_contradiction", "suggested",
    "evidence", "cluster_id", "state", "updated_at", "revision",
)  # fmt: skip


class _Renewal:
    """Other scores of pairs that were found again."""

    def __init__(self) -> None:
        self._rows = RowsCommand(
            lambda value: (
                update(duplicates)
                # Who decided meanwhile has the last word.
                .where(_d.id == value("id"), _d.revision == value("revision") - 1)
                .values({name: value(name) for name in RENEWED})
            ),
            id=Id(),
            **{name: _d[name].type for name in RENEWED},
        )

    async def run(self, database: Database, connection: TransactionConnection, **params: Any) -> int:
        """Store them; how many."""
        rows: Sequence[Mapping[str, Any]] = params["rows"]
        await self._rows.run(database, connection, rows)
        return len(rows)


RENEW: Final = _Renewal()
#: Pairs that are as they were: this scan has seen them.
SEEN: Final = Command(
    update(duplicates).where(any_of(_d.id, "ids")).values(scan_id=bindparam("scan_id", type_=_d.scan_id.type))
)
_UNSEEN = (
    select(_d.id)
    .where(
        _d.scan_id != bindparam("scan_id", type_=_d.scan_id.type),
        _WAITS,
    )
    .limit(bindparam("rows"))
)
_RETIRED = {
    "state": PairState.RETIRED.value,
    "cluster_id": null(),
    "updated_at": _AT,
    "revision": _d.revision + 1,
}
#: Some of those that this scan has not seen.
RETIRE: Final = Command(update(duplicates).where(_d.id.in_(_UNSEEN)).values(_RETIRED))
#: Nothing is learnt from a decision that was taken back.
_PARTED = {
    **_RETIRED,
    "state": PairState.NOT_SAME.value,
    **dict.fromkeys(("decision", "reason", "decided_by", "decided_at", "later_until"), null()),
}
#: Pairs that never join, as somebody said elsewhere or by an undo.
PART: Final = Command(
    update(duplicates).where(any_of(_d.id, "ids"), _d.state != PairState.NOT_SAME.value).values(_PARTED)
)
#: The pairs of a merge that was undone.
PARTED_AGAIN: Final = Command(
    update(duplicates)
    .where(_d.merge_id == bindparam("merge_id", type_=_d.merge_id.type), _d.state == PairState.MERGED.value)
    .values(_PARTED)
)
#: Pairs among customers whose merge is undone by itself.
PARTED_AMONG: Final = Command(
    update(duplicates)
    .where(any_of(_d.left_id, "ids"), any_of(_d.right_id, "ids"), _d.state != PairState.NOT_SAME.value)
    .values(_PARTED)
)
#: Pairs that a plan has joined. No person decided about them, so nothing is learnt from them.
JOINED: Final = Command(
    update(duplicates)
    .where(any_of(_d.left_id, "ids"), any_of(_d.right_id, "ids"), _WAITS)
    .values(
        {
            **_RETIRED,
            "state": PairState.MERGED.value,
            "cluster_id": _d.cluster_id,
            "merge_id": bindparam("merge_id", type_=_d.merge_id.type),
        }
    )
)
#: What the scans before found.
_DROP_HOT: Final = Command(delete(hot_keys))
#: What an interrupted plan had come to: it begins anew.
DROP_GROUPS: Final = tuple(
    Command(delete(table).where(table.c.bulk_merge_id == bindparam("id", type_=table.c.bulk_merge_id.type)))
    for table in (bulk_merge_members, bulk_merge_groups)
)
#: Pairs whose day has come.
REOPEN: Final = Command(
    update(duplicates)
    .where(_d.state == PairState.LATER.value, _d.later_until <= bindparam("today", type_=_d.later_until.type))
    .values({"state": PairState.OPEN.value, "updated_at": _AT, "revision": _d.revision + 1})
)
OLD_SCANS: Final = Purge(duplicate_scans, duplicate_scans.c.created_at)
#: What was decided stays known: weights are estimated from it.
OLD_PAIRS: Final = Purge(duplicates, _d.updated_at, _d.state == PairState.RETIRED.value, _d.decision.is_(None))
_OLD_PLANS: Final = Purge(bulk_merges, bulk_merges.c.created_at)
_b = bulk_merges.c
_ROWS: Final = 500


def _old_rows(table: Table) -> Command:
    key = table.primary_key.columns
    old = select(*key).select_from(table.join(bulk_merges, _b.id == table.c.bulk_merge_id))
    before = _b.created_at < bindparam("before", type_=_b.created_at.type)
    return Command(delete(table).where(tuple_(*key).in_(old.where(before).limit(bindparam("rows")))))


#: Rows first: those of one plan may be many.
_FORGET: Final = tuple(_old_rows(table) for table in (bulk_merge_members, bulk_merge_groups))


class DuplicateRepository:
    """Pairs of customers within reach: who calls has read them so."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def add_all(self, rows: Sequence[DuplicateRow]) -> None:
        """Store new ones."""
        self._uow.writes.insert_all(duplicates, [row._asdict() for row in rows])

    def change(self, row: DuplicateRow, values: Mapping[str, Any]) -> DuplicateRow:
        """Store changed columns as the next revision; the unit of work is lost when the row moved on meanwhile."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(duplicates, {"id": row.id, "revision": row.revision}, values, guard=True)
        return row._replace(**values)

    def forget(self, customer_id: UUID) -> None:
        """Remove every pair of a customer, and its places in plans."""
        for column in (_d.left_id, _d.right_id):
            self._uow.delete(duplicates, {column.name: customer_id})
        self._uow.delete(bulk_merge_members, {"customer_id": customer_id})


class ScanRepository:
    """Scans and settings of one unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def add(self, row: DuplicateScanRow) -> None:
        """Store a new one."""
        self._uow.insert(duplicate_scans, row)

    def change(self, row: DuplicateScanRow, values: Mapping[str, Any]) -> DuplicateScanRow:
        """Store changed columns as the next revision."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(duplicate_scans, {"id": row.id}, values)
        return row._replace(**values)

    async def replace_hot_keys(self, rows: Sequence[HotKeyRow]) -> None:
        """Keep these instead of those that are kept, in the explicit transaction of the unit of work."""
        await self._uow.run(_DROP_HOT)
        self._uow.writes.insert_all(hot_keys, [row._asdict() for row in rows])

    def change_settings(self, row: SettingsRow, values: Mapping[str, Any]) -> SettingsRow:
        """Store the settings as their next revision; the unit of work is lost when they moved on meanwhile."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(duplicate_settings, {"id": row.id, "revision": row.revision}, values, guard=True)
        return row._replace(**values)


class ModelRepository:
    """Models of one unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def add(self, row: MatchModelRow, explain: Callable[[], Awaitable[HubError]]) -> None:
        """Store a new one; `explain` is asked when there is one of its version."""
        self._uow.insert(match_models, row)
        self._uow.on_violation(MODEL_VERSION, explain)

    def change(self, row: MatchModelRow, values: Mapping[str, Any]) -> MatchModelRow:
        """Store changed columns as the next revision; the unit of work is lost when the row moved on meanwhile."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(match_models, {"id": row.id, "revision": row.revision}, values, guard=True)
        return row._replace(**values)

    def remove(self, row: MatchModelRow) -> None:
        """Forget it; the unit of work is lost when the row moved on meanwhile."""
        key = {"id": row.id, "revision": row.revision}
        self._uow.writes.hold(match_models, key)
        self._uow.delete(match_models, key)


class PlanRepository:
    """Bulk merges of one unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def add(self, row: BulkMergeRow) -> None:
        """Store a new one."""
        self._uow.insert(bulk_merges, row)

    def change(self, row: BulkMergeRow, values: Mapping[str, Any], *, guard: bool = False) -> BulkMergeRow:
        """Store changed columns as the next revision; as a guard, losing it loses the unit of work."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        key: dict[str, Any] = {"id": row.id, "revision": row.revision} if guard else {"id": row.id}
        self._uow.update(bulk_merges, key, values, guard=guard)
        return row._replace(**values)

    def add_groups(self, groups: Sequence[GroupRow], members: Sequence[MemberRow]) -> None:
        """Store groups with their customers."""
        self._uow.writes.insert_all(bulk_merge_groups, [row._asdict() for row in groups])
        self._uow.writes.insert_all(bulk_merge_members, [row._asdict() for row in members])

    def settle(self, row: GroupRow, values: Mapping[str, Any]) -> None:
        """Store what became of a group."""
        self._uow.update(bulk_merge_groups, {"bulk_merge_id": row.bulk_merge_id, "place": row.place}, values)


async def forget_plans(database: Database, before: datetime) -> int:
    """Delete bulk merges that began before then. How many."""
    for command in _FORGET:
        gone = _ROWS
        while gone == _ROWS:
            async with database.transaction() as connection:
                gone = await command.run(database, connection, before=before, rows=_ROWS)
            await asyncio.sleep(0)
    return await _OLD_PLANS.run(database, before)
