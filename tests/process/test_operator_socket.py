"""R-4: who may command a running hub."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import warnings
from pathlib import Path

import pytest

from custhub.crypto.keyring import FileKeyProvider, Keyring
from custhub.kit.clock import SystemClock
from custhub.operator.assertion import request
from custhub.operator.line import NAME, ask
from tests.process.here import Run
from tests.process.refusals import assert_refused
from tests.process.running import RunningHub, serving

ISSUE = {"role": None, "scopes": ["customers:read"], "ttl_seconds": 60}


@pytest.fixture
def home(hub: RunningHub) -> Path:
    return Path(hub.env["CUSTHUB_HOME"])


@pytest.fixture
def keyring(home: Path) -> Keyring:
    return FileKeyProvider(home / "keys" / "keyring.json").load()


def test_r4_socket_is_the_owners_alone(home: Path) -> None:
    mode = (home / NAME).stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_r4_one_request_one_answer(home: Path, keyring: Keyring) -> None:
    answer = ask(home, request(keyring, SystemClock(), "token.issue", ISSUE))
    assert answer is not None
    assert set(answer) == {"done"}


def test_r4_an_assertion_works_once(home: Path, keyring: Keyring) -> None:
    line = request(keyring, SystemClock(), "token.issue", ISSUE)
    first, second = ask(home, line), ask(home, line)
    assert first is not None
    assert second is not None
    assert "done" in first
    assert "does not accept" in second["refused"]


@pytest.mark.parametrize("line", [b"{}\n", b"\n", b"hello\n", b"x" * 2_000_000])
def test_r4_anything_else_is_refused_and_the_hub_lives_on(hub: RunningHub, home: Path, line: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as talk:
        talk.settimeout(10)
        talk.connect(str(home / NAME))
        try:
            talk.sendall(line)
            answer = talk.recv(65_536)
        except OSError:
            answer = b""
    assert answer == b"" or "refused" in json.loads(answer)
    with hub.client() as client:
        assert client.get("/health/ready").status_code == 200


def test_r4_unknown_command_is_refused(home: Path, keyring: Keyring) -> None:
    answer = ask(home, request(keyring, SystemClock(), "world.end", {}))
    assert answer is not None
    assert "does not know this command" in answer["refused"]


@pytest.mark.parametrize("arguments", [{}, {**ISSUE, "ttl_seconds": 3601}, {**ISSUE, "more": 1}])
def test_r4_bad_arguments_are_refused(home: Path, keyring: Keyring, arguments: dict[str, object]) -> None:
    answer = ask(home, request(keyring, SystemClock(), "token.issue", arguments))
    assert answer is not None
    assert "refused" in answer


def test_r4_command_with_another_keyring_is_refused(hub: RunningHub, home: Path, tmp_path: Path, run: Run) -> None:
    FileKeyProvider(tmp_path / "other.json").create()
    refused = run(home, "token", "issue", "--scope", "all", keyring_file=str(tmp_path / "other.json"))
    assert_refused(refused, 1, "another keyring")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_r4_another_user_is_refused(home: Path, keyring: Keyring) -> None:
    """The socket is open to nobody else; this looks behind its mode."""
    line = request(keyring, SystemClock(), "token.issue", ISSUE)
    reader, writer = os.pipe()
    modes = {path: path.stat().st_mode for path in (home / NAME, *home.parents, home) if path.owner() == "root"}
    for path, mode in modes.items():
        path.chmod(mode | 0o077 if path == home / NAME else mode | 0o011)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the child only talks and ends
            child = os.fork()
        if child == 0:
            try:
                os.setgid(65_534)
                os.setuid(65_534)
                os.write(writer, json.dumps(ask(home, line)).encode())
            finally:
                os._exit(0)  # never back into the test run
        os.waitpid(child, 0)
        os.close(writer)
        with os.fdopen(reader, "rb") as told:
            answer = json.loads(told.read())
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    assert "only the user that runs the hub" in answer["refused"]


def test_r4_long_paths_have_a_socket_too(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    with serving(deep) as hub:
        assert hub.token().count(".") == 2
    shutil.rmtree(deep)
