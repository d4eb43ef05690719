"""The history of a customer as its reader may see it: entries of the audit log about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, JsonValue, StringConstraints

from custhub.features.customers.queries.history import AuditEntry
from custhub.features.customers.schemas.answers import S40, S200, Cursor
from custhub.features.fields.rules import Access
from custhub.features.phones.rules import MaskStyle, render_placeholders
from custhub.http.fields import AuditId, Read
from custhub.kit.ids import Prefix, to_text
from custhub.security.fields import Field as PolicyField
from custhub.security.fields import FieldPolicy

_ACTORS = {
    "user": Prefix.USER,
    "client": Prefix.CLIENT,
    "operator": Prefix.CLIENT,
    "customer": Prefix.CUSTOMER,
}
#: Entries that tell of reading; what they name was not changed.
_READING = {"phone.revealed", "phone.looked_up", "customer.texts_revealed"}
_ARCHIVED = "archived_at"


class ChangeActor(Read):
    """Who did it: a user, a client, an operator at the machine, the customer itself by a link, or the hub."""

    kind: S40
    id: Annotated[str, StringConstraints(max_length=30)] | None
    name: S200 | None


class FieldChange(Read):
    """One field before and after. Numbers are masked; both are null where only the fact was kept."""

    field: S40
    old: JsonValue = Field(description="What it was: a text, a part, or null")
    new: JsonValue = Field(description="What it became")


class ChangeRead(Read):
    """One thing that was done to a customer."""

    id: AuditId
    object: Literal["change"]
    at: datetime
    actor: ChangeActor
    client_id: Annotated[str, StringConstraints(max_length=64)] | None
    action: Annotated[str, StringConstraints(max_length=80)]
    reason: S200 | None
    changes: Annotated[list[FieldChange], Field(max_length=100)]


class HistoryPage(Read):
    """A page of the history of a customer."""

    data: Annotated[list[ChangeRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


def change_view(
    entry: AuditEntry, details: Mapping[str, Any], policy: FieldPolicy, access: Access, names: Mapping[UUID, str]
) -> dict[str, Any]:
    """The body of one entry with what it holds. Fields that the caller's role hides are left out."""
    prefix = _ACTORS.get(entry.actor_kind)
    actor_id = entry.actor_id
    return {
        "id": to_text(Prefix.AUDIT, entry.id),
        "object": "change",
        "at": entry.at,
        "actor": {
            "kind": entry.actor_kind,
            "id": to_text(prefix, actor_id) if prefix is not None and actor_id is not None else None,
            "name": names.get(actor_id) if actor_id is not None else None,
        },
        "client_id": entry.client_id,
        "action": entry.action,
        "reason": entry.reason,
        "changes": [] if entry.action in _READING else list(_changes(entry, details, policy, access)),
    }


def _changes(
    entry: AuditEntry, details: Mapping[str, Any], policy: FieldPolicy, access: Access
) -> Iterator[dict[str, Any]]:
    for name in entry.fields:
        if (name != _ARCHIVED and name not in policy.access) or name in policy.hidden:
            continue
        old, new = details.get(name) or (None, None)
        if name in policy.masked:
            old = new = None
        if name == PolicyField.PHONES:
            style = MaskStyle(policy.phone_mask)
            old, new = _masked(old, style), _masked(new, style)
        if name == PolicyField.CUSTOM_FIELDS:
            old, new = _seen(old, access), _seen(new, access)
        yield {"field": name, "old": _shown(old), "new": _shown(new)}


def _seen(values: dict[str, Any] | None, access: Access) -> dict[str, Any] | None:
    return values and {key: value for key, value in values.items() if key in access.readable}


def _shown(value: Any) -> Any:  # a JSON value
    """The value with `****` where its text held a number."""
    if isinstance(value, str):
        return render_placeholders(value, ())
    if isinstance(value, dict):
        return {name: _shown(member) for name, member in value.items()}
    return value


def _masked(phone: dict[str, Any] | None, style: MaskStyle) -> dict[str, Any] | None:
    """A number as the entry has it, in the wider mask, for a reader of this style."""
    if phone is None or style is MaskStyle.MASK:
        return phone
    number: str | None = phone.get("number")
    if number is None or style is MaskStyle.NONE:
        return {**phone, "number": None}
    code, _, national = number.partition(" ")
    head = national.index("*")
    return {**phone, "number": f"{code} {'*' * head}{national[head:]}"}
