"""`python -m tests.event_schemas`: write the published schemas of events, unless consumers would stumble (E-4)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from custhub import api
from custhub.events.catalogue import breaking_changes, schemas

COMMITTED = Path(__file__).parents[1] / "openapi" / "events.schema.json"


def text() -> str:
    """The schemas of this version. `api` has loaded every feature."""
    assert api.ROUTERS
    return json.dumps(schemas(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def committed() -> dict[str, Any]:
    """Those that are published."""
    stored: dict[str, Any] = json.loads(COMMITTED.read_text(encoding="utf-8")) if COMMITTED.exists() else {}
    return stored


def main() -> int:
    """Write the file; 1 when a change needs another `schema_version`."""
    broken = breaking_changes(committed(), json.loads(text()))
    for change in broken:
        sys.stderr.write(f"{change}: raise its schema_version\n")
    if not broken:
        COMMITTED.write_text(text(), encoding="utf-8")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
