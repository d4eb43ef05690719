"""Saves findings inside a unit of work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from custhub.features.quality.models import OPEN_FINDING, FindingRow, findings
from custhub.kit.errors import HubError
from custhub.kit.uow import UnitOfWork


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

    def move(self, row: FindingRow, values: Mapping[str, Any]) -> None:
        """Give a finding to another customer, sealed anew."""
        self._uow.update(findings, {"id": row.id}, values)

    def remove(self, row: FindingRow) -> None:
        """Remove a finding that was locked before."""
        self._uow.delete(findings, {"id": row.id})

    def remove_of(self, customer_id: UUID) -> None:
        """Remove all findings of a customer."""
        self._uow.delete(findings, {"customer_id": customer_id})
