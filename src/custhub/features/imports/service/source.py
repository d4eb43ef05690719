"""A stored file as bytes to seek in, opened chunk by chunk where it is read."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from custhub.crypto.cipher import Dek
from custhub.crypto.files import CHUNK_BYTES, open_chunk
from custhub.crypto.models import StoredFileRow

#: A workbook is read in several places at once.
_KEPT_CHUNKS: Final = 16


class ChunkSource(io.RawIOBase):
    """Reads a stored file; `fetch` gives its sealed chunks."""

    def __init__(self, row: StoredFileRow, dek: Dek, fetch: Callable[[int], bytes]) -> None:
        super().__init__()
        self._row = row
        self._dek = dek
        self._fetch = fetch
        self._at = 0
        self._open: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where it is."""
        return self._at

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place."""
        base = (0, self._at, self._row.size)[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._at = base + offset
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes: all of them are there but at the end."""
        left = max(0, self._row.size - self._at)
        wanted = left if size is None or size < 0 else min(size, left)
        parts: list[bytes] = []
        while wanted:
            number, offset = divmod(self._at, CHUNK_BYTES)
            part = self._chunk(number)[offset : offset + wanted]
            parts.append(part)
            self._at += len(part)
            wanted -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readinto(self, buffer: object, /) -> int:
        """`read` into what is at hand."""
        view = memoryview(buffer)  # type: ignore[arg-type]  # bytes-like, says RawIOBase
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def _chunk(self, number: int) -> bytes:
        known = self._open.get(number)
        if known is None:
            known = self._open[number] = open_chunk(self._dek, self._row, number, self._fetch(number))
            if len(self._open) > _KEPT_CHUNKS:
                self._open.popitem(last=False)
        else:
            self._open.move_to_end(number)
        return known
