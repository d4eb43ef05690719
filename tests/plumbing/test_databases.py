"""Databases of the tests: copied, apart from each other, dropped, and never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import psutil
import pytest

from tests.databases import TestDatabases
from tests.postgres_server import PostgresUnavailable, RunDirectory, server_url

REPOSITORY = Path(__file__).parents[2]
SCHEMA = "CREATE TABLE pets (id integer PRIMARY KEY, name text)"
SEED = "INSERT INTO pets VALUES (1, 'cat')"


def query(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements on a connection of its own, give the rows of the last."""

    async def run() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return [tuple(row) for row in await connection.fetch(statements[-1])]
        finally:
            await connection.close()

    return asyncio.run(run())


class Schema:
    """Stands in for the migrations and counts its runs."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, url: str) -> None:
        self.runs += 1
        if url.startswith("postgresql:"):
            query(url, SCHEMA, SEED)
            return
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(f"{SCHEMA};{SEED};")


@pytest.fixture(scope="module")
def run() -> Iterator[RunDirectory]:
    with RunDirectory() as made:
        yield made


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Schema()


@pytest.fixture
def made(run: RunDirectory, schema: Schema) -> Iterator[TestDatabases]:
    databases = TestDatabases(run.path, schema, server="")
    yield databases
    databases.close()


def names(run: RunDirectory) -> set[str]:
    return {row[0] for row in query(server_url(run.path), "SELECT datname FROM pg_database")}


def test_postgres_copies_hold_the_template_and_do_not_see_each_other(made: TestDatabases) -> None:
    first, second = made.postgres_url(), made.postgres_url()
    query(first, "UPDATE pets SET name = 'dog'")
    assert query(first, "SELECT name FROM pets") == [("dog",)]
    assert query(second, "SELECT name FROM pets") == [("cat",)]


def test_postgres_template_is_made_once_for_all_workers(run: RunDirectory, made: TestDatabases, schema: Schema) -> None:
    made.postgres_url()
    runs = schema.runs
    other = TestDatabases(run.path, schema, server="")
    other.postgres_url()
    other.close()
    assert schema.runs == runs


def test_postgres_url_may_be_asked_for_inside_a_running_loop(made: TestDatabases) -> None:
    async def ask() -> str:
        return made.postgres_url()

    assert asyncio.run(ask()).startswith("postgresql://")


def test_dropped_postgres_copy_is_gone_even_while_someone_is_connected(run: RunDirectory, made: TestDatabases) -> None:
    url = made.postgres_url()

    async def hold() -> None:
        connection = await asyncpg.connect(url)
        made.drop(url)
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError)):
            await connection.execute("SELECT pg_sleep(30)")
        connection.terminate()

    asyncio.run(hold())
    made.postgres_url()  # comes after the drop
    assert urlsplit(url).path.removeprefix("/") not in names(run)


def test_close_drops_every_copy_of_the_process(run: RunDirectory, schema: Schema) -> None:
    databases = TestDatabases(run.path, schema, server="")
    mine = {urlsplit(databases.postgres_url()).path.removeprefix("/") for _ in range(3)}
    assert mine <= names(run)
    databases.close()
    assert not mine & names(run)


def broken(url: str) -> None:
    query(url, "SELEC")


def test_migration_that_fails_is_raised_and_tried_again(run: RunDirectory, schema: Schema) -> None:
    with RunDirectory() as second:
        failing = TestDatabases(second.path, broken, server=server_url(run.path))
        with pytest.raises(asyncpg.PostgresSyntaxError):
            failing.postgres_url()
        failing.close()
        working = TestDatabases(second.path, schema, server=server_url(run.path))
        assert query(working.postgres_url(), "SELECT name FROM pets") == [("cat",)]
        working.close()
        working = TestDatabases(second.path, schema, server=server_url(run.path))
        working.sweep()
        working.close()


def test_given_server_is_used_and_left_as_it_was(run: RunDirectory, schema: Schema) -> None:
    before = names(run)
    with RunDirectory() as second:
        databases = TestDatabases(second.path, schema, server=server_url(run.path))
        assert query(databases.postgres_url(), "SELECT name FROM pets") == [("cat",)]
        databases.close()
        assert names(run) - before, "the template stays for other workers"
        owner = TestDatabases(second.path, schema, server=server_url(run.path))
        owner.sweep()
        owner.close()
        assert not (second.path / "pg").exists()
    assert names(run) == before


def test_given_server_that_does_not_answer_is_an_error(run: RunDirectory, schema: Schema) -> None:
    databases = TestDatabases(run.path, schema, server="postgresql://postgres@127.0.0.1:1/postgres")
    with pytest.raises(PostgresUnavailable, match="no connection to the test server"):
        databases.postgres_url()
    databases.close()


def test_sqlite_copies_are_apart_and_readable_by_their_owner_alone(made: TestDatabases, tmp_path: Path) -> None:
    first, second = made.sqlite_path(), made.sqlite_copy(tmp_path / "data" / "custhub.db")
    assert second == tmp_path / "data" / "custhub.db"
    assert [path.stat().st_mode & 0o777 for path in (first, second)] == [0o600, 0o600]
    with closing(sqlite3.connect(first, isolation_level=None)) as one, closing(sqlite3.connect(second)) as two:
        one.execute("UPDATE pets SET name = 'dog'")
        assert two.execute("SELECT name FROM pets").fetchall() == [("cat",)]
        assert two.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    made.drop(first)
    assert not list(first.parent.iterdir())


def test_sqlite_migration_that_leaves_a_reader_open_is_an_error() -> None:
    left: list[sqlite3.Connection] = []

    def careless(url: str) -> None:
        Schema()(url)
        reader = sqlite3.connect(url.removeprefix("sqlite:///"), check_same_thread=False, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM pets").fetchall()
        left.append(reader)
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as writer:
            writer.execute("UPDATE pets SET name = 'dog'")
            writer.commit()

    with RunDirectory() as run:
        databases = TestDatabases(run.path, careless, server="")
        with pytest.raises(RuntimeError, match="left a connection open"):
            databases.sqlite_path()
        databases.close()
        left[0].close()


def test_server_and_directory_are_gone_when_the_run_closes() -> None:
    run = RunDirectory()
    server_url(run.path)
    pid = postmaster(run.path)
    run.close()
    assert not alive(pid)
    assert not run.path.exists()


def test_server_and_directory_are_gone_soon_after_the_run_is_killed() -> None:
    script = (
        "import time; from tests.postgres_server import RunDirectory, server_url\n"
        "run = RunDirectory(); server_url(run.path); print(run.path, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        path = Path(owner.stdout.readline().strip())
        pid = postmaster(path)
        owner.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while (alive(pid) or path.exists()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(pid)
    assert not path.exists()


def test_server_that_cannot_start_says_why_and_fails_at_once_the_second_time() -> None:
    with RunDirectory() as run:
        (run.path / "pg").write_text("not a directory")
        with pytest.raises(PostgresUnavailable, match=r"(?s)did not start.*FileExistsError"):
            server_url(run.path)
        (run.path / "pg").unlink()
        with pytest.raises(PostgresUnavailable, match="did not start"):
            server_url(run.path)


SUITE = """
import pytest
from tests.conftest import run_of
from tests.databases import TestDatabases

