"""Every proof by name: what it plants, what it does, what must hold afterwards."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

from tests.databases import TestDatabases
from tests.proofs.imports import prove as prove_import
from tests.proofs.ledger import close_the_books
from tests.proofs.merges import prove as prove_merges
from tests.proofs.residue import Needles, planted_numbers, scan
from tests.proofs.running import ProofHub, proof_hub
from tests.proofs.undo import prove as prove_undo

SEED = 20_260_301


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it held, and the figures."""

    passed: bool
    figures: str


async def residue(engine: str, numbers: int = 200, purposes: Sequence[str] = ("field", "bidx")) -> Verdict:
    """S-01, S-20: planted numbers are nowhere readable, also after a rotation of these keys."""
    planted = planted_numbers(numbers, SEED)
    needles = Needles(planted)
    with proof_hub(engine, log_level="debug") as proof:
        async with proof.client() as client:
            found = await _use(client, planted)
            before, read = scan(proof.directories, needles)
            for purpose in purposes:
                await rotate(client, purpose)
            await _settle(proof, client)
            after, again = scan(proof.directories, needles)
    hits = before + after
    shown = "".join(f" {hit.form} in {hit.file}@{hit.offset}" for hit in hits[:3])
    return Verdict(
        not hits and found == numbers,
        f"{numbers} numbers, {found} found by lookup, {len(hits)} hits in {(read + again) / 1e6:.0f} MB{shown}",
    )


async def _use(client: httpx.AsyncClient, planted: list[str]) -> int:
    """Send each number every way a number can come in; gives how many a lookup finds."""
    rng = random.Random(SEED)
    found = 0
    for i, number in enumerate(planted):
        body = {
            "display_name": f"李娜 {number}" if i % 5 == 0 else "李娜",
            "phones": [{"number": f"+86 {number[:3]} {number[3:7]} {number[7:]}"}],
            "note": f"call {number} please",
            "addresses": [{"full_text": f"广东省深圳市南山区科技园路1号 {number}"}],
        }
        headers = {"Idempotency-Key": f"plant-{rng.randrange(10**12)}"}
        if i % 3 == 0:
            answer = await client.post("/v1/customers/batch", json={"items": [body]}, headers=headers)
            location = f"/v1/customers/{answer.json()['results'][0]['id']}"
        else:
            answer = await client.post("/v1/customers", json=body, headers=headers)
            location = answer.headers["location"]
        await client.post("/v1/customers", json=body, headers=headers)
        await client.get("/v1/customers", params={"phone": number})
        await client.get(f"/v1/customers/{number}")
        await client.patch(location, json={"note": f"now {number}, really"})
        await client.post("/v1/customers", json=body | {"phones": [{"number": number, "unknown": number}]})
        looked_up = await client.post("/v1/customers/lookup", json={"phone": f"0086-{number}"})
        found += len(looked_up.json()["data"]) == 1
        phone = looked_up.json()["data"][0]["phones"][0]["id"]
        await client.post(f"{location}/phones/{phone}/reveal", json={"reason": "call_back"})
    return found


async def rotate(client: httpx.AsyncClient, purpose: str, seconds: float = 900) -> dict[str, object]:
    """Rotate one kind of key through the API and wait until it is done."""
    started = await client.post("/v1/key-rotations", json={"purpose": purpose})
    started.raise_for_status()
    location = f"/v1/key-rotations/{started.json()['id']}"
    async with asyncio.timeout(seconds):
        while True:
            state: dict[str, object] = (await client.get(location)).json()
            if state["state"] in ("succeeded", "failed"):
                return state
            await asyncio.sleep(0.2)


async def _settle(proof: ProofHub, client: httpx.AsyncClient) -> None:
    (await client.get("/health/ready")).raise_for_status()
    proof.command("keys", "check")


async def rotation(
    engine: str, customers: int = 20_000, callers: int = 8, databases: TestDatabases | None = None
) -> Verdict:
    """S-17: both kinds of keys rotate while the hub serves; nothing fails, nothing stays under the old key."""
    with proof_hub(engine, databases) as proof:
        async with proof.client() as client:
            numbers = await _fill(client, customers)
            stop, outcome = asyncio.Event(), _Outcome()
            load = [asyncio.create_task(_load(client, numbers, i, stop, outcome)) for i in range(callers)]
            states = [await rotate(client, purpose) for purpose in ("field", "bidx")]
            stop.set()
            await asyncio.gather(*load)
            keys = (await client.get("/v1/keys")).json()["data"]
    left = sum(int(key["dependants"]) for key in keys if key["purpose"] in ("field", "bidx") and key["kid"] == 1)
    finished = all(state["state"] == "succeeded" for state in states)
    return Verdict(
        finished and left == 0 and outcome.failed == 0 and outcome.requests > 0,
        f"{customers} customers, {outcome.requests} requests meanwhile, {outcome.failed} failed, "
        f"{left} rows under the old keys{outcome.first}",
    )


@dataclass(slots=True)
class _Outcome:
    requests: int = 0
    failed: int = 0
    first: str = ""


async def _fill(client: httpx.AsyncClient, customers: int) -> list[str]:
    numbers = [f"139{i:08d}" for i in range(customers)]
    for first in range(0, customers, 500):
        items = [{"display_name": "李娜", "phones": [{"number": number}]} for number in numbers[first : first + 500]]
        answer = await client.post(
            "/v1/customers/batch", json={"items": items}, headers={"Idempotency-Key": f"fill-{first:08d}"}
        )
        answer.raise_for_status()
    return numbers


