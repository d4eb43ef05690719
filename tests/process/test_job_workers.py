"""J-10, R-1: workers as processes, the API without them, jobs in the terminal."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import TestDatabases
from tests.process.here import Run
from tests.process.running import RunningHub, serving, wait_until
from tests.warm import start


class _Worker:
    def __init__(self, directory: Path, env: dict[str, str]) -> None:
        self._err = directory / "worker.log"
        self.process = start(["worker"], env, directory / "worker.out", self._err, fresh=False)

    def has_said(self, event: str) -> bool:
        assert self.process.poll() is None, self._err.read_text()
        return f'"{event}"' in self._err.read_text()


@pytest.fixture
def api(tmp_path: Path, databases: TestDatabases) -> Iterator[RunningHub]:
    """An API without a worker."""
    with serving(tmp_path, "--no-worker", database_url=databases.postgres_url(), drain_seconds="0") as hub:
        yield hub


def test_j10_jobs_wait_for_a_worker_which_does_them_and_stops_in_order(api: RunningHub, tmp_path: Path) -> None:
    with api.client(api.token()) as client:
        started = client.post("/v1/key-rotations", json={"purpose": "field"})
        assert started.status_code == 202, started.text
        path = started.headers["location"]
        assert client.get(path).json()["status"] == "queued"
        made = _Worker(tmp_path, api.env)
        try:
            wait_until(lambda: made.has_said("working"), 60)
            wait_until(lambda: bool(client.get(path).json()["status"] == "succeeded"), 60)
            assert client.get(path).json()["result_url"] == f"/v1/key-rotations/{started.json()['id']}"
            assert client.get("/health/ready").status_code == 200
        finally:
            made.process.send_signal(signal.SIGTERM)
        assert made.process.wait(20) == 0


def test_j10_the_embedded_database_has_no_other_workers(tmp_path: Path, run: Run) -> None:
    assert run(tmp_path, "init").code == 0
    assert run(tmp_path, "worker").code == 2
    assert run(tmp_path, "serve", "--port", "0", "--no-worker").code == 2


def test_jobs_in_the_terminal(tmp_path: Path, run: Run) -> None:
    assert run(tmp_path, "init").code == 0
    assert run(tmp_path, "jobs", "list").out.startswith("id")
    assert run(tmp_path, "jobs", "cancel", "nothing").code == 1
    assert run(tmp_path, "jobs", "watch", "job_01m81ewxw7f799fxg3scyz5mvr").code == 1
    assert run(tmp_path, "keys", "rotate", "--purpose", "field").code == 0
    listed = run(tmp_path, "jobs", "list", "--kind", "key_rotation").out.splitlines()
    job_id = listed[1].split()[0]
    assert "succeeded" in listed[1]
    assert run(tmp_path, "jobs", "watch", job_id).code == 0
    for verb in ("cancel", "retry"):
        assert run(tmp_path, "jobs", verb, job_id).code == 1


def test_jobs_watch_shows_one_line_that_moves_on_a_terminal(tmp_path: Path, run: Run) -> None:
    assert run(tmp_path, "init").code == 0
    assert run(tmp_path, "keys", "rotate", "--purpose", "field").code == 0
    job_id = run(tmp_path, "jobs", "list").out.splitlines()[1].split()[0]
    terminal, stderr = pty.openpty()
    with os.fdopen(terminal, "rb", buffering=0) as screen:
        command = [sys.executable, "-m", "custhub", "jobs", "watch", job_id]
        env = os.environ | {"CUSTHUB_HOME": str(tmp_path)}
        watching = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=stderr, timeout=60, check=True)
        os.close(stderr)
        seen = screen.read(4_096).decode()
    assert watching.stdout.decode().startswith("/v1/key-rotations/key_")
    assert seen.startswith("\r\x1b[Ksucceeded ")
    assert seen.count("\n") == 1
