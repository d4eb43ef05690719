"""Keyed hashes that find a sealed number, an address or people who may be one without opening any."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from custhub.crypto.cipher import kdf, lv
from custhub.crypto.errors import KeyUnavailable
from custhub.crypto.hmacs import HmacSha256
from custhub.crypto.keyring import Keyring, Purpose


class BlindIndexes:
    """The exact and the last-4 index of phone numbers, and match keys, under every live `bidx` key.

    A `kid` of None means the newest. All methods raise KeyUnavailable for a kid that is not live, and ValueError for
    what is not normalised: a hash of another spelling would be a second identity of one number.
    """

    def __init__(self, keyring: Keyring) -> None:
        """Raise KeyMissing when the keyring has no live `bidx` key."""
        self._newest = keyring.newest(Purpose.BIDX)
        roots = {kid: keyring.root(Purpose.BIDX, kid) for kid in keyring.kids(Purpose.BIDX)}
        self._exact = {kid: HmacSha256(kdf(root, lv("bidx", "phone.exact.v1"))) for kid, root in roots.items()}
        self._last4 = {kid: HmacSha256(kdf(root, lv("bidx", "phone.last4.v1"))) for kid, root in roots.items()}
        # Four digits are few: as many buckets as a busy hub asks for are kept.
        self._bucket = lru_cache(maxsize=20_000)(self._bucket_of)
        self._match = {kid: HmacSha256(kdf(root, lv("bidx", "match.key.v1"))) for kid, root in roots.items()}

    def kids(self) -> tuple[int, ...]:
        """The live `bidx` keys, ascending."""
        return tuple(self._exact)

    def exact(self, e164_key: str, kid: int | None = None) -> bytes:
        """16 bytes that are equal for equal numbers (S-09). `e164_key` is the equivalence key, `+` and digits."""
        return self._key(self._exact, kid).digest(_e164(e164_key))[:16]

    def last4(self, digits: str, kid: int | None = None) -> int:
        """The bucket, 0 to 4095, of the last four of `digits`, the national number or its end (S-10).

        About one number in 4,096 shares a bucket by chance: whoever searches must open and compare.
        """
        if not (digits.isascii() and digits.isdigit()):
            raise ValueError("digits must be ASCII digits")
        return self._bucket(digits[-4:], kid)

    def match(self, texts: Iterable[str], kid: int | None = None) -> list[int]:
        """64 bits for each text, signed as databases keep them: equal for equal texts (MATCHING 2)."""
        digest, number = self._key(self._match, kid).digest, int.from_bytes
        return [number(digest(text.encode())[:8], "big", signed=True) for text in texts]

    def _bucket_of(self, last4: str, kid: int | None) -> int:
        return int.from_bytes(self._key(self._last4, kid).digest(last4.encode("ascii"))[:2], "big") >> 4

    def _key(self, keys: dict[int, HmacSha256], kid: int | None) -> HmacSha256:
        key = keys.get(self._newest if kid is None else kid)
        if key is None:
            raise KeyUnavailable
        return key


class SuppressionHashes:
    """Hashes of numbers and mailboxes that must not come back (S-85).

    All live keys are checked: nobody can hash an erased number again under a newer one (S-17).
    """

    def __init__(self, keyring: Keyring) -> None:
        """Raise KeyMissing when the keyring has no live `suppress` key."""
        keyring.newest(Purpose.SUPPRESS)
        self._keys = {
            kid: HmacSha256(kdf(keyring.root(Purpose.SUPPRESS, kid), lv("suppress")))
            for kid in keyring.kids(Purpose.SUPPRESS)
        }

    def of(self, e164: str) -> dict[int, bytes]:
        """The 32-byte hash under every live key, by kid. Raises ValueError unless `e164` is `+` and digits."""
        return self._of(_e164(e164))

    def of_mailbox(self, folded: str) -> dict[int, bytes]:
        """The same for an e-mail address, `local@domain` in the one form of all its spellings. Raises ValueError."""
        if "@" not in folded[1:]:
            raise ValueError("a mailbox has an at sign")
        return self._of(lv("mailbox", folded))

    def _of(self, message: bytes) -> dict[int, bytes]:
        return {kid: key.digest(message) for kid, key in self._keys.items()}


def _e164(number: str) -> bytes:
    if not (number.isascii() and number[:1] == "+" and number[1:].isdigit()):
        raise ValueError("number must be E.164: a plus sign and digits")
    return number.encode("ascii")
