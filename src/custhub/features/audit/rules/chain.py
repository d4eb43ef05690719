"""The canonical form of an entry, the arithmetic of the chain (S-70), and what can be wrong with it (S-73)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import orjson

#: `prev` of the first link.
GENESIS = bytes(32)

#: The ids below and above every other.
FIRST_ID = UUID(int=0)
LAST_ID = UUID(int=(1 << 128) - 1)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Fault(StrEnum):
    """What was done to the log.

    `edited` also stands for an entry that the hub never wrote, where the chain goes on from it; `key_missing` for one
    whose key is not in the keyring, so that nothing can be said of it.
    """

    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    UNSEALED = "unsealed"
    CHECKPOINT_MISMATCH = "checkpoint_mismatch"
    KEY_MISSING = "key_missing"


class Link(NamedTuple):
    """What a link claims, and the mac of the entry it points to; None where there is no such entry."""

    seq: int
    prev: bytes
    hash: bytes
    mac: bytes | None


def canonical_entry(
    *,
    id: UUID,
    at: datetime,
    actor_kind: str,
    actor_id: UUID | None,
    client_id: str | None,
    request_id: str,
    action: str,
    object_type: str,
    object_id: UUID | None,
    customer_id: UUID | None,
    fields: Sequence[str],
    reason: str | None,
    outcome: str,
    details: bytes | None,
) -> bytes:
    """RFC 8785 form of an entry.

    Its members are strings, nulls and lists of strings under ASCII names, for which sorted minified JSON is that form.
    """
    return orjson.dumps(
        {
            "id": id.hex,
            "at": at.isoformat(),
            "actor_kind": actor_kind,
            "actor_id": None if actor_id is None else actor_id.hex,
            "client_id": client_id,
            "request_id": request_id,
            "action": action,
            "object_type": object_type,
            "object_id": None if object_id is None else object_id.hex,
            "customer_id": None if customer_id is None else customer_id.hex,
            "fields": list(fields),
            "reason": reason,
            "outcome": outcome,
            "details": None if details is None else details.hex(),
        },
        option=orjson.OPT_SORT_KEYS,
    )


def link_hash(prev: bytes, mac: bytes) -> bytes:
    """SHA-256(0x01 | prev | mac)."""
    return hashlib.sha256(b"\x01" + prev + mac).digest()


def extend(prev: bytes, macs: Sequence[bytes]) -> list[bytes]:
    """The hashes of the links that seal these macs behind `prev`."""
    hashes: list[bytes] = []
    for mac in macs:
        prev = link_hash(prev, mac)
        hashes.append(prev)
    return hashes


def first_id_at(at: datetime) -> UUID:
    """The lowest UUIDv7 of this millisecond."""
    return UUID(int=max(0, (at - _EPOCH) // _MILLISECOND) << 80)


def fault_of(seq: int, prev: bytes, link: Link, genuine: bool, others: Sequence[Link]) -> Fault:
    """What is wrong with the link found where `seq` should follow `prev`.

    `genuine`: the entry is as the hub wrote it. `others` are the links around it, itself left out.
    """
    true_successor = any(other.prev == prev for other in others)
    if link.seq != seq:
        return Fault.REORDERED if true_successor or link.prev == prev else Fault.DELETED
    if link.mac is None:
        return Fault.DELETED
    if link.prev == prev:
        if genuine:
            # It carries the hash of another entry: that one stands elsewhere, or the hash was changed.
            elsewhere = any(other.mac is not None and link_hash(prev, other.mac) == link.hash for other in others)
            return Fault.REORDERED if elsewhere else Fault.EDITED
        # The next link passes over a foreign one, and takes an edited one into account.
        passed_over = any(other.seq == seq + 1 and other.prev == prev for other in others)
        return Fault.INSERTED if passed_over else Fault.EDITED
    consistent = genuine and link.hash == link_hash(link.prev, link.mac)
    if true_successor:
        return Fault.REORDERED if consistent else Fault.INSERTED
    return Fault.DELETED if consistent else Fault.EDITED
