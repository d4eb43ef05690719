"""Does a callback come from the provider (M-4)?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from custhub.features.messages.rules import is_from_provider
from custhub.features.messages.rules.callbacks import signature_of

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
SECRET = "whsec_c2l4dGVlbiBieXRlcyBhcmUgZW5vdWdo"
BODY = b'{"reference":"x"}'


def _headers(**changed: str) -> dict[str, str]:
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": str(AT),
        "webhook-signature": signature_of(SECRET, "m1", AT, BODY),
    }
    return headers | {name.replace("_", "-"): value for name, value in changed.items()}


def test_a_signature_as_standard_webhooks_make_it() -> None:
    signed = Webhook(SECRET).sign("m1", NOW, BODY.decode())
    assert signed == signature_of(SECRET, "m1", AT, BODY)


def test_signed() -> None:
    assert is_from_provider(SECRET, _headers(), BODY, NOW)
    assert is_from_provider(SECRET, _headers(), BODY, NOW + timedelta(minutes=4))
    assert is_from_provider("no prefix at all", {"authorization": "Bearer no prefix at all"}, BODY, NOW)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer "},
        {"authorization": f"bearer {SECRET}"},
        {"authorization": f"Bearer {SECRET}x"},
        _headers(webhook_id="m2"),
        _headers(webhook_id=""),
        _headers(webhook_timestamp=str(AT + 1)),
        _headers(webhook_timestamp="now"),
        _headers(webhook_timestamp="²"),
        _headers(webhook_timestamp="9" * 12),
        _headers(webhook_timestamp="9" * 40),
        _headers(webhook_signature="v1,"),
        _headers(webhook_signature=""),
        _headers(webhook_signature=" ".join(["v1,x"] * 9 + [signature_of(SECRET, "m1", AT, BODY)])),
        # Whoever signs is not believed for a token beside it.
        _headers(webhook_signature="v1,x", authorization=f"Bearer {SECRET}"),
    ],
)
def test_forged(headers: dict[str, str]) -> None:
    assert not is_from_provider(SECRET, headers, BODY, NOW)


def test_old_other_bytes_other_secret_none() -> None:
    assert not is_from_provider(SECRET, _headers(), BODY, NOW + timedelta(minutes=6))
    assert not is_from_provider(SECRET, _headers(), BODY, NOW - timedelta(minutes=6))
    assert not is_from_provider(SECRET, _headers(), BODY + b" ", NOW)
    assert not is_from_provider("another secret", _headers(), BODY, NOW)
    assert not is_from_provider("", {"authorization": "Bearer "}, BODY, NOW)
