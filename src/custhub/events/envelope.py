"""What an event looks like (RELIABILITY E-2), and the base of every feature's events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import orjson

from custhub.events.outbox import EventRow
from custhub.kit.ids import Prefix, text_or_none, to_text

#: type -> class. An emitted type that is not here cannot exist; the catalogue of events reads it.
CATALOGUE: dict[str, type[Event]] = {}
#: The operator at the machine is the built-in client of that name.
_ACTORS = {
    "user": Prefix.USER,
    "client": Prefix.CLIENT,
    "operator": Prefix.CLIENT,
    "customer": Prefix.CUSTOMER,
}


@dataclass(frozen=True, slots=True)
class Event:
    """A committed change. Features subclass it with `type`, `prefix` and `subject_type`.

    `fields` are the names of what changed; `extra` holds ids and masks, never plaintext.
    """

    type: ClassVar[str] = ""
    subject_type: ClassVar[str] = ""
    prefix: ClassVar[Prefix]
    #: Of subjects that are of several kinds: what else their ids begin with.
    other_prefixes: ClassVar[tuple[Prefix, ...]] = ()
    schema_version: ClassVar[int] = 1
    #: Where the subject is read, with `{id}` and perhaps `{customer_id}`. Of such subjects the feed keeps the last
    #: event for good; empty for what is no resource.
    path: ClassVar[str] = ""
    #: Every change of subjects of this type is told, from the first on: a copy of them has a checksum to compare.
    tracked: ClassVar[bool] = False
    #: Subjects that go by themselves, such as lines of a log: of them the feed keeps nothing beyond its retention.
    passing: ClassVar[bool] = False
    #: The subject is not there any more.
    gone: ClassVar[bool] = False
    #: What `extra` holds: the JSON Schema of each member, its first example under `examples`.
    members: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    #: An example of `fields`; empty for events that have none.
    example_fields: ClassVar[tuple[str, ...]] = ()

    subject_id: UUID
    revision: int
    customer_id: UUID | None = None
    fields: tuple[str, ...] = ()
    extra: Mapping[str, Any] | None = None

    def __init_subclass__(cls) -> None:
        if cls.type:
            known = CATALOGUE.get(cls.type)
            if known is not None and known.__qualname__ != cls.__qualname__:
                raise TypeError(f"event type {cls.type} is declared twice")
            CATALOGUE[cls.type] = cls

    @property
    def subject(self) -> tuple[str, UUID, int]:
        """Type, id and revision of the resource."""
        return self.subject_type, self.subject_id, self.revision

    def data(self) -> Mapping[str, Any]:
        """The thin body as it is stored: id, changed fields, and what the event adds."""
        body: dict[str, Any] = {"id": self.subject_text(self.subject_id, self.extra or {})}
        if self.fields:
            body["fields"] = list(self.fields)
        if self.extra:
            body.update(self.extra)
        return body

    @classmethod
    def subject_text(cls, subject_id: UUID, data: Mapping[str, Any]) -> str:
        """The id of the subject as clients see it; `data` is for subjects that are of several kinds."""
        return to_text(cls.prefix, subject_id)


def envelope(row: EventRow) -> dict[str, Any]:
    """The event as the feed and webhooks show it. `epoch` and `position` are null until the relay has been there.

    `data` holds the id of the subject and its `self` link even where erasure has emptied what was stored.
    """
    kind = CATALOGUE.get(row.type)
    # None: told by a version that has more types than this one, or had.
    subject_id = (
        str(row.data.get("id", row.subject_id)) if kind is None else kind.subject_text(row.subject_id, row.data)
    )
    link = None
    if kind is not None and kind.path and not kind.gone:
        link = kind.path.format(id=subject_id, customer_id=text_or_none(Prefix.CUSTOMER, row.customer_id))
    data: dict[str, Any] = {"id": subject_id, "self": link}
    data |= {name: value for name, value in row.data.items() if name not in data}
    if row.bulk_id is not None:
        data["bulk_id"] = to_text(Prefix.JOB, row.bulk_id)
    prefix = _ACTORS.get(row.actor_kind)
    return {
        "id": to_text(Prefix.EVENT, row.id),
        "type": row.type,
        "timestamp": row.occurred_at.isoformat().replace("+00:00", "Z"),
        "schema_version": row.schema_version,
        "epoch": row.epoch,
        "position": row.position,
        "subject": {"type": row.subject_type, "id": subject_id, "revision": row.subject_revision},
        "actor": {"kind": row.actor_kind, "id": None if prefix is None else text_or_none(prefix, row.actor_id)},
        "request_id": row.request_id,
        "data": data,
    }


def envelope_bytes(row: EventRow) -> bytes:
    """The envelope as minified JSON in UTF-8."""
    return orjson.dumps(envelope(row))
