"""Where each value of a customer comes from, and which of two values stands.

What is kept is sparse. A field without an entry came with the customer: from its source, when it was created. Only
what differs from that is written down, by field (`birthday`, `custom_fields.size`) or by the id of a part. `WHOLE`
holds the origin of everything else, once that can no longer be read off the customer itself.

Of what machines say the greater (priority of the source, time, source, value) stands, in whichever order it arrives.
What a person said stands above all of it until the confirmation expires.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

#: Key of the origin of every field without an entry of its own.
WHOLE: Final = "*"
#: Name of the source of what people said.
PERSON: Final = "person"
#: Name of the source of what stands in where nobody has said anything yet: every other one is believed more.
NOBODY: Final = "nobody"
#: Name of the source of what customers said of themselves.
SELF_SERVICE: Final = "self_service"
#: Of a source that was not given one.
DEFAULT_PRIORITY: Final = 500
#: What a field holds that nobody has spoken about.
_UNSPOKEN: Final[Mapping[str, Any]] = {"gender": "unknown", "stage": "lead"}

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Rule(StrEnum):
    """Why a value stands."""

    CREATED = "created"
    FILLED = "filled"
    NEWER = "newer"
    EARLIER = "earlier"
    PRIORITY = "priority"
    CHANGED = "changed"
    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    QUALITY = "quality"
    RESTORED = "restored"
    MERGED = "merged"


class Verdict(StrEnum):
    """What becomes of a value: written; only its origin; nothing, as a newer one is known; or a review item."""

    WRITE = "write"
    RENEW = "renew"
    KEEP = "keep"
    REFUSE = "refuse"


class Reason(StrEnum):
    """Why a value was refused."""

    CONFIRMED = "confirmed"
    PRIORITY = "source_priority"


class Origin(NamedTuple):
    """Where a value comes from; `by` names who confirmed it (`user:usr_...`), None a machine."""

    source: str
    at: datetime
    rule: str
    by: str | None = None
    confirmed_until: datetime | None = None

    def is_confirmed(self, now: datetime) -> bool:
        """Whether it outranks machines now."""
        return self.confirmed_until is not None and self.confirmed_until > now


class Claimed(NamedTuple):
    """A value that somebody says a field has. `person` names who, None a machine."""

    value: Any
    source: str
    at: datetime
    priority: int = DEFAULT_PRIORITY
    person: str | None = None


class Decision(NamedTuple):
    """The verdict, with the rule by which a value stands or the reason why it does not."""

    verdict: Verdict
    rule: Rule | None = None
    reason: Reason | None = None


class Provenance:
    """The origins of the values of one customer."""

    __slots__ = ("_created_at", "_source", "_stored")

    def __init__(self, stored: Mapping[str, Any] | None, source: str, created_at: datetime) -> None:
        """`stored` is the column; `source` and `created_at` are the customer's."""
        self._stored = stored or {}
        self._source = source
        self._created_at = created_at

    def of(self, key: str) -> Origin:
        """The origin of a field, by name."""
        entry = self._stored.get(key)
        return self.whole if entry is None else _decoded(entry)

    def of_part(self, part_id: str, added_at: datetime) -> Origin:
        """The origin of a part, by its id."""
        entry = self._stored.get(part_id)
        return Origin(self.whole.source, added_at, Rule.CREATED) if entry is None else _decoded(entry)

    def is_told(self, key: str) -> bool:
        """Whether this key has an entry of its own."""
        return key in self._stored

    def entry(self, key: str) -> dict[str, Any] | None:
        """What is kept under a key, to be put back by an undo."""
        return self._stored.get(key)

    @property
    def whole(self) -> Origin:
        """The origin of whatever has no entry."""
        entry = self._stored.get(WHOLE)
        return Origin(self._source, self._created_at, Rule.CREATED) if entry is None else _decoded(entry)

    def with_origins(self, origins: Mapping[str, Origin | None]) -> dict[str, Any] | None:
        """The column with these origins, None taking an entry away; None where nothing is left to tell."""
        stored = dict(self._stored)
        for key, origin in origins.items():
            if origin is None:
                stored.pop(key, None)
            else:
                stored[key] = encoded(origin)
        return stored or None


