"""Texts of a customer: numbers in them are sealed away, together, whenever one of the texts changes (S-25)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from custhub.crypto.cipher import Dek
from custhub.features.customers.models import CustomerRow
from custhub.features.customers.schemas.views import TEXTS
from custhub.features.phones.rules import MaskStyle
from custhub.features.phones.vault import opened_texts, returned_texts, seal_texts


def changed_texts(dek: Dek, row: CustomerRow, sent: Mapping[str, Any], style: MaskStyle) -> dict[str, str | None]:
    """The texts among what was sent that differ from those written before; masks stand for what they hide.

    Raises IntegrityError, MaskAmbiguous.
    """
    new = {name: sent[name] for name in TEXTS if name in sent}
    if not new:
        return {}
    stored = {name: getattr(row, name) for name in TEXTS}
    new = returned_texts(dek, "customers", row.id, row.spans, stored, new, style)
    opened = opened_texts(dek, "customers", row.id, row.spans, stored)
    return {name: text for name, text in new.items() if text != opened[name]}


def stored_texts(dek: Dek, row: CustomerRow, changed: Mapping[str, str | None], country: str) -> dict[str, Any]:
    """Columns to store for texts of `changed_texts`, `spans` among them; empty without any."""
    if not changed:
        return {}
    opened = opened_texts(dek, "customers", row.id, row.spans, {name: getattr(row, name) for name in TEXTS})
    stored, spans = seal_texts(dek, "customers", row.id, {**opened, **changed}, country)
    values: dict[str, Any] = {name: stored[name] for name in changed}
    if spans is not None or row.spans is not None:
        values["spans"] = spans
    return values
