"""Find customers by what somebody types (S-61, contract_c2, contract_b4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.listing import Selection
from custhub.features.customers.queries.search import Position, TokenSearch
from custhub.features.customers.rules import CustomerKind
from custhub.features.customers.rules.search import Place, SearchPlan, found_ranges
from custhub.features.customers.rules.tokens import Entry, Letter, entries_of, full_name
from custhub.features.customers.rules.units import units_of
from custhub.features.customers.schemas.views import TEXTS
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.lookup import CustomerLookup
from custhub.features.phones.errors import PhoneInvalid
from custhub.features.phones.rules import PhoneNumber, blank_placeholders, mask
from custhub.features.phones.vault import shown_texts
from custhub.kit.paging import Page
from custhub.security.fields import Field, FieldPolicy
from custhub.security.principal import InsufficientScope
from custhub.security.scopes import Scope

#: Which fields the tokens of a letter tell of: all of them must be readable.
_FIELDS: Final[dict[Letter, tuple[Field, ...]]] = {
    Letter.NAME: (Field.DISPLAY_NAME,),
    Letter.NAME_INNER: (Field.DISPLAY_NAME,),
    Letter.FULL_NAME: (Field.FAMILY_NAME, Field.GIVEN_NAME),
    Letter.FULL_NAME_INNER: (Field.FAMILY_NAME, Field.GIVEN_NAME),
    Letter.COMPANY: (Field.COMPANY_NAME,),
    Letter.COMPANY_INNER: (Field.COMPANY_NAME,),
    Letter.EMAIL: (Field.EMAILS,),
    Letter.EMAIL_DOMAIN: (Field.EMAILS,),
    Letter.EXTERNAL_ID: (Field.EXTERNAL_IDS,),
    Letter.TAX_ID: (Field.TAX_ID,),
}
_FULL_NAME: Final = "full_name"
#: What may be a number in some spelling: figures and what people put between them.
_NUMBER: Final = re.compile(
    r"\s*(?:tel:)?[\s+＋(（\[]*\d(?:[\s\-‐-―−－./()（）\[\]]{0,4}\d){5,}[\s)）\]]*"
    r"(?:(?:;ext=|ext|x|#|转|轉|分机|分機)[\s.:：]*\d{1,10}\s*)?",
    re.IGNORECASE,
)
#: Times a page is filled up when tokens led to customers who stand elsewhere in the answer.
_ROUNDS: Final = 5
_SPARE: Final = 10


class Match(NamedTuple):
    """Where a query met a customer: the field, its text as the caller sees it, and the characters of it."""

    field: str
    text: str | None
    ranges: Sequence[tuple[int, int]]


class Hit(NamedTuple):
    """A customer that was found."""

    record: CustomerRecord
    match: Match


class _Known(NamedTuple):
    """A customer that was read, and where it stands in the answer."""

    record: CustomerRecord
    best: tuple[Place, Entry] | None


class CustomerSearch:
    """Search as one caller may. Fields that the caller does not see in full are not searched (S-61)."""

    def __init__(self, context: CustomerContext) -> None:
        self._context = context
        self._who = context.who

    async def find(self, q: str, selection: Selection, after: list[Any] | None, limit: int) -> Page[Hit]:
        """One page; `after` is `Page.after` of the page before.

        A text that is a phone number is looked up, under quota and audit. Raises InsufficientScope without the right
        to do so, LookupQuotaExceeded, MaskProbing.
        """
        number = self._number(q)
        if number is not None:
            return await self._looked_up(q, number, selection, after, limit)
        plan = SearchPlan(q, _readable(self._who.policy))
        if not plan.probes:
            return Page(())
        search = TokenSearch(self._context.uow, self._who.reach, selection, plan.probes)
        position = None if after is None else Position(after[0], after[1], UUID(hex=after[2]))
        few = await search.few()
        if few is not None:
            return await self._among(few, search, plan, position, limit)
        return await self._walked(search, plan, position, limit)

    async def _walked(self, search: TokenSearch, plan: SearchPlan, position: Position | None, limit: int) -> Page[Hit]:
        """Follow the tokens. One that is not the best of its customer is passed by: that one stands elsewhere."""
        hits: list[tuple[Position, Hit]] = []
        known: dict[UUID, _Known] = {}
        for _ in range(_ROUNDS):
            wanted = limit - len(hits) + 1
            size = wanted + (_SPARE if hits else 0)
            found = await search.behind(position, size)
            hits += await self._hits(search, plan, found, known)
            if len(hits) > limit or len(found) < size:
                break
            position = found[-1]
        else:
            # A short page: more may follow what was looked at.
            return Page([hit for _, hit in hits], _key(position))
        return _page(hits, limit)

    async def _among(
        self, ids: Sequence[UUID], search: TokenSearch, plan: SearchPlan, position: Position | None, limit: int
    ) -> Page[Hit]:
        """Look through the tokens of these customers, and order those that answer."""
        best: dict[UUID, Position] = {}
        for token, customer_id in await search.of(ids, plan.heads):
            place = plan.place(token)
            if place is not None:
                here = Position(*place, customer_id)
                best[customer_id] = min(here, best.get(customer_id, here))
        behind = {here.customer_id: here for here in best.values() if position is None or here > position}
        ordered = sorted(behind[customer_id] for customer_id in await search.chosen(behind)) if behind else []
        shown = ordered[:limit]
        hits = [hit for _, hit in await self._hits(search, plan, shown, {})]
        return Page(hits, _key(shown[-1]) if len(ordered) > limit else None)

    async def _hits(
        self, search: TokenSearch, plan: SearchPlan, positions: Sequence[Position], known: dict[UUID, _Known]
    ) -> list[tuple[Position, Hit]]:
        """Those of the positions that are the best of their customers; `known` are customers read before."""
        new = {position.customer_id for position in positions} - known.keys()
        if new:
            for customer_id, record in (await search.records(new)).items():
                best = plan.best(entries_of(record.row, record.emails, record.external_ids))
                known[customer_id] = _Known(record, best)
        hits = []
        for position in positions:
            here = known.get(position.customer_id)
            if here is not None and here.best is not None and here.best[0] == position[:2]:
                match = self._match(here.record, plan, position, here.best[1])
                hits.append((position, Hit(here.record, match)))
        return hits

    def _match(self, record: CustomerRecord, plan: SearchPlan, position: Position, entry: Entry) -> Match:
        probe, row = plan.probes[position.probe], record.row
        size = len(probe.low) - 1
        if entry.letter == Letter.EMAIL:
            text = record.emails[entry.part].email
            return Match(Field.EMAILS, text, [(0, min(size, len(text)))])
        if entry.letter == Letter.EMAIL_DOMAIN:
            text = record.emails[entry.part].email
            start = text.rindex("@") + 1
            return Match(Field.EMAILS, text, [(start, min(start + size, len(text)))])
        if entry.letter == Letter.EXTERNAL_ID:
            text = record.external_ids[entry.part].external_id
            return Match(Field.EXTERNAL_IDS, text, [(0, min(size, len(text)))])
        if entry.letter == Letter.TAX_ID:
            return Match(Field.TAX_ID, row.tax_id, [(0, size)])
        field, stored = _name_of(record, entry.letter)
        is_person = row.kind == CustomerKind.PERSON and field != Field.COMPANY_NAME
        units = units_of(blank_placeholders(stored), person=is_person)
        ranges = found_ranges(units, entry.at, probe.way, plan.words if probe.others else ())
        return Match(field, *self._shown(record, field, stored, ranges))

    def _shown(
        self, record: CustomerRecord, field: str, stored: str, ranges: list[tuple[int, int]]
    ) -> tuple[str, list[tuple[int, int]]]:
        """A text with masks for its sealed numbers, and where the found characters are in it."""
        if record.row.spans is None:
            return stored, ranges
        if field == _FULL_NAME:
            return blank_placeholders(stored), ranges
        row, context = record.row, self._context
        texts = {name: getattr(row, name) for name in TEXTS}
        shown = shown_texts(context.readable_dek(record), "customers", row.id, row.spans, texts, context.mask_style)
        text = shown[field] or ""
        # A mask stands in the place of a number, so what was found is found again as a piece of the text.
        return text, list(_moved(stored, text, ranges))

    def _number(self, q: str) -> PhoneNumber | None:
        if _NUMBER.fullmatch(q) is None:
            return None
        try:
            return PhoneNumber.parse(q.strip(), self._context.country)
        except PhoneInvalid:
            return None

    async def _looked_up(
        self, q: str, number: PhoneNumber, selection: Selection, after: list[Any] | None, limit: int
    ) -> Page[Hit]:
        context, who = self._context, self._who
        if Scope.PHONES_LOOKUP not in who.scopes:
            raise InsufficientScope(Scope.PHONES_LOOKUP)
        records = (await CustomerLookup(context, context.quotas).by_number(q.strip(), None)).items
        search = TokenSearch(context.uow, who.reach, selection, ())
        selected = await search.selected(record.row.id for record in records) if records else set[UUID]()
        behind = UUID(int=0) if after is None else UUID(hex=after[0])
        records = [record for record in records if record.row.id in selected and record.row.id > behind]
        hits = [Hit(record, self._number_match(record, number)) for record in records[:limit]]
        return Page(hits, (records[limit - 1].row.id.hex,) if len(records) > limit else None)

    def _number_match(self, record: CustomerRecord, number: PhoneNumber) -> Match:
        policy = self._who.policy
        shown = mask(number.e164, self._context.mask_style) if policy.access[Field.PHONES] else None
        return Match(Field.PHONES, shown, ())


def _readable(policy: FieldPolicy) -> frozenset[Letter]:
    return frozenset(letter for letter, fields in _FIELDS.items() if all(map(policy.may_read, fields)))


def _name_of(record: CustomerRecord, letter: Letter) -> tuple[str, str]:
    row = record.row
    if letter in (Letter.NAME, Letter.NAME_INNER):
        return Field.DISPLAY_NAME, row.display_name
    if letter in (Letter.COMPANY, Letter.COMPANY_INNER):
        return Field.COMPANY_NAME, row.company_name or ""
    return _FULL_NAME, full_name(row)


def _moved(stored: str, shown: str, ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    at = 0
    for start, end in ranges:
        begin = shown.find(stored[start:end], at)
        if begin < 0:
            return
        at = begin + end - start
        yield begin, at


def _key(position: Position | None) -> tuple[Any, ...] | None:
    return None if position is None else (position.probe, position.token, position.customer_id.hex)


def _page(hits: Sequence[tuple[Position, Hit]], limit: int) -> Page[Hit]:
    items = [hit for _, hit in hits[:limit]]
    return Page(items, _key(hits[limit - 1][0]) if len(hits) > limit else None)
