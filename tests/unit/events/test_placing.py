"""What one pass of the relay decides, without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.events.checksum import State, term
from custhub.events.models import HeadRow, SubjectRow
from custhub.events.outbox import EventRow
from custhub.events.placing import placed, subject_changes
from custhub.features.accounts.events import TeamCreated, TeamDeleted, TeamUpdated
from custhub.features.customers.events import CustomerCreated, CustomerUpdated
from custhub.kit.ids import Prefix, to_text

HEAD = HeadRow(1, 2, 40, 0)
KINDS: dict[str, Any] = {
    kind.type: kind for kind in (CustomerCreated, CustomerUpdated, TeamCreated, TeamUpdated, TeamDeleted)
}


def make(name: str, subject: int, revision: int, number: int = 0) -> EventRow:
    kind = KINDS[name]
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return EventRow(
        UUID(int=number), name, 1, at, kind.subject_type, UUID(int=subject), revision, None, "system", None, "r", {}
    )


def test_positions_follow_the_head_in_its_epoch() -> None:
    rows = placed([make("customer.created", n, 1, n) for n in range(1, 4)], HEAD)
    assert [(row.epoch, row.position) for row in rows] == [(2, 41), (2, 42), (2, 43)]


_events = st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.integers(1, 4), st.integers(1, 6)), max_size=30)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(_events)
def test_e6_order_keeps_every_event_and_lets_revisions_rise(
    given_events: list[tuple[str, int, int]],
) -> None:
    rows = [make(name, subject, revision, n) for n, (name, subject, revision) in enumerate(given_events)]
    ordered = placed(rows, HEAD)
    assert sorted(row.id for row in ordered) == sorted(row.id for row in rows)
    assert [row.position for row in ordered] == list(range(41, 41 + len(rows)))
    for key in {(row.subject_type, row.subject_id) for row in rows}:
        revisions = [row.subject_revision for row in ordered if (row.subject_type, row.subject_id) == key]
        assert revisions == sorted(revisions)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(_events, st.integers(1, 7))
def test_e7_states_are_the_sums_over_what_lives_however_the_passes_are_cut(
    given_events: list[tuple[str, int, int]], size: int
) -> None:
    known: dict[tuple[UUID, str], SubjectRow] = {}
    states: dict[str, State] = {}
    head = HEAD
    for start in range(0, len(given_events), size):
        batch = [make(name, subject, revision) for name, subject, revision in given_events[start : start + size]]
        rows = placed(batch, head)
        head = head._replace(position=head.position + len(rows))
        changes = subject_changes(rows, known, states)
        assert not {row[:2] for row in changes.new} & set(known)
        assert {row[:2] for row in changes.changed} <= set(known)
        known |= {row[:2]: row for row in (*changes.new, *changes.changed)}
        states |= changes.states
    highest: dict[tuple[str, int], int] = {}
    for name, subject, revision in given_events:
        key = (KINDS[name].subject_type, subject)
        highest[key] = max(highest.get(key, 0), revision)
    assert {(row.subject_type, row.subject_id.int): row.revision for row in known.values()} == highest
    for subject_type, prefix in (("customer", Prefix.CUSTOMER), ("team", Prefix.TEAM)):
        live = [row for row in known.values() if row.subject_type == subject_type and not row.gone]
        assert states.get(subject_type, State()) == State.of(
            (to_text(prefix, row.subject_id), row.revision) for row in live
        )


def test_e7_what_is_deleted_leaves_the_state_and_what_comes_again_returns() -> None:
    (made, changed, gone) = placed(
        [make("team.created", 1, 1, 1), make("team.updated", 1, 2, 2), make("team.deleted", 1, 3, 3)], HEAD
    )
    first = subject_changes([made, changed], {}, {})
    assert first.states["team"] == State.of([(to_text(Prefix.TEAM, UUID(int=1)), 2)])
    (row,) = first.new
    second = subject_changes([gone], {row[:2]: row}, first.states)
    assert second.states["team"] == State()
    assert [(row.gone, row.position) for row in second.changed] == [(True, 43)]


def test_a_type_that_this_version_does_not_know_keeps_its_place() -> None:
    odd = make("customer.created", 1, 1)._replace(type="customer.teleported")
    other = odd._replace(subject_type="portal")
    changes = subject_changes(placed([odd, other], HEAD), {}, {})
    assert [(row.subject_type, row.revision, row.gone) for row in changes.new] == [("customer", 1, False)]


def test_the_checksum_does_not_depend_on_order_and_is_256_bits() -> None:
    subjects = [("cus_a", 1), ("cus_b", 7), ("cus_c", 2)]
    assert State.of(subjects) == State.of(reversed(subjects))
    assert State.of(subjects).minus(term("cus_b", 7)) == State.of([subjects[0], subjects[2]])
    assert State().minus(term("cus_a", 1)).plus(term("cus_a", 1)) == State()
    assert State.of([("cus_a", 1)]).to_bytes() == sha256(b"cus_a 1").digest()
    assert len(State.of(subjects).to_bytes()) == 32
