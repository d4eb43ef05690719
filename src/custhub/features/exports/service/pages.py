"""The pages of one file, read and rendered: here for a few customers, in a process of its own for many."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from custhub.crypto.cipher import FieldCipher
from custhub.features.customers.queries.sheets import PART_COLUMNS, SheetPage, SheetQuery
from custhub.features.customers.rules.sheets import Column, parse_column
from custhub.features.customers.service.sheets import Sheet, kinds_of
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


class Reading:
    """Reads the customers of a file as the driver gives them."""

    def __init__(self, task: Task, reads: LongRead) -> None:
        who = restored(task.standing)
        access = access_of(task.catalogue, who)
        selection = selection_of(dict(task.selection), access)
        purpose = Purpose.of(dict(task.selection))
        if purpose is not None:
            selection = selection._replace(also=contactable(purpose))
        kinds = PART_COLUMNS
        if task.is_sheet:
            kinds = {kind: PART_COLUMNS[kind] for kind in kinds_of(columns_of(task))}
        self._query = SheetQuery(selection, who.reach, task.until, kinds, contactable=purpose is not None)
        self._reads = reads

    async def page(self, after: list[Any] | None) -> SheetPage:
        """The customers behind this place. Raises DatabaseUnavailable."""
        async with self._reads.moment() as reader:
            return await self._query.page(reader, after)


class Rendering:
    """Makes pieces of a file of what was read, in order."""

    def __init__(self, task: Task, cipher: FieldCipher) -> None:
        who = restored(task.standing)
        columns = columns_of(task)
        access = access_of(task.catalogue, who)
        self._sheet = Sheet(columns, cipher, who.policy, access, task.engine, unmasked=task.is_unmasked)
        self._form = _FORMS[task.format]()
        self._is_sheet = task.is_sheet
        self._head = self._form.head([column.name for column in columns])

    def page(self, read: SheetPage) -> Page:
        """The piece with these customers; the last one for nobody. Raises KeyUnavailable."""
        head, self._head = self._head, b""
        if read.after is None:
            return Page(b"", 0, head + self._form.tail())
        made = self._sheet.rows(read) if self._is_sheet else self._sheet.bodies(read)
        return Page(b"".join(read.ids), made.cut, head + self._form.rows(made.rows))


class PagesHere:
    """Made in this process, page by page."""

    def __init__(self, reading: Reading, rendering: Rendering, *, ahead: bool) -> None:
        """`ahead`: the next page is read while one is rendered."""
        self._reading = reading
        self._rendering = rendering
        self._ahead = ahead
        self._coming: asyncio.Future[SheetPage] | None = None
        self._after: list[Any] | None = None

    async def next(self) -> Page:
        """The next page; the loop goes on while it is rendered."""
        coming, self._coming = self._coming, None
        read = await (self._reading.page(self._after) if coming is None else coming)
        self._after = read.after
        if self._ahead and read.after is not None:
            self._coming = asyncio.ensure_future(self._reading.page(read.after))
        return await asyncio.to_thread(self._rendering.page, read)

    async def close(self) -> None:
        """Read no further."""
        if self._coming is not None:
            self._coming.cancel()
            await asyncio.gather(self._coming, return_exceptions=True)


def columns_of(task: Task) -> list[Column]:
    """The columns of a file."""
    return [column for name in task.columns if (column := parse_column(name)) is not None]