async def _load(
    client: httpx.AsyncClient, numbers: list[str], worker: int, stop: asyncio.Event, outcome: _Outcome
) -> None:
    rng = random.Random(SEED + worker)
    for i in count():
        if stop.is_set():
            return
        number = rng.choice(numbers)
        found = await client.post("/v1/customers/lookup", json={"phone": number})
        taken = await client.post("/v1/customers", json={"display_name": "x", "phones": [{"number": number}]})
        new = f"137{worker}{i:07d}"
        created = await client.post("/v1/customers", json={"display_name": "王伟", "phones": [{"number": new}]})
        patched = await client.patch(created.headers.get("location", "/"), json={"note": f"seen {i}"})
        good = (
            found.status_code == 200
            and len(found.json()["data"]) == 1
            and taken.status_code == 409
            and created.status_code == 201
            and patched.status_code == 200
        )
        outcome.requests += 4
        if not good:
            outcome.failed += 1
            statuses = [answer.status_code for answer in (found, taken, created, patched)]
            outcome.first = outcome.first or f"; first: {statuses} {taken.text[:120]}"


async def storm(engine: str, rounds: int = 20, parallel: int = 200, databases: TestDatabases | None = None) -> Verdict:
    """S-13: parallel creates of one number in ten spellings give one customer each time."""
    spell = ("{n}", "+86{n}", "0086 {n}", "86{n}", "(+86){n}", "tel:+86{n}", "{a} {b} {c}", "{a}-{b}-{c}",
             "+86 {a} {b} {c}", "+86-{a}-{b}-{c}")  # fmt: skip
    wrong = 0
    with proof_hub(engine, databases) as proof:
        async with proof.client() as client:
            for turn in range(rounds):
                n = f"136{turn:08d}"
                forms = [spell[i % 10].format(n=n, a=n[:3], b=n[3:7], c=n[7:]) for i in range(parallel)]
                sent = (
                    client.post("/v1/customers", json={"display_name": "x", "phones": [{"number": f}]}) for f in forms
                )
                answers = await asyncio.gather(*sent)
                created = [answer.json()["id"] for answer in answers if answer.status_code == 201]
                named = {answer.json().get("existing_id") for answer in answers if answer.status_code == 409}
                wrong += not (len(created) == 1 and named == set(created) and len(answers) == parallel)
    return Verdict(
        wrong == 0, f"{rounds} rounds of {parallel} creates, {wrong} with another outcome than 1 and the rest 409"
    )


async def ledger(engine: str, seconds: float = 120) -> Verdict:
    """RELIABILITY 1 and 2: kill -9 of any process under writes; nothing committed goes untold."""
    closing = await close_the_books(engine, seconds, SEED)
    return Verdict(
        not closing.faults and closing.writes > 0,
        f"{closing.kills} kills, {closing.writes} answered writes, {closing.events} events, "
        f"{closing.received} delivered, {closing.duplicates} of them again; "
        + ("; ".join(closing.faults) or "nothing lost"),
    )


async def imports(
    engine: str,
    rows: int | None = None,
    kills: int = 3,
    *,
    waits: bool = True,
    databases: TestDatabases | None = None,
) -> Verdict:
    """J-5, MATCHING 5: an import killed three times has exact counts, names each bad row, and is undone without a rest.

    The environment's ROWS says how many, a million if it says nothing.
    """
    count = rows or int(os.environ.get("ROWS", "1000000"))
    file, proved = await prove_import(engine, count, kills, SEED, waits=waits, databases=databases)
    rate = file.rows / max(proved.import_seconds, 0.001)
    slowest = max(proved.resumed, default=0.0)
    return Verdict(
        not proved.faults,
        f"{file.rows:,} rows, {len(file.bad):,} bad of {len(file.kinds())} kinds, {proved.kills} kills, at work again "
        f"after at most {slowest:.1f} s; {rate:,.0f} rows/s with the kills, undo {proved.undo_seconds:.0f} s, "
        f"API process at most {proved.megabytes} MB; " + ("; ".join(proved.faults) or "checksum as before"),
    )


async def merges(engine: str, plans: int = 1_000, databases: TestDatabases | None = None) -> Verdict:
    """MATCHING 4: the plan of a preview is what its commit makes true; whatever anybody had is there afterwards."""
    absorbed, faults = await prove_merges(engine, plans, SEED, databases)
    return Verdict(
        not faults, f"{plans} merges of {absorbed + plans} customers, {len(faults)} differences {faults[:3]}"
    )


async def undo(engine: str, sequences: int = 1_000, *, databases: TestDatabases | None = None) -> Verdict:
    """MATCHING 5: merges and undos in any order among edits; each is who it was but for what is told."""
    proved = await prove_undo(engine, sequences, SEED, databases)
    return Verdict(
        not proved.faults and proved.undos == proved.merges > 0 and proved.exact > 0,
        f"{proved.sequences:,} sequences, {proved.merges:,} merges and undos, {proved.exact:,} of them at once and "
        f"equal byte for byte, {proved.refused:,} refused for later ones, {proved.conflicts:,} conflicts, each told; "
        + ("; ".join(proved.faults) or "nothing lost"),
    )


PROOFS: dict[str, Callable[..., Coroutine[Any, Any, Verdict]]] = {
    "residue": residue,
    "rotation": rotation,
    "storm": storm,
    "ledger": ledger,
    "imports": imports,
    "merges": merges,
    "undo": undo,
}
