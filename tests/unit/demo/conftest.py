"""The demonstration is a pair of scripts, not a package: its directory is put on the path for these tests."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

DEMO = Path(__file__).parents[3] / "docs" / "demo"


@pytest.fixture(scope="session")
def demo() -> Path:
    """Its directory."""
    return DEMO


@pytest.fixture(scope="session")
def module() -> Iterator[Callable[[str], ModuleType]]:
    """Imports a module of the demonstration."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DEMO))
        yield importlib.import_module
