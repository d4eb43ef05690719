"""What sets this hub apart, shown on one customer: found in any spelling, opened with a reason, re-keyed while read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

_ROTATION_SECONDS = 300.0
_PAUSE_SECONDS = 0.02
_DONE = "succeeded"
_BROKEN = "failed"


class RotationFailed(Exception):
    """A key rotation ended otherwise than in success, or not in time."""


def found_by(client: httpx.Client, number: str) -> list[str]:
    """Ids of the customers with this number, in whatever spelling."""
    answer = client.post("/v1/customers/lookup", json={"phone": number}).raise_for_status()
    return [customer["id"] for customer in answer.json()["data"]]


def refused_again(client: httpx.Client, number: str) -> Mapping[str, Any]:
    """The problem a second customer with this number meets; empty when there is none."""
    answer = client.post("/v1/customers", json={"display_name": "重复", "phones": [{"number": number}]})
    return dict(answer.json()) if answer.status_code == 409 else {}


def reveal(client: httpx.Client, customer_id: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The first number of a customer, opened for a call back, and the audit entry that this left."""
    customer = client.get(f"/v1/customers/{customer_id}").raise_for_status().json()
    path = f"/v1/customers/{customer_id}/phones/{customer['phones'][0]['id']}/reveal"
    opened = client.post(path, json={"reason": "call_back"}).raise_for_status().json()
    entries = client.get("/v1/audit", params={"action": "phone.revealed", "limit": "1"}).raise_for_status().json()
    return opened, entries["data"][0]


class Reader(threading.Thread):
    """Reads one page of customers after another and counts what fails."""

    def __init__(self, connect: Callable[[], httpx.Client]) -> None:
        super().__init__(daemon=True)
        self._connect = connect
        self._enough = threading.Event()
        self.pages = 0
        self.failures = 0

    def run(self) -> None:
        """Read until told to stop."""
        cursor: str | None = None
        with self._connect() as client:
            # As long as a quick client takes to think, or the reader alone keeps a small machine busy.
            while not self._enough.wait(_PAUSE_SECONDS):
                try:
                    query = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
                    page = client.get("/v1/customers", params=query).raise_for_status().json()
                except httpx.HTTPError:
                    self.failures += 1
                    continue
                self.pages += 1
                cursor = page["next_cursor"]
                phones = [phone for customer in page["data"] for phone in customer["phones"]]
                self.failures += any(phone["error"] or not phone["masked"] for phone in phones)

    def stop(self) -> None:
        """Finish the page and return."""
        self._enough.set()
        self.join()


@dataclass(frozen=True, slots=True)
class Rotation:
    """One finished rotation: how long it took, and what readers met meanwhile."""

    purpose: str
    seconds: float
    pages: int
    failures: int


def rotate(client: httpx.Client, purpose: str, connect: Callable[[], httpx.Client]) -> Rotation:
    """Replace the key of `purpose` while another connection reads. Raises RotationFailed."""
    reader = Reader(connect)
    reader.start()
    started = time.perf_counter()
    try:
        rotation = client.post("/v1/key-rotations", json={"purpose": purpose}).raise_for_status().json()
        while rotation["state"] != _DONE:
            if rotation["state"] == _BROKEN or time.perf_counter() - started > _ROTATION_SECONDS:
                raise RotationFailed(f"rotation of {purpose}: {rotation['status']}")
            time.sleep(0.1)
            rotation = client.get(f"/v1/key-rotations/{rotation['id']}").raise_for_status().json()
        seconds = time.perf_counter() - started
        # A few pages more: they are read with the new key alone.
        time.sleep(0.5)
    finally:
        reader.stop()
    return Rotation(purpose, seconds, reader.pages, reader.failures)
