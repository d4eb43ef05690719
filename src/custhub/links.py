"""What belongs to a customer in every feature: tests/architecture compares it with the foreign keys."""

from __future__ import annotations

from collections.abc import Callable

from custhub.crypto.live import LiveKeys
from custhub.features.bulk.links import CustomerBulkRows
from custhub.features.consents.links import CustomerConsents
from custhub.features.customers.links import CustomerRows, CustomerTraces
from custhub.features.duplicates.links import CustomerDuplicates
from custhub.features.exports.links import CustomerExports
from custhub.features.imports.links import CustomerImportImages
from custhub.features.intake.links import CustomerTouchpoints
from custhub.features.links.links import CustomerLinkTokens
from custhub.features.matching.links import CustomerMatching
from custhub.features.merges.links import CustomerMerges
from custhub.features.messages.links import CustomerMessages
from custhub.features.phones.links import CustomerNumbers
from custhub.features.quality.links import CustomerFindings
from custhub.features.selfservice.links import CustomerSelfService
from custhub.features.webhooks.links import CustomerDeliveries
from custhub.kit.customer_link import CustomerLink

#: What merges, exports and erasure reach the rows of a customer through.
LINKS: tuple[Callable[[LiveKeys], CustomerLink], ...] = (
    CustomerRows,
    CustomerNumbers,
    CustomerMessages,
    CustomerFindings,
    CustomerConsents,
    CustomerTouchpoints,
    lambda _: CustomerTraces(),
    lambda _: CustomerDeliveries(),
    lambda _: CustomerBulkRows(),
    lambda _: CustomerLinkTokens(),
    lambda _: CustomerImportImages(),
    CustomerExports,
    CustomerSelfService,
    lambda _: CustomerMatching(),
    lambda _: CustomerMerges(),
    lambda _: CustomerDuplicates(),
)
