"""What a customer sends at once is one change of it, whatever many use cases take part (CONTRACT A4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from custhub.crypto.live import LiveKeys
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.rules.provenance import Origin
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.standards import Standards
from custhub.kit.uow import UnitOfWork
from custhub.security.principal import Principal
from custhub.settings import Settings

#: What of a customer beside its own row is compared with others.
_PARTS = ("phones", "emails", "addresses", "external_ids")


class GatheringContext(CustomerContext):
    """Gathers the changes of one customer; `settle` stores them as its next revision."""

    def __init__(
        self, uow: UnitOfWork, who: Principal, keys: LiveKeys, settings: Settings, standards: Standards
    ) -> None:
        super().__init__(uow, who, keys, settings, standards)
        self._fields: set[str] = set()
        self._values: dict[str, Any] = {}
        self._origins: dict[str, Origin | None] = {}
        self._parts: dict[str, Any] = {}

    @property
    def has_changed(self) -> bool:
        """Whether there is anything to settle."""
        return bool(self._fields)

    def changed(
        self,
        record: CustomerRecord,
        fields: Sequence[str],
        values: Mapping[str, Any] | None = None,
        details: Mapping[str, Any] | None = None,
        action: str = "customer.updated",
        reason: str | None = None,
        origins: Mapping[str, Origin | None] | None = None,
    ) -> CustomerRecord:
        """Leave the audit entry, and keep the rest until all is together."""
        self.note(record, fields, details, action, reason)
        self._fields.update(fields)
        self._values |= values or {}
        self._origins |= origins or {}
        return record._replace(row=record.row._replace(**(values or {})))

    def met_again(self, old: CustomerRecord, new: CustomerRecord) -> None:
        """Keep the parts that are others now until all is together."""
        for name in _PARTS:
            if getattr(old, name) is not getattr(new, name):
                self._parts[name] = getattr(new, name)

    def settle(self, record: CustomerRecord, origins: Mapping[str, Origin | None] | None = None) -> None:
        """Store the next revision of a customer, `record` being what it was; `origins` are those of what stayed."""
        new = self.revise(record, sorted(self._fields), self._values, {**(origins or {}), **self._origins})
        if self._values:
            self.found_again(record, new)
        super().met_again(record, new._replace(**self._parts))
