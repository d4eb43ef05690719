"""Commands run inside the test process: a tenth of the time of a real process, for those that do not serve."""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from custhub.cli import app


class Outcome(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@contextmanager
def _loggers_kept() -> Iterator[None]:
    kept = [logging.getLogger(), *(logging.getLogger(name) for name in list(logging.root.manager.loggerDict))]
    former = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in kept]
    raises, hooks = logging.raiseExceptions, (sys.excepthook, threading.excepthook, sys.unraisablehook)
    try:
        with warnings.catch_warnings():
            yield
    finally:
        logging.captureWarnings(capture=False)
        logging.raiseExceptions = raises
        sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
        for logger, handlers, level, propagate in former:
            logger.handlers[:], logger.propagate = handlers, propagate
            logger.setLevel(level)


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`run(home, "init", profile="production")`."""

    def run(home: Path, *arguments: str, **settings: str) -> Outcome:
        for name in [name for name in os.environ if name.startswith("CUSTHUB_")]:
            monkeypatch.delenv(name)
        for name, value in {"home": str(home), **settings}.items():
            monkeypatch.setenv(f"CUSTHUB_{name.upper()}", value)
        monkeypatch.setattr(sys, "argv", ["custhub", *arguments])
        capsys.readouterr()
        with _loggers_kept(), pytest.raises(SystemExit) as ended:
            app()
        said = capsys.readouterr()
        code = ended.value.code
        return Outcome(code if isinstance(code, int) else int(code is not None), said.out, said.err)

    return run
