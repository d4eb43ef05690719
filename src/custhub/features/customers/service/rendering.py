"""A customer as a webhook shows it: through the rights that its endpoint keeps (E-5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.features.customers.queries.records import BY_ID
from custhub.features.customers.schemas.views import customer_view
from custhub.features.fields.service.catalogue import FieldCatalogue
from custhub.kit.db import Database
from custhub.security.fields import FieldPolicy
from custhub.security.reach import ALL_ROWS
from custhub.security.scopes import Scope


class Rights(Protocol):
    """Scopes, and which fields are seen how."""

    @property
    def scopes(self) -> frozenset[str]:
        """What may be read at all."""

    @property
    def policy(self) -> FieldPolicy:
        """Which fields, and how."""


class CustomerRenderer:
    """Shows customers as they are now."""

    def __init__(self, database: Database, keys: LiveKeys, catalogue: FieldCatalogue) -> None:
        self._database = database
        self._keys = keys
        self._catalogue = catalogue

    async def __call__(self, subject_id: UUID, access: Rights) -> Mapping[str, Any] | None:
        """The body that GET gives; None without the right to read customers, or where there is none."""
        if Scope.CUSTOMERS_READ not in access.scopes:
            return None
        record = await BY_ID.of(ALL_ROWS).first(self._database, id=subject_id)
        if record is None:
            return None
        dek = None
        if record.wrapped_dek is not None and record.dek_version is not None:
            try:
                dek = self._keys.cipher.unwrap(subject_id, record.dek_version, record.wrapped_dek)
            except IntegrityError:
                dek = None
        # An endpoint keeps no roles: custom fields for some of them only are not for it.
        return customer_view(record, dek, access.policy, self._catalogue.value.access_of(()))
