"""What a refused command looks like."""

from __future__ import annotations

from tests.process.here import Outcome


def assert_refused(outcome: Outcome, code: int, *words: str) -> None:
    """One line that says why, and no traceback."""
    said = outcome.err.strip()
    assert outcome.code == code, said
    assert said.startswith("custhub: ")
    assert "Traceback" not in said
    assert len(said.splitlines()) == 1
    for word in words:
        assert word in said
