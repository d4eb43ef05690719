"""contract_f1: cross-origin calls, off by default."""

from __future__ import annotations

import pytest

from custhub.http.cors import Cors

EXPOSED = {
    "ETag", "Link", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id", "Idempotency-Replayed",
    "Deprecation", "Sunset",
}  # fmt: skip
ASKS = {b"access-control-request-method": b"PATCH"}


def test_contract_f1_known_origin_may_read_the_listed_headers() -> None:
    headers = dict(Cors(["https://app.example"]).headers(b"https://app.example"))
    assert headers[b"access-control-allow-origin"] == b"https://app.example"
    assert set(headers[b"access-control-expose-headers"].decode().split(", ")) == EXPOSED
    assert headers[b"vary"] == b"Origin"
    assert b"access-control-allow-credentials" not in headers


@pytest.mark.parametrize("origin", [None, b"https://evil.example", b"https://app.example.evil.example", b"null", b""])
def test_contract_f1_others_get_nothing_but_vary(origin: bytes | None) -> None:
    cors = Cors(["https://app.example"])
    assert dict(cors.headers(origin)) == {b"vary": b"Origin"}
    assert cors.preflight("OPTIONS", {b"origin": origin or b"", **ASKS}) is None


def test_contract_f1_star_is_every_origin() -> None:
    cors = Cors(["*"])
    assert dict(cors.headers(b"https://any.example"))[b"access-control-allow-origin"] == b"*"
    assert cors.preflight("OPTIONS", {b"origin": b"https://any.example", **ASKS}) is not None


def test_preflight_names_methods_and_headers() -> None:
    answer = Cors(["https://app.example"]).preflight("OPTIONS", {b"origin": b"https://app.example", **ASKS})
    assert answer is not None
    assert answer.status_code == 204
    headers = dict(answer.raw_headers)
    assert b"PATCH" in headers[b"access-control-allow-methods"].split(b", ")
    assert {b"Authorization", b"Idempotency-Key", b"If-Match"} <= set(
        headers[b"access-control-allow-headers"].split(b", ")
    )


@pytest.mark.parametrize(("method", "headers"), [("OPTIONS", {}), ("GET", ASKS), ("POST", ASKS)])
def test_only_a_preflight_is_answered(method: str, headers: dict[bytes, bytes]) -> None:
    assert Cors(["https://app.example"]).preflight(method, {b"origin": b"https://app.example", **headers}) is None
