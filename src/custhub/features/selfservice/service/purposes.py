"""What links of self-service are for, by name."""

from __future__ import annotations

from custhub.features.links.service import LinkPurpose
from custhub.features.selfservice.service.correcting import LINK, PROOF, SelfServicePage
from custhub.features.selfservice.service.parts import SelfServiceParts
from custhub.features.selfservice.service.proving import ProofPage


def self_service_purposes(parts: SelfServiceParts) -> dict[str, LinkPurpose]:
    """To be registered when a hub is put together."""
    return {LINK: SelfServicePage(parts), PROOF: ProofPage(parts)}
