"""What is shipped: locks, wheel, image."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
LOCKS = sorted((REPOSITORY / "requirements").glob("*.txt"))
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==([^\s;\\]+)")


def _pins(lock: str) -> dict[str, str]:
    lines = (REPOSITORY / "requirements" / lock).read_text().splitlines()
    return {canonicalize_name(match[1]): match[2] for line in lines if (match := PIN.match(line))}


def _group(name: str) -> Iterator[str]:
    for entry in PROJECT["dependency-groups"][name]:
        if isinstance(entry, str):
            yield entry
        else:
            yield from _group(entry["include-group"])


def _entries(lock: Path) -> list[str]:
    return lock.read_text().replace("\\\n", " ").splitlines()


def test_locks_are_the_known_ones() -> None:
    assert [lock.name for lock in LOCKS] == ["build.txt", "data.txt", "dedupe.txt", "dev.txt", "run.txt", "sources.txt"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_lock_pins_everything_with_hashes_and_names_no_place(lock: Path) -> None:
    entries = [entry for entry in _entries(lock) if not entry.startswith("#")]
    assert entries
    assert not [entry for entry in entries if not PIN.match(entry) or "--hash=sha256:" not in entry]
    assert not re.search(r"://|(^|\s)/|--(extra-)?index|--find-links|\s@\s", lock.read_text())


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("run.txt", PROJECT["project"]["dependencies"]),
        ("dev.txt", [*PROJECT["project"]["dependencies"], *_group("dev")]),
        (
            "dedupe.txt",
            [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["dedupe"]],
        ),
        ("build.txt", PROJECT["build-system"]["requires"]),
        ("sources.txt", list(_group("sources"))),
        ("data.txt", list(_group("data"))),
    ],
)
def test_lock_satisfies_the_project(lock: str, requirements: list[str]) -> None:
    pins = _pins(lock)
    stale = [
        text
        for text in requirements
        if not (wanted := Requirement(text)).specifier.contains(pins.get(canonicalize_name(wanted.name), "0.dev0"))
    ]
    assert not stale, "run 'make lock'"


def test_development_runs_what_is_shipped() -> None:
    assert _pins("run.txt").items() <= _pins("dev.txt").items()
    assert _pins("run.txt").items() <= _pins("dedupe.txt").items()


def test_every_dependency_is_bounded() -> None:
    unbounded = [
        text
        for text in [*PROJECT["project"]["dependencies"], *_group("dev"), *_group("data")]
        if not any(part.operator in ("<", "==") for part in Requirement(text).specifier)
    ]
    # Time zones change by law, at any time; there is no version to fear.
    assert [Requirement(text).name for text in unbounded] == ["tzdata"]


def test_wheel_carries_migrations_and_assets_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    source = {f"custhub/{path}" for path in _files(REPOSITORY / "src" / "custhub")}
    migrations = {f"custhub/_migrations/{path}" for path in _files(REPOSITORY / "migrations")}
    assert packed == source | migrations
    assert {"custhub/_migrations/env.py", "custhub/_migrations/script.py.mako"} <= packed
    assert any(name.endswith(".tsv") for name in packed)


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(folder).as_posix()


def test_compose_holds_no_secret_and_waits_for_health() -> None:
    services: dict[str, Any] = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())["services"]
    secrets = {
        f"{name}.{variable}": value
        for name, service in services.items()
        for variable, value in service.get("environment", {}).items()
        if re.search("PASSWORD|SECRET|TOKEN|KEY", variable)
    }
    assert {"db.POSTGRES_PASSWORD", "hub.PGPASSWORD"} <= secrets.keys()
    assert not [name for name, value in secrets.items() if not value.startswith("${POSTGRES_PASSWORD:?")]
    for name, service in services.items():
        assert service["restart"] == "no" or "healthcheck" in service, name
        for condition in service.get("depends_on", {}).values():
            assert condition["condition"] in ("service_healthy", "service_completed_successfully")


def test_image_runs_in_the_production_profile_as_somebody_else() -> None:
    text = (REPOSITORY / "Dockerfile").read_text()
    final = text[text.rindex("FROM ") :]
    assert "CUSTHUB_PROFILE=production" in final
    assert re.search(r"^USER (?!root|0)", final, re.MULTILINE)
    assert "HEALTHCHECK" in final
    assert "/health/live" in final
