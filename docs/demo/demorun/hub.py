"""A hub in a directory of its own, gone when the demonstration is over."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

import httpx

_START_SECONDS = 120.0
_STOP_SECONDS = 30.0
_LOG_LINES = 15


class HubNotStarted(Exception):
    """The hub did not become ready; the text holds the end of its log."""


class EmbeddedHub:
    """`python -m custhub serve` on a free port of this machine, with an empty SQLite database and new keys."""

    def __init__(self, *, keep: bool) -> None:
        self.keep = keep
        self.home = Path(tempfile.mkdtemp(prefix="custhub-demo-"))
        self.url = f"http://127.0.0.1:{_free_port()}"
        self._environment = os.environ | {
            "CUSTHUB_HOME": str(self.home / "hub"),
            "CUSTHUB_DATABASE_URL": "",
            "CUSTHUB_PUBLIC_URL": self.url,
            "CUSTHUB_RATE_LIMIT": "off",
            "CUSTHUB_DEFAULT_COUNTRY": "CN",
        }
        self._log = self.home / "hub.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> EmbeddedHub:
        port = self.url.rpartition(":")[2]
        try:
            with self._log.open("wb") as log:
                # To be kept it needs a session of its own, or this terminal's Ctrl-C ends it.
                self._process = subprocess.Popen(  # noqa: S603  # our own package, no shell
                    [sys.executable, "-m", "custhub", "serve", "--host", "127.0.0.1", "--port", port],
                    env=self._environment,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=self.keep,
                )
            self._wait_until_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.keep or kind is not None:
            self._stop()

    @property
    def pid(self) -> int | None:
        """The process id of the hub."""
        return None if self._process is None else self._process.pid

    def token(self) -> str:
        """A new access token with every scope. Raises HubNotStarted when none is given."""
        issued = subprocess.run(  # our own package, no shell
            [sys.executable, "-m", "custhub", "token", "issue", "--scope", "all", "--ttl-seconds", "3600"],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if issued.returncode != 0:
            raise HubNotStarted(f"no token: {issued.stderr.strip()[-500:]}")
        return issued.stdout.strip()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.url}/health/ready", trust_env=False, timeout=2).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]
        raise HubNotStarted("\n".join(["the hub did not become ready", *lines]))

    def _stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
