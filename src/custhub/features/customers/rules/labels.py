"""Labels others attach to a customer: tags, and the ids of other systems."""

from __future__ import annotations

import re
import unicodedata

from custhub.features.customers.errors import ExternalIdInvalid, TagInvalid
from custhub.features.customers.rules.text import clean, visible

MAX_TAG = 64
MAX_SOURCE = 40
MAX_EXTERNAL_ID = 128
_MAX_RAW = 400

_SOURCE = re.compile(r"[a-z0-9_.-]{1,40}")


def normalise_tag(text: str) -> str:
    """A tag name as shown: NFKC, one line, 1 to 64 characters. Raises TagInvalid."""
    if len(text) > _MAX_RAW:
        raise TagInvalid
    name = " ".join(unicodedata.normalize("NFKC", clean(text)).split())
    if not 1 <= len(name) <= MAX_TAG:
        raise TagInvalid
    return name


def tag_key(name: str) -> str:
    """Equal for tags that differ in case alone: VIP and vip are one tag."""
    return name.casefold()


def normalise_source(text: str) -> str:
    """The name of another system: 1 to 40 of `a-z 0-9 _ . -`, lower case. Raises ExternalIdInvalid."""
    source = text[:_MAX_RAW].strip().lower()
    if not _SOURCE.fullmatch(source):
        raise ExternalIdInvalid
    return source


def normalise_external_id(text: str) -> str:
    """An id of another system, 1 to 128 printable characters, taken literally but for surrounding white space.

    Invisible characters are refused, not dropped: two different ids must never become one. Raises ExternalIdInvalid.
    """
    if len(text) > _MAX_RAW:
        raise ExternalIdInvalid
    external_id = text.strip()
    if (
        not 1 <= len(external_id) <= MAX_EXTERNAL_ID
        or not external_id.isprintable()
        or visible(external_id) != external_id
    ):
        raise ExternalIdInvalid
    return external_id
