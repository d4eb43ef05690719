"""`python -m tests.alembic_check`: do the migrations make exactly the tables of the code, on both engines?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.databases import TestDatabases
from tests.postgres_server import RunDirectory

_REPOSITORY = Path(__file__).parents[1]


def main() -> int:
    """Check a migrated database of each engine; the number of engines that differ."""
    with RunDirectory() as run:
        databases = TestDatabases(run.path)
        home = run.path / "home"
        try:
            databases.sqlite_copy(home / "data" / "custhub.db")
            environments = {
                "SQLite": {"CUSTHUB_HOME": str(home), "CUSTHUB_DATABASE_URL": ""},
                "PostgreSQL": {"CUSTHUB_DATABASE_URL": databases.postgres_url()},
            }
            return sum(_differs(engine, environment) for engine, environment in environments.items())
        finally:
            databases.sweep()
            databases.close()


def _differs(engine: str, environment: dict[str, str]) -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "check"],
        cwd=_REPOSITORY,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    sys.stdout.write(f"{engine}: {'as the code says' if done.returncode == 0 else done.stdout + done.stderr}\n")
    return done.returncode != 0


if __name__ == "__main__":
    sys.exit(main())
