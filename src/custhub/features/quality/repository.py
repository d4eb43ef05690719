"""Saves findings inside a unit of work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, delete, or_, update

from custhub.features.quality.models import (
    OPEN_FINDING,
    FiguresRow,
    FindingRow,
    PolicyRow,
    ScanRow,
    VerificationRow,
    findings,
    quality_figures,
    quality_scans,
    verification_policy,
    verifications,
)
from custhub.features.quality.rules import FindingState
from custhub.kit.commands import Command, RowsCommand
from custhub.kit.db import Database, Id, TransactionConnection
from custhub.kit.errors import HubError
from custhub.kit.purge import Purge
from custhub.kit.query import any_of
from custhub.kit.uow import UnitOfWork

_f = findings.c
#: Of these findings those that are still open are resolved.
RESOLVE: Final = Command(
    update(findings)
    .where(any_of(_f.id, "ids"), _f.state == FindingState.OPEN.value)
    .values(
        {
            "state": FindingState.RESOLVED.value,
            "decided_by": bindparam("by"),
            "decided_at": bindparam("now", type_=_f.decided_at.type),
            "updated_at": bindparam("now", type_=_f.updated_at.type),
            "revision": _f.revision + 1,
        }
    )
)
#: What is left of customers who are gone.
DROP_FINDINGS: Final = Command(delete(findings).where(any_of(_f.customer_id, "ids")))
DROP_VERIFICATIONS: Final = Command(delete(verifications).where(any_of(verifications.c.customer_id, "ids")))
_v = verifications.c


class _Renewal:
    """Other numbers and doubts of customers who stay in the queue; who undertook to call them stays."""

    def __init__(self) -> None:
        self._rows = RowsCommand(
            lambda value: (
                update(verifications)
                .where(_v.customer_id == value("customer_id"))
                .values(
                    phone_id=value("phone_id"),
                    certainty=value("certainty"),
                    updated_at=value("at"),
                    revision=_v.revision + 1,
                )
            ),
            customer_id=Id(),
            phone_id=Id(),
            certainty=_v.certainty.type,
            at=_v.updated_at.type,
        )

    async def run(self, database: Database, connection: TransactionConnection, **params: Any) -> int:
        """Store them; how many."""
        rows: Sequence[Mapping[str, Any]] = params["rows"]
        await self._rows.run(database, connection, rows)
        return len(rows)


RENEW: Final = _Renewal()
#: What was rejected stays known: it would come back.
OLD_FINDINGS: Final = Purge(
    findings, _f.decided_at, or_(_f.state == FindingState.ACCEPTED.value, _f.state == FindingState.RESOLVED.value)
)
OLD_SCANS: Final = Purge(quality_scans, quality_scans.c.created_at)
OLD_FIGURES: Final = Purge(quality_figures, quality_figures.c.taken_at)


class FindingRepository:
    """Findings of customers within reach: who calls has read them so."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def add(self, row: FindingRow, explain: Callable[[], Awaitable[HubError]]) -> None:
        """Store a new finding; `explain` is asked when there is an open one of its kind."""
        self._uow.insert(findings, row)
        self._uow.on_violation(OPEN_FINDING, explain)

    def change(self, row: FindingRow, values: Mapping[str, Any]) -> FindingRow:
        """Store changed columns as the next revision; the unit of work is lost when the row moved on meanwhile."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(findings, {"id": row.id, "revision": row.revision}, values, guard=True)
        return row._replace(**values)

    def on_reopened(self, explain: Callable[[], Awaitable[HubError]]) -> None:
        """Say what it means that there is a newer open finding."""
        self._uow.on_violation(OPEN_FINDING, explain)

    def move_all(self, values: Mapping[UUID, Mapping[str, Any]]) -> None:
        """Give findings to other customers, by id, sealed anew."""
        self._uow.writes.update_all(findings, [({"id": row_id}, new) for row_id, new in values.items()])

    def remove(self, row: FindingRow) -> None:
        """Remove a finding that was locked before."""
        self._uow.delete(findings, {"id": row.id})

    def remove_of(self, customer_id: UUID) -> None:
        """Remove all findings of a customer."""
        self._uow.delete(findings, {"customer_id": customer_id})

    def add_all(self, rows: Sequence[FindingRow], explain: Callable[[], Awaitable[HubError]]) -> None:
        """Store those of a scan; `explain` is asked when one of them is there already."""
        self._uow.writes.insert_all(findings, [row._asdict() for row in rows])
        self._uow.on_violation(OPEN_FINDING, explain)


class ScanRepository:
    """Scans and what they count, of one unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def add(self, row: ScanRow) -> None:
        """Store a new one."""
        self._uow.insert(quality_scans, row)

    def change(self, row: ScanRow, values: Mapping[str, Any]) -> ScanRow:
        """Store changed columns as the next revision."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(quality_scans, {"id": row.id}, values)
        return row._replace(**values)

    def keep(self, row: FiguresRow, *, is_new: bool) -> None:
        """Store the figures of a day; a later scan of that day replaces them."""
        if is_new:
            self._uow.insert(quality_figures, row)
            return
        values = row._asdict()
        self._uow.update(quality_figures, {"day": values.pop("day")}, values)

    def change_policy(self, row: PolicyRow, values: Mapping[str, Any]) -> PolicyRow:
        """Store the policy as its next revision; the unit of work is lost when it moved on meanwhile."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        key = {"id": row.id, "revision": row.revision}
        self._uow.update(verification_policy, key, values, guard=True)
        return row._replace(**values)


class VerificationRepository:
    """The queue of customers to call."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def add_all(self, rows: Sequence[VerificationRow]) -> None:
        """Put customers into it."""
        self._uow.writes.insert_all(verifications, [row._asdict() for row in rows])

    def change(self, row: VerificationRow, values: Mapping[str, Any]) -> VerificationRow:
        """Store changed columns of one."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(verifications, {"customer_id": row.customer_id}, values)
        return row._replace(**values)

    def remove(self, customer_id: UUID) -> None:
        """Take one out."""
        self._uow.delete(verifications, {"customer_id": customer_id})

    def remove_all(self, customer_ids: Iterable[UUID]) -> None:
        """Take several out."""
        self._uow.writes.delete_all(verifications, [{"customer_id": own} for own in customer_ids])
