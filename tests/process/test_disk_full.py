"""R-5: a full disk refuses writes, reading goes on, room comes back without a restart, and nothing is damaged."""

from __future__ import annotations

import asyncio
import ctypes
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from custhub.kit.sqlite import SqliteDatabase
from tests.databases import TestDatabases
from tests.hub import HubUnderTest, make_customer
from tests.process.running import serving

NOTE = "n" * 4_000


def _refusal(answer: httpx.Response) -> None:
    assert answer.status_code == 507, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "storage_full"


def _pages(database: SqliteDatabase) -> sqlite3.Connection:
    assert database._writer is not None
    return database._writer.raw


@pytest.mark.anyio
async def test_r5_full_database_refuses_writes_and_reads_on(tmp_path: Path, databases: TestDatabases) -> None:
    databases.sqlite_copy(tmp_path / "data" / "custhub.db")
    hub = await HubUnderTest(tmp_path).start()
    try:
        raw = _pages(hub.app.database)  # type: ignore[arg-type]  # SQLite alone comes here
        made = [await hub.api.post("/v1/customers", json=make_customer()) for _ in range(5)]
        used = raw.execute("PRAGMA page_count").fetchone()[0]
        raw.execute(f"PRAGMA max_page_count = {used}")
        refused: list[str] = []
        for number in range(50):
            key = f"disk-full-{number}"
            answer = await hub.api.post(
                "/v1/customers", json=make_customer(note=NOTE), headers={"Idempotency-Key": key}
            )
            if answer.status_code != 201:
                _refusal(answer)
                refused.append(key)
        assert refused
        assert not raw.in_transaction
        rivals = await asyncio.gather(*(hub.api.post("/v1/customers", json=make_customer(note=NOTE)) for _ in range(8)))
        assert {answer.status_code for answer in rivals} == {507}
        for one in made:
            assert (await hub.api.get(one.headers["location"])).json() == one.json()
        raw.execute("PRAGMA max_page_count = 1073741823")
        for key in refused[:3]:
            body = make_customer(note=NOTE)
            repeated = await hub.api.post("/v1/customers", json=body, headers={"Idempotency-Key": key})
            assert repeated.status_code == 201
            assert "idempotency-replayed" not in repeated.headers
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        await hub.stop()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of six megabytes, where this machine lets us make one."""
    place = tmp_path / "disk"
    place.mkdir()
    libc: Any = ctypes.CDLL(None, use_errno=True)
    if not sys.platform.startswith("linux") or libc.mount(b"tmpfs", bytes(place), b"tmpfs", 0, b"size=6m") != 0:
        pytest.skip("mounting needs root")
    yield place
    libc.umount2(bytes(place), 2)


def _fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            os.write(file.fileno(), b"x" * 65_536)


def test_r5_full_disk_under_a_running_hub(small_disk: Path) -> None:
    with serving(small_disk, rate_limit="off", disk_reserve_bytes="500000") as hub:
        with hub.client(hub.token()) as client:
            first = client.post("/v1/customers", json={"display_name": "李娜"})
            assert client.get("/health/ready").status_code == 200
            filler = small_disk / "filler"
            _fill(filler)
            answers = [client.post("/v1/customers", json={"display_name": "李娜", "note": NOTE}) for _ in range(60)]
            assert {answer.status_code for answer in answers} <= {201, 507}
            _refusal(answers[-1])
            assert client.get(first.headers["location"]).json() == first.json()
            assert client.get("/v1/customers").status_code == 200
            unready = client.get("/health/ready")
            assert (unready.status_code, unready.json()["code"]) == (503, "storage_low")
            filler.unlink()
            assert client.get("/health/ready").status_code == 200
            assert client.post("/v1/customers", json={"display_name": "李娜", "note": NOTE}).status_code == 201
            kept = [answer.headers["location"] for answer in answers if answer.status_code == 201]
            assert {client.get(location).status_code for location in kept} <= {200}
        assert hub.stop() == 0
    with closing(sqlite3.connect(small_disk / "home" / "data" / "custhub.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
