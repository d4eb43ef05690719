"""R-1, R-6, R-9 on PostgreSQL: several workers behind one port, in the production profile."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from custhub.crypto.keyring import FileKeyProvider
from tests.databases import TestDatabases
from tests.process.here import Run
from tests.process.running import RunningHub, serving, wait_until

WORKERS = 2


@pytest.fixture
def cluster(tmp_path: Path, databases: TestDatabases, run: Run) -> Iterator[RunningHub]:
    settings = {
        "profile": "production",
        "database_url": databases.postgres_url(),
        "pool_min": "1",
        "drain_seconds": "1",
    }
    assert run(tmp_path / "home", "init", **settings).code == 0
    with serving(tmp_path, "--workers", str(WORKERS), **settings) as hub:
        yield hub


def _workers(hub: RunningHub) -> list[psutil.Process]:
    found: list[psutil.Process] = psutil.Process(hub.process.pid).children()
    return found


def _count(text: str, route: str) -> int:
    pattern = rf'^http_request_duration_seconds_count{{[^}}]*route="{re.escape(route)}"[^}}]*}} ([0-9.e+]+)$'
    return sum(int(float(value)) for value in re.findall(pattern, text, re.MULTILINE))


def _call(hub: RunningHub, token: str, times: int) -> set[int]:
    """Each call on a connection of its own, so that all workers get some."""
    headers = {"Authorization": f"Bearer {token}", "Connection": "close"}
    return {
        httpx.get(f"{hub.url}/v1/customers", headers=headers, trust_env=False, timeout=30).status_code
        for _ in range(times)
    }


def test_r9_totals_are_those_of_all_workers_dead_ones_too(cluster: RunningHub) -> None:
    token = cluster.token()
    assert len(_workers(cluster)) == WORKERS
    assert _call(cluster, token, 30) == {200}
    with cluster.client(token) as client:
        texts = [client.get("/metrics").text for _ in range(3)]
    assert {_count(text, "/v1/customers") for text in texts} == {30}
    assert len(re.findall(r"^build_info\{", texts[0], re.MULTILINE)) == 1
    assert "pid=" not in texts[0]

    # A killed worker takes the lines of its last moments with it.
    wait_until(lambda: cluster.stdout.count('"/v1/customers"') == 30, 5)
    killed = _workers(cluster)[0]
    killed.kill()
    wait_until(lambda: "worker died" in cluster.events(), 20)
    wait_until(lambda: len(_workers(cluster)) == WORKERS and killed not in _workers(cluster), 20)
    assert _call(cluster, token, 10) == {200}
    with cluster.client(token) as client:
        assert _count(client.get("/metrics").text, "/v1/customers") == 40

    children = _workers(cluster)
    cluster.signal()
    assert cluster.wait() == 0
    assert not [child for child in children if child.is_running()]
    assert cluster.stdout.count('"/v1/customers"') == 40  # both wrote their requests


def test_r1_workers_do_not_outlive_their_parent(cluster: RunningHub) -> None:
    children = _workers(cluster)
    cluster.process.kill()
    cluster.wait()
    _, left = psutil.wait_procs(children, timeout=15)
    assert left == []


def test_a_worker_that_cannot_start_stops_all(tmp_path: Path, databases: TestDatabases, run: Run) -> None:
    settings = {"profile": "production", "database_url": databases.postgres_url()}
    assert run(tmp_path / "home", "init", **settings).code == 0
    keyring = tmp_path / "home" / "keys" / "keyring.json"
    keyring.unlink()
    FileKeyProvider(keyring).create()
    with pytest.raises(AssertionError, match="mismatch"), serving(tmp_path, "--workers", "2", **settings) as hub:
        pytest.fail(f"it serves on {hub.port}")


def test_r6_postgresql_waits_unready_until_it_is_migrated(tmp_path: Path, databases: TestDatabases, run: Run) -> None:
    url = _empty(databases)
    settings = {"profile": "production", "database_url": url}
    keyring = tmp_path / "home" / "keys" / "keyring.json"
    keyring.parent.mkdir(parents=True, mode=0o700)
    FileKeyProvider(keyring).create()
    with serving(tmp_path, **settings) as hub:
        with hub.client() as client:
            assert client.get("/health/live").status_code == 200
            unready = client.get("/health/ready")
            assert (unready.status_code, unready.json()["code"]) == (503, "migration_pending")
            refused = client.get("/v1/customers")
            assert (refused.status_code, refused.json()["code"]) == (503, "migration_pending")
        assert run(tmp_path / "home", "migrate", **settings).code == 0
        with hub.client() as client:
            wait_until(lambda: client.get("/health/ready").status_code == 200, 10)
            with hub.client(hub.token()) as known:
                assert known.post("/v1/customers", json={"display_name": "李娜"}).status_code == 201
        assert hub.stop() == 0


def _empty(databases: TestDatabases) -> str:
    """A database of this test without any table."""
    url = databases.postgres_url()

    async def drop() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        finally:
            await connection.close()

    asyncio.run(drop())
    return url


def test_r6_two_starters_migrate_once(tmp_path: Path, databases: TestDatabases) -> None:
    url = _empty(databases)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    keyring = tmp_path / "keyring.json"
    FileKeyProvider(keyring).create()
    settings = {"database_url": url, "keyring_file": str(keyring)}
    first = serving(tmp_path / "one", **settings)
    second = serving(tmp_path / "two", **settings)
    with first as one, second as two:
        for hub in (one, two):
            with hub.client() as client:
                assert client.get("/health/ready").status_code == 200
        said = one.stdout + two.stdout
    assert said.count("administrator ") == 1


def test_signals_reach_the_workers_once(cluster: RunningHub) -> None:
    """Ctrl-C goes to the whole group of a terminal: the workers are not in it."""
    os.killpg(os.getpgid(cluster.process.pid), signal.SIGINT)
    assert cluster.wait() == 0
