"""The pages of one file, read and rendered: here for a few customers, in a process of its own for many."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from custhub.crypto.cipher import FieldCipher
from custhub.features.customers.queries.sheets import SheetPage, SheetQuery
from custhub.features.customers.rules.sheets import parse_column
from custhub.features.customers.service.sheets import Sheet
from custhub.features.exports.queries import contactable
from custhub.features.exports.rules.forms import Csv, Form, Ndjson
from custhub.features.exports.rules.purposes import Purpose
from custhub.features.exports.rules.workbook import Workbook
from custhub.features.exports.service.starting import selection_of
from custhub.features.fields.rules import Catalogue
from custhub.features.fields.service.catalogue import access_of
from custhub.kit.db import EngineName, from_micros, micros
from custhub.kit.reading import LongRead
from custhub.security.standing import restored

_FORMS: Final[dict[str, Callable[[], Form]]] = {"csv": Csv, "xlsx": Workbook, "ndjson": Ndjson}


class Task(NamedTuple):
    """What is in a file and how. The hub decides all of it: columns are those that its caller may see."""

    engine: EngineName
    format: str
    columns: tuple[str, ...]
    #: Whether the rows are cells of these columns, not bodies.
    is_sheet: bool
    selection: Mapping[str, Any]
    #: Rights of who asked for it, when it was asked for.
    standing: Mapping[str, Any]
    is_unmasked: bool
    #: Customers that came later are not in it.
    until: datetime
    #: Custom fields as they were when the file was begun.
    catalogue: Catalogue

    def plain(self) -> list[Any]:
        """Values that go through a pipe."""
        catalogue = Catalogue(self.catalogue.definitions, self.catalogue.vocabularies)
        return [*self[:-2], micros(self.until), pickle.dumps(catalogue)]

    @classmethod
    def of(cls, plain: list[Any]) -> Task:
        """The task behind `plain`."""
        *values, until, catalogue = plain
        return cls._make([*values, from_micros(until), pickle.loads(catalogue)])  # noqa: S301  # the hub's own


class Page(NamedTuple):
    """A piece of the file: who is in it, and how many of them have more parts than there are columns."""

    #: 16 bytes of each customer; nobody behind the last one.
    ids: bytes
    cut: int
    data: bytes


class Pages(Protocol):
    """What makes a file, one page after the other."""

    async def next(self) -> Page:
        """The next one; the last one has nobody in it. Raises DatabaseUnavailable, KeyUnavailable, ChildLost."""


class PagesHere:
    """Made in this process."""

    def __init__(self, task: Task, cipher: FieldCipher, reads: LongRead, *, in_thread: bool, ahead: bool) -> None:
        """`in_thread`: the loop goes on while a page is rendered. `ahead`: the next one is read meanwhile."""
        who = restored(task.standing)
        access = access_of(task.catalogue, who)
        columns = [column for name in task.columns if (column := parse_column(name)) is not None]
        self._sheet = sheet = Sheet(columns, cipher, who.policy, access, task.engine, unmasked=task.is_unmasked)
        self._form = _FORMS[task.format]()
        self._is_sheet = task.is_sheet
        selection = selection_of(dict(task.selection), access)
        purpose = Purpose.of(dict(task.selection))
        if purpose is not None:
            selection = selection._replace(also=contactable(purpose))
        kinds = sheet.kinds if task.is_sheet else sheet.all_kinds
        self._query = SheetQuery(selection, who.reach, task.until, kinds, contactable=purpose is not None)
        self._reads = reads
        self._in_thread = in_thread
        self._ahead = ahead
        self._coming: asyncio.Future[SheetPage] | None = None
        self._after: list[Any] | None = None
        self._head = self._form.head([column.name for column in columns])

    async def next(self) -> Page:
        """The next page."""
        coming, self._coming = self._coming, None
        page = await (self._read(self._after) if coming is None else coming)
        self._after = page.after
        head, self._head = self._head, b""
        if page.after is None:
            return Page(b"", 0, head + self._form.tail())
        if self._ahead:
            self._coming = asyncio.ensure_future(self._read(page.after))
        cut, data = await asyncio.to_thread(self._render, page) if self._in_thread else self._render(page)
        return Page(b"".join(page.ids), cut, head + data)

    async def close(self) -> None:
        """Read no further."""
        if self._coming is not None:
            self._coming.cancel()
            await asyncio.gather(self._coming, return_exceptions=True)

    async def _read(self, after: list[Any] | None) -> SheetPage:
        async with self._reads.moment() as reader:
            return await self._query.page(reader, after)

    def _render(self, page: SheetPage) -> tuple[int, bytes]:
        made = self._sheet.rows(page) if self._is_sheet else self._sheet.bodies(page)
        return made.cut, self._form.rows(made.rows)
