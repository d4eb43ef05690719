"""Bodies and views of keys and their rotations. No key material ever leaves the hub."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from custhub.crypto.keyring import Purpose
from custhub.features.keys.errors import RotationIncomplete, RotationStopped
from custhub.features.keys.models import RotationRow
from custhub.features.keys.queries import KeyRecord
from custhub.features.keys.rules import AddedPurpose, KeyState, Phase, RotatedPurpose, RotationState
from custhub.http.errors import status_of
from custhub.http.fields import Body, CustomerId, JobId, KeyId, PhoneId, Read, Revision
from custhub.kit.ids import Prefix, text_or_none, to_text

_INT64 = 9_223_372_036_854_775_807
Kid = Annotated[int, Field(ge=1, le=4_294_967_295, json_schema_extra={"format": "int64"})]
Count = Annotated[int, Field(ge=0, le=_INT64, json_schema_extra={"format": "int64"})]
Cursor = Annotated[str, StringConstraints(max_length=500)]


class KeyAdd(Body):
    """Which kind of key to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"purpose": "jwt"}]})

    purpose: AddedPurpose = Field(description="What the key is for")


class KeyRotationStart(Body):
    """Which keys to rotate."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"purpose": "field"}]})

    purpose: RotatedPurpose = Field(description="`field` seals values, `bidx` finds numbers without opening any")


class KeyRead(Read):
    """A key of the deployment: what it does, never what it is."""

    id: KeyId
    object: Literal["key"]
    purpose: Purpose
    kid: Kid
    check_value: Annotated[str, StringConstraints(max_length=16)] = Field(
        description="16 hexadecimal digits that tell whether a keyring holds the right key"
    )
    state: KeyState
    in_keyring: bool = Field(description="Whether the process that answers has it")
    dependants: Count | None = Field(description="Rows that need it; null where they are not counted")
    created_at: datetime
    updated_at: datetime
    revision: Revision


class KeyPage(Read):
    """A page of keys."""

    data: Annotated[list[KeyRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


class NumberConflict(Read):
    """A number that two customers hold, though it should be one's own."""

    customer_id: CustomerId
    phone_id: PhoneId


class KeyRotationFailure(Read):
    """Why a rotation failed, in the shape of a problem document."""

    type: Annotated[str, StringConstraints(max_length=200)]
    title: Annotated[str, StringConstraints(max_length=200)]
    status: Annotated[int, Field(ge=400, le=599, json_schema_extra={"format": "int32"})]
    code: Annotated[str, StringConstraints(max_length=40)]
    detail: Annotated[str, StringConstraints(max_length=1_000)]


class KeyRotationRead(Read):
    """A rotation and how far it is."""

    id: KeyId
    object: Literal["key_rotation"]
    job_id: JobId | None = Field(description="The job that does it; null for rotations of before there were jobs")
    purpose: RotatedPurpose
    from_kid: Kid
    to_kid: Kid
    state: RotationState
    phase: Phase
    total: Count
    processed: Count
    rate_per_second: Annotated[float, Field(ge=0)] | None
    eta_seconds: Count | None
    unreadable: Count = Field(description="Rows that do not open and so keep the old key")
    conflicts: Annotated[list[NumberConflict], Field(max_length=100)]
    error: KeyRotationFailure | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime
    revision: Revision


class KeyRotationPage(Read):
    """A page of rotations."""

    data: Annotated[list[KeyRotationRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


class _ListQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: Cursor | None = Field(default=None, description="`next_cursor` of the page before")

    def binding(self) -> list[Any]:
        """What a cursor of this list is bound to: everything but place and size."""
        return [str(self.model_dump(exclude={"cursor", "limit"}))]


class KeyListQuery(_ListQuery):
    """Which keys to list; a repeated filter is a set."""

    purpose: list[Purpose] = Field(default=[], max_length=7, description="What the keys are for")

    def purposes(self) -> list[str]:
        """The purposes asked for."""
        return [str(purpose) for purpose in self.purpose or Purpose]


class KeyRotationListQuery(_ListQuery):
    """Which rotations to list; a repeated filter is a set."""

    purpose: list[RotatedPurpose] = Field(default=[], max_length=2, description="What the keys are for")

    def purposes(self) -> list[str]:
        """The purposes asked for."""
        return [str(purpose) for purpose in self.purpose or RotatedPurpose]


def key_view(record: KeyRecord) -> dict[str, Any]:
    """The body of one key."""
    ref = record.ref
    return {
        "id": to_text(Prefix.KEY, ref.id),
        "object": "key",
        "purpose": ref.purpose,
        "kid": ref.kid,
        "check_value": ref.kcv.hex(),
        "state": ref.state,
        "in_keyring": record.in_keyring,
        "dependants": record.dependants,
        "created_at": ref.created_at,
        "updated_at": ref.updated_at,
        "revision": ref.revision,
    }


def key_etag(record: KeyRecord) -> str:
    """The entity tag of a key: its revision, and what else the body shows."""
    return f'"{record.ref.revision}-{(record.dependants or 0) * 2 + record.in_keyring:08x}"'


def rotation_etag(row: RotationRow) -> str:
    """The entity tag of a rotation."""
    return f'"{row.revision}-00000000"'


def rotation_view(row: RotationRow) -> dict[str, Any]:
    """The body of one rotation. Everything in it follows from the row, so that its entity tag holds."""
    rate = eta = None
    if row.started_at is not None and row.processed:
        seconds = (row.updated_at - row.started_at).total_seconds()
        rate = round(row.processed / seconds, 1) if seconds > 0 else None
        if rate and row.state == RotationState.RUNNING:
            eta = int((row.total - row.processed) / rate)
    return {
        "id": to_text(Prefix.KEY, row.id),
        "object": "key_rotation",
        "job_id": text_or_none(Prefix.JOB, row.job_id),
        "purpose": row.purpose,
        "from_kid": row.from_kid,
        "to_kid": row.to_kid,
        "state": row.state,
        "phase": row.phase,
        "total": row.total,
        "processed": row.processed,
        "rate_per_second": rate,
        "eta_seconds": eta,
        "unreadable": row.unreadable,
        "conflicts": row.conflicts,
        "error": None if row.error is None else _failure(row.error),
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def _failure(code: str) -> dict[str, Any]:
    error = RotationStopped if code == RotationStopped.code else RotationIncomplete
    text = error.text("en")
    return {
        "type": f"/docs/errors/{error.code}",
        "title": text.title,
        "status": status_of(error),
        "code": error.code,
        "detail": text.detail,
    }
