"""What of a customer becomes match keys: blocks to meet in, and terms that are only counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from custhub.features.matching.rules.blocking import block_keys
from custhub.features.matching.rules.levels import Field
from custhub.features.matching.rules.persons import Person

#: Names and companies are counted apart from blocks, numbers and mailboxes by their blocks.
_TERMS: Final = {Field.NAME: "#n", Field.COMPANY: "#c", Field.PHONE: "p", Field.MAIL: "m"}
#: People and organisations are never one: their keys differ.
_ORGANISATION: Final = "\0"


def texts_of(person: Person, *, is_organisation: bool) -> frozenset[str]:
    """Everything that is kept of a customer as a key."""
    return frozenset((*blocks_of(person, is_organisation=is_organisation), *_terms(person, is_organisation)))


def blocks_of(person: Person, *, is_organisation: bool) -> frozenset[str]:
    """What it can meet others by."""
    if not is_organisation:
        return frozenset(block_keys(person))
    blocks = {_ORGANISATION + text for text in block_keys(person)}
    if person.company:
        blocks.add(f"{_ORGANISATION}o{person.company}")
    return frozenset(blocks)


def stored_forms(block: str) -> tuple[str, str]:
    """A block as people keep it, and as organisations do."""
    return block, _ORGANISATION + block


def term_of(field: Field, value: str, *, is_organisation: bool = False) -> str:
    """The key by which holders of a value are counted."""
    return (_ORGANISATION if is_organisation else "") + _TERMS[field] + value


def _terms(person: Person, is_organisation: bool) -> Iterator[str]:
    """Of phones and mailboxes the blocks are counted; but for masked numbers, which are none."""
    if person.name:
        yield term_of(Field.NAME, person.name.term, is_organisation=is_organisation)
    if person.company:
        yield term_of(Field.COMPANY, person.company, is_organisation=is_organisation)
