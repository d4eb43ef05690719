"""Use cases of numbers: attach, change, release; every number that must be unique holds a claim (S-13)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.live import LiveKeys
from custhub.features.phones.errors import PhoneInvalid, PhoneTaken
from custhub.features.phones.models import CLAIM, ClaimRow, PhoneRow, customer_phones, phone_claims
from custhub.features.phones.rules import PhoneKind, PhoneNumber, PhoneStatus, equivalence_key, holds_claim, last4_of
from custhub.features.phones.schemas import PhoneCreate
from custhub.features.phones.vault import open_number, seal_canonical, seal_number
from custhub.kit.errors import FieldIssue
from custhub.kit.ids import new_id
from custhub.kit.uow import UnitOfWork

#: Given the exact indexes of numbers just refused: the error to raise.
Explain = Callable[[Sequence[bytes]], Awaitable[PhoneTaken]]


class PhoneService:
    """Numbers of customers inside one unit of work."""

    def __init__(self, uow: UnitOfWork, keys: LiveKeys, default_country: str, explain: Explain) -> None:
        self._uow = uow
        self._keys = keys
        self._country = default_country
        self._explain = explain
        self._claimed: list[bytes] = []

    def read(self, body: PhoneCreate, pointer: str) -> PhoneNumber:
        """The number of a body. Raises PhoneInvalid at `pointer`."""
        try:
            number = PhoneNumber.parse(body.number, body.country or self._country)
        except PhoneInvalid as error:
            raise PhoneInvalid(error.reason, issues=[FieldIssue(pointer, error.code)]) from None
        return number if body.kind is None else number.with_kind(PhoneKind(body.kind))

    def store(self, row: PhoneRow, number: PhoneNumber) -> None:
        """Give a customer a number that was built, claimed unless it is shared. PhoneTaken shows at commit."""
        self._uow.insert(customer_phones, row)
        if holds_claim(PhoneStatus(row.status), row.shared):
            self.claim(row, number)

    def build(
        self, customer_id: UUID, dek: Dek, number: PhoneNumber, body: PhoneCreate, *, is_primary: bool
    ) -> PhoneRow:
        """The row of a number, sealed and indexed, not yet stored."""
        phone_id = new_id()
        e164, raw = seal_number(dek, phone_id, number)
        indexes, kid = self._keys.indexes, self._keys.index_kid
        shared = shared_of(number, body)
        return PhoneRow(
            id=phone_id,
            customer_id=customer_id,
            label=body.label,
            kind=number.kind,
            country=number.country,
            is_primary=is_primary,
            shared=shared,
            status=PhoneStatus.UNKNOWN,
            verified_at=None,
            checked_at=None,
            expires_at=body.expires_at,
            suppressed_by=None,
            e164=e164,
            raw=raw,
            index_kid=kid,
            exact_index=indexes.exact(number.equivalence_key, kid),
            last4_index=indexes.last4(number.last4, kid),
            created_at=self._uow.now,
            updated_at=self._uow.now,
            revision=1,
        )

    def claims_of(self, row: PhoneRow, number: PhoneNumber) -> list[ClaimRow]:
        """The claims of a number: one per live index key, two while a rotation runs."""
        return self._claims(row, number.equivalence_key)

    def _claims(self, row: PhoneRow, key: str) -> list[ClaimRow]:
        exact = {row.index_kid: row.exact_index}
        for kid in self._keys.claim_kids:
            if kid not in exact:
                exact[kid] = self._keys.indexes.exact(key, kid)
        return [ClaimRow(kid, exact[kid], row.id, row.customer_id) for kid in self._keys.claim_kids]

    def claim(self, row: PhoneRow, number: PhoneNumber) -> None:
        """Make a number this customer's own."""
        self._claim(row, number.equivalence_key)

    def _claim(self, row: PhoneRow, key: str) -> None:
        for claim in self._claims(row, key):
            self._uow.insert(phone_claims, claim)
            self._claimed.append(claim.exact_index)
        self._uow.on_violation(CLAIM, lambda: self._explain(self._claimed))

    def release(self, row: PhoneRow) -> None:
        """Let others have the number."""
        self._uow.delete(phone_claims, {"phone_id": row.id})

    def release_all(self, customer_id: UUID) -> None:
        """Let others have every number of a customer who is no longer live."""
        self._uow.delete(phone_claims, {"customer_id": customer_id})

    def reclaim(self, row: PhoneRow, dek: Dek) -> None:
        """Claim a stored number again, as a restore or a verification does. PhoneTaken shows at commit."""
        if holds_claim(PhoneStatus(row.status), row.shared):
            # Not parsed: the plan of today may not know a number that was stored by an older one.
            self._claim(row, equivalence_key(open_number(dek, row)))

    def restore(self, row: PhoneRow, dek: Dek) -> None:
        """Store a number again that was removed, claimed as it was. PhoneTaken shows at commit."""
        self._uow.insert(customer_phones, row)
        self.reclaim(row, dek)

    def sealed_again(self, row: PhoneRow, dek: Dek, canonical: str, raw: str) -> PhoneRow:
        """The row of a number that was removed, sealed and indexed under the keys of now."""
        e164, _, _ = canonical.partition(";")
        sealed, spelled = seal_canonical(dek, row.id, canonical, raw)
        indexes, kid = self._keys.indexes, self._keys.index_kid
        return row._replace(
            e164=sealed,
            raw=spelled,
            index_kid=kid,
            exact_index=indexes.exact(equivalence_key(e164), kid),
            last4_index=indexes.last4(last4_of(e164), kid),
        )

    def change(self, old: PhoneRow, new: PhoneRow, dek: Dek, *, live: bool) -> None:
        """Store a changed row and let its claim follow: gained, kept or lost."""
        values = {name: value for name, value in new._asdict().items() if getattr(old, name) != value}
        self._uow.update(customer_phones, {"id": new.id}, values)
        held = live and holds_claim(PhoneStatus(old.status), old.shared)
        holds = live and holds_claim(PhoneStatus(new.status), new.shared)
        if held and not holds:
            self.release(new)
        elif holds and not held:
            self.reclaim(new, dek)

    def detach(self, row: PhoneRow) -> None:
        """Remove a number and its claim."""
        self.release(row)
        self._uow.delete(customer_phones, {"id": row.id})


def shared_of(number: PhoneNumber, body: PhoneCreate) -> bool:
    """Whether a number is several people's: as the body says, but never somebody's own where it cannot be (S-13)."""
    return number.shared_by_default if body.shared is None else body.shared or number.always_shared
