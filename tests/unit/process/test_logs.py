"""R-8, S-20: lines without anything personal, requests written without holding anybody up."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import logging
import os
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from custhub.http.logs import AccessLog, JsonFormatter, configure, install_hooks, loop_error, masked

SECRETS = [
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2N1c3RodWIubG9jYWwifQ.c2lnbmF0dXJl",
    "chs_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE",
    "chr_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE",
    "chb_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "+8613812345678",
    "13812345678",
    "138 1234 5678",
    "(0755) 2612-3456",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("text", ["{}", "value={}", "tel:{}.", "'{}' is not a number"])
def test_s20_masked(secret: str, text: str) -> None:
    assert secret not in masked(text.format(secret))


def test_s20_masked_hides_credentials_of_a_url() -> None:
    assert masked("postgresql://hub:pa55@db/hub") == "postgresql:***db/hub"


@pytest.mark.parametrize("text", ["127.0.0.1:8000", "cus_01m81amc1cfrnt9m7qcr38rxrh", "took 12.5 ms"])
def test_masked_leaves_the_rest(text: str) -> None:
    assert masked(text) == text


def _line(record: logging.LogRecord) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(JsonFormatter().format(record))
    return line


def test_r8_exceptions_are_told_by_type_and_place() -> None:
    try:
        raise ValueError("13812345678")
    except ValueError:
        record = logging.LogRecord("custhub.x", logging.ERROR, __file__, 1, "failed", None, sys.exc_info())
    line = _line(record)
    assert line["error"] == "ValueError"
    assert line["trace"][-1].startswith("test_logs.py:")
    assert "13812345678" not in json.dumps(line)


def test_r8_only_allow_listed_members_reach_a_line() -> None:
    record = logging.LogRecord("custhub.x", logging.INFO, __file__, 1, "done", None, None)
    record.__dict__ |= {"request_id": "abc", "phone": "13812345678", "display_name": "李娜"}
    assert _line(record).keys() == {"ts", "level", "event", "request_id"}


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Everything the process logs, with the loggers put back afterwards."""
    names = ("", "custhub", "uvicorn.error", "uvicorn.access", "sqlalchemy", "httpx", "httpcore", "alembic", "uvicorn")
    former = {name: (logging.getLogger(name).handlers[:], logging.getLogger(name).level) for name in names}
    raises, hook = logging.raiseExceptions, sys.excepthook
    made = io.StringIO()
    configure("debug", made)
    yield made
    logging.captureWarnings(capture=False)
    logging.raiseExceptions, sys.excepthook = raises, hook
    for name, (handlers, level) in former.items():
        logging.getLogger(name).handlers[:] = handlers
        logging.getLogger(name).setLevel(level)


def test_r8_debug_opens_the_hub_but_no_library(stream: io.StringIO) -> None:
    for name in ("custhub.http", "sqlalchemy.engine", "httpx", "httpcore.http11", "asyncio", "multipart", "uvicorn"):
        logging.getLogger(name).debug("debug of %s", name)
        logging.getLogger(name).info("info of %s", name)
    events = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]
    assert events == ["debug of custhub.http", "info of custhub.http"]


def test_r8_a_record_that_cannot_be_formatted_shows_nothing(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("custhub.http").error("%d", "13812345678")
    assert "13812345678" not in stream.getvalue() + capsys.readouterr().err


def test_r8_warnings_of_python_are_lines_too(stream: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("call 13812345678", stacklevel=1)
    assert "13812345678" not in stream.getvalue()
    assert json.loads(stream.getvalue().splitlines()[0])["level"] == "warning"


def test_r8_loop_errors_show_no_values(stream: io.StringIO) -> None:
    loop = asyncio.new_event_loop()
    loop_error(loop, {"message": "Task 13812345678 failed", "exception": ValueError("13812345678")})
    loop_error(loop, {"message": "13812345678"})
    loop.close()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["unhandled in the event loop"] * 2
    assert [line.get("error") for line in lines] == ["ValueError", None]
    assert "13812345678" not in stream.getvalue()


def test_r8_what_nothing_catches_shows_no_values(stream: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ValueError("13812345678")

    install_hooks()
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    sys.excepthook(ValueError, ValueError("13812345678"), None)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["event"], line["error"]) for line in lines] == [("crashed", "ValueError")] * 2
    assert lines[0]["trace"][-1].endswith(":fail")
    assert "13812345678" not in stream.getvalue() + capsys.readouterr().err


def test_access_log_writes_within_a_moment_and_at_the_end() -> None:
    stream = io.BytesIO()
    log = AccessLog(stream)
    log.write({"event": "request", "status": 200})
    deadline = time.monotonic() + 5
    while not stream.getvalue() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert json.loads(stream.getvalue()) == {"event": "request", "status": 200}
    log.write({"status": 201})
    log.close()
    assert [json.loads(line)["status"] for line in stream.getvalue().splitlines()] == [200, 201]


def test_access_log_loses_no_line_of_many() -> None:
    stream = io.BytesIO()
    log = AccessLog(stream)
    log.FLUSH_SECONDS = 0.001
    for number in range(20_000):
        log.write({"count": number})
    log.close(30)
    assert [json.loads(line)["count"] for line in stream.getvalue().splitlines()] == list(range(20_000))


def test_access_log_does_not_wait_for_its_reader() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as stream:
        log = AccessLog(stream)
        log.MAX_WAITING = 1_000
        began = time.monotonic()
        for _ in range(3):
            for number in range(2_000):
                log.write({"count": number, "event": "x" * 200})
            time.sleep(0.25)
        assert time.monotonic() - began < 3
        drain = threading.Thread(target=_drain, args=(reader,), daemon=True)
        drain.start()
        log.close(30)
    drain.join(30)


def _drain(reader: int) -> None:
    with os.fdopen(reader, "rb") as stream:
        lines = [json.loads(line) for line in stream]
    assert any(line["event"] == "access lines dropped" for line in lines)


def test_access_log_goes_on_after_a_full_disk() -> None:
    class Disk(io.BytesIO):
        is_full = True

        def write(self, data: object) -> int:
            if self.is_full:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)  # type: ignore[arg-type]  # as the base has it

    disk = Disk()
    log = AccessLog(disk)
    log.write({"status": 200})
    deadline = time.monotonic() + 5
    while not log._dropped and time.monotonic() < deadline:
        time.sleep(0.01)
    disk.is_full = False
    log.write({"status": 201})
    log.close()
    lines = [json.loads(line) for line in disk.getvalue().splitlines()]
    assert lines == [{"status": 201}, {"level": "error", "event": "access lines dropped", "count": 1}]


def test_access_log_survives_a_reader_that_left() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb", buffering=0) as stream:
        log = AccessLog(stream)
        log.write({"status": 200})
        deadline = time.monotonic() + 5
        while log._has_reader and time.monotonic() < deadline:
            time.sleep(0.01)
        log.write({"status": 200})
        log.close()
    assert not log._waiting
