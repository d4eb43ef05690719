"""Tags of a customer: a set, in which adding and removing commute."""

from __future__ import annotations

from uuid import UUID

from custhub.features.customers.errors import TagNotFound, TooManyParts
from custhub.features.customers.models import TagRow
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.rules import tag_key
from custhub.features.customers.service.context import CustomerContext
from custhub.security.fields import Field

MAX_TAGS = 200


class CustomerTags:
    """Use cases of the tags of one customer. VIP and vip are one tag."""

    def __init__(self, context: CustomerContext) -> None:
        self._context = context
        self._who = context.who

    async def add(self, customer_id: UUID, name: str) -> TagRow:
        """Tag a customer; a tag it has stays as the first one set it."""
        self._who.require_writable({Field.TAGS})
        record = await self._context.live(customer_id)
        known = _find(record, name)
        if known is not None:
            return known
        if len(record.tags) >= MAX_TAGS:
            raise TooManyParts
        (tag,) = self._context.part_builder(record).tags([name])
        self._context.customers.add_parts([tag])
        self._changed(record, "tag.added", [None, tag.tag])
        return tag

    async def remove(self, customer_id: UUID, name: str) -> None:
        """Take a tag off a customer. Raises TagNotFound."""
        self._who.require_writable({Field.TAGS})
        record = await self._context.live(customer_id)
        tag = _find(record, name)
        if tag is None:
            raise TagNotFound
        self._context.customers.remove_tag(tag)
        self._changed(record, "tag.removed", [tag.tag, None])

    def _changed(self, record: CustomerRecord, action: str, told: list[str | None]) -> None:
        self._context.changed(record, [Field.TAGS.value], details={Field.TAGS.value: told}, action=action)


def _find(record: CustomerRecord, name: str) -> TagRow | None:
    key = tag_key(name)
    return next((tag for tag in record.tags if tag.tag_key == key), None)
