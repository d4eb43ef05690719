"""Rows of one batch, gathered by table for the pipe."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any
from uuid import UUID

from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.features.customers.service.bulk import PreparedCustomer
from custhub.features.imports.rules.outcomes import NOBODY, Fault, Outcome


class GatheredBatch:
    """Gathers the rows of one batch by table."""

    def __init__(self, first: int) -> None:
        self._first = first
        self._rows: list[tuple[int, bytes]] = []
        self._faults: list[list[Any]] = []
        self._claims: list[Any] = []
        self._references: list[Any] = []
        self._asked: list[Any] = []
        self.views: list[tuple[int, bytes]] = []
        self._keys: dict[str, list[tuple[Any, int, Any]]] = {}
        self._tables: dict[str, tuple[list[Any], list[int]]] = {}

    def add(self, outcome: Outcome, customer: bytes = NOBODY) -> None:
        """A row of which nothing more is to be stored."""
        self._rows.append((outcome.value, customer))

    def refuse(self, place: int, faults: Sequence[Fault]) -> None:
        """A row that fails."""
        self.add(Outcome.FAILED)
        self._faults += [[place, *fault] for fault in faults]

    def add_customer(self, place: int, made: PreparedCustomer, body: CustomerCreate) -> None:
        """A row that becomes a customer, unless somebody has what it wants."""
        holder = made.holder
        self.add(Outcome.CREATED, holder.id.bytes)
        if made.numbers or made.external_ids:
            self._claims.append(
                (
                    place,
                    _bytes(holder.owner_id),
                    _bytes(holder.team_id),
                    holder.source,
                    [(claim.kid, claim.exact_index, claim.phone_id.bytes) for claim in made.numbers],
                    [(row.id.bytes, row.source, row.external_id) for row in made.external_ids],
                )
            )
        for name, order, row in made.keys:
            self._keys.setdefault(name, []).append((order, place, row))
        self._asked += [(place, one.table, one.row_id.bytes, one.pointer, list(one.hashes)) for one in made.asked]
        if body.owner_id is not None or body.team_id is not None:
            self._references.append((place, -1, _bytes(body.owner_id), _bytes(body.team_id)))
        for i, contact in enumerate(body.contacts):
            if contact.person_id is not None:
                self._references.append((place, i, contact.person_id.bytes, None))
        tables = self._tables
        for name, rows in made.rows:
            held = tables.get(name)
            if held is None:
                held = tables[name] = ([], [])
            held[0].extend(rows)
            held[1].extend([place] * len(rows))

    def message(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "first": self._first,
            "rows": self._rows,
            "faults": self._faults,
            "claims": self._claims,
            "references": self._references,
            "asked": self._asked,
            "views": self.views,
            "keys": [_sorted(name, rows) for name, rows in self._keys.items()],
            "tables": [(name, rows, places) for name, (rows, places) in self._tables.items()],
        }


def _sorted(name: str, rows: list[tuple[Any, int, Any]]) -> tuple[str, list[Any], list[int]]:
    rows.sort(key=itemgetter(0, 1))
    return name, [row for _, _, row in rows], [place for _, place, _ in rows]


def _bytes(value: UUID | None) -> bytes | None:
    return None if value is None else value.bytes
