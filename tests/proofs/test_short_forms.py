"""The short seeded form of every proof; `make prove` runs the full ones."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.databases import TestDatabases
from tests.proofs.catalogue import PROOFS

SHORT: dict[str, dict[str, Any]] = {
    "residue": {"numbers": 12, "purposes": ["field"]},
    "rotation": {"customers": 300, "callers": 3},
    "storm": {"rounds": 2, "parallel": 60},
    "ledger": {"seconds": 6},
    "imports": {"rows": 1_000, "kills": 1, "waits": False},
    "merges": {"plans": 5},
    "undo": {"sequences": 5},
}
#: Those that need a server of their own: one searches its files, the other would disturb its neighbours.
ALONE = {"residue", "ledger"}


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("name", PROOFS)
def test_short_form_of_the_proof_holds(name: str, engine: str, databases: TestDatabases) -> None:
    """S-01, S-13, S-17, S-20, J-5."""
    shared = {} if name in ALONE else {"databases": databases}
    verdict = asyncio.run(PROOFS[name](engine, **SHORT[name], **shared))
    assert verdict.passed, verdict.figures
