"""Pure rules of phone numbers: reading, comparing, masking, and finding them in text. No database, no network."""

from custhub.features.phones.rules.kinds import PhoneKind, PhoneStatus, RevealReason, VerificationResult, holds_claim
from custhub.features.phones.rules.masking import MaskStyle, last4_of, mask
from custhub.features.phones.rules.number import PhoneNumber
from custhub.features.phones.rules.reading import MAX_EXTENSION, MAX_INPUT
from custhub.features.phones.rules.renumbering import RENUMBERINGS, Renumbering, equivalence_key
from custhub.features.phones.rules.returning import HiddenNumber, put_back
from custhub.features.phones.rules.spans import (
    HIDDEN,
    NumberSpan,
    blank_placeholders,
    find_numbers,
    render_placeholders,
    replace_spans,
)

__all__ = [
    "HIDDEN",
    "MAX_EXTENSION",
    "MAX_INPUT",
    "RENUMBERINGS",
    "HiddenNumber",
    "MaskStyle",
    "NumberSpan",
    "PhoneKind",
    "PhoneNumber",
    "PhoneStatus",
    "Renumbering",
    "RevealReason",
    "VerificationResult",
    "blank_placeholders",
    "equivalence_key",
    "find_numbers",
    "holds_claim",
    "last4_of",
    "mask",
    "put_back",
    "render_placeholders",
    "replace_spans",
]