@pytest.fixture(scope="session")
def databases(pytestconfig):
    made = TestDatabases(run_of(pytestconfig), print)
    yield made
    made.close()

def test_one(postgres_url, databases):
    assert postgres_url != databases.postgres_url()
    print("server", postgres_url.rpartition("host=")[2])
test_two = test_one
"""


def pytest_run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The suite's own plumbing in a pytest of its own."""
    (folder / "test_suite.py").write_text(SUITE)
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:hypothesispytest", "-p", "tests.conftest", *arguments]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "CUSTHUB_"))}
    return subprocess.run(
        [*command, "--rootdir", str(folder), "-c", str(folder / "pytest.ini"), str(folder)],
        env=inherited | {"PYTHONPATH": f"{REPOSITORY}/src:{REPOSITORY}"} | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_workers_share_one_server_and_it_is_gone_afterwards(tmp_path: Path) -> None:
    done = pytest_run(tmp_path, "-n", "2", "--dist", "each")
    assert done.returncode == 0, done.stdout + done.stderr
    servers = {line for line in done.stdout.splitlines() if line.startswith("server ")}
    assert len(servers) == 1
    assert "4 passed" in done.stdout
    assert not Path(servers.pop().removeprefix("server ")).exists()


def test_suite_without_postgresql_fails_and_skips_nothing(tmp_path: Path) -> None:
    done = pytest_run(tmp_path, CUSTHUB_TEST_PG_URL="postgresql://postgres@127.0.0.1:1/postgres")
    assert done.returncode == 1
    assert "2 errors" in done.stdout
    assert "skipped" not in done.stdout


def postmaster(run: Path) -> int:
    return int((run / "pg" / "postmaster.pid").read_text().splitlines()[0])


def alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
