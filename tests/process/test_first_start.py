"""S-29, R-4: what the first start of a development hub makes, and that later ones keep it."""

from __future__ import annotations

import stat
from pathlib import Path

from tests.process.here import Run
from tests.process.refusals import assert_refused
from tests.process.running import RunningHub, serving, serving_afresh, wait_until


def test_development_makes_what_it_lacks_and_says_where_it_is(hub: RunningHub) -> None:
    home = Path(hub.env["CUSTHUB_HOME"])
    wait_until(lambda: f"documentation   {hub.url}/docs" in hub.stdout)  # said after the line of the log
    wait_until(lambda: "(shown only now)" in hub.stdout)
    assert str(home) in hub.stdout
    assert "token issue --scope all" in hub.stdout
    assert (home / "keys" / "keyring.json").exists()
    assert (home / "data" / "custhub.db").exists()
    with hub.client() as client:
        assert client.get("/docs").status_code == 200
        assert client.get("/openapi.json").status_code == 200
        assert client.get("/health/ready").json()["status"] == "ready"


def test_s29_everything_is_readable_by_its_owner_alone(hub: RunningHub) -> None:
    home = Path(hub.env["CUSTHUB_HOME"])
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for path in home.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o077 == 0, f"{path} is {mode:o}"


def test_a_first_call_works_with_the_command_of_the_banner(hub: RunningHub) -> None:
    with hub.client(hub.token()) as client:
        made = client.post("/v1/customers", json={"display_name": "李娜", "phones": [{"number": "138 1234 5670"}]})
        assert made.status_code == 201, made.text
        assert client.get(made.headers["location"]).json() == made.json()


def test_r4_second_process_on_the_same_data_is_refused(hub: RunningHub, run: Run) -> None:
    home = Path(hub.env["CUSTHUB_HOME"])
    assert_refused(run(home, "serve", "--port", "0"), 1, "in use by another custhub process")
    assert_refused(run(home, "migrate"), 1, "in use by another custhub process")
    with hub.client() as client:
        assert client.get("/health/ready").status_code == 200


def test_second_start_keeps_everything(tmp_path: Path) -> None:
    with serving_afresh(tmp_path) as hub:
        with hub.client(hub.token()) as client:
            location = client.post("/v1/customers", json={"display_name": "王芳"}).headers["location"]
        keyring = (tmp_path / "home" / "keys" / "keyring.json").read_bytes()
        assert hub.stop() == 0
    with serving(tmp_path) as hub, hub.client(hub.token()) as client:
        assert client.get(location).json()["display_name"] == "王芳"
        assert (tmp_path / "home" / "keys" / "keyring.json").read_bytes() == keyring


def test_s19_init_makes_a_hub_that_production_starts(tmp_path: Path, run: Run) -> None:
    home = tmp_path / "home"
    assert run(home, "init", profile="production").code == 0
    with serving_afresh(tmp_path, profile="production") as hub:
        with hub.client() as client:
            assert client.get("/health/ready").status_code == 200
        assert hub.stdout == ""
