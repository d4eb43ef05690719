"""Envelope encryption of single fields: a key per customer, wrapped by the key of the deployment (SECURITY 1)."""

from __future__ import annotations

import os
from functools import lru_cache
from struct import Struct
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from custhub.crypto.errors import IntegrityError, KeyUnavailable
from custhub.crypto.keyring import Keyring, Purpose

#: Owner of the key for secrets that belong to no customer (S-05).
SYSTEM: Final = UUID(int=0)

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_BLOCK: Final = 32
_U32_MAX: Final = 0xFFFF_FFFF


def u32(number: int) -> bytes:
    """Four bytes, big-endian: how a number stands in a header, and in a part of `lv`."""
    return number.to_bytes(4, "big")


def lv(*parts: bytes | str | UUID) -> bytes:
    """Each part behind its length as u32, so that no two lists of parts give the same bytes (S-03).

    Numbers are parts like any other: `u32(n)` for a u32, one byte for a u8.
    """
    framed: list[bytes] = []
    for part in parts:
        raw = part if isinstance(part, bytes) else part.encode() if isinstance(part, str) else part.bytes
        framed += (u32(len(raw)), raw)
    return b"".join(framed)


def kdf(root: bytes, info: bytes) -> bytes:
    """A 32-byte key of its own for each `info` (S-05)."""
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=b"custhub/v1", info=info).derive(root)


# Field blob (S-07): format, algorithm, u32 version of the DEK | nonce | ciphertext and tag.
_FIELD_FORMAT: Final = b"\x01\x01"
_FIELD_HEADER: Final = len(_FIELD_FORMAT) + 4
_FIELD_BODY: Final = _FIELD_HEADER + _NONCE_BYTES
_FIELD_MIN: Final = _FIELD_BODY + _BLOCK + _TAG_BYTES
_FIELD_REST: Final = (_FIELD_BODY + _TAG_BYTES) % _BLOCK
_PADDING: Final = tuple(b"\x80".ljust(_BLOCK - used, b"\0") for used in range(_BLOCK))
_CHUNK_CONTEXT: Final = b"CHS1"
# The end of the AAD, as lv(customer, u32(version), u8(algorithm)) frames it.
_FIELD_AAD_END: Final = Struct(">I16sIIIB")

# Wrapped DEK (S-06): format, u32 kid | nonce | encrypted DEK and tag.
_WRAP_FORMAT: Final = b"\x01"
_WRAP_HEADER: Final = len(_WRAP_FORMAT) + 4
_WRAP_BODY: Final = _WRAP_HEADER + _NONCE_BYTES
_WRAP_BYTES: Final = _WRAP_BODY + _KEY_BYTES + _TAG_BYTES
# The AAD, as lv("CHK1", customer, u32(version), u32(kid)) frames it.
_WRAP_AAD: Final = Struct(">8sI16sIIII")
_WRAP_CONTEXT: Final = lv("CHK1")


@lru_cache(maxsize=256)
def _place(table: str, column: str) -> bytes:
    """The start of a field's AAD, up to and with the length of the row id."""
    return lv("CHF1", table, column) + u32(16)


class Dek:
    """The data key of one customer in one version: seals and opens the fields of that customer only."""

    __slots__ = ("_aad_end", "_aead", "_header", "version")

    def __init__(self, key: bytes, customer: bytes, version: int) -> None:
        self.version = version
        self._aead = AESGCM(key)
        self._header = _FIELD_FORMAT + u32(version)
        self._aad_end = _FIELD_AAD_END.pack(16, customer, 4, version, 1, _FIELD_FORMAT[1])

    def __repr__(self) -> str:
        return f"<Dek version={self.version}>"

    def seal(self, table: str, column: str, row_id: UUID, plaintext: bytes, *, nonce: bytes | None = None) -> bytes:
        """The blob of one field, bound to its place (S-07): 66 bytes for up to 31 bytes of plaintext, 32 more each.

        `nonce` is for known answers in tests only; one used twice gives both plaintexts away.
        """
        nonce = nonce or os.urandom(_NONCE_BYTES)
        aad = _place(table, column) + row_id.bytes + self._aad_end
        return self._header + nonce + self._aead.encrypt(nonce, plaintext + _PADDING[len(plaintext) % _BLOCK], aad)

    def open(self, table: str, column: str, row_id: UUID, blob: bytes) -> bytes:
        """The plaintext of `blob`. Raises IntegrityError unless it was sealed at this very place by this key."""
        return self.open_at(table, column, row_id.bytes, blob)

    def open_at(self, table: str, column: str, row_id: bytes, blob: bytes) -> bytes:
        """`open` for who has the id as bytes."""
        if blob[:_FIELD_HEADER] != self._header or len(blob) < _FIELD_MIN or len(blob) % _BLOCK != _FIELD_REST:
            raise IntegrityError
        aad = _place(table, column) + row_id + self._aad_end
        try:
            padded = self._aead.decrypt(blob[_FIELD_HEADER:_FIELD_BODY], blob[_FIELD_BODY:], aad)
        except InvalidTag:
            raise IntegrityError from None
        marked = padded.rstrip(b"\0")
        if marked[-1:] != b"\x80" or len(padded) - len(marked) >= _BLOCK:
            raise IntegrityError
        return marked[:-1]

    def seal_chunk(self, file_id: UUID, number: int, plaintext: bytes, *, is_last: bool) -> bytes:
        """One piece of a stored file, bound to its file, its place and whether it is the last; never padded."""
        nonce = os.urandom(_NONCE_BYTES)
        aad = self._chunk_aad(file_id, number, is_last=is_last)
        return self._header + nonce + self._aead.encrypt(nonce, plaintext, aad)

    def open_chunk(self, file_id: UUID, number: int, blob: bytes, *, is_last: bool) -> bytes:
        """The plaintext of a piece. Raises IntegrityError unless it is this piece of this file."""
        if blob[:_FIELD_HEADER] != self._header:
            raise IntegrityError
        aad = self._chunk_aad(file_id, number, is_last=is_last)
        try:
            return self._aead.decrypt(blob[_FIELD_HEADER:_FIELD_BODY], blob[_FIELD_BODY:], aad)
        except InvalidTag:
            raise IntegrityError from None

    def _chunk_aad(self, file_id: UUID, number: int, *, is_last: bool) -> bytes:
        return lv(_CHUNK_CONTEXT, file_id, u32(number), bytes([is_last])) + self._aad_end


