"""What must be there before a hub starts: directories, a keyring, a migrated database (S-19, S-29, S-51, R-6)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, inspect, text

from custhub import migrate
from custhub.app import Application
from custhub.crypto.errors import KeyringExists
from custhub.crypto.keyring import FileKeyProvider
from custhub.crypto.source import key_provider
from custhub.http.hub import Hub
from custhub.http.readiness import MigrationPending, is_migrated
from custhub.kit.db import DatabaseUnavailable
from custhub.kit.directory_lock import DirectoryLock
from custhub.kit.mounts import network_filesystem
from custhub.server.refusal import CONFIGURATION, Refusal
from custhub.server.samples import known_secrets
from custhub.settings import Settings

log = logging.getLogger("custhub.process")

_POLL_SECONDS = 1.0
#: A row in one of these needs the keyring that it was written with.
_SEALED = ("key_refs", "customer_keys", "system_keys")


@contextmanager
def data_directory(settings: Settings) -> Iterator[None]:
    """Owns the embedded database for the length of the block. Raises DirectoryLocked."""
    if settings.engine == "postgresql":
        yield
        return
    make_directories(settings)
    lock = DirectoryLock(settings.data_dir)
    try:
        yield
    finally:
        lock.release()


def make_directories(settings: Settings) -> None:
    """The home and what is in it, each readable by its owner alone."""
    directories = [settings.home, settings.keyring_path.parent]
    if settings.engine == "sqlite":
        directories.append(settings.data_dir)
    for directory in directories:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)


def make_keyring(settings: Settings) -> bool:
    """Make the keyring where there is none; whether one was made.

    Raises Refusal when there is data that only the lost one opens (S-15).
    """
    if settings.keyring or settings.keyring_path.exists():
        return False
    if _has_sealed_data(settings):
        raise Refusal(
            f"the keyring {settings.keyring_path} is missing and the database holds data sealed under it: "
            "put the saved copy back, a new one would open nothing",
            CONFIGURATION,
        )
    make_directories(settings)
    try:
        FileKeyProvider(settings.keyring_path).create()
    except KeyringExists:
        return False  # another process of the same first start was quicker
    return True


def prepare(settings: Settings) -> bool:
    """Before a start: a development hub gets what it lacks, a production hub is refused. Whether a keyring was made.

    Raises Refusal, KeyringError, DirectoryLocked, NewerDatabase, DatabaseUnavailable.
    """
    if settings.engine == "sqlite":
        kind = network_filesystem(settings.data_dir)
        if kind is not None:
            log.warning("the data directory is on a network file system, where SQLite loses data", extra={"kind": kind})
    if settings.profile == "production":
        if not settings.keyring and not settings.keyring_path.exists():
            raise Refusal(f"there is no keyring at {settings.keyring_path}: run `custhub init` first", CONFIGURATION)
        known = known_secrets(settings, key_provider(settings).load())
        if known:
            raise Refusal(f"{'; '.join(known)}: not in production", CONFIGURATION)
        return False
    with data_directory(settings):
        made = make_keyring(settings)
        migrate.upgrade(settings.url)
    return made


async def start(app: Application) -> None:
    """Connect, compare the hub with its database, check the keys.

    One that lags behind is refused when embedded, because nobody else could migrate it; on PostgreSQL the hub waits
    unready until it is migrated. Raises Refusal, NewerDatabase, KeyringError, DirectoryLocked, DatabaseUnavailable.
    """
    hub = app.hub
    hub.head, hub.migrated = migrate.head(), False
    await app.start()
    if hub.migrated:
        return
    try:
        rows = await app.database.fetch("SELECT version_num FROM alembic_version", ())
    except Exception:
        rows = []
    migrate.check_known(rows[0][0] if rows else None)
    if app.settings.engine == "sqlite":
        raise Refusal("the database is not migrated: run `custhub migrate` (or `custhub init` for a new one)")
    log.warning("waiting until the database is migrated")
    hub.closed = MigrationPending


async def wait_for_migration(hub: Hub) -> None:
    """Return when the database is at the expected revision, which opens the doors."""
    while True:
        try:
            if await is_migrated(hub):
                log.info("the database is migrated")
                return
        except DatabaseUnavailable:
            log.warning("waiting for the database")
        await asyncio.sleep(_POLL_SECONDS)


def _has_sealed_data(settings: Settings) -> bool:
    if settings.engine == "sqlite" and not settings.sqlite_path.exists():
        return False
    return migrate.with_connection(settings.url, _any_sealed)


def _any_sealed(connection: Connection) -> bool:
    known = set(inspect(connection).get_table_names())
    return any(
        connection.execute(text(f"SELECT 1 FROM {table} LIMIT 1")).first() is not None  # noqa: S608  # names above
        for table in _SEALED
        if table in known
    )
