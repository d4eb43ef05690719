"""From what a row says to the body that it sends: what is stored of it, the customer who is there decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from custhub.features.imports.rules.formats import Read, RowRefused
from custhub.features.imports.rules.outcomes import NOBODY, Fault, Outcome
from custhub.features.imports.service.rows import RowReader, body_of, refused_members
from custhub.features.imports.service.setup import Task


class BodyPreparer:
    """Reads, maps and checks rows; bodies go back through the pipe, each with the order of its parts."""

    def __init__(self, task: Task) -> None:
        self._reader = RowReader(task)

    def batch(self, reads: Sequence[Read], first: int, now: datetime) -> dict[str, Any]:
        """What these rows send: plain values, for the pipe. A row without a body has its outcome already."""
        outcomes: list[tuple[int, bytes]] = []
        faults: list[list[Any]] = []
        bodies: list[tuple[int, bytes, dict[str, list[str]]]] = []
        for place, read in enumerate(reads):
            outcome, found = Outcome.SKIPPED, list[Fault]()
            order: dict[str, list[str]] = {}
            try:
                sent = self._reader.sent(read, order)
                if sent is not None:
                    body_of(sent)
                    bodies.append((place, orjson.dumps(sent), order))
            except RowRefused as refused:
                outcome, found = Outcome.FAILED, [Fault(refused.column, "", refused.code)]
            except ValidationError as error:
                outcome, found = Outcome.FAILED, self._reader.faults(read, refused_members(error), "invalid_value")
            outcomes.append((outcome.value, NOBODY))
            faults += [[place, *fault] for fault in found]
        return {"first": first, "rows": outcomes, "faults": faults, "bodies": bodies}
