"""Logs: one JSON object per line, allow-listed fields, nothing personal (RELIABILITY R-8, SECURITY S-20)."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import threading
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, BinaryIO, TextIO

import orjson

FIELDS = frozenset(
    {"request_id", "trace_id", "actor", "method", "route", "status", "ms", "kind", "count", "seconds", "error"}
    | {"trace", "task", "job", "engine", "version", "kid", "purpose", "worker", "profile", "port", "signal"}
)
"""Names of `extra` members that reach a line."""

_SECRETS = re.compile(
    r"eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*"  # tokens
    r"|ch[a-z]_[\w-]{20,}|whsec_[\w+/=-]{20,}"  # secrets of clients, sessions, the first start, webhooks
    r"|(?<![\w-])\+?\d(?:[ .()-]{0,2}\d){6,18}(?![\w-])"  # anything shaped like a phone number
    r"|//[^/\s:@]+:[^/\s@]+@"  # credentials in a URL
)


def masked(text: str) -> str:
    """The text without tokens, secrets and anything shaped like a phone number."""
    return _SECRETS.sub("***", text)


class JsonFormatter(logging.Formatter):
    """Lines of `ts level event` and the allow-listed extras; exceptions by type and place, never by value."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
            "level": record.levelname.lower(),
            "event": masked(record.getMessage()),
        }
        for name in FIELDS & record.__dict__.keys():
            value = record.__dict__[name]
            line[name] = masked(value) if isinstance(value, str) and name == "error" else value
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["trace"] = _trace(record.exc_info[2])
        return orjson.dumps(line, default=str).decode()


def _trace(traceback: TracebackType | None) -> list[str]:
    frames: list[str] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        frames.append(f"{code.co_filename.rpartition('/')[2]}:{traceback.tb_lineno}:{code.co_name}")
        traceback = traceback.tb_next
    return frames[-12:]


def configure(level: str, stream: TextIO | None = None) -> None:
    """Send every logger of the process, and every warning of Python, through the one formatter.

    `level` is that of the hub's own loggers. Libraries never go below `warning`: some show what they work on.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    wanted = logging.getLevelNamesMapping()[level.upper()]
    floor = max(wanted, logging.WARNING)
    root.setLevel(floor)
    logging.getLogger("custhub").setLevel(wanted)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "httpx", "httpcore", "sqlalchemy", "alembic"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(floor)
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # a record that cannot be formatted would be printed with its arguments


def loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Logs what an event loop could not hand to anybody; asyncio's own handler would print the values."""
    error = context.get("exception")
    known = (type(error), error, error.__traceback__) if isinstance(error, BaseException) else None
    logging.getLogger("custhub.loop").error("unhandled in the event loop", exc_info=known)


def install_hooks() -> None:
    """Whatever nothing catches, in any thread or finalizer, is logged by type and place: Python prints values."""
    sys.excepthook = _crashed
    threading.excepthook = lambda given: _crashed(given.exc_type, given.exc_value, given.exc_traceback)
    sys.unraisablehook = lambda given: _crashed(given.exc_type, given.exc_value, given.exc_traceback)


def _crashed(kind: type[BaseException], _error: BaseException | None, traceback: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        log = logging.getLogger("custhub.process")
        log.critical("crashed", extra={"error": kind.__name__, "trace": _trace(traceback)})


class AccessLog:
    """One line per request, written by hand: the logging machinery costs more than the rest of the edge.

    Lines wait at most `FLUSH_SECONDS` and are written together by a thread: a reader that stands still must not
    stop the event loop. When it does not come back within `MAX_WAITING` lines, later ones are dropped and counted.
    """

    FLUSH_SECONDS = 0.2
    MAX_WAITING = 100_000

    def __init__(self, stream: BinaryIO | None = None) -> None:
        self._stream = stream or sys.stdout.buffer
        self._waiting: deque[bytes] = deque()
        self._dropped = 0
        self._has_reader = True
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="custhub-access-log", daemon=True)
        self._thread.start()

    def write(self, line: dict[str, Any]) -> None:
        """Write one line; `line` holds only allow-listed members."""
        if self._has_reader and len(self._waiting) < self.MAX_WAITING:
            self._waiting.append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        else:
            self._dropped += 1

    def close(self, seconds: float = 2.0) -> None:
        """Write what waits; give up on a reader that does not take it within `seconds`."""
        self._closing.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            while not self._closing.wait(self.FLUSH_SECONDS):
                self._flush()
            self._flush()
        except (BrokenPipeError, ValueError):  # nobody reads any more, or the stream is closed
            self._has_reader = False
            self._waiting.clear()

    def _flush(self) -> None:
        lines: list[bytes] = []
        # One by one: a line that comes meanwhile is neither lost nor written twice.
        with suppress(IndexError):
            while True:
                lines.append(self._waiting.popleft())
        dropped, self._dropped = self._dropped, 0
        if dropped:
            lines.append(orjson.dumps({"level": "error", "event": "access lines dropped", "count": dropped}) + b"\n")
        if lines:
            try:
                self._stream.write(b"".join(lines))
                self._stream.flush()
            except BrokenPipeError:
                raise
            except OSError:  # a full disk; it may have room later
                self._dropped += len(lines)
