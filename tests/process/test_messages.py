"""`custhub messages`, and a hub that is killed while it sends (M-1, M-2)."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from custhub.operator.calling import call
from custhub.settings import Settings
from tests.mail_server import HANG, MailServer, certificate, mail_server
from tests.process.here import Run
from tests.process.refusals import assert_refused
from tests.process.running import serving, wait_until


@contextmanager
def mail_in_a_thread(directory: Path) -> Iterator[tuple[MailServer, dict[str, str]]]:
    """A mail server for processes, and the settings that lead there."""
    context, ca_file = certificate(directory)
    started, stop = threading.Event(), asyncio.Event()
    found: list[MailServer] = []
    loop = asyncio.new_event_loop()

    async def run() -> None:
        async with mail_server(context) as server:
            found.append(server)
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    assert started.wait(10)
    try:
        settings = {
            "smtp_host": "127.0.0.1",
            "smtp_port": str(found[0].port),
            "smtp_ca_file": str(ca_file),
            "smtp_from": "hub@example.com",
        }
        yield found[0], settings
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def _state(settings: Settings, message_id: str) -> str:
    asked: dict[str, Any] = {"state": None, "channel": None, "limit": 50}
    (state,) = [m["state"] for m in call(settings, "messages.list", asked)["messages"] if m["id"] == message_id]
    return str(state)


@pytest.mark.parametrize(
    ("stage", "copies"), [("greeting", 0), ("RCPT", 0), (".", 1)], ids=["connected", "named", "handed over"]
)
def test_m2_kill_9_while_sending_leaves_unknown_and_no_second_copy(tmp_path: Path, stage: str, copies: int) -> None:
    with mail_in_a_thread(tmp_path) as (mail, settings):
        mail.replies[stage] = HANG
        with serving(tmp_path, **settings) as hub:
            message = call(hub.settings, "messages.test", {"address": "ops@example.com"})["message"]["id"]
            wait_until(lambda: mail.connections > 0 and len(mail.taken) == copies and _reached(mail, stage))
            assert _state(hub.settings, message) == "sending"
            os.kill(hub.process.pid, signal.SIGKILL)
            hub.process.wait()
        mail.replies.clear()
        with serving(tmp_path, **settings) as hub:
            wait_until(lambda: _state(hub.settings, message) == "unknown")
            # What comes after it is sent.
            second = call(hub.settings, "messages.test", {"address": "ops@example.com"})["message"]["id"]
            wait_until(lambda: _state(hub.settings, second) == "sent")
            assert _state(hub.settings, message) == "unknown"
            assert len(mail.taken) == copies + 1


def _reached(mail: MailServer, stage: str) -> bool:
    return stage != "RCPT" or any(line.startswith("RCPT") for line in mail.commands)


def test_m1_what_was_queued_when_the_hub_was_killed_is_sent(tmp_path: Path) -> None:
    with mail_in_a_thread(tmp_path) as (mail, settings):
        mail.replies["greeting"] = HANG
        with serving(tmp_path, **settings) as hub:
            # Eight are under way at once, the last one waits.
            messages = [
                call(hub.settings, "messages.test", {"address": f"ops{number}@example.com"})["message"]["id"]
                for number in range(9)
            ]
            wait_until(lambda: mail.connections == 8)
            assert _state(hub.settings, messages[-1]) == "queued"
            os.kill(hub.process.pid, signal.SIGKILL)
            hub.process.wait()
        mail.replies.clear()
        with serving(tmp_path, **settings) as hub:
            wait_until(lambda: _state(hub.settings, messages[-1]) == "sent")
            assert {_state(hub.settings, message) for message in messages[:-1]} == {"unknown"}
            assert mail.recipients() == ["ops8@example.com"]


def test_commands(tmp_path: Path, run: Run) -> None:
    home = tmp_path / "home"
    assert run(home, "init").code == 0
    with mail_in_a_thread(tmp_path) as (mail, settings):
        mail.replies["gone@example.com"] = "550 5.1.1 nobody"
        sent = run(home, "messages", "test", "ops@example.com", **settings)
        assert re.fullmatch(r"message msg_\w+ to o\*\*\*@example\.com is sent\n", sent.out), sent.err
        assert_refused(run(home, "messages", "test", "gone@example.com", **settings), 1, "bounced: recipient_refused")
        assert_refused(run(home, "messages", "test", "gone@example.com", **settings), 1, "failed: suppressed")
        allowed = run(home, "messages", "allow", "gone@example.com", **settings)
        assert allowed.out == "g***@example.com gets messages again\n"
        assert "was not suppressed" in run(home, "messages", "allow", "gone@example.com", **settings).out
        assert_refused(run(home, "messages", "test", "gone@example.com", **settings), 1, "bounced")
        assert_refused(run(home, "messages", "test", "nobody", **settings), 1, "neither an e-mail address nor a phone")
        listed = run(home, "messages", "list", "--state", "bounced", **settings).out.splitlines()
        assert len(listed) == 3
        assert re.search(r"email +bounced +recipient_refused +g\*\*\*@example\.com +test$", listed[1])
        assert mail.recipients() == ["ops@example.com"]


def test_development_keeps_messages_in_files(tmp_path: Path, run: Run) -> None:
    home = tmp_path / "home"
    assert run(home, "init").code == 0
    assert "is sent" in run(home, "messages", "test", "138 1234 5678").out
    assert [path.suffix for path in (home / "outbox").iterdir()] == [".json"]
