"""What an event looks like (RELIABILITY E-2), and the base of every feature's events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from custhub.kit.ids import Prefix, to_text

#: type -> class. An emitted type that is not here cannot exist; the catalogue of events reads it.
CATALOGUE: dict[str, type[Event]] = {}


@dataclass(frozen=True, slots=True)
class Event:
    """A committed change. Features subclass it with `type`, `prefix` and `subject_type`.

    `fields` are the names of what changed; `extra` holds ids and masks, never plaintext.
    """

    type: ClassVar[str] = ""
    subject_type: ClassVar[str] = ""
    prefix: ClassVar[Prefix]
    schema_version: ClassVar[int] = 1

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
        """The thin body: id, changed fields, and what the event adds."""
        body: dict[str, Any] = {"id": to_text(self.prefix, self.subject_id)}
        if self.fields:
            body["fields"] = list(self.fields)
        if self.extra:
            body.update(self.extra)
        return body
