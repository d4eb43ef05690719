"""What the customers that an import meets were before it, kept with its rows in one transaction."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.images import image_of
from custhub.features.customers.service.upserting import Outcome as Upserted
from custhub.features.imports.models import ImageRow, import_images
from custhub.features.imports.queries import images_among
from custhub.features.imports.repository import ImportRepository
from custhub.kit.uow import UnitOfWork

_COLUMN = "before"


class BeforeImages:
    """Images of one import in one unit of work: one for each customer, whatever many rows did to it."""

    def __init__(self, uow: UnitOfWork, import_id: UUID) -> None:
        self._uow = uow
        self._import_id = import_id
        self._imports = ImportRepository(uow)

    async def note(self, context: CustomerContext, found: Upserted) -> None:
        """Keep what a row changes, beside the change."""
        record, before = found.record, found.before
        has_moved = before is not None and before.row.revision != record.row.revision
        if before is not None and not has_moved and not found.findings:
            return
        customer_id, findings = record.row.id, [finding.hex for finding in found.findings]
        known = None
        if before is not None:
            known = next(iter(await images_among(self._uow, self._import_id, [customer_id])), None)
        sealed = None
        if before is not None and has_moved and (known is None or (known.before is None and not known.is_new)):
            raw = image_of(before)
            sealed = Sealed(context.dek(before).seal(import_images.name, _COLUMN, self._import_id, raw))
        revision = record.row.revision
        if known is None:
            image = ImageRow(self._import_id, customer_id, revision, before is None, sealed, findings, None)
            self._imports.add_image(image)
            return
        changes: dict[str, Any] = {}
        if sealed is not None:
            changes = {"before": sealed, "left_revision": revision}
        elif has_moved and before is not None and known.left_revision == before.row.revision:
            # Else somebody else came in between: the undo will leave this customer as it is.
            changes = {"left_revision": revision}
        if findings:
            changes["findings"] = [*known.findings, *findings]
        if changes:
            self._imports.change_image(known, changes)


def opened_image(dek: Dek, import_id: UUID, before: Sealed) -> bytes:
    """What a customer was. Raises IntegrityError."""
    return dek.open(import_images.name, _COLUMN, import_id, before.blob)
