"""R-1: a stop that loses no request."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.process.running import serving, wait_until

DRAIN_SECONDS = 3.0
#: What a busy machine may add to a bound.
BUSY_SECONDS = 10.0


def test_r1_goes_on_serving_unready_then_leaves(tmp_path: Path) -> None:
    with serving(tmp_path, drain_seconds=str(DRAIN_SECONDS)) as hub:
        token = hub.token()
        with hub.client(token) as client:
            assert client.get("/v1/customers").status_code == 200
            began = time.monotonic()
            hub.signal()
            wait_until(lambda: client.get("/health/ready").status_code == 503, DRAIN_SECONDS)
            assert client.get("/health/ready").json()["code"] == "shutting_down"
            assert client.get("/health/live").status_code == 200
            # A connection of before, and one of now.
            answer = client.get("/v1/customers")
            assert answer.status_code == 200
            assert answer.headers["connection"] == "close"
            assert httpx.get(f"{hub.url}/health/live", trust_env=False).status_code == 200
        assert hub.wait() == 0
        assert DRAIN_SECONDS <= time.monotonic() - began < DRAIN_SECONDS + BUSY_SECONDS


def test_r1_no_request_of_a_steady_client_fails_during_the_drain(tmp_path: Path) -> None:
    """Stands for a balancer that stops sending once readiness says so."""
    failures: list[object] = []
    with serving(tmp_path, drain_seconds=str(DRAIN_SECONDS), rate_limit="off") as hub:
        token = hub.token()
        stop = threading.Event()

        def call() -> None:
            with hub.client(token) as client:
                while not stop.is_set():
                    try:
                        if client.get("/health/ready").status_code == 503:
                            return
                        answer = client.post("/v1/customers", json={"display_name": "李娜"})
                        if answer.status_code != 201:
                            failures.append(answer.text)
                    except httpx.HTTPError as error:
                        failures.append(error)

        callers = [threading.Thread(target=call) for _ in range(4)]
        for caller in callers:
            caller.start()
        time.sleep(0.5)
        hub.signal()
        assert hub.wait() == 0
        stop.set()
        for caller in callers:
            caller.join(10)
    assert failures == []


def _slow_body(started: threading.Event, seconds: float, go_on: threading.Event | None = None) -> object:
    """A body of which the second half comes after so many seconds, or at the word."""
    body = b'{"display_name": "' + b"x" * 20 + b'"}'

    def chunks() -> object:
        yield body[:10]
        started.set()
        (go_on or threading.Event()).wait(seconds)
        yield body[10:]

    return chunks()


def test_r1_request_in_flight_is_finished(tmp_path: Path) -> None:
    with serving(tmp_path, drain_seconds="0") as hub:
        token, started = hub.token(), threading.Event()
        answers: list[httpx.Response] = []

        def call() -> None:
            with hub.client(token) as client:
                answers.append(
                    client.post(
                        "/v1/customers",
                        content=_slow_body(started, 1.0),  # type: ignore[arg-type]  # chunks are taken too
                        headers={"Content-Type": "application/json"},
                    )
                )

        caller = threading.Thread(target=call)
        caller.start()
        assert started.wait(10)
        hub.signal()
        wait_until(lambda: "not listening any more" in hub.events())
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{hub.url}/health/live", trust_env=False)
        assert hub.wait() == 0
        caller.join(10)
    assert [answer.status_code for answer in answers] == [201]


def test_r1_request_that_does_not_end_is_given_up(tmp_path: Path) -> None:
    with serving(tmp_path, drain_seconds="0", shutdown_seconds="1") as hub:
        started, over = threading.Event(), threading.Event()
        outcome: list[object] = []
        token = hub.token()

        def call() -> None:
            with hub.client(token) as client:
                try:
                    outcome.append(
                        client.post(
                            "/v1/customers",
                            content=_slow_body(started, 30.0, over),  # type: ignore[arg-type]  # chunks are taken too
                            headers={"Content-Type": "application/json"},
                        ).status_code
                    )
                except httpx.HTTPError:
                    outcome.append("lost")

        caller = threading.Thread(target=call, daemon=True)
        caller.start()
        assert started.wait(10)
        began = time.monotonic()
        hub.signal()
        assert hub.wait() == 0
        assert time.monotonic() - began < 1 + BUSY_SECONDS
        over.set()
        caller.join(40)
    assert outcome in ([503], ["lost"])


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_r1_second_signal_aborts(tmp_path: Path, second: signal.Signals) -> None:
    with serving(tmp_path, drain_seconds="30") as hub:
        hub.signal()
        time.sleep(0.5)
        assert hub.process.poll() is None
        began = time.monotonic()
        hub.signal(second)
        assert hub.wait() == 1
        assert time.monotonic() - began < BUSY_SECONDS


def test_r1_developer_does_not_wait(tmp_path: Path) -> None:
    with serving(tmp_path) as hub:
        began = time.monotonic()
        hub.signal(signal.SIGINT)
        assert hub.wait() == 0
        assert time.monotonic() - began < BUSY_SECONDS
        assert "Traceback" not in hub.stderr


def test_r1_what_was_written_is_there_after_a_kill(tmp_path: Path) -> None:
    with serving(tmp_path) as hub:
        with hub.client(hub.token()) as client:
            locations = [
                client.post("/v1/customers", json={"display_name": f"客户{n}"}).headers["location"] for n in range(20)
            ]
        hub.process.kill()
        hub.wait()
    operator = tmp_path / "home" / "operator.sock"
    assert operator.exists()  # what a killed hub leaves behind does not stop the next one
    with serving(tmp_path) as hub:
        with hub.client(hub.token()) as client:
            assert {client.get(location).status_code for location in locations} == {200}
        assert hub.stop() == 0
    assert not operator.exists()
