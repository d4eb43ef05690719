"""Looks at a slice of customers in a thread of its own: what is wrong, what closes, who is due. Asks no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson

from custhub.crypto.cipher import Dek
from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.features.phones.service import open_e164, opened_texts
from custhub.features.quality.queries import FindingRow, VerificationRow
from custhub.features.quality.queries.scanning import KeyedCustomer, KnownFinding, Slice
from custhub.features.quality.rules import (
    SCAN,
    Due,
    FindingState,
    Measure,
    Problem,
    Seen,
    SeenAddress,
    SeenConsent,
    SeenEmail,
    SeenPhone,
    due_of,
    problems_of,
)
from custhub.features.quality.rules.scoring import score_of
from custhub.features.quality.rules.tally import Tally
from custhub.features.quality.vault import seal_evidence
from custhub.kit.ids import new_id

P = TypeVar("P", SeenPhone, SeenEmail, SeenAddress, SeenConsent)
_KEY: Final = ("kind", "field", "part")


@dataclass(slots=True)
class Outcome:
    """What comes of a slice."""

    last: UUID
    customers: int = 0
    opened: list[FindingRow] = field(default_factory=list)
    resolved: list[KnownFinding] = field(default_factory=list)
    #: Customers whose rows here have to go: they were erased.
    gone: list[UUID] = field(default_factory=list)
    due: list[VerificationRow] = field(default_factory=list)
    due_changed: list[dict[str, Any]] = field(default_factory=list)
    due_gone: list[UUID] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)


class Look:
    """Looks at slices with one measure."""

    def __init__(self, keys: LiveKeys, measure: Measure) -> None:
        self._keys = keys
        self._measure = measure

    def at(self, found: Slice) -> Outcome:
        """Everything about one slice."""
        outcome = Outcome(found.customers[-1].row.id, len(found.customers))
        phones, emails = _grouped(found.phones), _grouped(found.emails)
        addresses, consents = _grouped(found.addresses), _grouped(found.consents)
        known: dict[UUID, list[KnownFinding]] = defaultdict(list)
        for finding in found.findings:
            known[finding.customer_id].append(finding)
        queued = {row.customer_id: row for row in found.verifications}
        for customer in found.customers:
            own = customer.row.id
            if customer.row.erased_at is not None:
                if known.get(own) or own in queued:
                    outcome.gone.append(own)
                continue
            dek = self._dek(customer)
            held = tuple(phones.get(own, ()))
            seen = Seen(
                customer.row,
                _name(dek, customer),
                held,
                _numbers(dek, held),
                tuple(emails.get(own, ())),
                tuple(addresses.get(own, ())),
                tuple(consents.get(own, ())),
                own in found.with_contacts,
                own in found.with_claims,
            )
            self._findings(outcome, seen, dek, known.get(own, []))
            self._due(outcome, seen, queued.get(own))
            if customer.row.archived_at is None:
                outcome.tally.add(score_of(seen, self._measure), [phone.verified_at is not None for phone in held])
        return outcome

    def _findings(self, outcome: Outcome, seen: Seen, dek: Dek | None, known: list[KnownFinding]) -> None:
        problems = {(p.kind, p.field, p.part): p for p in problems_of(seen, self._measure)}
        told = {key: self._digest(seen.row.id, problem) for key, problem in problems.items()}
        rejected = {finding.digest for finding in known if finding.state == FindingState.REJECTED}
        kept = set()
        for finding in known:
            if finding.state != FindingState.OPEN:
                continue
            key = tuple(getattr(finding, name) for name in _KEY)
            if told.get(key) == finding.digest:
                kept.add(key)
            else:
                outcome.resolved.append(finding)
        if dek is None:
            return
        for key, problem in problems.items():
            if key not in kept and told[key] not in rejected:
                outcome.opened.append(self._finding(seen.row.id, dek, problem, told[key]))

    def _finding(self, customer_id: UUID, dek: Dek, problem: Problem, digest: bytes) -> FindingRow:
        now, finding_id = self._measure.now, new_id()
        evidence = {"standing": problem.value, "claimed": problem.proposed, "at": now.isoformat()}
        return FindingRow(
            id=finding_id,
            customer_id=customer_id,
            kind=problem.kind.value,
            field=problem.field,
            part=problem.part,
            source=SCAN,
            severity=problem.severity.value,
            fix=None if problem.fix is None else problem.fix.value,
            reason=problem.reason,
            state=FindingState.OPEN.value,
            evidence=seal_evidence(dek, finding_id, evidence),
            digest=digest,
            times_seen=1,
            last_seen_at=now,
            decided_by=None,
            decided_at=None,
            created_at=now,
            updated_at=now,
            revision=1,
        )

    def _digest(self, customer_id: UUID, problem: Problem) -> bytes:
        # Keyed: a birthday or a number could be guessed from a plain hash.
        told = [SCAN, customer_id.hex, problem.kind, problem.field, problem.part, problem.reason, problem.value]
        return self._keys.cursors.fingerprint(orjson.dumps(told, option=orjson.OPT_SORT_KEYS))[:16]

    def _due(self, outcome: Outcome, seen: Seen, queued: VerificationRow | None) -> None:
        now = self._measure.now
        due = None if seen.row.archived_at is not None else due_of(seen, self._measure.policy, now)
        if due is None:
            if queued is not None:
                outcome.due_gone.append(seen.row.id)
        elif queued is None:
            outcome.due.append(_queued(seen.row.id, due, now))
        elif (queued.phone_id, queued.certainty) != (due.phone_id, due.certainty):
            # When to try again is what the last attempt said.
            renewed = {"customer_id": seen.row.id, "phone_id": due.phone_id, "certainty": due.certainty}
            outcome.due_changed.append(renewed)

    def _dek(self, customer: KeyedCustomer) -> Dek | None:
        if customer.wrapped_dek is None or customer.dek_version is None:
            return None
        with suppress(IntegrityError):
            return self._keys.cipher.unwrap(customer.row.id, customer.dek_version, bytes(customer.wrapped_dek))
        return None


def _queued(customer_id: UUID, due: Due, now: datetime) -> VerificationRow:
    return VerificationRow(
        customer_id=customer_id,
        phone_id=due.phone_id,
        certainty=due.certainty,
        due_at=due.due_at,
        attempts=0,
        last_result=None,
        last_at=None,
        claimed_by=None,
        claimed_until=None,
        created_at=now,
        updated_at=now,
        revision=1,
    )


def _grouped(parts: Iterable[P]) -> dict[UUID, list[P]]:
    found: dict[UUID, list[P]] = {}
    for part in parts:
        found.setdefault(part.customer_id, []).append(part)
    return found


def _name(dek: Dek | None, customer: KeyedCustomer) -> str:
    """The name as it was written, its numbers in full."""
    row = customer.row
    if row.spans is not None and dek is not None:
        with suppress(IntegrityError):
            return (
                opened_texts(dek, "customers", row.id, row.spans, {"display_name": row.display_name})["display_name"]
                or ""
            )
    return row.display_name


def _numbers(dek: Dek | None, phones: tuple[SeenPhone, ...]) -> dict[UUID, str]:
    numbers: dict[UUID, str] = {}
    if dek is not None:
        for phone in phones:
            with suppress(IntegrityError):
                numbers[phone.id] = open_e164(dek, phone.id, phone.e164)
    return numbers
