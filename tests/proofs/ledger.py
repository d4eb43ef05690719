"""Processes die at any moment under writes, and the books close: every committed change was told (E-1, E-7, W-7)."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from custhub.events.checksum import State
from tests.databases import TestDatabases
from tests.postgres_server import RunDirectory
from tests.process.running import environment
from tests.proofs.mortals import Mortals, calling, mortals

_CLOSING_SECONDS = 200


class Consumer:
    """An endpoint that keeps what it gets. It refuses nothing: a try after a refusal may be hours away."""

    def __init__(self) -> None:
        self.bodies: dict[str, set[bytes]] = {}
        self.calls = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            body = await reader.readexactly(int(headers["content-length"]))
            event_id = headers["webhook-id"]
            self.calls += 1
            self.bodies.setdefault(event_id, set()).add(body)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the sender was killed
        finally:
            writer.close()


@dataclass(slots=True)
class Books:
    """What the writers know to be committed: customer -> the highest revision they were told."""

    committed: dict[str, int] = field(default_factory=dict)
    writes: int = 0

    def enter(self, customer: dict[str, Any]) -> None:
        """A change that was answered."""
        self.writes += 1
        known = self.committed.get(customer["id"], 0)
        self.committed[customer["id"]] = max(known, customer["revision"])


@dataclass(frozen=True, slots=True)
class Closing:
    """What is left when the books are closed; every list empty, every figure zero, if all is well."""

    kills: int
    writes: int
    events: int
    received: int
    duplicates: int
    faults: tuple[str, ...]


async def close_the_books(engine: str, seconds: float, seed: int) -> Closing:
    """Write and kill for so many seconds, then compare everything with everything."""
    rng = random.Random(seed)
    consumer = Consumer()
    with RunDirectory() as run:
        databases = TestDatabases(run.path)
        try:
            listener = await asyncio.start_server(consumer, "127.0.0.1", 0)
            async with listener:
                port = listener.sockets[0].getsockname()[1]
                settings = {"rate_limit": "off", "egress_allow": "127.0.0.0/8", "egress_http": "true"}
                settings["egress_ports"] = str(port)
                if engine == "postgresql":
                    settings["database_url"] = databases.postgres_url()
                home = run.path / "ledger"
                home.mkdir()
                with mortals(home, engine, environment(home / "home", **settings)) as processes:
                    return await _run(processes, consumer, port, seconds, rng)
        finally:
            databases.close()


async def _run(processes: Mortals, consumer: Consumer, port: int, seconds: float, rng: random.Random) -> Closing:
    await processes.ready()
    token = await asyncio.to_thread(processes.server.token)
    books, stop, kills = Books(), asyncio.Event(), 0
    async with calling(processes, token) as call:
        endpoint = {"url": f"http://127.0.0.1:{port}/hook", "event_types": ["customer.*"]}
        (await call("POST", "/v1/webhook-endpoints", endpoint)).raise_for_status()
        writers = [asyncio.create_task(_write(call, books, stop, seed=rng.randrange(10**12))) for _ in range(6)]
        until = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < until:
            await asyncio.sleep(rng.uniform(0.5, 4.0))
            await processes.kill_one(rng)
            kills += 1
        stop.set()
        await asyncio.gather(*writers)
        await _settled(call)
        return await _compare(call, books, consumer, kills)


async def _write(call: Any, books: Books, stop: asyncio.Event, seed: int) -> None:
    rng = random.Random(seed)
    mine: list[str] = []
    for i in count():
        if stop.is_set():
            return
        if not mine or rng.random() < 0.4:
            # The key turns a repeat after an unknown end into the answer of the first.
            answer = await call("POST", "/v1/customers", {"display_name": f"c{i}"}, f"ledger-{seed}-{i}")
            answer.raise_for_status()
            mine.append(answer.json()["id"])
        else:
            answer = await call("PATCH", f"/v1/customers/{rng.choice(mine)}", {"note": f"n{i} {rng.random()}"})
            answer.raise_for_status()
        books.enter(answer.json())


async def _settled(call: Any) -> None:
    """Wait until every change has its position and nothing waits to be delivered; then the books tell what is missing.

    A worker that was just killed takes seconds to come back: that nothing moves does not mean that nothing waits.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_CLOSING_SECONDS):
            while not (await _is_placed(call) and await _is_delivered(call)):
                await asyncio.sleep(1.0)


async def _is_placed(call: Any) -> bool:
    state = State.of((await _customers(call)).items())
    checksum = (await call("GET", "/v1/events/checksum?type=customer")).json()
    return bool((checksum["count"], checksum["checksum"]) == (state.live, state.to_bytes().hex()))


async def _is_delivered(call: Any) -> bool:
    pages = [await call("GET", f"/v1/webhook-deliveries?state={state}&limit=1") for state in ("pending", "sending")]
    return not any(page.json()["data"] for page in pages)


async def _customers(call: Any) -> dict[str, int]:
    return {row["id"]: row["revision"] for row in await _all(call, "/v1/customers?limit=200&archived=any")}


async def _all(call: Any, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = (await call("GET", path + cursor)).json()
        found += page["data"]
        if not page["has_more"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def _compare(call: Any, books: Books, consumer: Consumer, kills: int) -> Closing:
    faults: list[str] = []
    events = await _all(call, "/v1/events?limit=200")
    customers = await _customers(call)
    checksum = (await call("GET", "/v1/events/checksum?type=customer")).json()
    deliveries = await _all(call, "/v1/webhook-deliveries?limit=200")

    if [event["position"] for event in events] != list(range(1, len(events) + 1)):
        faults.append("positions have gaps")
    rebuilt: dict[str, int] = {}
    for event in events:
        if event["subject"]["type"] == "customer":
            subject = event["subject"]
            rebuilt[subject["id"]] = max(rebuilt.get(subject["id"], 0), subject["revision"])
    if rebuilt != customers:
        faults.append(f"{len(set(rebuilt.items()) ^ set(customers.items()))} customers differ from the feed")
    lost = [cid for cid, revision in books.committed.items() if rebuilt.get(cid, 0) < revision]
    if lost:
        faults.append(f"{len(lost)} committed changes are not in the feed")
    state = State.of(rebuilt.items())
    if (checksum["count"], checksum["checksum"]) != (state.live, state.to_bytes().hex()):
        faults.append("the checksum is another one")
    told = {event["id"] for event in events if event["type"].startswith("customer.")}
    states = Counter(delivery["state"] for delivery in deliveries)
    if {delivery["event_id"] for delivery in deliveries} != told or len(deliveries) != len(told):
        faults.append("deliveries and events differ")
    if set(states) - {"delivered", "dead", "skipped"}:
        faults.append(f"deliveries are open: {dict(states)}")
    if told - consumer.bodies.keys():
        faults.append(f"{len(told - consumer.bodies.keys())} events did not arrive")
    if changed := sum(len(bodies) > 1 for bodies in consumer.bodies.values()):
        faults.append(f"{changed} events arrived with two bodies")
    return Closing(
        kills, books.writes, len(events), len(consumer.bodies), consumer.calls - len(consumer.bodies), tuple(faults)
    )
