"""What the hub answers about the customers it took."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

_NOT_DIGITS = re.compile(r"\D+")
_TEXTS = ("display_name", "given_name", "family_name", "company_name", "note")
_HIDDEN = "****"
_MASK = re.compile(r"\+\d+ \d*\*+\d*")
_NUMBER = re.compile(r"[0-9][0-9 -]{9,}[0-9]")
_EXTENSION = re.compile("转|分机|ext")
#: So many last digits of a number are never shown: a mask leaves four of them.
_TELLING = 7


def walk(client: httpx.Client) -> Iterator[dict[str, Any]]:
    """Every customer this caller reaches, page by page."""
    cursor: str | None = None
    while True:
        query = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/customers", params=query).raise_for_status().json()
        yield from page["data"]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            return


def figures_of(customers: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of the manifest, counted from what the hub shows."""
    everybody = list(customers.values())
    phones = [phone for customer in everybody for phone in customer["phones"]]
    birthdays = [customer["birthday"] for customer in everybody if customer["birthday"]]
    return {
        "persons": sum(customer["kind"] == "person" for customer in everybody),
        "organisations": sum(customer["kind"] == "organisation" for customer in everybody),
        "phones": len(phones),
        "phones_by_country": dict(sorted(Counter(phone["country"] for phone in phones).items())),
        "phones_by_kind": dict(sorted(Counter(phone["kind"] for phone in phones).items())),
        "phones_shared": sum(phone["shared"] for phone in phones),
        "emails": sum(len(customer["emails"]) for customer in everybody),
        "chinese_addresses_with_district": sum(
            address["division_code"] is not None for customer in everybody for address in customer["addresses"]
        ),
        "birthdays": len(birthdays),
        "birthdays_lunar": sum(birthday["calendar"] == "lunar" for birthday in birthdays),
        "numbers_sealed_in": dict(sorted(Counter(_sealed(everybody)).items())),
        "formulas_kept_as_text": sum((customer["display_name"] or "")[:1] in set("=@-+") for customer in everybody),
    }


def _sealed(customers: list[Mapping[str, Any]]) -> Iterator[str]:
    for customer in customers:
        if _HIDDEN in (customer["display_name"] or ""):
            yield "display_name"
        if _HIDDEN in (customer["note"] or ""):
            yield "note"
        if any(_HIDDEN in (address["street"] or "") for address in customer["addresses"]):
            yield "address"


def shows_a_number(customer: Mapping[str, Any], cells: Mapping[str, str]) -> bool:
    """Whether an answer lets one read a number of its row: as a field, in a name, a note or an address."""
    texts = [customer[name] for name in _TEXTS] + [address["street"] for address in customer["addresses"]]
    shown = [json.dumps(customer["phones"])] + [_digits(_MASK.sub("", text)) for text in texts if text]
    numbers = [cells["phone"], cells["phone2"]]
    numbers += [number for name in ("display_name", "note", "address") for number in _NUMBER.findall(cells[name])]
    tails = [_digits(_EXTENSION.split(number)[0])[-_TELLING:] for number in numbers]
    seen = "|".join(shown)
    return any(len(tail) == _TELLING and tail in seen for tail in tails)


def _digits(text: str) -> str:
    return _NOT_DIGITS.sub("", unicodedata.normalize("NFKC", text))
