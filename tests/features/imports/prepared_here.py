"""Stands where a preparing process would: the same work on the same messages, without the second that a start takes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Self

from custhub.crypto.files import FileReader
from custhub.crypto.live import LiveKeys
from custhub.features.imports.rules.detection import inspect, rows_of
from custhub.features.imports.rules.formats import Layout, Wishes
from custhub.features.imports.service.bodies import BodyPreparer
from custhub.features.imports.service.rows import NoDatabase, RowPreparer
from custhub.features.imports.service.setup import Task, file_of, keys_of, setup_of, task_of
from custhub.features.imports.service.source import ChunkSource
from custhub.kit.bulk import dialect_of
from custhub.kit.db import EngineName, micros
from custhub.kit.frames import LENGTH, frame, message_of


class PreparedHere:
    """What the hub sees of a `Preparation`."""

    def __init__(self, setup: dict[str, Any], chunks: Sequence[bytes]) -> None:
        keys, task = keys_of(setup), task_of(setup)
        row, dek = file_of(setup, keys)
        self._source = ChunkSource(row, dek, chunks.__getitem__)
        self._wishes = task.wishes or Wishes()
        self._asked: deque[tuple[int, datetime]] = deque()
        self._at = task.skip
        if task.kind == "rows":
            assert task.layout is not None
            engine: EngineName = "postgresql" if task.engine == "postgresql" else "sqlite"
            self._rows = islice(rows_of(self._source, task.layout), task.skip, None)
            self._preparer: Any = BodyPreparer(task)
            if task.mode == "create":
                self._preparer = RowPreparer(task, keys, NoDatabase(dialect_of(engine)))

    @classmethod
    async def start(cls, task: Task, keys: LiveKeys, reader: FileReader) -> Self:
        """Begin with all chunks at hand."""
        setup = setup_of(task, keys, reader)
        return cls(setup, [await reader.sealed(number) for number in range(reader.row.chunks)])

    def ask(self, rows: int, now: datetime) -> None:
        """Ask for the next rows."""
        self._asked.append((rows, now))

    async def batch(self) -> dict[str, Any]:
        """The next rows that were asked for."""
        count, now = self._asked.popleft()
        reads = list(islice(self._rows, count))
        made = self._preparer.batch(reads, self._at, now)
        self._at += len(reads)
        sent = {**made, "now": micros(now), "is_last": len(reads) < count}
        # Through the pipe tuples stay and everything else becomes plain.
        batch: dict[str, Any] = message_of(frame([sent])[LENGTH:])[0]
        return batch

    async def layout(self) -> Layout:
        """What an inspection finds."""
        return inspect(self._source, self._wishes)

    async def close(self) -> None:
        """Nothing to end."""
