"""R-7, R-9, S-116: health and metrics of a running hub."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from custhub.api import VERSION
from tests.process.running import RunningHub, serving

#: How much slower than a machine of its own a test machine may be.
BUSY = 5


@pytest.fixture(scope="module")
def token(hub: RunningHub) -> str:
    return hub.token("ops:read")


def test_r7_live_touches_nothing_and_is_quick(hub: RunningHub) -> None:
    with hub.client() as client:
        client.get("/health/live")
        began = time.monotonic()
        answers = [client.get("/health/live") for _ in range(20)]
        each = (time.monotonic() - began) / 20
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].json() == {"object": "health", "status": "live"}
    assert answers[0].headers["cache-control"] == "no-store"
    assert each < 0.05 * BUSY


def test_s116_public_answer_says_yes_or_no(hub: RunningHub) -> None:
    with hub.client() as client:
        answer = client.get("/health/ready")
        assert answer.json() == {"object": "readiness", "status": "ready", "checks": []}
        for path in ("/health/live", "/health/ready"):
            response = client.get(path)
            assert "server" not in response.headers
            assert VERSION not in response.text
            assert not re.search(r"\d", response.text)


def test_r7_details_need_the_ops_scope(hub: RunningHub, token: str) -> None:
    with hub.client(token) as client:
        checks = {check["name"]: check["state"] for check in client.get("/health/ready").json()["checks"]}
    assert checks == dict.fromkeys(["process", "database", "migrations", "keys", "worker", "disk"], "ok")
    with hub.client(hub.token("customers:read")) as client:
        assert client.get("/health/ready").json()["checks"] == []


@pytest.mark.parametrize("header", ["Bearer nonsense", "Basic eDp5", "Bearer"])
def test_r7_a_bad_token_does_not_make_it_unready(hub: RunningHub, header: str) -> None:
    with hub.client() as client:
        answer = client.get("/health/ready", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["checks"]) == (200, [])


def test_r9_metrics_need_the_ops_scope(hub: RunningHub, token: str) -> None:
    with hub.client() as client:
        assert client.get("/metrics").status_code == 401
    with hub.client(hub.token("customers:read")) as client:
        assert client.get("/metrics").status_code == 403
    with hub.client(token) as client:
        answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    for name in (
        "http_request_duration_seconds_bucket",
        "db_pool_in_use",
        "outbox_unassigned",
        "outbox_oldest_seconds",
        "build_info",
    ):
        assert f"\n{name}" in answer.text


def test_r9_routes_are_templates(hub: RunningHub, token: str) -> None:
    with hub.client(hub.token()) as client:
        made = client.post("/v1/customers", json={"display_name": "李娜"})
        client.get(made.headers["location"])
        client.get("/v1/no/such/13812345678")
        client.get("/13812345678")
        client.get("/health/ready")
    with hub.client(token) as client:
        text = client.get("/metrics").text
    routes = set(re.findall(r'route="([^"]*)"', text))
    assert {"/v1/customers", "/v1/customers/{customer_id}", "unmatched", "/health/ready"} <= routes
    assert not [route for route in routes if re.search(r"cus_|\d{4}", route)]


def test_r7_readiness_is_off_when_the_disk_is_nearly_full(tmp_path: Path) -> None:
    """R-5: reading and writing go on, the balancer looks for another hub."""
    with serving(tmp_path, disk_reserve_bytes=str(1 << 60)) as hub:
        with hub.client(hub.token()) as client:
            answer = client.get("/health/ready")
            assert (answer.status_code, answer.json()["code"]) == (503, "storage_low")
            assert {"name": "disk", "state": "failed"} in answer.json()["checks"]
            assert int(answer.headers["retry-after"]) > 0
            assert client.post("/v1/customers", json={"display_name": "李娜"}).status_code == 201
        with hub.client() as client:
            assert "checks" not in client.get("/health/ready").json()


def test_health_leaves_no_line_in_the_access_log(hub: RunningHub) -> None:
    with hub.client() as client:
        client.get("/health/live")
        client.get("/health/ready")
    time.sleep(0.5)
    assert "/health/" not in hub.stdout


def test_the_shared_database_is_intact(hub: RunningHub) -> None:
    path = Path(hub.env["CUSTHUB_HOME"]) / "data" / "custhub.db"
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
