"""Use cases of phone numbers: keeping them, and opening them under quotas."""

from custhub.features.phones.models import CLAIM
from custhub.features.phones.service.bulk import (
    DROP_NUMBERS,
    NUMBERS,
    PHONE_CLAIMS,
    ClaimRow,
    claim_numbers,
    hold_back,
    hold_back_new,
    release_numbers,
    store_numbers,
)
from custhub.features.phones.service.numbers import PhoneService, shared_of
from custhub.features.phones.service.quotas import PhoneQuotas
from custhub.features.phones.vault import open_e164, open_number, open_raw, opened_texts

__all__ = [
    "CLAIM",
    "DROP_NUMBERS",
    "NUMBERS",
    "PHONE_CLAIMS",
    "ClaimRow",
    "PhoneQuotas",
    "PhoneService",
    "claim_numbers",
    "hold_back",
    "hold_back_new",
    "open_e164",
    "open_number",
    "open_raw",
    "opened_texts",
    "release_numbers",
    "shared_of",
    "store_numbers",
]
