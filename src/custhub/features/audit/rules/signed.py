"""What is signed: checkpoints of the chain (S-72) and headers of archives (S-76), as RFC 8785 text.

Members are integers, strings and nothing else, under ASCII names: sorted minified JSON is that form.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import orjson

_SORTED = orjson.OPT_SORT_KEYS


def checkpoint_body(
    *,
    number: int,
    at: datetime,
    first_seq: int,
    last_seq: int,
    last_hash: bytes,
    root: bytes,
    prev: bytes,
    kid: int,
) -> bytes:
    """The signed text of a checkpoint. Hashes are in hexadecimal, `at` is RFC 3339."""
    return orjson.dumps(
        {
            "type": "checkpoint",
            "version": 1,
            "number": number,
            "at": at.isoformat(),
            "first_seq": first_seq,
            "last_seq": last_seq,
            "count": last_seq - first_seq + 1,
            "last_hash": last_hash.hex(),
            "root": root.hex(),
            "prev": prev.hex(),
            "kid": kid,
        },
        option=_SORTED,
    )


def cut_body(
    *,
    at: datetime,
    first_seq: int,
    last_seq: int,
    prev_hash: bytes,
    last_hash: bytes,
    content: bytes,
    kid: int,
) -> bytes:
    """The signed header of an archive. `content` is the SHA-256 of all lines after it, line ends included."""
    return orjson.dumps(
        {
            "type": "audit_archive",
            "version": 1,
            "at": at.isoformat(),
            "first_seq": first_seq,
            "last_seq": last_seq,
            "count": last_seq - first_seq + 1,
            "prev_hash": prev_hash.hex(),
            "last_hash": last_hash.hex(),
            "content": content.hex(),
            "kid": kid,
        },
        option=_SORTED,
    )


def digest(body: bytes) -> bytes:
    """What the next checkpoint holds of this one."""
    return hashlib.sha256(body).digest()
