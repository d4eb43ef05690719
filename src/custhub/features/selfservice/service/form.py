"""The form of a self-service link: what it shows of a customer, and what was filled in (S-21: numbers masked)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.schemas.views import address_view, customer_view, masked_email
from custhub.features.customers.service.context import CustomerContext
from custhub.features.fields.rules import Definition
from custhub.features.selfservice.errors import FieldOutsideLink
from custhub.features.selfservice.rules import ADDRESSES, CUSTOM, EMAILS, PHONES
from custhub.features.selfservice.service.wording import CHOICES, YES_NO, Language, label, pick, say
from custhub.http.pages.people import Entry

_PLACE: Final = ("country", "province", "city", "district", "street", "postcode")
_FILLED_IN: Final = {
    "display_name": "name", "family_name": "family-name", "given_name": "given-name", "company_name": "organization",
    PHONES: "tel", EMAILS: "email", "addresses.country": "country", "addresses.province": "address-level1",
    "addresses.city": "address-level2", "addresses.district": "address-level3", "addresses.street": "street-address",
    "addresses.postcode": "postal-code", "birthday": "bday",
}  # fmt: skip
_LENGTHS: Final = {PHONES: 64, EMAILS: 254, "birthday": 40, "time_zone": 64, "tax_id": 64, "addresses.postcode": 16}
_WAS: Final = "was."


@dataclass(slots=True)
class Corrections:
    """What a customer sends. `profile` and `address` are as a PATCH takes them; `confirmed` is right as it stands."""

    profile: dict[str, Any] = field(default_factory=dict)
    address: dict[str, str | None] = field(default_factory=dict)
    phone: str = ""
    email: str = ""
    confirmed: list[str] = field(default_factory=list)
    #: Entry -> value that is none of its kind.
    broken: list[str] = field(default_factory=list)


class SelfServiceForm:
    """The form of one link, for the customer as it is now."""

    def __init__(
        self, context: CustomerContext, record: CustomerRecord, link_id: UUID, fields: list[str], language: Language
    ) -> None:
        self._context = context
        self._record = record
        self._link_id = link_id
        self._language = language
        dek = context.readable_dek(record)
        self._dek = dek
        self._view = customer_view(record, dek, context.who.policy, context.access)
        self._entries = [entry for name in fields for entry in self._of(name)]

    def entries(self, form: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None) -> list[Entry]:
        """What to fill in; after a refusal with what was sent, and what is wrong with it."""
        found = []
        for entry in self._entries:
            was = _WAS + entry.name
            shown = entry.value
            if form is not None and entry.name in form:
                entry = replace(entry, value=form[entry.name][: entry.max_length])
            found.append(replace(entry, error=(errors or {}).get(entry.name, "")))
            if not self._is_asked_anew(entry.name):
                stamp = self._stamp(entry.name, shown) if form is None or was not in form else form[was][:40]
                found.append(Entry(was, value=stamp, kind="hidden", group=entry.group))
        return found

    @property
    def names(self) -> list[str]:
        """The entries, in their order."""
        return [entry.name for entry in self._entries]

    def read(self, form: Mapping[str, str]) -> Corrections:
        """What differs from what the customer was shown. Raises FieldOutsideLink."""
        names = set(self.names)
        if not form.keys() <= names | {_WAS + name for name in names}:
            raise FieldOutsideLink
        found = Corrections()
        changed: dict[str, str] = {}
        for entry in self._entries:
            value = form.get(entry.name)
            if value is None:
                continue
            value = value.strip()
            if self._is_asked_anew(entry.name):
                if value:
                    changed[entry.name] = value
            elif value == entry.value:
                if value:
                    found.confirmed.append(entry.name)
            elif form.get(_WAS + entry.name) != self._stamp(entry.name, value):
                # Otherwise the customer left what it saw, and somebody has changed it since.
                changed[entry.name] = value
        found.phone, found.email = changed.pop(PHONES, ""), changed.pop(EMAILS, "")
        self._read_birthday(found, changed, form)
        for name, value in changed.items():
            head, _, tail = name.partition(".")
            if head == ADDRESSES:
                found.address[tail] = value or None
            elif name.startswith(CUSTOM):
                self._read_custom(found, tail, value)
            else:
                found.profile[name] = value if value or name == "display_name" else None
        return found

    def _read_birthday(self, found: Corrections, changed: dict[str, str], form: Mapping[str, str]) -> None:
        sent = {name: changed.pop(name, None) for name in ("birthday", "birthday_calendar")}
        confirmed = "birthday" in found.confirmed
        found.confirmed = [name for name in found.confirmed if not name.startswith("birthday")]
        shown = {entry.name: entry.value for entry in self._entries}
        if sent["birthday"] is None and (sent["birthday_calendar"] is None or not shown.get("birthday")):
            if confirmed:
                found.confirmed.append("birthday")
            return
        date = shown["birthday"] if sent["birthday"] is None else sent["birthday"]
        calendar = form.get("birthday_calendar") or shown["birthday_calendar"]
        found.profile["birthday"] = {"date": date, "calendar": calendar} if date else None

    def _read_custom(self, found: Corrections, key: str, value: str) -> None:
        kind = self._context.access.definition(key).schema.kind
        parsed: Any = value or None
        try:
            if value and kind == "integer":
                parsed = int(value)
            elif value and kind == "number":
                parsed = float(value)
            elif value and kind == "boolean":
                parsed = {"true": True, "false": False}[value]
        except (ValueError, KeyError):
            found.broken.append(CUSTOM + key)
            return
        found.profile.setdefault("custom_fields", {})[key] = parsed

    def _is_asked_anew(self, name: str) -> bool:
        """Whether what stands is shown masked at most, so that an empty entry leaves it."""
        if name.startswith(CUSTOM):
            return self._context.access.definition(name.removeprefix(CUSTOM)).sensitive
        return name in (PHONES, EMAILS)

    def _stamp(self, name: str, value: str) -> str:
        told = b"self_service_was" + self._link_id.bytes + f"{name}\0{value}".encode()
        return self._context.keys.cursors.fingerprint(told)[:12].hex()

    def _of(self, name: str) -> Iterator[Entry]:
        language = self._language
        if name == PHONES:
            masks = [phone["masked"] for phone in self._view[PHONES] if phone["is_primary"]]
            yield self._new_point(name, masks, "tel", say("code_phone", language))
        elif name == EMAILS:
            masks = [masked_email(row.email) for row in self._record.emails if row.is_primary]
            yield self._new_point(name, masks, "email", say("code_email", language))
        elif name == ADDRESSES:
            yield from self._address()
        elif name == "birthday":
            shown = self._view[name] or {"date": "", "calendar": "solar"}
            yield self._plain(name, shown["date"], say("date", language))
            yield self._plain("birthday_calendar", shown["calendar"])
        elif name.startswith(CUSTOM):
            definition = self._context.access.readable.get(name.removeprefix(CUSTOM))
            if definition is not None:  # archived since
                yield self._custom(definition)
        else:
            yield self._plain(name, self._view[name] or "")

    def _plain(self, name: str, value: str, hint: str = "", group: str = "") -> Entry:
        choices = {key: pick(pair, self._language) for key, pair in CHOICES.get(name, {}).items()}
        if choices and value not in choices:
            choices[value] = value
        return Entry(
            name,
            label(name, self._language),
            value,
            "select" if choices else "text",
            hint,
            options=tuple(choices.items()),
            group=group,
            autocomplete=_FILLED_IN.get(name, "off"),
            max_length=_LENGTHS.get(name, 400 if group else 200),
            is_required=name == "display_name",
        )

    def _new_point(self, name: str, masks: list[str | None], kind: Any, more: str) -> Entry:
        shown = next((mask for mask in masks if mask), None)
        hint = say("none", self._language) if shown is None else say("current", self._language, shown)
        return replace(self._plain(name, "", f"{hint} {more}"), kind=kind)

    def _address(self) -> Iterator[Entry]:
        row = next((row for row in self._record.addresses if row.is_primary), None)
        style = self._context.mask_style
        view = {"country": "CN"} if row is None else address_view(row, self._dek, style)
        group = label(ADDRESSES, self._language)
        for part in _PLACE:
            hint = say("country", self._language) if part == "country" else ""
            yield self._plain(f"{ADDRESSES}.{part}", view.get(part) or "", hint, group)

    def _custom(self, definition: Definition) -> Entry:
        language, schema = self._language, definition.schema
        value = self._view["custom_fields"].get(definition.key)
        entry = Entry(CUSTOM + definition.key, pick(definition.labels, language), max_length=2000)
        if definition.sensitive:
            hint = say("none", language) if value is None else say("current", language, str(value))
            return replace(entry, hint=hint)
        shown = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        options: dict[str, str] = {}
        if schema.kind == "boolean":
            options = {key: pick(pair, language) for key, pair in YES_NO.items()}
        elif schema.choices:
            options = {"": pick(YES_NO[""], language), **{choice: choice for choice in schema.choices}}
        elif schema.vocabulary is not None:
            known = self._context.standards.catalogue.value.vocabularies.get(schema.vocabulary)
            entries = sorted(known.entries.values(), key=lambda one: one.position) if known else []
            options = {"": pick(YES_NO[""], language)}
            options |= {one.key: pick(one.labels, language) for one in entries if one.active or one.key == shown}
        kind: Any = "select" if options else "date" if schema.kind == "date" else "text"
        return replace(entry, value=shown, kind=kind, options=tuple(options.items()))
