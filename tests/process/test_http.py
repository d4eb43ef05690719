"""contract_e1, contract_f1: what the listener itself answers, before or beside the application."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from tests.process.running import RunningHub, serving

ORIGIN = "https://app.example"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with serving(tmp_path_factory.mktemp("http"), cors_origins=f"{ORIGIN},https://other.example") as made:
        yield made


def _talk(hub: RunningHub, *parts: bytes) -> bytes:
    """Everything the hub answers to these bytes until it hangs up."""
    answer = b""
    with socket.create_connection(("127.0.0.1", hub.port), 10) as line:
        line.settimeout(10)
        try:
            for part in parts:
                line.sendall(part)
            while chunk := line.recv(65_536):
                answer += chunk
        except ConnectionError:
            return answer
    return answer


@pytest.mark.parametrize(
    "raw", [b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nbad header\r\n\r\n"]
)
def test_contract_e1_what_is_no_http_is_a_problem_too(hub: RunningHub, raw: bytes) -> None:
    head, _, body = _talk(hub, raw).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in head
    problem = json.loads(body)
    assert problem["code"] == "unreadable_request"
    assert f"x-request-id: {problem['request_id']}".encode() in head


def test_contract_e1_endless_headers_are_cut_off(hub: RunningHub) -> None:
    flood = b"X-Filler: " + b"a" * 8_000 + b"\r\n"
    answer = _talk(hub, b"GET /health/live HTTP/1.1\r\nHost: x\r\n", *([flood] * 200))
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    with hub.client() as client:
        assert client.get("/health/live").status_code == 200


def test_a_large_body_beside_a_small_head_is_no_large_head(hub: RunningHub) -> None:
    body = b'{"display_name": "' + b"x" * 300_000 + b'"}'
    with hub.client(hub.token()) as client:
        for _ in range(3):
            answer = client.post("/v1/customers", content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code == 422


def test_no_header_names_the_server(hub: RunningHub) -> None:
    with hub.client() as client:
        headers = client.get("/health/live").headers
    assert "server" not in headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "date" in headers


def test_contract_f1_known_origin_may_call(hub: RunningHub) -> None:
    with hub.client(hub.token()) as client:
        asked = client.options("/v1/customers", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"})
        assert asked.status_code == 204
        assert asked.headers["access-control-allow-origin"] == ORIGIN
        assert "Idempotency-Key" in asked.headers["access-control-allow-headers"]
        answer = client.get("/v1/customers", headers={"Origin": ORIGIN})
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert "ETag" in answer.headers["access-control-expose-headers"]
        refused = client.get("/v1/customers/x", headers={"Origin": ORIGIN})
        assert refused.status_code == 422
        assert refused.headers["access-control-allow-origin"] == ORIGIN


def test_contract_f1_other_origins_may_not(hub: RunningHub) -> None:
    evil = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    with hub.client() as client:
        asked = client.options("/v1/customers", headers=evil)
        assert asked.status_code == 405
        assert asked.headers["content-type"] == "application/problem+json"
        assert "access-control-allow-origin" not in asked.headers
        assert "access-control-allow-origin" not in client.get("/health/live", headers=evil).headers
