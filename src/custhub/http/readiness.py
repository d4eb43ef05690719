"""What must hold before this process gets traffic (RELIABILITY R-6, R-7)."""

from __future__ import annotations

import asyncio
import shutil
from typing import Literal, NamedTuple

from custhub.crypto.errors import KeyUnavailable
from custhub.http.errors import ShuttingDown
from custhub.http.hub import Hub
from custhub.kit.db import DatabaseUnavailable
from custhub.kit.errors import REGISTRY, HubError, Text, Unavailable

CheckName = Literal["process", "database", "migrations", "keys", "worker", "disk"]
CheckState = Literal["ok", "failed"]

_PING_SECONDS = 1.0
_REVISION = "SELECT version_num FROM alembic_version"


class MigrationPending(Unavailable):
    """The database is not migrated to this version yet. The operator runs `custhub migrate`."""

    code = "migration_pending"
    title = "Migration pending"
    zh = Text("等待迁移", "数据库尚未迁移到此版本，请运维人员运行 `custhub migrate`。")


class StorageLow(Unavailable):
    """The disk is nearly full. Reading works; writes may be refused."""

    code = "storage_low"
    title = "Storage low"
    zh = Text("存储空间不足", "磁盘空间即将用尽，读取不受影响，写入可能被拒绝。")


class WorkerSilent(Unavailable):
    """The worker of this process does not look for jobs any more. Requests are answered; its jobs go elsewhere."""

    code = "worker_silent"
    title = "Worker silent"
    zh = Text("工作进程无响应", "此进程已停止领取任务。请求仍可应答，任务将由其他进程接管。")


class Check(NamedTuple):
    """One check and, where it failed, what readiness answers."""

    name: CheckName
    error: type[HubError] | None

    @property
    def state(self) -> CheckState:
        """For the details."""
        return "ok" if self.error is None else "failed"


async def checks(hub: Hub) -> list[Check]:
    """All checks, the gravest first; takes a little over a second at most."""
    database = await _database(hub)
    named = REGISTRY.get(hub.not_ready)
    return [
        Check("process", ShuttingDown if hub.draining else None),
        Check("database", database if database is DatabaseUnavailable else None),
        Check("migrations", database if database is MigrationPending else None),
        Check("keys", KeyUnavailable if hub.not_ready and named is None else named),
        Check("worker", WorkerSilent if hub.is_worker_silent() else None),
        Check("disk", None if _has_room(hub) else StorageLow),
    ]


async def is_migrated(hub: Hub) -> bool:
    """Whether the database is at the revision this version was built for. Raises DatabaseUnavailable.

    Once it was, it stays so for this process, and its doors open: a newer version that migrates on must leave it
    working.
    """
    if not hub.migrated:
        try:
            rows = await hub.database.fetch(_REVISION, ())
        except DatabaseUnavailable:
            raise
        except Exception:
            return False  # an empty database has no such table
        if [row[0] for row in rows] == [hub.head]:
            if hub.prepare is not None:
                await hub.prepare()
            hub.migrated, hub.closed = True, None
    return hub.migrated


async def _database(hub: Hub) -> type[HubError] | None:
    try:
        async with asyncio.timeout(_PING_SECONDS):
            if not await is_migrated(hub):
                return MigrationPending
            await hub.database.ping()
    except (TimeoutError, DatabaseUnavailable):
        return DatabaseUnavailable
    return None


def _has_room(hub: Hub) -> bool:
    place = hub.settings.data_dir if hub.settings.engine == "sqlite" else hub.settings.home
    try:
        return shutil.disk_usage(place).free >= hub.settings.disk_reserve_bytes
    except FileNotFoundError:
        return True  # nothing of this process is written there
