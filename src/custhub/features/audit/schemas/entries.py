"""An audit entry as the API shows it: who did what to what, never the values (S-71)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

from custhub.features.audit.models import AuditEntry
from custhub.features.audit.queries import AuditFilters
from custhub.features.audit.queries.listing import SealedEntry
from custhub.features.audit.rules import ACTIONS
from custhub.features.audit.schemas.verification import MAX_SEQ
from custhub.http.fields import AuditId, CustomerId, Read, Timestamp
from custhub.kit.ids import Prefix, from_text, text_or_none, to_text

#: The operator at the machine is the built-in client of that name.
_ACTORS = {
    "user": Prefix.USER,
    "client": Prefix.CLIENT,
    "operator": Prefix.CLIENT,
    "customer": Prefix.CUSTOMER,
}
_OBJECTS = {prefix.name.lower(): prefix for prefix in Prefix}
_TAIL = "_[0-7][0-9a-hjkmnp-tv-z]{25}"


def _actor_id(value: object) -> UUID:
    if isinstance(value, str):
        for prefix in (Prefix.USER, Prefix.CLIENT, Prefix.CUSTOMER):
            try:
                return from_text(prefix, value)
            except ValueError:
                continue
    raise PydanticCustomError("invalid_id", "neither a user nor a client nor a customer")


_PREFIXES = "|".join(sorted({*_ACTORS.values()}))
ActorId = Annotated[
    UUID,
    BeforeValidator(_actor_id),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^({_PREFIXES}){_TAIL}$",
            "minLength": 30,
            "maxLength": 30,
            "examples": ["usr_01m81amc1cfrnt9m7qcr38rxrh"],
        }
    ),
]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[a-z0-9_.]+$")]
_catalogue = "\n".join(f"- `{name}`: {text}" for name, text in sorted(ACTIONS.items()))
S40 = Annotated[str, StringConstraints(max_length=40)]
S64 = Annotated[str, StringConstraints(max_length=64)]
S80 = Annotated[str, StringConstraints(max_length=80)]
S200 = Annotated[str, StringConstraints(max_length=200)]


class AuditListQuery(BaseModel):
    """Filters are ANDed."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        default=None, description="`next_cursor` of the page before"
    )
    actor_id: ActorId | None = Field(default=None, description="The user, client or customer who did it")
    action: _Name | None = Field(default=None, description=f"What was done, one of:\n{_catalogue}")
    customer_id: CustomerId | None = Field(default=None, description="The customer it was done to")
    object_type: _Name | None = Field(default=None, description="Kind of thing it was done to, such as `phone`")
    outcome: _Name | None = Field(default=None, description="`done`, `denied`, `found`, `not_found`, ...")
    at_gte: Timestamp | None = Field(default=None, description="`created_at` then or later")
    at_lt: Timestamp | None = Field(default=None, description="`created_at` before")

    def filters(self) -> AuditFilters:
        """The filters that are asked for."""
        return self.model_dump(exclude={"limit", "cursor"}, exclude_none=True)

    def binding(self) -> list[Any]:
        """What a cursor of this list is bound to: everything but place and size."""
        return [str(self.filters())]


class ActorRead(Read):
    """Who did it. `id` is null for the hub itself and for unknown callers."""

    kind: Annotated[str, StringConstraints(max_length=12)]
    id: Annotated[str, StringConstraints(max_length=30)] | None
    client_id: S64 | None


class AuditEntryRead(Read):
    """Who did what to what, and how it ended."""

    id: AuditId
    object: Literal["audit_entry"]
    created_at: datetime
    actor: ActorRead
    request_id: S64
    action: S80
    object_type: S40
    object_id: S40 | None
    customer_id: CustomerId | None
    fields: Annotated[list[S200], Field(max_length=1000)] = Field(description="Names; the values are sealed")
    reason: S200 | None
    outcome: Annotated[str, StringConstraints(max_length=20)]
    has_details: bool = Field(description="Whether sealed values stand behind it")


class AuditEntryDetail(AuditEntryRead):
    """An entry and its place in the chain, null for the second or two until it is sealed."""

    seq: Annotated[int, Field(ge=1, le=MAX_SEQ, json_schema_extra={"format": "int64"})] | None
    sealed_at: datetime | None


class AuditPage(Read):
    """A page of entries."""

    data: Annotated[list[AuditEntryRead], Field(max_length=200)]
    next_cursor: Annotated[str, StringConstraints(max_length=500)] | None
    has_more: bool


def actor_view(entry: AuditEntry) -> dict[str, Any]:
    """Who did it."""
    prefix = _ACTORS.get(entry.actor_kind)
    actor_id = None if prefix is None else text_or_none(prefix, entry.actor_id)
    return {"kind": entry.actor_kind, "id": actor_id, "client_id": entry.client_id}


def entry_view(entry: AuditEntry) -> dict[str, Any]:
    """An entry in a list."""
    return {
        "id": to_text(Prefix.AUDIT, entry.id),
        "object": "audit_entry",
        "created_at": entry.at,
        "actor": actor_view(entry),
        "request_id": entry.request_id,
        "action": entry.action,
        "object_type": entry.object_type,
        "object_id": _object_id(entry),
        "customer_id": text_or_none(Prefix.CUSTOMER, entry.customer_id),
        "fields": entry.fields,
        "reason": entry.reason,
        "outcome": entry.outcome,
        "has_details": entry.details is not None,
    }


def detail_view(sealed: SealedEntry) -> dict[str, Any]:
    """One entry."""
    return {**entry_view(sealed.entry), "seq": sealed.seq, "sealed_at": sealed.sealed_at}


def _object_id(entry: AuditEntry) -> str | None:
    if entry.object_id is None:
        return None
    prefix = _OBJECTS.get(entry.object_type)
    return str(entry.object_id) if prefix is None else to_text(prefix, entry.object_id)
