"""The process that reads a file: parses, maps, normalises, seals and hashes rows. It has keys and no database (R-4).

Started as a program of its own. Whatever a hostile file does to it, the hub goes on; it ends when the hub does.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final, Protocol

from custhub.features.imports.errors import FileRefused, MappingInvalid
from custhub.features.imports.rules.detection import inspect, rows_of
from custhub.features.imports.rules.formats import Read, Wishes
from custhub.features.imports.service.setup import Task, file_of, keys_of, layout_to_json, task_of
from custhub.features.imports.service.source import ChunkSource
from custhub.kit.bulk import dialect_of
from custhub.kit.children import pipe_to_hub, told_of
from custhub.kit.db import EngineName, from_micros
from custhub.kit.frames import Pipe

#: Rows make few cycles to look for.
_COLLECT_EVERY: Final = 50_000


class Preparer(Protocol):
    """What makes rows ready."""

    def batch(self, reads: Sequence[Read], first: int, now: datetime) -> dict[str, Any]:
        """What is to be stored of these rows."""


def main() -> None:
    """Do what comes through the pipe until it ends."""
    pipe = pipe_to_hub()
    try:
        _serve(pipe)
    except (EOFError, BrokenPipeError):
        os._exit(0)
    except FileRefused as error:
        pipe.send("refused", error.why, error.line)
    except MappingInvalid as error:
        pipe.send("unfit", [list(issue_texts(issue)) for issue in error.issues])
    except MemoryError:
        pipe.send("refused", "file_expands", None)
    except Exception as error:  # told without its text, which may hold a value
        pipe.send("crashed", told_of(error))


def issue_texts(issue: Any) -> tuple[str, str, str, str, str]:
    """The parts of an issue."""
    return issue.pointer, issue.code, issue.location, issue.detail, issue.detail_zh


def _serve(pipe: Pipe) -> None:
    setup = pipe.next()[0]
    keys, task = keys_of(setup), task_of(setup)
    row, dek = file_of(setup, keys)
    source = ChunkSource(row, dek, pipe.chunk)
    if task.kind == "inspect":
        layout = inspect(source, task.wishes or Wishes())
        pipe.send("layout", layout_to_json(layout))
        return
    # Late: whoever only looks through a file needs none of it, and begins sooner.
    from custhub.features.imports.service.bodies import BodyPreparer
    from custhub.features.imports.service.rows import NoDatabase, RowPreparer

    if task.mode != "create":
        _prepare(pipe, task, source, BodyPreparer(task))
        return
    engine: EngineName = "postgresql" if task.engine == "postgresql" else "sqlite"
    _prepare(pipe, task, source, RowPreparer(task, keys, NoDatabase(dialect_of(engine))))


def _prepare(pipe: Pipe, task: Task, source: ChunkSource, preparer: Preparer) -> None:
    if task.layout is None:
        raise ValueError("no layout")
    gc.freeze()  # what was imported stays
    gc.set_threshold(_COLLECT_EVERY)
    rows = rows_of(source, task.layout)
    at = sum(1 for _ in islice(rows, task.skip))
    while True:
        _, count, now = pipe.next()
        reads: list[Read] = list(islice(rows, count))
        message: dict[str, Any] = preparer.batch(reads, at, from_micros(now))
        at += len(reads)
        pipe.send("batch", {**message, "now": now, "is_last": len(reads) < count})


if __name__ == "__main__":
    main()
