"""How a sealed value travels between the cipher and a database column."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator


class Sealed:
    """A blob made by `Dek.seal`. Hides in `repr` and `str`, and no JSON encoder takes it (S-20).

    Not a dataclass and not a subclass of bytes: encoders know those.
    """

    __slots__ = ("blob",)

    def __init__(self, blob: bytes) -> None:
        self.blob: Final = blob

    def __repr__(self) -> str:
        return "<sealed>"

    def __eq__(self, other: object) -> bool:
        return self.blob == other.blob if isinstance(other, Sealed) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.blob)


class SealedColumn(TypeDecorator[Sealed]):
    """A binary column that takes and gives `Sealed` only: plain text or bytes can never reach it by mistake."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Sealed | None, dialect: Dialect) -> bytes | None:
        """Raise TypeError, without the value, for anything but Sealed and None."""
        if isinstance(value, Sealed):
            return value.blob
        if value is None:
            return None
        raise TypeError(f"a sealed column takes Sealed, not {type(value).__name__}")

    def process_result_value(self, value: Any, dialect: Dialect) -> Sealed | None:
        """Wrap what the driver returned."""
        return None if value is None else Sealed(value)
