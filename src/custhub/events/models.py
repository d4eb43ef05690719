"""What the relay keeps beside the outbox: where the feed is, and the last event of each subject."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String, Table

from custhub.kit.db import Id, Instant, metadata

#: The one row of event_head.
HEAD_ID = 1

event_epochs = Table(
    "event_epochs",
    metadata,
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("started_at", Instant, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("reason", String(80), nullable=False),
)

event_head = Table(
    "event_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("compacted", BigInteger, nullable=False),
)

event_subjects = Table(
    "event_subjects",
    metadata,
    # The id first: the relay looks for the subjects of a batch by their ids alone.
    Column("subject_id", Id, primary_key=True),
    Column("subject_type", String(40), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("gone", Boolean, nullable=False),
)

event_states = Table(
    "event_states",
    metadata,
    Column("subject_type", String(40), primary_key=True),
    Column("live", BigInteger, nullable=False),
    Column("checksum", LargeBinary(32), nullable=False),
)


class EpochRow(NamedTuple):
    """A row of event_epochs: a life of the feed. It began behind `position`; a restore begins the next one."""

    epoch: int
    started_at: datetime
    position: int
    reason: str


class HeadRow(NamedTuple):
    """The row of event_head. Up to `compacted` only the last event of each subject is kept (E-7)."""

    id: int
    epoch: int
    position: int
    compacted: int


class SubjectRow(NamedTuple):
    """A row of event_subjects: the last event of one subject. `gone` is one that was deleted or erased."""

    subject_id: UUID
    subject_type: str
    revision: int
    position: int
    gone: bool


class StateRow(NamedTuple):
    """A row of event_states: how many subjects of a type live, and the checksum over them."""

    subject_type: str
    live: int
    checksum: bytes
