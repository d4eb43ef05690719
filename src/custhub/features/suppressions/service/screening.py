"""Ask the suppression list about many numbers and mailboxes with one read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from custhub.crypto.live import LiveKeys
from custhub.features.phones.rules import PhoneNumber, equivalence_key
from custhub.features.suppressions.errors import Suppressed
from custhub.features.suppressions.models import HashRow
from custhub.features.suppressions.queries import hashes_among
from custhub.features.suppressions.rules import SuppressionKind
from custhub.http.issues import issue
from custhub.kit.query import Reader


def number_hashes(keys: LiveKeys, e164: str) -> frozenset[tuple[int, bytes]]:
    """(kid, hash) of a number, and of the form that all its national variants share (S-09)."""
    same = {e164, equivalence_key(e164)}
    return frozenset(pair for text in same for pair in keys.suppressions.of(text).items())


def mailbox_hashes(keys: LiveKeys, folded: str) -> frozenset[tuple[int, bytes]]:
    """(kid, hash) of a mailbox, given in the one form of all its spellings."""
    return frozenset(keys.suppressions.of_mailbox(folded).items())


class Screened:
    """What the list says of what was asked."""

    __slots__ = ("_by_text",)

    def __init__(self, by_text: Mapping[str, list[HashRow]]) -> None:
        self._by_text = by_text

    def number(self, number: PhoneNumber, pointer: str) -> UUID | None:
        """The entry that forbids to contact this number, None for none. Raises Suppressed at `pointer`."""
        return self._answer(number.e164, pointer)

    def mailbox(self, folded: str, pointer: str) -> UUID | None:
        """The same of a mailbox."""
        return self._answer(folded, pointer)

    def _answer(self, text: str, pointer: str) -> UUID | None:
        found = self._by_text.get(text)
        if not found:
            return None
        if any(row.kind == SuppressionKind.ERASED for row in found):
            raise Suppressed(issues=[issue(pointer, Suppressed.code)])
        return min(row.suppression_id for row in found)


#: Of nobody anything is known.
NOBODY = Screened({})


async def screen(reader: Reader, keys: LiveKeys, numbers: Iterable[PhoneNumber], mailboxes: Iterable[str]) -> Screened:
    """Ask about these numbers and folded addresses; nothing asked costs nothing."""
    asked = {number.e164: number_hashes(keys, number.e164) for number in numbers}
    asked |= {folded: mailbox_hashes(keys, folded) for folded in mailboxes}
    return await screen_hashes(reader, asked)


async def screen_hashes(reader: Reader, asked: Mapping[str, frozenset[tuple[int, bytes]]]) -> Screened:
    """The same for what is hashed already: `mailbox` answers for each name that was given."""
    if not asked:
        return NOBODY
    rows = await hashes_among(reader, {digest for hashes in asked.values() for _, digest in hashes})
    if not rows:
        return NOBODY
    by_hash: dict[bytes, list[HashRow]] = {}
    for row in rows:
        by_hash.setdefault(bytes(row.hash), []).append(row)
    return Screened(
        {text: [row for _, digest in hashes for row in by_hash.get(digest, ())] for text, hashes in asked.items()}
    )
