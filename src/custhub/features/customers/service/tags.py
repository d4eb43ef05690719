"""Tags of a customer: a set, in which adding and removing commute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from custhub.features.customers.errors import TagNotFound, TooManyParts
from custhub.features.customers.models import TagRow
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.rules import tag_key
from custhub.features.customers.service.context import CustomerContext
from custhub.security.fields import Field

MAX_TAGS = 200
TagBack = tuple[str, str, datetime]


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

    async def change(
        self, customer_id: UUID, *, add: Sequence[str] = (), remove: Sequence[str] = (), back: Sequence[TagBack] = ()
    ) -> tuple[list[TagRow], list[TagRow]]:
        """Add and remove several at once: those that came and those that went, both empty when nothing changed.

        `back` are tags that come back as they were: by whom, and when. Raises TooManyParts.
        """
        self._who.require_writable({Field.TAGS})
        record = await self._context.live(customer_id)
        held = {tag.tag_key: tag for tag in record.tags}
        rows = [TagRow(record.row.id, tag_key(tag), tag, by, at) for tag, by, at in back]
        added = [row for row in rows if row.tag_key not in held]
        if add:
            added += [tag for tag in self._context.part_builder(record).tags(add) if tag.tag_key not in held]
        removed = [held[key] for key in dict.fromkeys(map(tag_key, remove)) if key in held]
        if len(held) + len(added) - len(removed) > MAX_TAGS:
            raise TooManyParts
        self._context.customers.add_parts(added)
        for tag in removed:
            self._context.customers.remove_tag(tag)
        if added or removed:
            told = [", ".join(tag.tag for tag in tags) or None for tags in (removed, added)]
            self._changed(record, "tag.added" if added else "tag.removed", told)
        return added, removed

    def _changed(self, record: CustomerRecord, action: str, told: list[str | None]) -> None:
        self._context.changed(record, [Field.TAGS.value], details={Field.TAGS.value: told}, action=action)


def _find(record: CustomerRecord, name: str) -> TagRow | None:
    key = tag_key(name)
    return next((tag for tag in record.tags if tag.tag_key == key), None)
