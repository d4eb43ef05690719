"""Migrations: run at start and by command, under a lock, from the source tree or from an installed wheel."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, pool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

import custhub
from custhub.kit.db import DatabaseUnavailable
from custhub.kit.sqlite import connect

T = TypeVar("T")
_LOCK = 0x637573746875  # "custhu": an advisory lock of ours, taken while migrating
_CONNECT_SECONDS = 10


class NewerDatabase(Exception):
    """The database was migrated by a newer custhub; this one must not touch it."""


def load_tables() -> None:
    """Import every `models` module of the package, so that the metadata knows all tables."""
    for module in pkgutil.walk_packages(custhub.__path__, "custhub."):
        if module.name.endswith(".models") or module.name in ("custhub.http.idempotency", "custhub.events.outbox"):
            importlib.import_module(module.name)


def config() -> Config:
    """Alembic's configuration, from the source tree or the wheel."""
    package = Path(custhub.__file__).parent
    inside, beside = package / "_migrations", package.parents[1] / "migrations"
    settings = Config()
    settings.set_main_option("script_location", str(inside if inside.exists() else beside))
    return settings


def head() -> str | None:
    """The newest revision this custhub knows."""
    return ScriptDirectory.from_config(config()).get_current_head()


def upgrade(url: str) -> None:
    """Bring a database to the newest revision. Raises NewerDatabase."""
    with_connection(url, _upgrade)


def current(url: str) -> str | None:
    """The revision of a database, None for an empty one."""
    return with_connection(url, lambda connection: MigrationContext.configure(connection).get_current_revision())


def with_connection(url: str, work: Callable[[Connection], T]) -> T:
    """Run `work` on a connection of its own and commit. Not to be called inside a running event loop.

    Raises DatabaseUnavailable.
    """
    if url.startswith("postgresql"):
        return asyncio.run(_with_postgresql(url.replace("postgresql://", "postgresql+asyncpg://"), work))
    path = Path(url.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(url, creator=lambda: connect(path), poolclass=pool.NullPool, hide_parameters=True)
    try:
        with engine.begin() as connection:
            return work(connection)
    finally:
        engine.dispose()


async def _with_postgresql(url: str, work: Callable[[Connection], T]) -> T:
    engine = create_async_engine(
        url, poolclass=pool.NullPool, hide_parameters=True, connect_args={"timeout": _CONNECT_SECONDS}
    )
    try:
        try:
            connection = await engine.connect()
        except (OSError, asyncpg.PostgresError, DBAPIError) as error:
            raise DatabaseUnavailable from error
        try:
            async with connection.begin():
                # Two starters wait for each other; the second finds nothing left to do.
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                return await connection.run_sync(work)
        finally:
            await connection.close()
    finally:
        await engine.dispose()


def check_known(stored: str | None) -> None:
    """Raise NewerDatabase for a revision this custhub does not know."""
    known = {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}
    if stored is not None and stored not in known:
        raise NewerDatabase(f"the database is at revision {stored}, which this version does not know")


def _upgrade(connection: Connection) -> None:
    settings = config()
    check_known(MigrationContext.configure(connection).get_current_revision())
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")
