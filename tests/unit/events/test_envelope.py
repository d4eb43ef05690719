"""The one function that shows events (E-2)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from custhub.events.envelope import envelope, envelope_bytes
from custhub.events.outbox import EventRow
from custhub.features.accounts.events import TeamDeleted
from custhub.features.customers.events import CustomerUpdated
from custhub.features.phones.events import RevealQuotaNeared
from custhub.kit.ids import Prefix, to_text

SUBJECT = UUID("019d0f5a-0000-7000-8000-00000000000a")


def row(**members: Any) -> EventRow:
    made = EventRow(
        id=UUID(int=1),
        type=CustomerUpdated.type,
        schema_version=1,
        occurred_at=datetime(2026, 1, 31, 8, 0, 0, 250_000, tzinfo=UTC),
        subject_type="customer",
        subject_id=SUBJECT,
        subject_revision=7,
        customer_id=SUBJECT,
        actor_kind="user",
        actor_id=UUID(int=2),
        request_id="req-1",
        data=CustomerUpdated(SUBJECT, 7, SUBJECT, ("note",)).data(),
        epoch=1,
        position=42,
    )
    return made._replace(**members)


def test_e2_members_stand_in_the_order_of_the_rule() -> None:
    shown = envelope(row())
    assert list(shown) == [
        "id", "type", "timestamp", "schema_version", "epoch", "position", "subject", "actor", "request_id", "data",
    ]  # fmt: skip
    assert shown["timestamp"] == "2026-01-31T08:00:00.250000Z"
    assert shown["actor"] == {"kind": "user", "id": to_text(Prefix.USER, UUID(int=2))}
    customer = to_text(Prefix.CUSTOMER, SUBJECT)
    assert shown["data"] == {"id": customer, "self": f"/v1/customers/{customer}", "fields": ["note"]}


def test_e2_the_bytes_are_minified_and_the_same_each_time() -> None:
    assert envelope_bytes(row()) == envelope_bytes(row())
    assert b": " not in envelope_bytes(row())
    assert orjson.loads(envelope_bytes(row())) == envelope(row())


def test_e5_an_event_that_erasure_emptied_still_names_its_subject() -> None:
    customer = to_text(Prefix.CUSTOMER, SUBJECT)
    assert envelope(row(data={}))["data"] == {"id": customer, "self": f"/v1/customers/{customer}"}


def test_e5_what_is_gone_has_no_link() -> None:
    gone = row(type=TeamDeleted.type, subject_type="team", customer_id=None, data=TeamDeleted(SUBJECT, 8).data())
    assert envelope(gone)["data"] == {"id": to_text(Prefix.TEAM, SUBJECT), "self": None}


def test_the_hub_itself_acts_without_an_id() -> None:
    assert envelope(row(actor_kind="system", actor_id=None))["actor"] == {"kind": "system", "id": None}
    assert envelope(row(actor_kind="operator"))["actor"]["id"].startswith("cli_")


def test_a_principal_is_a_user_or_a_client() -> None:
    for kind, prefix in (("user", Prefix.USER), ("client", Prefix.CLIENT)):
        told = RevealQuotaNeared(SUBJECT, 1, extra={"principal": kind, "per_day": 100})
        shown = envelope(row(type=told.type, subject_type="principal", customer_id=None, data=told.data()))
        assert shown["subject"]["id"] == shown["data"]["id"] == to_text(prefix, SUBJECT)


def test_a_type_of_another_version_is_shown_as_it_was_stored() -> None:
    shown = envelope(row(type="customer.teleported"))
    assert shown["subject"]["id"] == to_text(Prefix.CUSTOMER, SUBJECT)
    assert shown["data"] == {"id": to_text(Prefix.CUSTOMER, SUBJECT), "self": None, "fields": ["note"]}
