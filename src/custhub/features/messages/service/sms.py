"""SMS by a provider's HTTP interface."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import orjson

from custhub.features.messages.rules import Ending, Outcome, http_outcome
from custhub.features.messages.service.transport import Parcel
from custhub.kit.egress import EgressClient, EgressFailed
from custhub.kit.egress_policy import EgressRefused

log = logging.getLogger("custhub.messages")

_MAX_ANSWER: Final = 4_096
_MAX_DIGITS: Final = 8
#: The connection did not come about: nothing was said.
_UNSAID: Final = frozenset(("dns", "connect", "tls"))


@dataclass(frozen=True, slots=True)
class SmsProvider:
    """Where SMS go out. `deduplicates`: it sends one SMS for one Idempotency-Key, however often it is asked."""

    url: str
    token: str = field(repr=False)
    sender: str
    deduplicates: bool
    seconds: float


class SmsTransport:
    """POSTs `{"to", "from", "text", "reference"}` with an Idempotency-Key; docs/operations.md says what is answered."""

    def __init__(self, provider: SmsProvider, client: EgressClient) -> None:
        self._provider = provider
        self._client = client
        self.deduplicates = provider.deduplicates
        self.deadline_seconds = provider.seconds

    async def deliver(self, parcel: Parcel) -> Outcome:
        """One request."""
        provider = self._provider
        members = {
            "to": parcel.recipient.address,
            "from": provider.sender,
            "text": parcel.content.body,
            "reference": parcel.key,
        }
        headers = {"content-type": "application/json", "accept": "application/json", "idempotency-key": parcel.key}
        if provider.token:
            headers["authorization"] = f"Bearer {provider.token}"
        try:
            answer = await self._client.request(
                "POST",
                provider.url,
                headers=headers,
                content=orjson.dumps(members),
                deadline_seconds=provider.seconds,
                max_bytes=_MAX_ANSWER,
            )
        except EgressRefused:
            log.error("the address of the SMS provider may not be called")
            return Outcome(Ending.RETRY, EgressRefused.code)
        except EgressFailed as failure:
            if failure.kind in _UNSAID:
                return Outcome(Ending.RETRY, failure.kind if failure.kind == "tls" else "connection_failed")
            return Outcome(Ending.IN_DOUBT, "timeout" if failure.kind == "timeout" else "connection_lost")
        return http_outcome(answer.status, _json(answer.body), _pause(answer.headers.get("retry-after", "")))

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()


def _json(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _pause(text: str) -> timedelta | None:
    return timedelta(seconds=int(text)) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else None