def primary_key(field: str) -> str:
    """Under which key it is kept who said which part of a kind is the primary one."""
    return f"{field}.primary"


def created(
    source: str, occurred_at: datetime | None, primaries: Mapping[str, bool] | None = None, *, is_unnamed: bool = False
) -> dict[str, Any] | None:
    """The column of a new customer: nothing, unless it is older than its record.

    `primaries` are the kinds of parts that it has, with whether it says which is the primary one. The name of an
    unnamed one only stands in for whatever name it will get.
    """
    if occurred_at is None:
        return None
    column = {WHOLE: encoded(Origin(source, occurred_at, Rule.CREATED))}
    for field, is_said in (primaries or {}).items():
        column[primary_key(field)] = encoded(Origin(source, occurred_at, Rule.NEWER if is_said else Rule.FILLED))
    if is_unnamed:
        column["display_name"] = encoded(Origin(NOBODY, _EPOCH, Rule.CREATED))
    return column


def came_along(source: str, at: datetime, keys: Iterable[str]) -> dict[str, Any]:
    """Entries of a new customer for what came with it, and without them would read as made by the hub."""
    return {key: encoded(Origin(source, at, Rule.CREATED)) for key in keys}


def is_empty(key: str, value: Any) -> bool:  # any value of a member
    """Whether this is what a field holds that nobody has spoken about."""
    return value is None or value == _UNSPOKEN.get(key, "") or value in ([], {})


def decide(
    key: str, standing: Any, provenance: Provenance, claimed: Claimed, now: datetime, *, priority: int
) -> Decision:
    """Which of the standing value and a claimed one a field has. `priority` is that of the standing value's source.

    Claims of machines commute: whatever their order, the same value stands in the end.
    """
    same, origin = standing == claimed.value, provenance.of(key)
    if claimed.person is not None:
        return Decision(Verdict.RENEW if same else Verdict.WRITE, Rule.CONFIRMED)
    if origin.is_confirmed(now):
        return Decision(Verdict.KEEP) if same else Decision(Verdict.REFUSE, reason=Reason.CONFIRMED)
    if not provenance.is_told(key) and is_empty(key, standing):
        return Decision(Verdict.KEEP) if same else Decision(Verdict.WRITE, Rule.FILLED)
    if claimed.priority != priority:
        if claimed.priority > priority:
            return Decision(Verdict.RENEW if same else Verdict.WRITE, Rule.PRIORITY)
        return Decision(Verdict.KEEP) if same else Decision(Verdict.REFUSE, reason=Reason.PRIORITY)
    if _order(claimed.at, claimed.source, claimed.value) > _order(origin.at, origin.source, standing):
        return Decision(Verdict.RENEW if same else Verdict.WRITE, Rule.NEWER)
    return Decision(Verdict.KEEP)


def origin_of(claimed: Claimed, rule: Rule, confirmed_until: datetime | None = None) -> Origin:
    """The origin to keep of a claim that stands."""
    return Origin(claimed.source, claimed.at, rule, claimed.person, confirmed_until)


def _order(at: datetime, source: str, value: Any) -> tuple[datetime, str, str]:
    # Of two claims of one moment some one must win, and on every machine the same.
    return at, source, json.dumps(value, sort_keys=True, default=str)


def encoded(origin: Origin) -> dict[str, Any]:
    """An origin as it is kept: short names, times in microseconds."""
    entry: dict[str, Any] = {"s": origin.source, "t": _micros(origin.at), "r": str(origin.rule)}
    if origin.by is not None:
        entry["b"] = origin.by
    if origin.confirmed_until is not None:
        entry["u"] = _micros(origin.confirmed_until)
    return entry


def _decoded(entry: Mapping[str, Any]) -> Origin:
    until = entry.get("u")
    return Origin(entry["s"], _time(entry["t"]), entry["r"], entry.get("b"), None if until is None else _time(until))


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _time(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
