"""Canonical form, hashes, Merkle tree, and what a broken link tells (S-70, S-72, S-73)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.features.audit.rules import (
    FIRST_ID,
    GENESIS,
    LAST_ID,
    Fault,
    Link,
    canonical_entry,
    checkpoint_body,
    cut_body,
    extend,
    fault_of,
    first_id_at,
    link_hash,
    merkle_root,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AT = datetime(2026, 3, 1, 8, 0, 0, 1, tzinfo=UTC)
# Characters a column of text can hold: no lone surrogates, no NUL.
_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
_ids = st.uuids()
_digests = st.binary(min_size=32, max_size=32)
_moments = st.integers(0, 7_000_000_000_000_000).map(lambda micros: _EPOCH + timedelta(microseconds=micros))


@given(
    id=_ids,
    at=_moments,
    actor_kind=_text,
    actor_id=st.none() | _ids,
    client_id=st.none() | _text,
    request_id=_text,
    action=_text,
    object_type=_text,
    object_id=st.none() | _ids,
    customer_id=st.none() | _ids,
    fields=st.lists(_text, max_size=4),
    reason=st.none() | _text,
    outcome=_text,
    details=st.none() | st.binary(max_size=40),
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_s70_the_canonical_form_is_that_of_rfc_8785(**members: object) -> None:
    shown = {
        name: value.hex
        if isinstance(value, UUID)
        else value.hex()
        if isinstance(value, bytes)
        else value.isoformat()
        if isinstance(value, datetime)
        else value
        for name, value in members.items()
    }
    assert canonical_entry(**members) == rfc8785.dumps(shown)  # type: ignore[arg-type]  # members as they are drawn


@given(
    number=st.integers(1, 2**53 - 1),
    first_seq=st.integers(1, 2**52),
    count=st.integers(0, 1000),
    at=_moments,
    hashes=st.tuples(_digests, _digests, _digests),
    kid=st.integers(1, 2**32 - 1),
)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_s72_signed_texts_are_canonical(
    number: int, first_seq: int, count: int, at: datetime, hashes: tuple[bytes, bytes, bytes], kid: int
) -> None:
    last_hash, root, prev = hashes
    last_seq = first_seq + count - 1
    body = checkpoint_body(
        number=number, at=at, first_seq=first_seq, last_seq=last_seq, last_hash=last_hash, root=root, prev=prev, kid=kid
    )
    common: dict[str, int | str] = {
        "version": 1,
        "at": at.isoformat(),
        "first_seq": first_seq,
        "last_seq": last_seq,
        "count": count,
        "last_hash": last_hash.hex(),
        "kid": kid,
    }
    assert body == rfc8785.dumps(
        {**common, "type": "checkpoint", "number": number, "root": root.hex(), "prev": prev.hex()}
    )
    header = cut_body(
        at=at, first_seq=first_seq, last_seq=last_seq, prev_hash=prev, last_hash=last_hash, content=root, kid=kid
    )
    assert header == rfc8785.dumps({**common, "type": "audit_archive", "prev_hash": prev.hex(), "content": root.hex()})


def test_s70_known_answers() -> None:
    """Computed by hand with hashlib: a change of these breaks every chain there is."""
    canonical = canonical_entry(
        id=UUID(int=1), at=_AT, actor_kind="user", actor_id=UUID(int=2), client_id=None, request_id="r",
        action="customer.updated", object_type="customer", object_id=None, customer_id=None, fields=["备注"],
        reason=None, outcome="done", details=b"\x01",
    )  # fmt: skip
    assert (
        canonical
        == (
            '{"action":"customer.updated","actor_id":"00000000000000000000000000000002","actor_kind":"user",'
            '"at":"2026-03-01T08:00:00.000001+00:00","client_id":null,"customer_id":null,"details":"01",'
            '"fields":["备注"],"id":"00000000000000000000000000000001","object_id":null,"object_type":"customer",'
            '"outcome":"done","reason":null,"request_id":"r"}'
        ).encode()
    )
    mac = hmac.digest(bytes(32), canonical, "sha256")
    assert link_hash(GENESIS, mac) == hashlib.sha256(b"\x01" + bytes(32) + mac).digest()
    assert extend(GENESIS, [mac, mac]) == [
        link_hash(GENESIS, mac),
        link_hash(link_hash(GENESIS, mac), mac),
    ]


def _tree(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962, section 2.1, as it is written there."""
    n = len(leaves)
    if n == 0:
        return hashlib.sha256().digest()
    if n == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < n:
        k *= 2
    return hashlib.sha256(b"\x01" + _tree(leaves[:k]) + _tree(leaves[k:])).digest()


