"""A hub as a real process, on a free port of the loopback interface."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from custhub.operator.calling import call
from custhub.settings import Settings
from tests.warm import start

START_SECONDS = 60
_LEFT_OUT = ("CUSTHUB_", "PROMETHEUS_", "PYTHONDONTWRITEBYTECODE")


def environment(home: Path, **settings: str) -> dict[str, str]:
    """The environment of this test run with the settings of one hub, and no others; bytecode is kept, for starts."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
    return (
        inherited | {"CUSTHUB_HOME": str(home)} | {f"CUSTHUB_{name.upper()}": text for name, text in settings.items()}
    )


def wait_until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    """Look again and again, for a bounded time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class RunningHub:
    """`custhub serve` and what it wrote."""

    def __init__(self, directory: Path, env: dict[str, str], *arguments: str, fresh: bool = False) -> None:
        self._out, self._err = directory / "stdout.log", directory / "stderr.log"
        self.process = start(["serve", "--port", "0", *arguments], env, self._out, self._err, fresh=fresh)
        self.env = env
        self.settings = Settings.model_validate(
            {name.removeprefix("CUSTHUB_").lower(): text for name, text in env.items() if name.startswith("CUSTHUB_")}
        )
        self.port = 0

    def wait_until_serving(self) -> RunningHub:
        """Raise AssertionError when it ends, or takes too long."""
        wait_until(self._is_serving, START_SECONDS)
        return self

    def _is_serving(self) -> bool:
        assert self.process.poll() is None, self.stderr
        for line in self.log():
            if line["event"] == "serving":
                self.port = int(line["port"])
        return self.port != 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def stdout(self) -> str:
        return self._out.read_text()

    @property
    def stderr(self) -> str:
        return self._err.read_text()

    def log(self) -> list[dict[str, Any]]:
        """The complete lines of the log."""
        lines = self.stderr.split("\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def events(self) -> list[str]:
        return [line["event"] for line in self.log()]

    def client(self, token: str | None = None) -> httpx.Client:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)

    def token(self, *scopes: str, role: str | None = None) -> str:
        """A token of the operator with these scopes, all by default."""
        wanted = {"role": role, "scopes": [] if role else list(scopes or ("all",)), "ttl_seconds": 3600}
        return str(call(self.settings, "token.issue", wanted)["token"])

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def wait(self, seconds: float = 40) -> int:
        return self.process.wait(seconds)

    def stop(self) -> int:
        """Ask it to stop and wait."""
        if self.process.poll() is None:
            self.signal()
        return self.wait()


@contextmanager
def serving(directory: Path, *arguments: str, **settings: str) -> Iterator[RunningHub]:
    """A hub that serves for the length of the block; whatever happens, it is gone afterwards."""
    with _ended(RunningHub(directory, environment(directory / "home", **settings), *arguments)) as hub:
        yield hub


@contextmanager
def serving_afresh(directory: Path, **settings: str) -> Iterator[RunningHub]:
    """One that is a process of its own from the first line on, not a fork of one that has loaded the code."""
    with _ended(RunningHub(directory, environment(directory / "home", **settings), fresh=True)) as hub:
        yield hub


@contextmanager
def _ended(hub: RunningHub) -> Iterator[RunningHub]:
    try:
        yield hub.wait_until_serving()
    finally:
        if hub.process.poll() is None:
            hub.signal()
            try:
                hub.wait(15)
            except subprocess.TimeoutExpired:
                hub.process.kill()
                hub.process.wait()
