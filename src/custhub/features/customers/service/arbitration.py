"""Which of the values that a machine sends for a customer stand (rules/provenance.py says why)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from custhub.features.customers.models import CustomerRow
from custhub.features.customers.rules.provenance import (
    WHOLE,
    Claimed,
    Decision,
    Origin,
    Provenance,
    Reason,
    Rule,
    Verdict,
    decide,
    origin_of,
)
from custhub.features.customers.service.standards import RefusedChange, Standards


class FieldArbiter:
    """Decides over the values of one message of one source for one customer.

    Afterwards `origins` are to be stored with what was written, and `refused` to be handed to
    `CustomerContext.review`.
    """

    def __init__(self, standards: Standards, row: CustomerRow, source: str, at: datetime | None, now: datetime) -> None:
        """`at` is when the values became true, None now; nobody can speak of the future."""
        self.origins: dict[str, Origin | None] = {}
        self.refused: list[RefusedChange] = []
        self._standards = standards
        self._provenance = Provenance(row.provenance, row.source, row.created_at)
        self._source = source
        self._at = now if at is None else min(at, now)
        self._now = now

    def allows(self, key: str, standing: Any, value: Any, *, told: tuple[Any, Any] | None = None) -> bool:
        """Whether this value is to be written: `decide`, with its origin or refusal kept.

        `told` are both values as the API has them, where `standing` and `value` are in another form.
        """
        return self.decide(key, standing, value, told=told).verdict is Verdict.WRITE

    def decide(self, key: str, standing: Any, value: Any, *, told: tuple[Any, Any] | None = None) -> Decision:
        """What becomes of a value. An origin alone is renewed where the same is said anew by who is believed more."""
        standards, origin = self._standards, self._provenance.of(key)
        claimed = Claimed(value, self._source, self._at, standards.priority_of(self._source))
        decision = decide(
            key, standing, self._provenance, claimed, self._now, priority=standards.priority_of(origin.source)
        )
        if decision.verdict in (Verdict.WRITE, Verdict.RENEW):
            self.origins[key] = origin_of(claimed, decision.rule or Rule.NEWER)
        elif decision.verdict is Verdict.REFUSE:
            reason = decision.reason or Reason.PRIORITY
            shown = told or (standing, value)
            self.refused.append(RefusedChange(key, reason, self._source, self._at, *shown))
        return decision

    def is_earlier(self, key: str, standing: str, value: str) -> bool:
        """Whether the first word on a field was this one: of machines that tell when, whatever arrived first.

        What others have written since stays.
        """
        origin = self._provenance.of(key)
        if not self._provenance.is_told(WHOLE) or origin.rule not in (Rule.CREATED, Rule.EARLIER):
            return False
        if (self._at, value) >= (origin.at, standing):
            return False
        self.origins[key] = Origin(self._source, self._at, Rule.EARLIER)
        return value != standing

    def pin(self) -> None:
        """Keep where everything else came from, before the customer's own source is another one."""
        if not self._provenance.is_told(WHOLE):
            self.origins[WHOLE] = self._provenance.whole
