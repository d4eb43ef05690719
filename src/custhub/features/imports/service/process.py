"""The hub's end of a preparing process: starts it, feeds it chunks, takes its batches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Self

from custhub.crypto.files import FileReader
from custhub.crypto.live import LiveKeys
from custhub.features.imports.errors import FileRefused, MappingInvalid
from custhub.features.imports.rules.formats import Layout
from custhub.features.imports.service.setup import Task, layout_of, setup_of
from custhub.kit.children import Child, ChildLost
from custhub.kit.db import micros
from custhub.kit.errors import FieldIssue

PROGRAM: Final = "custhub.features.imports.service.preparing"


class Preparation:
    """One preparing process, at work on one file."""

    def __init__(self, child: Child) -> None:
        self._child = child

    @classmethod
    async def start(cls, task: Task, keys: LiveKeys, reader: FileReader) -> Self:
        """Start one and tell it what to do."""

        async def chunk(message: list[Any]) -> list[Any] | None:
            return ["chunk", await reader.sealed(message[1])] if message[0] == "chunk" else None

        return cls(await Child.start(PROGRAM, setup_of(task, keys, reader), answer=chunk))

    @property
    def process_id(self) -> int:
        """Of the child."""
        return self._child.process_id

    def ask(self, rows: int, now: datetime) -> None:
        """Ask for the next rows, made at this time. Answers come in order."""
        self._child.send(["rows", rows, micros(now)])

    async def batch(self) -> dict[str, Any]:
        """The next rows that were asked for. Raises FileRefused, MappingInvalid, ChildLost."""
        kind, *rest = await self._next()
        if kind != "batch":
            raise ChildLost
        made: dict[str, Any] = rest[0]
        return made

    async def layout(self) -> Layout:
        """What an inspection found. Raises FileRefused, ChildLost."""
        kind, *rest = await self._next()
        if kind != "layout":
            raise ChildLost
        return layout_of(rest[0])

    async def close(self) -> None:
        """End it, whatever it is at."""
        await self._child.close()

    async def _next(self) -> list[Any]:
        said = await self._child.next()
        kind, *rest = said
        if kind == "refused":
            raise FileRefused(rest[0], line=rest[1])
        if kind == "unfit":
            raise MappingInvalid(issues=_issues(rest[0]))
        return said


def _issues(raw: Sequence[Sequence[Any]]) -> list[FieldIssue]:
    return [FieldIssue(*parts) for parts in raw]
