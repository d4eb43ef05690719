"""Ids: UUIDv7 inside, a prefixed Crockford base32 text at the edge (CONTRACT B1)."""

from __future__ import annotations

import os
import re
import threading
import time
from enum import StrEnum
from uuid import UUID

# The driver's UUID is a `uuid.UUID` built in C from 16 bytes: 0.1 instead of 1.2 microseconds, on SQLite too.
from asyncpg.pgproto.pgproto import UUID as DriverUUID

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PYTHON_DIGITS = "0123456789abcdefghijklmnopqrstuv"
_TO_INT = str.maketrans(_ALPHABET, _PYTHON_DIGITS)
_TRIPLES = [a + b + c for a in _ALPHABET for b in _ALPHABET for c in _ALPHABET]
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_TAIL = "_[0-7][0-9a-hjkmnp-tv-z]{25}"


class Prefix(StrEnum):
    """The one table of id prefixes."""

    CUSTOMER = "cus"
    PHONE = "phn"
    EMAIL = "eml"
    ADDRESS = "adr"
    TAG = "tag"
    CONTACT = "ctc"
    EXTERNAL_ID = "ext"
    USER = "usr"
    TEAM = "tea"
    ROLE = "rol"
    CLIENT = "cli"
    GRANT = "grt"
    ORDER = "ord"
    ORDER_LINE = "lin"
    REFUND = "ref"
    INTERACTION = "int"
    FOLLOW_UP = "fup"
    POLICY = "pol"
    SURVEY = "srv"
    INVITATION = "inv"
    FEEDBACK = "fbk"
    COMPLAINT = "cmp"
    SLA = "sla"
    SEGMENT = "seg"
    TRANSITION = "trn"
    TIER = "tir"
    MERGE = "mrg"
    DUPLICATE = "dup"
    DUPLICATE_SCAN = "dsc"
    DUPLICATE_CLUSTER = "dcl"
    DUPLICATE_MODEL = "mdl"
    BULK_MERGE = "bmg"
    CONSENT = "con"
    NOTICE = "ntc"
    SUPPRESSION = "sup"
    PRIVACY_REQUEST = "prq"
    WEBHOOK = "whk"
    EVENT = "evt"
    DELIVERY = "dlv"
    MESSAGE = "msg"
    JOB = "job"
    IMPORT = "imp"
    MAPPING = "map"
    EXPORT = "exp"
    FIELD = "fld"
    VOCABULARY = "voc"
    VOCABULARY_CHANGE = "vch"
    FINDING = "fnd"
    SCAN = "scn"
    KEY = "key"
    AUDIT = "aud"
    BACKUP = "bak"
    BULK_ACTION = "blk"
    SAVED_FILTER = "flt"
    TOUCHPOINT = "tch"
    SELF_SERVICE_LINK = "lnk"


PATTERNS = {prefix: f"^{prefix}{_TAIL}$" for prefix in Prefix}
_COMPILED = {prefix: re.compile(pattern) for prefix, pattern in PATTERNS.items()}

_lock = threading.Lock()
_last = 0
#: The bits of version and variant (RFC 9562), and all others.
_MARKED = (0x7 << 76) | (0x2 << 62)
_UNMARKED = ~((0xF << 76) | (0x3 << 62))


def new_id() -> UUID:
    """A UUIDv7: 48 bits of Unix milliseconds, then a counter and randomness, ascending within this process."""
    global _last
    at, drawn = time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10), "big")
    with _lock:
        # Two ids of one millisecond keep their order: the next one is the last plus a random step.
        value = (at << 80) | drawn if at > _last >> 80 else _last + 1 + (drawn & 0xFFFFFFFF)
        _last = value
    made: UUID = DriverUUID((value & _UNMARKED | _MARKED).to_bytes(16, "big"))
    return made


def text_of_int(prefix: str, n: int) -> str:
    """Prefixed text of a 128-bit integer."""
    t = _TRIPLES
    return (
        f"{prefix}_{_PAIRS[n >> 120]}{t[n >> 105 & 32767]}{t[n >> 90 & 32767]}{t[n >> 75 & 32767]}"
        f"{t[n >> 60 & 32767]}{t[n >> 45 & 32767]}{t[n >> 30 & 32767]}{t[n >> 15 & 32767]}{t[n & 32767]}"
    )


def to_text(prefix: Prefix, value: UUID) -> str:
    """`cus_0...`: the id as clients see it."""
    return text_of_int(prefix.value, value.int)


def text_or_none(prefix: Prefix, value: UUID | None) -> str | None:
    """`to_text`, or null for an absent reference."""
    return None if value is None else text_of_int(prefix.value, value.int)


def from_text(prefix: Prefix, text: str) -> UUID:
    """The UUID behind a client's id. Raises ValueError for any other text."""
    if _COMPILED[prefix].fullmatch(text) is None:
        raise ValueError(f"not an id of kind {prefix.value}")
    made: UUID = DriverUUID(int(text[4:].translate(_TO_INT), 32).to_bytes(16, "big"))
    return made


def from_bytes(raw: bytes) -> UUID:
    """The UUID of 16 stored bytes."""
    made: UUID = DriverUUID(raw)
    return made
