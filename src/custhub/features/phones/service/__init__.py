"""Use cases of phone numbers: keeping them, and opening them under quotas."""

from custhub.features.phones.service.bulk import NUMBERS, ClaimRow, claim_numbers, release_numbers, store_numbers
from custhub.features.phones.service.numbers import PhoneService
from custhub.features.phones.service.quotas import PhoneQuotas

__all__ = ["NUMBERS", "ClaimRow", "PhoneQuotas", "PhoneService", "claim_numbers", "release_numbers", "store_numbers"]
