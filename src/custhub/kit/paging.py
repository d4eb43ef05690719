"""Keyset pages: opaque, signed cursors bound to who asks what (CONTRACT C2)."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson

from custhub.kit.errors import FieldIssue, Location, RuleBroken, Text

T = TypeVar("T")
Sign = Callable[[bytes], bytes]


class InvalidCursor(RuleBroken):
    """The cursor does not belong to this list, filter, order or caller. Start without one."""

    code = "invalid_cursor"
    title = "Invalid cursor"
    zh = Text("游标无效", "游标不属于此列表、筛选条件、排序或调用者，请从头开始读取。")

    def __init__(self, location: Location = "query") -> None:
        super().__init__(issues=[FieldIssue("#/cursor", self.code, location)])


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows of one page; `after` is the key of its last row when more follow."""

    items: Sequence[T]
    after: tuple[Any, ...] | None = None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Cursors:
    """Writes and reads cursors of one list: `binding` names caller, route, filter and order."""

    def __init__(self, sign: Sign, binding: Sequence[Any]) -> None:
        self._sign = sign
        self._binding = orjson.dumps(list(binding), default=str)

    def write(self, after: Sequence[Any] | None) -> str | None:
        """The cursor that continues behind this key, or None at the end."""
        if after is None:
            return None
        key = orjson.dumps(list(after))
        return _text(self._mac(key) + key)

    def read(self, cursor: str | None, location: Location = "query") -> list[Any] | None:
        """The key to continue behind. Raises InvalidCursor."""
        if cursor is None:
            return None
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except (binascii.Error, ValueError):
            raise InvalidCursor(location) from None
        mac, key = raw[:16], raw[16:]
        # The decoder skips what is not of its alphabet, and bits that make no byte: that was altered, too.
        if _text(raw) != cursor or len(mac) != 16 or not hmac.compare_digest(mac, self._mac(key)):
            raise InvalidCursor(location)
        parsed: list[Any] = orjson.loads(key)
        return parsed

    def _mac(self, key: bytes) -> bytes:
        return self._sign(len(key).to_bytes(4, "big") + key + self._binding)[:16]
