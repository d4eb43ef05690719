"""Sealing and opening of numbers under their customer's data key (S-07, S-25)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

import orjson

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.crypto.errors import IntegrityError
from custhub.features.phones.models import PhoneRow
from custhub.features.phones.rules import (
    HiddenNumber,
    MaskStyle,
    PhoneNumber,
    find_numbers,
    mask,
    put_back,
    render_placeholders,
    replace_spans,
)

_TABLE = "customer_phones"


def seal_number(dek: Dek, phone_id: UUID, number: PhoneNumber) -> tuple[Sealed, Sealed]:
    """E.164 (with its extension) and the spelling as given, both bound to this row."""
    return seal_canonical(dek, phone_id, number.canonical, number.raw)


def seal_canonical(dek: Dek, phone_id: UUID, canonical: str, raw: str) -> tuple[Sealed, Sealed]:
    """`seal_number` of one that was kept sealed, and perhaps is none any more by the plan of now."""
    e164 = dek.seal(_TABLE, "e164", phone_id, canonical.encode())
    return Sealed(e164), Sealed(dek.seal(_TABLE, "raw", phone_id, raw.encode()))


def open_number(dek: Dek, row: PhoneRow) -> str:
    """E.164 of a row, with `;ext=` where it has one. Raises IntegrityError."""
    return open_e164(dek, row.id, row.e164)


def open_e164(dek: Dek, phone_id: UUID, e164: Sealed) -> str:
    """`open_number` for who has read no more of a row than that."""
    return open_e164_at(dek, phone_id.bytes, e164.blob)


def open_e164_at(dek: Dek, phone_id: bytes, blob: bytes) -> str:
    """`open_e164` for who has both as bytes."""
    return dek.open_at(_TABLE, "e164", phone_id, blob).decode()


def open_raw(dek: Dek, row: PhoneRow) -> str:
    """The spelling in which the number came. Raises IntegrityError."""
    return dek.open(_TABLE, "raw", row.id, row.raw.blob).decode()


def seal_texts(
    dek: Dek, table: str, row_id: UUID, texts: Mapping[str, str | None], country: str
) -> tuple[dict[str, str | None], Sealed | None]:
    """The texts with a placeholder for each number in them, and those numbers sealed together; None without any."""
    stored: dict[str, str | None] = {}
    found: dict[str, list[tuple[str, str]]] = {}
    for name, text in texts.items():
        if text is None:
            stored[name] = None
            continue
        stored[name], numbers = replace_spans(text, find_numbers(text, country))
        if numbers:
            found[name] = [(number.canonical, number.raw) for number in numbers]
    if not found:
        return stored, None
    return stored, Sealed(dek.seal(table, "spans", row_id, orjson.dumps(found)))


def _found(dek: Dek, table: str, row_id: UUID, spans: Sealed) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = orjson.loads(dek.open(table, "spans", row_id, spans.blob))
    return found


def returned_texts(
    dek: Dek,
    table: str,
    row_id: UUID,
    spans: Sealed | None,
    stored: Mapping[str, str | None],
    sent: Mapping[str, str | None],
    style: MaskStyle,
) -> dict[str, str | None]:
    """The texts sent by a reader who sees numbers in this `style`: each mask gives way to the number it hid.

    `stored` are all texts of the row, as they are kept. Raises IntegrityError, MaskAmbiguous.
    """
    if spans is None:
        return dict(sent)
    hidden = {
        name: [HiddenNumber(canonical, raw, mask(canonical, style)) for canonical, raw in numbers]
        for name, numbers in _found(dek, table, row_id, spans).items()
    }
    texts: dict[str, str | None] = {}
    for name, text in sent.items():
        others = [number for other, numbers in hidden.items() if other != name for number in numbers]
        texts[name] = text and put_back(text, stored.get(name), hidden.get(name, []), others)
    return texts


def shown_texts(
    dek: Dek | None, table: str, row_id: UUID, spans: Sealed | None, texts: Mapping[str, str | None], style: MaskStyle
) -> dict[str, str | None]:
    """The texts as a reader sees them, numbers masked; those that do not open are hidden as a whole (S-16)."""
    if spans is None:
        return dict(texts)
    found: dict[str, list[tuple[str, str]]] = {}
    with suppress(IntegrityError):
        found = _found(dek, table, row_id, spans) if dek is not None else {}
    return {
        name: text and render_placeholders(text, [mask(canonical, style) for canonical, _ in found.get(name, ())])
        for name, text in texts.items()
    }


def opened_texts(
    dek: Dek, table: str, row_id: UUID, spans: Sealed | None, texts: Mapping[str, str | None]
) -> dict[str, str | None]:
    """The texts as they were written. Raises IntegrityError."""
    if spans is None:
        return dict(texts)
    found = _found(dek, table, row_id, spans)
    return {
        name: text if text is None or name not in found else render_placeholders(text, [raw for _, raw in found[name]])
        for name, text in texts.items()
    }
