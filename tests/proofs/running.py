"""A real hub process for a proof, on one engine, in directories the proof can search."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from tests.databases import TestDatabases
from tests.postgres_server import RunDirectory
from tests.process.running import RunningHub, serving


@dataclass(frozen=True, slots=True)
class ProofHub:
    """The process, its directories, and a token with every scope."""

    hub: RunningHub
    directories: tuple[Path, ...]
    token: str

    def client(self) -> httpx.AsyncClient:
        """A client with every scope."""
        headers = {"Authorization": f"Bearer {self.token}"}
        limits = httpx.Limits(max_connections=32)
        return httpx.AsyncClient(base_url=self.hub.url, headers=headers, timeout=60, trust_env=False, limits=limits)

    def command(self, *arguments: str) -> str:
        """Run a command of the operator beside the hub."""
        command = [sys.executable, "-m", "custhub", *arguments]
        return subprocess.run(command, env=self.hub.env, capture_output=True, text=True, timeout=120, check=True).stdout


@contextmanager
def workplace(databases: TestDatabases | None) -> Iterator[tuple[Path, TestDatabases]]:
    """An empty directory and databases: those of a run of its own, unless there are some. All gone afterwards."""
    if databases is not None:
        with TemporaryDirectory(prefix="custhub-proof-") as path:
            yield Path(path), databases
        return
    with RunDirectory() as run:
        own = TestDatabases(run.path)
        try:
            home = run.path / "proof"
            home.mkdir()
            yield home, own
        finally:
            own.close()


@contextmanager
def proof_hub(engine: str, databases: TestDatabases | None = None, **settings: str) -> Iterator[ProofHub]:
    """A hub of a run of its own, unless there are databases; everything of it is gone afterwards."""
    with workplace(databases) as (home, given):
        directories = [home]
        if engine == "postgresql":
            settings["database_url"] = given.postgres_url()
            directories.append(home.parent / "pg")
        else:
            given.sqlite_copy(home / "home" / "data" / "custhub.db")
        with serving(home, rate_limit="off", **settings) as hub:
            with ThreadPoolExecutor(1) as aside:  # proofs have a loop of their own here
                token = aside.submit(hub.token).result()
            yield ProofHub(hub, tuple(directories), token)