@pytest.mark.parametrize("count", [*range(20), 255, 256, 257, 1000])
def test_s72_the_merkle_root_is_that_of_rfc_6962(count: int) -> None:
    leaves = [hashlib.sha256(str(i).encode()).digest() for i in range(count)]
    assert merkle_root(leaves) == _tree(leaves)


def test_s72_the_merkle_root_known_answers_of_certificate_transparency() -> None:
    """Test vectors of the reference implementation of RFC 6962."""
    leaves = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243")]
    assert merkle_root(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle_root(leaves[:2]).hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    assert merkle_root(leaves[:6]).hex() == "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"


@given(at=_moments)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_s70_the_window_begins_with_its_millisecond(at: datetime) -> None:
    lowest = first_id_at(at)
    assert lowest.int >> 80 == (at - _EPOCH) // timedelta(milliseconds=1)
    assert FIRST_ID <= lowest < LAST_ID


def test_s70_a_window_before_1970_begins_with_the_first_id() -> None:
    assert first_id_at(datetime(1969, 12, 31, tzinfo=timezone(timedelta(hours=8)))) == FIRST_ID


def _chain(count: int = 9) -> list[Link]:
    macs = [hashlib.sha256(bytes([i])).digest() for i in range(count)]
    hashes = extend(GENESIS, macs)
    prevs = [GENESIS, *hashes]
    return [Link(i + 1, prevs[i], hashes[i], macs[i]) for i in range(count)]


def _fault_at(chain: Sequence[Link], seq: int, *, genuine: bool = True) -> Fault:
    """What the first link at `seq` or behind it is accused of."""
    sound = _chain()
    link = next(link for link in chain if link.seq >= seq)
    return fault_of(seq, sound[seq - 2].hash, link, genuine, [other for other in chain if other is not link])


def test_s73_a_gap_is_a_deletion_unless_the_link_stands_elsewhere() -> None:
    chain = _chain()
    assert _fault_at([link for link in chain if link.seq != 5], 5) is Fault.DELETED
    moved = [link._replace(seq=40) if link.seq == 5 else link for link in chain]
    assert _fault_at(moved, 5) is Fault.REORDERED
    shifted = [link._replace(seq=link.seq + 1) if link.seq >= 5 else link for link in chain]
    assert _fault_at(shifted, 5) is Fault.REORDERED


def test_s73_a_link_without_entry_is_a_deletion() -> None:
    chain = [link._replace(mac=None) if link.seq == 5 else link for link in _chain()]
    assert _fault_at(chain, 5, genuine=False) is Fault.DELETED


def test_s73_a_changed_entry_that_the_chain_goes_on_from_is_an_edit() -> None:
    assert _fault_at(_chain(), 5, genuine=False) is Fault.EDITED


def test_s73_a_link_that_the_next_one_passes_over_is_an_insertion() -> None:
    chain = _chain()
    foreign = Link(5, chain[3].hash, link_hash(chain[3].hash, bytes(32)), bytes(32))
    later = [link._replace(seq=link.seq + 1) if link.seq >= 5 else link for link in chain]
    assert _fault_at([*later[:4], foreign, *later[4:]], 5, genuine=False) is Fault.INSERTED
    loose = foreign._replace(prev=bytes(32))
    assert _fault_at([*later[:4], loose, *later[4:]], 5, genuine=False) is Fault.INSERTED


def test_s73_two_links_that_changed_places_are_reordered() -> None:
    places = {5: 7, 7: 5}
    chain = sorted(link._replace(seq=places.get(link.seq, link.seq)) for link in _chain())
    assert _fault_at(chain, 5) is Fault.REORDERED


def test_s73_a_link_that_points_to_the_entry_of_another_is_reordered() -> None:
    chain = _chain()
    swapped = [link._replace(mac=chain[6].mac) if link.seq == 5 else link for link in chain]
    swapped = [link._replace(mac=chain[4].mac) if link.seq == 7 else link for link in swapped]
    assert _fault_at(swapped, 5) is Fault.REORDERED


def test_s73_a_changed_link_is_an_edit() -> None:
    chain = _chain()
    assert _fault_at([link._replace(hash=bytes(32)) if link.seq == 5 else link for link in chain], 5) is Fault.EDITED
    assert _fault_at([link._replace(prev=bytes(32)) if link.seq == 5 else link for link in chain], 5) is Fault.EDITED


def test_s73_a_link_that_follows_one_that_is_gone_tells_of_a_deletion() -> None:
    chain = [link for link in _chain() if link.seq != 5]
    renumbered = [link._replace(seq=link.seq - 1) if link.seq > 5 else link for link in chain]
    assert _fault_at(renumbered, 5) is Fault.DELETED
