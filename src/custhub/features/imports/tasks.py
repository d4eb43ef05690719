"""Work of imports beside requests: running them, taking them back."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from custhub.crypto.files import StoredFiles
from custhub.features.customers.service.standards import Standards
from custhub.features.imports.queries import find_import, imports_before
from custhub.features.imports.repository import forget_import
from custhub.features.imports.service.parts import IMPORTS, RUN, UNDO, ImportParts
from custhub.features.imports.service.running import ImportRun
from custhub.features.imports.service.undoing import ImportUndo
from custhub.http.hub import Hub
from custhub.jobs.kinds import JobKind
from custhub.jobs.states import Queue
from custhub.jobs.work import JobWork
from custhub.kit.ids import Prefix, from_text

#: How long an import can be undone, and what became of its rows is kept.
KEPT: Final = timedelta(days=90)


class ImportJob:
    """The job that stores the rows of a file."""

    name = RUN
    queue = Queue.BULK

    def __init__(self, hub: Hub, parts: ImportParts) -> None:
        self._hub = hub
        self._parts = parts

    async def run(self, work: JobWork) -> None:
        """Go on where the import is."""
        row = await find_import(self._hub.database, from_text(Prefix.IMPORT, work.args["import_id"]))
        if row is None:
            return
        await ImportRun(self._hub.database, self._parts, work, row).run()


class ImportUndoJob:
    """The job that takes an import back."""

    name = UNDO
    queue = Queue.BULK

    def __init__(self, hub: Hub, parts: ImportParts) -> None:
        self._hub = hub
        self._parts = parts

    async def run(self, work: JobWork) -> None:
        """Go on where the undo is."""
        row = await find_import(self._hub.database, from_text(Prefix.IMPORT, work.args["import_id"]))
        if row is not None and row.state != "undone":
            await ImportUndo(self._hub.database, self._parts, work, row).run()


def import_jobs(hub: Hub, files: StoredFiles, standards: Standards) -> tuple[JobKind, ...]:
    """The jobs of imports; what those share becomes a part of the hub."""
    parts = ImportParts(hub.keys, files, hub.settings, standards)
    hub.parts[IMPORTS] = parts
    return ImportJob(hub, parts), ImportUndoJob(hub, parts)


async def forget_imports(hub: Hub) -> None:
    """Forget what nobody can undo any more, with all that is kept of its rows."""
    while old := await imports_before(hub.database, hub.clock.now() - KEPT):
        for import_id in old:
            await forget_import(hub.database, import_id)
