"""Imports whose rows are prepared in this process, where a test runs many."""

from __future__ import annotations

import pytest

from custhub.features.imports.service import imports, running
from tests.features.imports.prepared_here import PreparedHere


@pytest.fixture
def prepared_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process is started for a file."""
    for module in (imports, running):
        monkeypatch.setattr(module, "Preparation", PreparedHere)
