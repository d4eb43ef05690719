"""`custhub token issue`: exactly the rights that were asked for, audited, with and without a running hub (R-4)."""

from __future__ import annotations

import base64
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from custhub.security.roles import ROLES
from custhub.security.scopes import ALL
from tests.databases import TestDatabases
from tests.process.here import Run
from tests.process.refusals import assert_refused
from tests.process.running import RunningHub


def claims_of(token: str) -> dict[str, Any]:
    segment = token.strip().split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return claims


def _audited(database: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(
            "SELECT actor_kind, client_id, fields FROM audit_entries WHERE action = 'operator_token.issued' ORDER BY id"
        )
        return [(kind, client, set(json.loads(fields))) for kind, client, fields in rows]


@pytest.fixture
def home(tmp_path: Path, run: Run) -> Path:
    """A hub that does not run."""
    assert run(tmp_path / "home", "init").code == 0
    return tmp_path / "home"


@pytest.mark.parametrize(
    ("asked", "scopes", "roles"),
    [
        (["--scope", "all"], ALL, []),
        (["--scope", "customers:read", "--scope", "ops:read"], {"customers:read", "ops:read"}, []),
        (["--role", "sales"], ROLES["sales"].scopes, ["sales"]),
    ],
)
def test_token_issue_prints_a_token_with_what_was_asked(
    home: Path, run: Run, asked: list[str], scopes: set[str], roles: list[str]
) -> None:
    issued = run(home, "token", "issue", *asked, "--ttl-seconds", "120")
    assert issued.code == 0, issued.err
    assert issued.out.count("\n") == 1
    claims = claims_of(issued.out)
    assert set(claims["scope"].split()) == scopes
    assert claims["roles"] == roles
    assert claims["exp"] - claims["iat"] == 120
    assert _audited(home / "data" / "custhub.db") == [("operator", "operator", set(scopes))]


def test_a_token_lives_ten_minutes_by_default(home: Path, run: Run) -> None:
    claims = claims_of(run(home, "token", "issue", "--scope", "all").out)
    assert claims["exp"] - claims["iat"] == 600


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        ([], 2, "--role or --scope"),
        (["--role", "sales", "--scope", "all"], 2, "--role or --scope"),
        (["--role", "emperor"], 1, "emperor"),
        (["--scope", "everything:do"], 1, "everything:do"),
    ],
)
def test_token_issue_refuses_what_it_does_not_know(
    home: Path, run: Run, asked: list[str], code: int, words: str
) -> None:
    assert_refused(run(home, "token", "issue", *asked), code, words)
    assert _audited(home / "data" / "custhub.db") == []


@pytest.mark.parametrize("seconds", ["0", "3601"])
def test_token_issue_lives_for_an_hour_at_most(home: Path, run: Run, seconds: str) -> None:
    refused = run(home, "token", "issue", "--scope", "all", "--ttl-seconds", seconds)
    assert refused.code == 2
    assert refused.out == ""


def test_r4_issue_goes_through_the_running_hub(hub: RunningHub, run: Run) -> None:
    home = Path(hub.env["CUSTHUB_HOME"])
    before = len(_audited(home / "data" / "custhub.db"))
    issued = run(home, "token", "issue", "--scope", "customers:read")
    assert issued.code == 0, issued.err
    with hub.client(issued.out.strip()) as client:
        assert client.get("/v1/customers").status_code == 200
        refused = client.post("/v1/customers", json={"display_name": "李娜"})
        assert (refused.status_code, refused.json()["scope"]) == (403, "customers:create")
    assert len(_audited(home / "data" / "custhub.db")) == before + 1
    assert any(line.get("kind") == "token.issue" for line in hub.log())


def test_r4_refusals_come_through_the_socket_too(hub: RunningHub, run: Run) -> None:
    assert_refused(run(Path(hub.env["CUSTHUB_HOME"]), "token", "issue", "--role", "emperor"), 1, "emperor")


def test_issue_works_directly_on_postgresql(tmp_path: Path, databases: TestDatabases, run: Run) -> None:
    url = databases.postgres_url()
    assert run(tmp_path / "home", "init", database_url=url).code == 0
    issued = run(tmp_path / "home", "token", "issue", "--role", "read_only", database_url=url)
    assert issued.code == 0, issued.err
    assert claims_of(issued.out)["roles"] == ["read_only"]
    assert not (tmp_path / "home" / "operator.sock").exists()
