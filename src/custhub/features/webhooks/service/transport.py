"""One attempt on the wire: signed, guarded, bounded (W-1, W-3, W-12)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Final

from custhub.features.webhooks.rules import AttemptError, retry_after_seconds, signature
from custhub.kit.egress import EgressClient, EgressFailed
from custhub.kit.egress_policy import EgressRefused, is_public

DEADLINE_SECONDS: Final = 15.0
CONNECT_SECONDS: Final = 5.0
EXCERPT_BYTES: Final = 1_024


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent: `delivery_id` and `event_id` as clients see them."""

    url: str
    event_id: str
    delivery_id: str
    attempt: int
    replay: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """How it went. `error` is None for success."""

    status: int | None
    error: AttemptError | None
    duration_ms: int
    address: str | None = None
    excerpt: str | None = None
    is_withheld: bool = False
    retry_after: float | None = None


class Transport:
    """Sends letters; the client behind it is made at the first one."""

    def __init__(self, connect: Callable[[], EgressClient], monotonic: Callable[[], float], version: str) -> None:
        self._connect = connect
        self._monotonic = monotonic
        self._agent = f"custhub/{version} (webhooks)"
        self._client: EgressClient | None = None

    async def send(self, letter: Letter, keys: Iterable[bytes], now: datetime) -> Sent:
        """One attempt; never raises for what the other side does."""
        timestamp = int(now.timestamp())
        headers = {
            "content-type": "application/json",
            "user-agent": self._agent,
            "webhook-id": letter.event_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(keys, letter.event_id, timestamp, letter.body),
            "custhub-delivery-id": letter.delivery_id,
            "custhub-attempt": str(letter.attempt),
            "custhub-replay": str(letter.replay),
        }
        began = self._monotonic()
        try:
            answer = await self._open().request(
                "POST",
                letter.url,
                headers=headers,
                content=letter.body,
                deadline_seconds=DEADLINE_SECONDS,
                connect_seconds=CONNECT_SECONDS,
            )
        except EgressRefused:
            return Sent(None, AttemptError.BLOCKED, self._since(began))
        except EgressFailed as failure:
            return Sent(None, AttemptError(failure.kind), self._since(began))
        # What stands on a private address is not for whoever may name addresses (W-11).
        is_withheld = not is_public(ip_address(answer.address))
        return Sent(
            status=answer.status,
            error=_error_of(answer.status),
            duration_ms=int(answer.elapsed_seconds * 1_000),
            address=answer.address,
            excerpt=None if is_withheld else _excerpt(answer.body),
            is_withheld=is_withheld,
            retry_after=retry_after_seconds(answer.headers.get("retry-after"), now),
        )

    def replace(self, client: EgressClient) -> None:
        """Use this client from now on."""
        self._client = client

    async def aclose(self) -> None:
        """Close what is open."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _open(self) -> EgressClient:
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _since(self, began: float) -> int:
        return int((self._monotonic() - began) * 1_000)


def _error_of(status: int) -> AttemptError | None:
    if 200 <= status < 300:
        return None
    if status == 410:
        return AttemptError.GONE
    return AttemptError.REDIRECT if 300 <= status < 400 else AttemptError.STATUS


def _excerpt(body: bytes) -> str:
    text = body[:EXCERPT_BYTES].decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text.encode()[:EXCERPT_BYTES].decode("utf-8", "ignore")
