"""`custhub users|clients|keys|audit|openapi`: through a running hub (R-4) and without one."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest

from tests.features.duplicates.desk import model_document
from tests.process.here import Outcome, Run
from tests.process.refusals import assert_refused
from tests.process.running import RunningHub, wait_until

PASSWORD = "staple battery horse correct"


@pytest.fixture(scope="module")
def running(hub: RunningHub) -> Path:
    return Path(hub.env["CUSTHUB_HOME"])


@pytest.fixture
def resting(tmp_path: Path, run: Run) -> Path:
    """A hub that does not run."""
    assert run(tmp_path / "home", "init").code == 0
    return tmp_path / "home"


def _done(outcome: Outcome) -> str:
    assert outcome.code == 0, outcome.err
    return outcome.out.strip()


def test_s51_development_makes_an_administrator_and_shows_the_password_once(hub: RunningHub, running: Path) -> None:
    wait_until(lambda: "(shown only now)" in hub.stdout)  # said after the line of the log
    found = re.search(r"administrator +(\S+), password (\S+) \(shown only now\)", hub.stdout)
    assert found is not None
    email, password = found.groups()
    with hub.client() as client:
        answer = client.post("/v1/auth/login", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert client.get("/v1/users", headers=headers).status_code == 200
    assert password not in hub.stderr
    for path in running.rglob("*"):
        if path.is_file():
            assert password.encode() not in path.read_bytes()


def test_s51_init_prints_a_bootstrap_token_until_there_is_an_administrator(
    tmp_path: Path, run: Run, hub: RunningHub
) -> None:
    home = tmp_path / "home"
    tokens = [re.findall(r"chb_[\w-]{43}", _done(run(home, "init", profile="production"))) for _ in range(2)]
    assert [len(found) for found in tokens] == [1, 1]
    assert tokens[0] != tokens[1]
    token = tokens[1][0]
    stored = (home / "data" / "custhub.db").read_bytes()
    assert token.encode() not in stored
    assert_refused(run(Path(hub.env["CUSTHUB_HOME"]), "init"), 1, "in use by another custhub process")


def test_r4_users_of_a_running_hub(hub: RunningHub, running: Path, run: Run) -> None:
    added = run(running, "users", "add", "Li.Na@Example.com", "--name", "李娜", "--role", "sales")
    token = _done(added)
    assert token.startswith("chp_")
    assert "usr_" in added.err
    with hub.client() as client:
        reset = client.post("/v1/auth/reset-password", json={"token": token, "password": PASSWORD})
        assert reset.status_code == 204, reset.text
        login = {"email": "li.na@example.com", "password": PASSWORD}
        assert client.post("/v1/auth/login", json=login).status_code == 200
        listed = _done(run(running, "users", "list"))
        assert re.search(r"usr_\w+ +li\.na@example\.com +sales +active +李娜", listed)
        _done(run(running, "users", "reset-password", "li.na@example.com"))
        assert client.post("/v1/auth/login", json=login).status_code == 401
    _done(run(running, "users", "disable", "li.na@example.com"))
    assert re.search(r"li\.na@example\.com +sales +disabled", _done(run(running, "users", "list")))


def test_users_without_a_running_hub(resting: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO(f"{PASSWORD}\n"))
    added = run(resting, "users", "add", "boss@example.com", "--role", "admin", "--password-stdin")
    assert _done(added) == ""
    assert "boss@example.com" in _done(run(resting, "users", "list"))
    assert_refused(run(resting, "users", "disable", "boss@example.com"), 1, "last active administrator")
    assert "There is no administrator" not in _done(run(resting, "init"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["users", "add", "nobody@example.com", "--role", "emperor"], "does not exist"),
        (["users", "add", "no address"], "email"),
        (["users", "add", "admin@custhub.local"], "e-mail"),
        (["users", "disable", "nobody@example.com"], "no such user"),
        (["users", "reset-password", "usr_01m81amc1cfrnt9m7qcr38rxrh"], "no such user"),
        (["clients", "add", "shop", "--scope", "world:end"], "scopes"),
        (["clients", "rotate-secret", "cli_01m81amc1cfrnt9m7qcr38rxrh"], "no such client"),
        (["clients", "rotate-secret", "nonsense"], "no such client"),
        (["keys", "rotate", "--purpose", "jwt"], "purpose"),
        (["keys", "add", "--purpose", "field"], "purpose"),
        (["keys", "retire", "field", "9"], "no such key"),
        (["keys", "retire", "audit", "1"], "never retired"),
        (["audit", "verify", "nowhere.jsonl.gz"], "no archive"),
    ],
)
def test_refusals_say_why(running: Path, run: Run, arguments: list[str], words: str) -> None:
    assert_refused(run(running, *arguments), 1, words)


def test_r4_clients_of_a_running_hub(hub: RunningHub, running: Path, run: Run) -> None:
    added = run(running, "clients", "add", "shop", "--scope", "customers:read", "--scope", "customers:create")
    secret = _done(added)
    assert secret.startswith("chs_")
    found = re.search(r"cli_\w+", added.err)
    assert found is not None
    client_id = found[0]
    rotated = _done(run(running, "clients", "rotate-secret", client_id, "--overlap-seconds", "0"))
    form = {"grant_type": "client_credentials", "client_id": client_id}
    with hub.client() as client:
        assert client.post("/v1/oauth/token", data=form | {"client_secret": secret}).status_code == 401
        assert client.post("/v1/oauth/token", data=form | {"client_secret": rotated}).status_code == 200
    assert re.search(rf"{client_id} .*active .*shop", _done(run(running, "clients", "list")))


def test_keys_of_a_running_hub(running: Path, run: Run) -> None:
    listed = _done(run(running, "keys", "list"))
    assert re.search(r"^field +1 +live +yes +\d+$", listed, re.MULTILINE)
    assert "all there" in _done(run(running, "keys", "check"))
    assert "purpose=cursor kid=2" in _done(run(running, "keys", "add", "--purpose", "cursor"))


def test_keys_rotate_without_a_running_hub_stays_until_it_is_done(resting: Path, run: Run) -> None:
    assert _done(run(resting, "keys", "rotate", "--purpose", "field")).startswith("rotated")
    listed = _done(run(resting, "keys", "list"))
    assert re.search(r"^field +1 +retiring", listed, re.MULTILINE)
    assert re.search(r"^field +2 +live", listed, re.MULTILINE)


def test_audit_of_a_running_hub(running: Path, run: Run) -> None:
    assert re.match(r"valid: \d+ entries", _done(run(running, "audit", "verify")))
    assert _done(run(running, "audit", "cut")) == "nothing is past the retention"
    assert re.fullmatch(r"\d+ checkpoints written", _done(run(running, "audit", "refill-sink")))


def test_s73_audit_verify_names_the_first_bad_place(resting: Path, run: Run) -> None:
    for _ in range(3):
        _done(run(resting, "token", "issue", "--scope", "ops:read"))
    _done(run(resting, "audit", "verify"))
    with closing(sqlite3.connect(resting / "data" / "custhub.db")) as connection, connection:
        connection.execute("DROP TRIGGER audit_entries_no_update")
        second = connection.execute("SELECT entry_id FROM audit_chain WHERE seq = 2").fetchone()
        connection.execute("UPDATE audit_entries SET action = 'nothing.done' WHERE id = ?", second)
    assert_refused(run(resting, "audit", "verify"), 1, "entry 2", "edited")


def test_openapi_prints_writes_and_compares(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert_refused(run(tmp_path, "openapi", "--check"), 1, "make openapi")
    printed = run(tmp_path, "openapi").out
    assert json.loads(printed)["openapi"].startswith("3.1")
    committed = tmp_path / "openapi" / "openapi.json"
    _done(run(tmp_path, "openapi", "--write", str(committed)))
    assert committed.read_text() == printed
    assert _done(run(tmp_path, "openapi", "--check")) == ""
    committed.write_text(printed.replace("list_customers", "list_people"))
    differs = run(tmp_path, "openapi", "--check")
    assert_refused(differs, 1, "make openapi")
    assert "-" in differs.out
    assert "list_customers" in differs.out
    assert len(differs.out.splitlines()) <= 40


def test_scans_run_through_a_running_hub_and_without_one(running: Path, resting: Path, run: Run) -> None:
    """R-4: the command waits until the scan is done, whoever does it."""
    for home in (running, resting):
        done = _done(run(home, "quality", "scan"))
        assert re.fullmatch(r"/v1/quality/scans/scn_[0-9a-z]{26}", done.splitlines()[-1]), done
        done = _done(run(home, "duplicates", "scan"))
        assert re.fullmatch(r"/v1/duplicates/scans/dsc_[0-9a-z]{26}", done.splitlines()[-1]), done
        assert _done(run(home, "duplicates", "hot-keys")).split() == [
            "kind",
            "holders",
            "counted",
            "some",
            "of",
            "them",
        ]
        _done(run(home, "duplicates", "rebuild-keys"))


def test_models_of_duplicates_are_taken_over(running: Path, resting: Path, run: Run, tmp_path: Path) -> None:
    """R-4; what Splink said beside is left out."""
    source = tmp_path / "own.json"
    source.write_text(json.dumps(model_document(mail={"same": 3.0}) | {"second_opinion": {"by": "splink"}}))
    for home in (running, resting):
        assert re.search(r"mail +same +3\.00 +12\.00", _done(run(home, "duplicates", "models", "propose", str(source))))
        assert_refused(run(home, "duplicates", "models", "propose", str(source)), 1, "model of this version already")
        activate = ("duplicates", "models", "activate", "own-1", "--reason", "tried")
        assert _done(run(home, *activate)) == "own-1 is active"
        assert re.search(r"own-1 +active +812", _done(run(home, "duplicates", "models", "list")))
        assert _done(run(home, "duplicates", "models", "show", "own-1")).splitlines() == ["field  level  bits  active"]
        assert_refused(run(home, "duplicates", "models", "show", "own-2"), 1, "no such model")
    source.write_text("{")
    assert_refused(run(resting, "duplicates", "models", "propose", str(source)), 1, "is no JSON")


def _merged(hub: RunningHub) -> dict[str, str]:
    """A merge of two, made through HTTP; `id`, `survivor` and `absorbed`."""
    with hub.client(hub.token()) as client:

        def post(path: str, key: str, **body: object) -> dict[str, str]:
            answer = client.post(path, json=body, headers={"Idempotency-Key": f"merge-command-{key}"})
            assert answer.is_success, answer.text
            made: dict[str, str] = answer.json()
            return made

        emails = [{"email": "rigby@fastmail.com"}]
        survivor = post("/v1/customers", "one", display_name="Eleanor Rigby")["id"]
        absorbed = post("/v1/customers", "other", display_name="Eleanor Rigby", emails=emails)["id"]
        wanted = {"customer_ids": [survivor, absorbed], "survivor_id": survivor}
        plan_hash = post("/v1/merges/preview", "preview", **wanted)["plan_hash"]
        merge = post("/v1/merges", "merge", **wanted, plan_hash=plan_hash, reason="duplicate")
        return {"id": merge["id"], "survivor": survivor, "absorbed": absorbed}


def test_merges_are_seen_verified_and_undone(hub: RunningHub, running: Path, resting: Path, run: Run) -> None:
    """R-4; S-69: an undo is the operator's in the audit log."""
    made = _merged(hub)
    row = rf"{made['id']} +done +{made['survivor']} +\S+ +[-0-9]+ [:0-9]+ +duplicate +{made['absorbed']}"
    for options in ((), ("--customer", made["absorbed"]), ("--state", "done", "--limit", "1")):
        assert re.search(row, _done(run(running, "merges", "list", *options)))
    assert made["id"] not in _done(run(running, "merges", "list", "--state", "undone"))

    shown = _done(run(running, "merges", "show", made["id"])).splitlines()
    assert shown[:3] == [
        f"merge     {made['id']} is done",
        f"survivor  {made['survivor']}",
        f"absorbed  {made['absorbed']}",
    ]
    assert re.fullmatch(r"by +\S+, [-0-9]+ [:0-9]+, reason duplicate", shown[3])
    assert shown[4:] == ["verified  ok"]
    with hub.client(hub.token()) as client:
        path = f"/v1/customers/{made['survivor']}"
        (mail,) = client.get(path).json()["emails"]
        assert client.delete(f"{path}/emails/{mail['id']}").is_success
    changed = run(running, "merges", "show", made["id"])
    assert _done(changed).splitlines()[4:] == [
        "verified  something is missing",
        f"          emails: 0 of 1 rows, without {mail['id']}",
    ]
    assert "missing by right" in changed.err

    undo = ("merges", "undo", made["id"], "--reason")
    assert_refused(run(running, *undo, "weather"), 1, "not_the_same")
    undone = _done(run(running, *undo, "wrong_values")).splitlines()
    assert undone[0] == f"{made['id']} is undone"
    assert f"conflict  {made['absorbed']}: emails {mail['id']} (gone)" in undone
    assert_refused(run(running, *undo, "wrong_values"), 1, "undone")
    assert re.search(r"^undone +by operator", _done(run(running, "merges", "show", made["id"])), re.MULTILINE)
    with hub.client(hub.token()) as client:
        answer = client.get("/v1/audit", params={"action": "customer.unmerged"})
        assert {entry["actor"]["kind"] for entry in answer.json()["data"]} == {"operator"}, answer.text

    for home in (running, resting):
        assert_refused(run(home, "merges", "show", "mrg_01m81amc1cfrnt9m7qcr38rxrh"), 1, "no such merge")
    assert _done(run(resting, "merges", "list")).split() == [
        "id",
        "state",
        "survivor",
        "by",
        "when",
        "reason",
        "absorbed",
    ]
    for arguments, words in (
        (("show", "nonsense"), "no id of a merge"),
        (("list", "--customer", "nonsense"), "no id of a customer"),
        (("list", "--state", "open"), "state"),
    ):
        assert_refused(run(running, "merges", *arguments), 1, words)
