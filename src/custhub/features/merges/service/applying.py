"""What a plan makes of the survivor's own record: its columns, and where its values come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from custhub.features.customers.rules import CustomerKind, pinyin_key
from custhub.features.customers.rules.provenance import Origin, Rule
from custhub.features.customers.schemas.views import TEXTS
from custhub.features.customers.service.custom import PREFIX, opened, sealed_values
from custhub.features.customers.service.profile import shown_member
from custhub.features.customers.service.texts import stored_texts
from custhub.features.merges.queries import CustomerRow
from custhub.features.merges.rules import SurvivorRule
from custhub.features.merges.service.plans import Plan
from custhub.features.merges.service.values import TOGETHER, UNITED, MemberValues
from custhub.kit.ids import Prefix, to_text
from custhub.security.fields import Field

_PARTS: Final = (
    ("phones", Prefix.PHONE),
    ("emails", Prefix.EMAIL),
    ("addresses", Prefix.ADDRESS),
    ("contacts", Prefix.CONTACT),
)
#: Rules by which a field keeps what the survivor has, or has what all have.
_OWN: Final = frozenset({SurvivorRule.UNITED, SurvivorRule.SURVIVOR, SurvivorRule.NONE})


class SurvivorChange(NamedTuple):
    """What changes of the survivor: columns, origins by key, and old and new values to tell of, by field."""

    values: dict[str, Any]
    origins: dict[str, Origin | None]
    details: dict[str, Any]


def survivor_change(plan: Plan, country: str) -> SurvivorChange:
    """The change that a plan asks for. Raises IntegrityError when a value does not open."""
    survivor = plan.survivor
    row, others = survivor.record.row, {member.id: member for member in plan.absorbed}
    values, origins, texts, custom = dict[str, Any](), dict[str, Origin | None](), dict[str, Any](), dict[str, Any]()
    for field, giver in _given(plan, others):
        origins.update(_origin(survivor, giver, field))
        if field.startswith(PREFIX):
            custom[field.removeprefix(PREFIX)] = giver
        elif field in TEXTS:
            if giver.texts[field] != survivor.texts[field]:
                texts[field] = giver.texts[field]
        else:
            values.update((n, v) for n, v in giver.columns(field).items() if getattr(row, n) != v)
    values.update(_needs(plan))
    values.update(stored_texts(survivor.dek, row, texts, country) if texts else {})
    if "display_name" in texts:
        values["name_key"] = pinyin_key(values["display_name"], CustomerKind(row.kind))
    changed = {key for key, giver in custom.items() if giver.custom.get(key) != survivor.custom.get(key)}
    values.update(_custom(survivor, {key: custom[key] for key in sorted(changed)}))
    fields = {Field.BIRTHDAY.value if name.startswith("birthday") else name for name in values}
    fields &= {field.field for field in plan.fields}
    new = row._replace(**values)
    details = {field: [shown_member(row, field), shown_member(new, field)] for field in sorted(fields)}
    if changed:
        details[Field.CUSTOM_FIELDS.value] = [_shown(one, changed) for one in (row, new)]
    origins.update(_of_parts(survivor, plan))
    return SurvivorChange(values, origins, details)


def _given(plan: Plan, others: Mapping[UUID, MemberValues]) -> Iterator[tuple[str, MemberValues]]:
    """Fields that get the value of another customer."""
    for field, picked in plan.fields:
        giver = None if picked.customer_id is None else others.get(picked.customer_id)
        if giver is not None and picked.rule not in _OWN:
            yield field, giver


def _origin(survivor: MemberValues, giver: MemberValues, field: str) -> dict[str, Origin | None]:
    known = giver.origin(field)
    if field in TOGETHER and not giver.provenance.is_told(field):
        # Nobody said the half: it goes on following the whole.
        return {field: None} if survivor.provenance.is_told(field) else {}
    return {field: known._replace(rule=Rule.MERGED)}


def _needs(plan: Plan) -> dict[str, Any]:
    (field,) = UNITED
    own = plan.survivor.record.row.needs
    united = sorted({need for member in plan.members for need in member.record.row.needs or ()}) or None
    return {} if united == own else {field: united}


def _custom(survivor: MemberValues, given: Mapping[str, MemberValues]) -> dict[str, Any]:
    if not given:
        return {}
    row = survivor.record.row
    plain, secret = dict(row.custom or {}), opened(survivor.dek, row)
    before = dict(secret)
    for key, giver in given.items():
        value = giver.custom.get(key)
        plain.pop(key, None)
        secret.pop(key, None)
        if value is None:
            continue
        # Without a value in the clear it is among the sealed ones.
        is_secret = (giver.record.row.custom or {}).get(key) is None
        plain[key] = None if is_secret else value
        if is_secret:
            secret[key] = value
    columns: dict[str, Any] = {"custom": plain or None}
    if secret != before:
        columns["custom_sealed"] = sealed_values(survivor.dek, row.id, secret)
    return columns


def _of_parts(survivor: MemberValues, plan: Plan) -> Iterator[tuple[str, Origin]]:
    """Parts go on coming from where they came from."""
    whole = survivor.provenance.whole.source
    for member in plan.absorbed:
        for name, prefix in _PARTS:
            for part in getattr(member.record, name):
                key = to_text(prefix, part.id)
                origin = member.provenance.of_part(key, part.created_at)
                if member.provenance.is_told(key) or origin.source != whole:
                    yield key, origin._replace(rule=Rule.MERGED)


def _shown(row: CustomerRow, keys: set[str]) -> dict[str, Any]:
    """Custom fields for an audit entry; sensitive ones are null there."""
    return {key: (row.custom or {}).get(key) for key in sorted(keys)}


def fields_of(plan: Plan, change: SurvivorChange) -> tuple[str, ...]:
    """Names of the members of the survivor that a merge changes."""
    parts = {
        "customer_phones": Field.PHONES, "customer_emails": Field.EMAILS, "customer_addresses": Field.ADDRESSES,
        "customer_contacts": Field.CONTACTS, "customer_external_ids": Field.EXTERNAL_IDS, "customer_tags": Field.TAGS,
    }  # fmt: skip
    moved = {field.value for table, field in parts.items() if plan.moves.get(table)}
    return tuple(sorted(moved | change.details.keys()))