class _Wrapping:
    """The key encryption keys of one keyring, and the DEKs opened under them."""

    __slots__ = ("_keks", "newest", "unwrap")

    def __init__(self, keyring: Keyring, capacity: int) -> None:
        self.newest = keyring.newest(Purpose.FIELD)
        self._keks = {
            kid: AESGCM(kdf(keyring.root(Purpose.FIELD, kid), lv("kek"))) for kid in keyring.kids(Purpose.FIELD)
        }
        # The blob is part of the cache key: a DEK that was wrapped anew or destroyed is never found by what is stored.
        self.unwrap = lru_cache(maxsize=capacity)(self.unwrap_anew)

    def unwrap_anew(self, customer: bytes, version: int, wrapped: bytes) -> Dek:
        return Dek(self.open(customer, version, wrapped), customer, version)

    def open(self, customer: bytes, version: int, wrapped: bytes) -> bytes:
        kid = _kid_of(wrapped)
        if not 0 < version <= _U32_MAX:
            raise IntegrityError
        aad = _WRAP_AAD.pack(_WRAP_CONTEXT, 16, customer, 4, version, 4, kid)
        try:
            return self._kek(kid).decrypt(wrapped[_WRAP_HEADER:_WRAP_BODY], wrapped[_WRAP_BODY:], aad)
        except InvalidTag:
            raise IntegrityError from None

    def wrap(self, kid: int, customer: bytes, version: int, key: bytes, nonce: bytes | None = None) -> bytes:
        nonce = nonce or os.urandom(_NONCE_BYTES)
        aad = _WRAP_AAD.pack(_WRAP_CONTEXT, 16, customer, 4, version, 4, kid)
        return _WRAP_FORMAT + u32(kid) + nonce + self._kek(kid).encrypt(nonce, key, aad)

    def _kek(self, kid: int) -> AESGCM:
        kek = self._keks.get(kid)
        if kek is None:
            raise KeyUnavailable
        return kek


class FieldCipher:
    """Makes, wraps and opens data keys. Secrets without a customer use the key of `SYSTEM`.

    Safe to share between threads. `cache_size` bounds how many opened data keys are kept (least recently used go).
    """

    def __init__(self, keyring: Keyring, *, cache_size: int = 4096) -> None:
        """Raise KeyMissing when the keyring has no live field key."""
        self._cache_size = cache_size
        self._wrapping = _Wrapping(keyring, cache_size)

    def reload(self, keyring: Keyring) -> None:
        """Use another keyring from now on; calls under way finish with the old one. Raises KeyMissing."""
        self._wrapping = _Wrapping(keyring, self._cache_size)

    def new_dek(
        self, customer_id: UUID, version: int = 1, *, key: bytes | None = None, nonce: bytes | None = None
    ) -> tuple[Dek, bytes]:
        """A random data key and its wrapped form, 65 bytes under the newest field key (S-06).

        `key` and `nonce` are for known answers in tests only.
        """
        wrapping, customer = self._wrapping, customer_id.bytes
        key = key or os.urandom(_KEY_BYTES)
        return Dek(key, customer, version), wrapping.wrap(wrapping.newest, customer, version, key, nonce)

    def unwrap(self, customer_id: UUID, version: int, wrapped: bytes) -> Dek:
        """The data key in `wrapped`.

        Raises IntegrityError when it is not the key of this customer and version, KeyUnavailable when the keyring
        lacks the key it is wrapped under.
        """
        return self._wrapping.unwrap(customer_id.bytes, version, wrapped)

    def unwrap_once(self, customer_id: bytes, version: int, wrapped: bytes) -> Dek:
        """`unwrap` for who reads everybody once: the keys that are kept stay those that are asked for again."""
        return self._wrapping.unwrap_anew(customer_id, version, wrapped)

    def rewrap(self, customer_id: UUID, version: int, wrapped: bytes, to_kid: int) -> bytes:
        """The same data key wrapped under `to_kid`; fields sealed by it stay as they are. Raises as `unwrap` does."""
        wrapping, customer = self._wrapping, customer_id.bytes
        return wrapping.wrap(to_kid, customer, version, wrapping.open(customer, version, wrapped))

    def kid_of(self, wrapped: bytes) -> int:
        """The field key that `wrapped` needs. Raises IntegrityError when it is no wrapped key."""
        return _kid_of(wrapped)


def _kid_of(wrapped: bytes) -> int:
    if len(wrapped) != _WRAP_BYTES or wrapped[:1] != _WRAP_FORMAT:
        raise IntegrityError
    return int.from_bytes(wrapped[1:_WRAP_HEADER], "big")
