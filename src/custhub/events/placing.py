"""What one pass of the relay decides: the order of events, and what becomes of their subjects. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from custhub.events.checksum import State, term
from custhub.events.envelope import CATALOGUE, Event
from custhub.events.models import HeadRow, SubjectRow
from custhub.events.outbox import EventRow

Key = tuple[UUID, str]


class Changes(NamedTuple):
    """What a pass stores beside positions."""

    new: list[SubjectRow]
    changed: list[SubjectRow]
    states: dict[str, State]


def placed(rows: Sequence[EventRow], head: HeadRow) -> list[EventRow]:
    """The events with the next positions, in the order given.

    Ids of two processes with unlike clocks may stand in the wrong order: those of one subject change places, so that
    its revisions rise.
    """
    slots: dict[Key, list[int]] = defaultdict(list)
    for slot, row in enumerate(rows):
        slots[row.subject_id, row.subject_type].append(slot)
    ordered = list(rows)
    for taken in slots.values():
        if len(taken) > 1:
            by_revision = sorted((rows[slot] for slot in taken), key=lambda row: row.subject_revision)
            for slot, row in zip(taken, by_revision, strict=True):
                ordered[slot] = row
    return [
        row._replace(epoch=head.epoch, position=position) for position, row in enumerate(ordered, head.position + 1)
    ]


def tracked_kinds() -> dict[str, type[Event]]:
    """A class of each type of subject that has a checksum."""
    return {kind.subject_type: kind for kind in CATALOGUE.values() if kind.tracked}


def resources() -> set[str]:
    """Types of subjects whose last event is kept."""
    return {kind.subject_type for kind in CATALOGUE.values() if kind.path and not kind.passing}


def subject_changes(
    events: Iterable[EventRow], known: Mapping[Key, SubjectRow], states: Mapping[str, State]
) -> Changes:
    """Subjects and states after these events, which have their positions.

    `known` are the subjects as they are stored. An event that tells of an older revision than that changes nothing.
    """
    kept, tracked = resources(), tracked_kinds()
    latest: dict[Key, SubjectRow] = {}
    for event in events:
        key = (event.subject_id, event.subject_type)
        before = latest.get(key) or known.get(key)
        if event.subject_type not in kept or (before is not None and before.revision > event.subject_revision):
            continue
        told = CATALOGUE.get(event.type)
        latest[key] = SubjectRow(
            subject_id=event.subject_id,
            subject_type=event.subject_type,
            revision=event.subject_revision,
            position=event.position or 0,
            gone=told is not None and told.gone,
        )
    after: dict[str, State] = {}
    for key, row in latest.items():
        kind = tracked.get(row.subject_type)
        if kind is None:
            continue
        state = after.get(row.subject_type) or states.get(row.subject_type) or State()
        for subject, change in ((known.get(key), State.minus), (row, State.plus)):
            if subject is not None and not subject.gone:
                text = kind.subject_text(subject.subject_id, {})
                state = change(state, term(text, subject.revision))
        after[row.subject_type] = state
    return Changes(
        new=[row for key, row in latest.items() if key not in known],
        changed=[row for key, row in latest.items() if key in known],
        states=after,
    )
