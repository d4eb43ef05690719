"""Fresh databases for tests: migrated once per run, then copied (ARCHITECTURE, section 9).

PostgreSQL is the server named by `CUSTHUB_TEST_PG_URL`, else one of the run's own. One that does not start
fails whatever asks for it; nothing is skipped.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tests.postgres_server import PostgresUnavailable, exclusive, server_url

SERVER_VARIABLE = "CUSTHUB_TEST_PG_URL"
_WAL_SUFFIXES = ("-wal", "-shm")
_numbers = itertools.count(1)


def migrate(url: str) -> None:
    """Bring an empty database to the newest revision."""
    from custhub.migrate import upgrade

    upgrade(url)


class TestDatabases:
    """Databases of one process of a run. `upgrade` makes the template, once per run and engine.

    Everything of the server happens in one thread of its own, so every method may be called inside a running
    event loop too. Copies are dropped behind the caller's back; what went wrong there is raised by `close`.
    """

    __test__ = False

    def __init__(self, run: Path, upgrade: Callable[[str], None] = migrate, *, server: str | None = None) -> None:
        self._run = run
        self._upgrade = upgrade
        self._external = os.environ.get(SERVER_VARIABLE) if server is None else server
        self._prefix = f"custhub_test_{run.name.rpartition('-')[2]}"
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="test-databases")
        self._runner: asyncio.Runner | None = None
        self._server = ""
        self._admin: Any = None
        self._copies: set[str] = set()
        self._drops: list[Future[None]] = []

    def postgres_url(self) -> str:
        """The URL of a new migrated database. Raises PostgresUnavailable."""
        return self._thread.submit(self._copy).result()

    def sqlite_path(self) -> Path:
        """A new migrated file in a directory of its own."""
        return self.sqlite_copy(Path(tempfile.mkdtemp(prefix="sqlite-", dir=self._run)) / "custhub.db")

    def sqlite_copy(self, target: Path) -> Path:
        """A new migrated file at `target`, readable by its owner alone (S-29)."""
        template = self._run / "template.db"
        with exclusive(self._run / "sqlite.lock"):
            if not template.exists():
                self._thread.submit(self._make_sqlite_template, template).result()
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copy(template, target)
        return target

    def drop(self, database: str | Path) -> None:
        """Give back what `postgres_url`, `sqlite_path` or `sqlite_copy` made."""
        if isinstance(database, Path):
            for suffix in ("", *_WAL_SUFFIXES):
                database.with_name(database.name + suffix).unlink(missing_ok=True)
            return
        name = urlsplit(database).path.removeprefix("/")
        self._drops.append(self._thread.submit(self._drop, name))

    def close(self) -> None:
        """Drop every copy of this process and hang up. Raises what a drop raised."""
        self._drops += [self._thread.submit(self._drop, name) for name in sorted(self._copies)]
        self._thread.submit(self._hang_up)
        self._thread.shutdown()
        for drop in self._drops:
            drop.result()

    def sweep(self) -> None:
        """Drop all databases of the run on a server that outlives it; for the run's owner, at the very end."""
        if self._external and (self._run / "postgres.template").exists():
            self._thread.submit(self._drop_all).result()

    # What follows runs in the thread.

    def _copy(self) -> str:
        self._connect()
        template = self._template()
        name = f"{self._prefix}_{os.getpid()}_{next(_numbers)}"
        # Copying files is twice as fast, if the checkpoint it needs does not wait for a disk.
        strategy = "" if self._external else "STRATEGY file_copy"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {strategy}')
        self._copies.add(name)
        return self._url(name)

    def _template(self) -> str:
        name, done = f"{self._prefix}_template", self._run / "postgres.template"
        with exclusive(self._run / "postgres.lock"):
            if not done.exists():
                self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
                self._execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
                self._upgrade(self._url(name))
                self._execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
                done.touch()
        return name

    def _make_sqlite_template(self, template: Path) -> None:
        fresh = template.with_name("fresh.db")
        fresh.unlink(missing_ok=True)
        self._upgrade(f"sqlite:///{fresh}")
        with closing(sqlite3.connect(fresh, timeout=0)) as connection:
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise RuntimeError("the migration left a connection open")
        fresh.chmod(0o600)
        fresh.rename(template)

    def _drop(self, name: str) -> None:
        if name in self._copies:
            self._copies.remove(name)
            self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _drop_all(self) -> None:
        self._connect()
        pattern = self._prefix.replace("_", r"\_") + "%"
        for row in self._await(self._admin.fetch("SELECT datname FROM pg_database WHERE datname LIKE $1", pattern)):
            self._execute(f'DROP DATABASE "{row[0]}" WITH (FORCE)')
        self._copies.clear()

    def _connect(self) -> None:
        if self._admin is not None:
            return
        self._server = self._external or server_url(self._run)
        self._runner = asyncio.Runner()
        try:
            self._admin = self._await(asyncpg.connect(self._server, timeout=10))
        except (OSError, TimeoutError, asyncpg.PostgresError) as error:
            raise PostgresUnavailable(f"no connection to the test server: {error}") from error

    def _execute(self, statement: str) -> None:
        self._await(self._admin.execute(statement))

    def _await(self, work: Any) -> Any:
        assert self._runner is not None
        return self._runner.run(_wait(work))

    def _hang_up(self) -> None:
        if self._admin is not None:
            self._await(self._admin.close())
        if self._runner is not None:
            self._runner.close()

    def _url(self, name: str) -> str:
        parts = urlsplit(self._server)
        return urlunsplit(("postgresql", parts.netloc, f"/{name}", parts.query, ""))


async def _wait(work: Any) -> Any:
    return await work
