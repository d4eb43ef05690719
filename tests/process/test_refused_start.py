"""S-15, S-18, S-19, R-4, R-6: starts that are refused in one line, with nothing made and nothing changed."""

from __future__ import annotations

import base64
import json
import re
import socket
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from custhub.crypto.keyring import FileKeyProvider, Keyring
from custhub.kit.directory_lock import DirectoryLock
from custhub.server import preparation
from tests.databases import TestDatabases
from tests.process.here import Run
from tests.process.refusals import assert_refused

SERVE = ("serve", "--port", "0")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where a hub would live; nothing is there yet."""
    return tmp_path / "home"


@pytest.fixture
def keyring(home: Path) -> Path:
    return home / "keys" / "keyring.json"


def test_r4_several_workers_need_postgresql(home: Path, run: Run) -> None:
    assert_refused(run(home, *SERVE, "--workers", "2"), 2, "--workers needs PostgreSQL")
    assert not home.exists()


def test_a_taken_port_is_refused_before_anything_is_made(home: Path, run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert_refused(run(home, "serve", "--port", port), 1, "cannot listen on", port)
    assert not home.exists()


def test_unreadable_settings_are_refused(home: Path, run: Run) -> None:
    assert_refused(run(home, *SERVE, pool_max="many"), 78, "CUSTHUB_POOL_MAX")


def test_contract_f1_production_refuses_to_lift_the_limits(home: Path, run: Run) -> None:
    assert_refused(run(home, *SERVE, profile="production", rate_limit="off"), 78, "CUSTHUB_RATE_LIMIT")


def test_s19_production_makes_no_keys(home: Path, run: Run) -> None:
    assert_refused(run(home, *SERVE, profile="production"), 78, "keyring", "custhub init")
    assert not home.exists()


def test_s19_init_makes_the_keyring_once(home: Path, keyring: Path, run: Run) -> None:
    made = run(home, "init", profile="production")
    assert made.code == 0, made.err
    assert "Save a copy" in made.out
    assert stat.S_IMODE(keyring.stat().st_mode) == 0o600
    first = keyring.read_bytes()
    again = run(home, "init", profile="production")
    assert again.code == 0, again.err
    assert "kept" in again.out
    assert "Save a copy" not in again.out
    assert keyring.read_bytes() == first


def test_r6_production_does_not_migrate_by_itself(home: Path, keyring: Path, run: Run) -> None:
    keyring.parent.mkdir(parents=True, mode=0o700)
    FileKeyProvider(keyring).create()
    assert_refused(run(home, *SERVE, profile="production"), 1, "custhub migrate")
    assert_refused(run(home, "token", "issue", "--scope", "all"), 1, "custhub migrate")
    assert_refused(run(home, "migrate", "--check"), 1, "None")
    assert run(home, "migrate").code == 0
    assert run(home, "migrate", "--check").code == 0
    assert "nothing to do" in run(home, "migrate").out


@pytest.mark.parametrize("command", [SERVE, ("migrate",), ("init",)])
def test_r6_newer_database_is_refused(home: Path, databases: TestDatabases, run: Run, command: tuple[str, ...]) -> None:
    path = databases.sqlite_copy(home / "data" / "custhub.db")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '29991231_later'")
    assert_refused(run(home, *command), 1, "29991231_later", "newer custhub")


def test_r6_production_refuses_a_newer_database_too(home: Path, databases: TestDatabases, run: Run) -> None:
    run(home, "init")
    with closing(sqlite3.connect(home / "data" / "custhub.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '29991231_later'")
    assert_refused(run(home, *SERVE, profile="production"), 1, "29991231_later", "newer custhub")


@pytest.mark.parametrize("command", [SERVE, ("init",)])
def test_s15_lost_keyring_is_not_replaced(home: Path, keyring: Path, run: Run, command: tuple[str, ...]) -> None:
    run(home, "init")
    assert run(home, "token", "issue", "--scope", "all").code == 0
    keyring.unlink()
    assert_refused(run(home, *command), 78, "keyring", "missing")
    assert not keyring.exists()


@pytest.mark.parametrize("profile", ["development", "production"])
def test_s15_another_keyring_is_refused(home: Path, keyring: Path, run: Run, profile: str) -> None:
    run(home, "init")
    assert run(home, "token", "issue", "--scope", "all").code == 0
    keyring.unlink()
    FileKeyProvider(keyring).create()
    refused = run(home, *SERVE, profile=profile)
    assert refused.code == 78
    assert re.search(
        r"^(custhub: )?key purpose=field kid=1 mismatch; \d+ wrapped keys depend on it$", refused.err, re.M
    )
    assert "Traceback" not in refused.err


@pytest.mark.parametrize("root", [bytes(range(32)), bytes(range(32, 64)), bytes(32), b"A" * 32])
def test_s51_production_refuses_sample_keys(home: Path, keyring: Path, run: Run, root: bytes) -> None:
    keys = json.loads(Keyring.generate().to_json())
    keys["keys"]["field"]["1"] = base64.b64encode(root).decode()
    keyring.parent.mkdir(parents=True, mode=0o700)
    keyring.touch(0o600)
    keyring.write_text(json.dumps(keys))
    assert_refused(run(home, *SERVE, profile="production"), 78, "purpose=field kid=1", "sample")


def test_s51_production_refuses_sample_passwords(home: Path, keyring: Path, run: Run) -> None:
    keyring.parent.mkdir(parents=True, mode=0o700)
    FileKeyProvider(keyring).create()
    url = "postgresql://hub:ChangeMe@127.0.0.1:1/hub"
    refused = run(home, *SERVE, profile="production", database_url=url)
    assert_refused(refused, 78, "password of the database")
    assert "ChangeMe" not in refused.err
    allowed = run(home, *SERVE, profile="production", database_url=url.replace("ChangeMe", "kT9-strong"))
    assert_refused(allowed, 1, "does not answer")


def test_r4_network_file_system_is_warned_about(home: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "network_filesystem", lambda _: "nfs4")
    lock = DirectoryLock(home / "data")
    try:
        said = run(home, *SERVE).err
    finally:
        lock.release()
    warning = json.loads(said.splitlines()[0])
    assert warning["level"] == "warning"
    assert warning["kind"] == "nfs4"
    assert "network file system" in warning["event"]


def test_s18_keyring_open_to_others_is_refused(home: Path, keyring: Path, run: Run) -> None:
    run(home, "init")
    keyring.chmod(0o640)
    assert_refused(run(home, *SERVE), 78, "chmod 600")
    assert_refused(run(home, "token", "issue", "--scope", "all"), 78, "chmod 600")


@pytest.mark.parametrize("command", [SERVE, ("init",), ("token", "issue", "--scope", "all")])
def test_a_database_that_does_not_answer_is_refused(home: Path, run: Run, command: tuple[str, ...]) -> None:
    (home / "keys").mkdir(parents=True, mode=0o700)
    FileKeyProvider(home / "keys" / "keyring.json").create()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"postgresql://hub:pa55word@127.0.0.1:{closed.getsockname()[1]}/hub"
        refused = run(home, *command, database_url=url)
    assert_refused(refused, 1, "the database does not answer")
    assert "pa55word" not in refused.err


@pytest.mark.parametrize("command", [SERVE, ("migrate",), ("init",)])
def test_r4_data_of_another_process_is_refused(home: Path, run: Run, command: tuple[str, ...]) -> None:
    home.mkdir(mode=0o700)
    lock = DirectoryLock(home / "data")
    try:
        assert_refused(run(home, *command), 1, "in use by another custhub process")
    finally:
        lock.release()
