"""Entries that are alike are written once, and each has the mac of what it says (S-70)."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.crypto.keyring import Keyring
from custhub.crypto.live import LiveKeys
from custhub.crypto.signing import MacKey
from custhub.features.audit.rules import canonical_entry
from custhub.features.audit.service import EntrySeries
from tests.unit.audit.test_details import make_entry


class _Keys:
    mac = MacKey(Keyring.generate())


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.text(max_size=20), max_size=4), st.text(max_size=64), st.none() | st.text(max_size=80), st.uuids())
def test_each_has_the_mac_of_its_canonical_form(
    fields: list[str], request_id: str, reason: str | None, subject: UUID
) -> None:
    """What somebody else wrote into the entry, whatever it is, takes no part in where the ids go."""
    entry = make_entry(fields)._replace(request_id=request_id, reason=reason)
    series = EntrySeries(cast(LiveKeys, _Keys), entry)
    for _ in range(2):
        entry_id, mac = series.next(subject)
        members = entry._replace(id=entry_id, object_id=subject, customer_id=subject)._asdict()
        del members["mac_kid"], members["mac"]
        assert mac == _Keys.mac.mac(canonical_entry(**members))
