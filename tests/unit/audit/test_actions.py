"""Every action that the source writes is in the catalogue (S-75)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from custhub.features.audit.rules import ACTIONS

_SOURCE = Path(__file__).parents[3] / "src" / "custhub"
_FEATURES, _HTTP = _SOURCE / "features", _SOURCE / "http"
_ACTION = re.compile(r"[a-z_]+\.[a-z_]+")


def _actions(tree: ast.Module) -> Iterator[str]:
    """What is handed to a call and has the form of an action. Names of loggers have it too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and not ast.unparse(node.func).endswith("getLogger"):
            for value in [*node.args, *(keyword.value for keyword in node.keywords)]:
                branches = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
                for branch in branches:
                    if isinstance(branch, ast.Constant) and _ACTION.fullmatch(str(branch.value)):
                        yield str(branch.value)


def test_s75_every_action_written_is_in_the_catalogue() -> None:
    files = [file for file in _FEATURES.rglob("*.py") if "/service" in file.as_posix()]
    files.append(_HTTP / "routing.py")
    written = {action for file in files for action in _actions(ast.parse(file.read_text()))}
    assert {"customer.created", "call.denied", "phone.revealed", "audit.cut"} <= written
    missing = sorted(written - ACTIONS.keys())
    assert not missing, "describe them in features/audit/rules/actions.py"


def test_s75_the_catalogue_has_no_action_that_nothing_writes() -> None:
    source = "".join(
        file.read_text() for file in _SOURCE.rglob("*.py") if file != _FEATURES / "audit" / "rules" / "actions.py"
    )
    assert not [action for action in ACTIONS if f'"{action}"' not in source]


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_s75_actions_are_named_object_dot_verb(action: str) -> None:
    assert _ACTION.fullmatch(action)
    assert len(action) <= 80
    assert ACTIONS[action]


def test_the_scan_itself() -> None:
    tree = ast.parse(
        "uow.audit(Note('a.b' if x else 'c.d', 'e'))\nself._changed(r, action='f.g')\nlogging.getLogger('h.i')"
    )
    assert set(_actions(tree)) == {"a.b", "c.d", "f.g"}
