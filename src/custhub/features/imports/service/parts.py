"""What imports of one process share, and the names of their jobs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from custhub.crypto.files import StoredFiles
from custhub.crypto.live import LiveKeys
from custhub.features.customers.service.standards import Standards
from custhub.settings import Settings

#: Part of the hub: how imports get at what they need.
IMPORTS: Final = "imports"
RUN: Final = "import_run"
UNDO: Final = "import_undo"
FILE_PURPOSE: Final = "import"


@dataclass(slots=True)
class ImportParts:
    """What imports of one process share."""

    keys: LiveKeys
    files: StoredFiles
    settings: Settings
    standards: Standards
    #: Files are read by one process after the other: each may take a core.
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
