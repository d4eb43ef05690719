"""From what comes through the pipe to a batch that customers are stored by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from custhub.features.customers.service.bulk import (
    Asked,
    Candidate,
    ClaimRow,
    EncodedTable,
    ExternalIdRow,
    Holder,
    PreparedBatch,
    of_claims,
)
from custhub.kit.db import from_micros
from custhub.kit.errors import HubError
from custhub.kit.ids import from_bytes


def prepared_of(batch: Mapping[str, Any]) -> PreparedBatch:
    """The batch that a message tells of."""
    return PreparedBatch(lambda: candidates_of(batch), batch["keys"], batch["tables"])


def candidates_of(batch: Mapping[str, Any]) -> list[Candidate]:
    """Who of it asks for what."""
    now = from_micros(batch["now"])
    ids = [customer for _, customer in batch["rows"]]
    candidates = []
    for place, owner, team, source, numbers, keys in batch["claims"]:
        customer = from_bytes(ids[place])
        candidates.append(
            of_claims(
                place,
                Holder(customer, _id(owner), _id(team), source),
                [ClaimRow(kid, index, from_bytes(phone), customer) for kid, index, phone in numbers],
                [ExternalIdRow(from_bytes(i), customer, of, key, True, now) for i, of, key in keys],
            )
        )
    return candidates


def without(prepared: PreparedBatch, refused: Mapping[int, HubError]) -> PreparedBatch:
    """The same without rows that are refused already."""
    if not refused:
        return prepared
    return PreparedBatch(
        lambda: [item for item in prepared.candidates() if item.place not in refused],
        _kept(prepared.keys, refused),
        _kept(prepared.tables, refused),
    )


def _kept(tables: Sequence[EncodedTable], refused: Mapping[int, HubError]) -> list[EncodedTable]:
    made: list[EncodedTable] = []
    for name, rows, places in tables:
        kept = [(row, place) for row, place in zip(rows, places, strict=True) if place not in refused]
        made.append((name, [row for row, _ in kept], [place for _, place in kept]))
    return made


def _id(raw: bytes | None) -> UUID | None:
    return None if raw is None else from_bytes(raw)


def asked_of(batch: Mapping[str, Any]) -> list[tuple[int, Asked]]:
    """What the suppression list is to be asked, by place."""
    return [
        (place, Asked(table, from_bytes(row_id), pointer, frozenset((kid, digest) for kid, digest in hashes)))
        for place, table, row_id, pointer, hashes in batch["asked"]
    ]
