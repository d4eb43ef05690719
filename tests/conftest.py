"""Databases of the whole suite: one directory and at most one server per run, shared by all its workers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from custhub.kit import children
from tests import warm
from tests.databases import TestDatabases
from tests.postgres_server import RunDirectory

_OWNED = pytest.StashKey[RunDirectory]()
_WORKER_INPUT = "run_directory"
#: The longest of them, the short forms of proofs, comes first; the last one has a third of the run left for it.
_WAITING = ("tests/proofs/", "tests/process/")
_SPREAD = 0.65


def run_of(config: pytest.Config) -> Path:
    """The directory of this run."""
    given = getattr(config, "workerinput", None)
    return config.stash[_OWNED].path if given is None else Path(given[_WORKER_INPUT])


def pytest_configure(config: pytest.Config) -> None:
    """The first process owns the run; workers are told of it."""
    if not hasattr(config, "workerinput"):
        config.stash[_OWNED] = RunDirectory()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that wait for processes and clocks lie among the others, which use the machine meanwhile."""
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    waiting = sorted((name for name in files if name.startswith(_WAITING)), key=lambda name: "proofs" not in name)
    busy = [name for name in files if not name.startswith(_WAITING)]
    places = {name: place * _SPREAD / len(waiting) for place, name in enumerate(waiting)}
    places |= {name: (place + 1) / len(busy) for place, name in enumerate(busy)}
    items[:] = [item for name in sorted(files, key=places.__getitem__) for item in files[name]]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Name the run's directory to a worker of pytest-xdist."""
    node.workerinput[_WORKER_INPUT] = str(run_of(node.config))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Nothing outlives the run: no database, no process, no file."""
    run = config.stash.get(_OWNED, None)
    if run is None:
        return
    left = TestDatabases(run.path)
    try:
        left.sweep()
    finally:
        left.close()
        run.close()


@pytest.fixture(scope="session", autouse=True)
def _warm_programs() -> Iterator[None]:
    """Programs beside a hub in process begin where loading their code ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(children, "begin", warm.begin)
        yield


@pytest.fixture(scope="session")
def databases(pytestconfig: pytest.Config) -> Iterator[TestDatabases]:
    """Fresh migrated databases on both engines."""
    made = TestDatabases(run_of(pytestconfig))
    yield made
    made.close()


@pytest.fixture
def postgres_url(databases: TestDatabases) -> Iterator[str]:
    """A migrated PostgreSQL database of this test alone."""
    url = databases.postgres_url()
    yield url
    databases.drop(url)


@pytest.fixture
def sqlite_path(databases: TestDatabases) -> Iterator[Path]:
    """A migrated SQLite file of this test alone."""
    path = databases.sqlite_path()
    yield path
    databases.drop(path)
