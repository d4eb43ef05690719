"""What somebody sees of the values that a score compared: as the member that they come from is seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from custhub.features.customers.service.context import CustomerContext
from custhub.features.matching.rules.contacts import Number
from custhub.features.matching.rules.levels import Field as Compared
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.service.explaining import shown
from custhub.features.phones.rules import MaskStyle, find_numbers, mask, render_placeholders, replace_spans
from custhub.security.fields import Field

#: Which member of a customer a compared field comes from: who does not see that does not see this.
_MEMBERS: Final[Mapping[Compared, Field]] = {
    Compared.NAME: Field.DISPLAY_NAME,
    Compared.SUFFIX: Field.DISPLAY_NAME,
    Compared.PHONE: Field.PHONES,
    Compared.MAIL: Field.EMAILS,
    Compared.ADDRESS: Field.ADDRESSES,
    Compared.BIRTHDAY: Field.BIRTHDAY,
    Compared.PERSONAL_ID: Field.EXTERNAL_IDS,
    Compared.COMPANY: Field.COMPANY_NAME,
}
_WITH_TEXTS: Final = frozenset({Compared.NAME, Compared.ADDRESS, Compared.COMPANY})
_LONGEST: Final = 1_000
_TAIL: Final = 4
_HIDDEN: Final = 7


def seen(context: CustomerContext, field: Compared, person: Person) -> str | None:
    """What the caller sees of a compared value; None where its role does not see the member, or nothing is left."""
    policy = context.who.policy
    if not policy.may_read(_MEMBERS[field]):
        return None
    if field is Compared.PHONE:
        text = ", ".join(filter(None, (_number(number, context.mask_style) for number in person.numbers)))
    else:
        text = shown(field, person)
    if field in _WITH_TEXTS and (spans := find_numbers(text, context.country)):
        stored, numbers = replace_spans(text, spans)
        text = render_placeholders(stored, [mask(number.e164, context.mask_style) for number in numbers])
    return text[:_LONGEST] or None


def _number(number: Number, style: MaskStyle) -> str | None:
    if not number.is_masked:
        return mask(number.value, style)
    if style is MaskStyle.NONE:
        return None
    return "*" * _HIDDEN + number.value[-_TAIL:] if style is MaskStyle.LAST4 else number.value
