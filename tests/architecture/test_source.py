"""Rules of the source text that no linter knows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from custhub.http.logs import FIELDS

SOURCE = Path(__file__).parents[2] / "src" / "custhub"
FILES = sorted(SOURCE.rglob("*.py"))
MAX_LINES = 300
_LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}

JOSE = {"security/tokens.py", "security/token_keys.py"}
HTTP_EXCEPTION = {"http/errors.py"}

#: What tells the wall time. `time.monotonic` and `time.perf_counter` measure, and are free.
WALL_TIME = {
    "time": {"time", "time_ns", "localtime", "gmtime", "ctime"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}
#: File -> (call, why it may).
WALL_TIME_ALLOWED = {
    "kit/clock.py": ("datetime.now", "the one clock"),
    "kit/ids.py": ("time.time_ns", "the leading bits of a UUIDv7 order ids; no rule reads a time out of an id"),
}


def _name(file: Path) -> str:
    return file.relative_to(SOURCE).as_posix()


def _parse(file: Path) -> ast.Module:
    return ast.parse(file.read_text(), str(file))


def _imported(tree: ast.Module) -> set[str]:
    """Absolute dotted names that a module imports, `from a import b` as `a.b`."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _wall_time_uses(tree: ast.Module) -> set[str]:
    """Each `time.time`, `datetime.now` and the like, called or handed on, under any alias."""
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                aliases[alias.asname or alias.name] = alias.name
    uses: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            owner = aliases.get(owner, owner)
            if node.attr in WALL_TIME.get(owner, ()):
                uses.add(f"{owner}.{node.attr}")
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            uses |= {f"time.{alias.name}" for alias in node.names if alias.name in WALL_TIME["time"]}
    return uses


def test_there_is_source() -> None:
    assert len(FILES) > 50


def test_files_stay_under_300_lines() -> None:
    long = {_name(file): lines for file in FILES if (lines := len(file.read_text().splitlines())) > MAX_LINES}
    assert not long


def test_s40_only_the_token_files_import_jose() -> None:
    importers = {_name(file) for file in FILES if any(name.split(".")[0] == "jose" for name in _imported(_parse(file)))}
    assert importers <= JOSE
    assert "security/tokens.py" in importers


def test_s40_jwe_is_never_imported() -> None:
    assert not [_name(file) for file in FILES if any("jwe" in name.split(".") for name in _imported(_parse(file)))]


def test_only_the_error_table_imports_http_exception() -> None:
    importers = {
        _name(file)
        for file in FILES
        if any(name.rpartition(".")[2] == "HTTPException" for name in _imported(_parse(file)))
    }
    assert importers <= HTTP_EXCEPTION


def test_reliability_8_5_only_the_clock_reads_the_wall_time() -> None:
    uses = {_name(file): found for file in FILES if (found := _wall_time_uses(_parse(file)))}
    assert uses == {name: {call} for name, (call, _) in WALL_TIME_ALLOWED.items()}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import time\ntime.time()", {"time.time"}),
        ("import time as t\nt.time_ns()", {"time.time_ns"}),
        ("from time import time", {"time.time"}),
        ("from datetime import datetime\ndatetime.now(UTC)", {"datetime.now"}),
        ("from datetime import datetime as dt\nx = field(default_factory=dt.utcnow)", {"datetime.utcnow"}),
        ("import datetime\ndatetime.datetime.now()", {"datetime.now"}),
        ("import datetime\ndatetime.date.today()", {"date.today"}),
        ("import time\ntime.monotonic(); time.perf_counter()", set()),
        ("clock.now()", set()),
    ],
)
def test_the_wall_time_check_itself(code: str, expected: set[str]) -> None:
    assert _wall_time_uses(ast.parse(code)) == expected


def _members(tree: ast.Module, given: ast.expr) -> set[str]:
    """Names of a dict, written where it is given or where it is assigned."""
    if isinstance(given, ast.Name):
        values = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == given.id for t in node.targets)
        ]
        return {name for value in values for name in _members(tree, value)}
    return {str(key.value) for key in getattr(given, "keys", ()) if isinstance(key, ast.Constant)}


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_all_that_a_log_is_told_reaches_its_line(file: Path) -> None:
    tree = _parse(file)
    told = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _LEVELS
        for keyword in node.keywords
        if keyword.arg == "extra"
        for name in _members(tree, keyword.value)
    }
    assert told <= FIELDS
