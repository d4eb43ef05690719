"""What a customer's data must look like: pure functions from text as typed to one standard form, or a named error.

One normaliser for the API, imports and jobs. Every normaliser is idempotent and bounded.
"""

from __future__ import annotations

from custhub.features.customers.rules.addresses import MAX_AREA, MAX_STREET, PostalAddress, normalise_address
from custhub.features.customers.rules.birthdays import Birthday, Calendar, make_birthday, parse_birthday
from custhub.features.customers.rules.conflicts import ConflictRule, MatchKind, writes
from custhub.features.customers.rules.countries import COUNTRIES, normalise_country, normalise_postcode
from custhub.features.customers.rules.divisions import Division, find_division
from custhub.features.customers.rules.kinds import CustomerKind, Gender, LifecycleStage, parse_gender
from custhub.features.customers.rules.labels import (
    MAX_EXTERNAL_ID,
    MAX_SOURCE,
    MAX_TAG,
    normalise_external_id,
    normalise_source,
    normalise_tag,
    tag_key,
)
from custhub.features.customers.rules.locales import (
    MAX_LANGUAGE,
    MAX_TIME_ZONE,
    normalise_language,
    normalise_time_zone,
)
from custhub.features.customers.rules.names import MAX_NAME, compose_name, normalise_name, split_name
from custhub.features.customers.rules.organisations import MAX_TAX_ID, normalise_tax_id
from custhub.features.customers.rules.pinyin import MAX_KEY, pinyin_key
from custhub.features.customers.rules.simplified import simplified
from custhub.features.customers.rules.tokens import tokens_of
from custhub.kit.mailboxes import MAX_EMAIL, EmailAddress, parse_email

__all__ = [
    "COUNTRIES",
    "MAX_AREA",
    "MAX_EMAIL",
    "MAX_EXTERNAL_ID",
    "MAX_KEY",
    "MAX_LANGUAGE",
    "MAX_NAME",
    "MAX_SOURCE",
    "MAX_STREET",
    "MAX_TAG",
    "MAX_TAX_ID",
    "MAX_TIME_ZONE",
    "Birthday",
    "Calendar",
    "ConflictRule",
    "CustomerKind",
    "Division",
    "EmailAddress",
    "Gender",
    "LifecycleStage",
    "MatchKind",
    "PostalAddress",
    "compose_name",
    "find_division",
    "load_tables",
    "make_birthday",
    "normalise_address",
    "normalise_country",
    "normalise_external_id",
    "normalise_language",
    "normalise_name",
    "normalise_postcode",
    "normalise_source",
    "normalise_tag",
    "normalise_tax_id",
    "normalise_time_zone",
    "parse_birthday",
    "parse_email",
    "parse_gender",
    "pinyin_key",
    "split_name",
    "tag_key",
    "tokens_of",
    "writes",
]


def load_tables() -> None:
    """Read the lazily loaded tables now (some 80 ms), so that no request waits for them."""
    pinyin_key("王")
    simplified("王")
    find_division("110000")
    normalise_time_zone("Asia/Shanghai")
