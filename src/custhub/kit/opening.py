"""What the settings name: the database, and the way out to places that somebody else named."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from custhub.kit.db import Database
from custhub.kit.egress import EgressClient
from custhub.kit.egress_policy import EgressPolicy
from custhub.kit.postgresql import PostgresDatabase
from custhub.kit.sqlite import SqliteDatabase
from custhub.settings import Settings


def database_of(settings: Settings) -> Database:
    """The engine these settings name."""
    if settings.engine == "postgresql":
        return PostgresDatabase(
            settings.database_url,
            pool_min=settings.pool_min,
            pool_max=settings.pool_max,
            statement_timeout_ms=settings.statement_timeout_ms,
            lock_timeout_ms=settings.lock_timeout_ms,
        )
    return SqliteDatabase(settings.sqlite_path, read_seconds=settings.statement_timeout_ms / 1000)


def place_of(settings: Settings) -> dict[str, Any]:
    """Where PostgreSQL is, as plain values for a process of the hub's own; a password may be in it."""
    return {
        "url": settings.database_url,
        "statement_timeout_ms": settings.statement_timeout_ms,
        "lock_timeout_ms": settings.lock_timeout_ms,
    }


def database_at(place: Mapping[str, Any]) -> Database:
    """That PostgreSQL, by one connection."""
    return PostgresDatabase(place["url"], pool_min=1, pool_max=1, **{k: v for k, v in place.items() if k != "url"})


def egress_policy(settings: Settings) -> EgressPolicy:
    """What may be called, as far as the configuration allows (S-105)."""
    allow = [ip_network(text) for text in settings.egress_allow]
    return EgressPolicy(allow=allow, allow_http=settings.egress_http, ports=(443, 80, *settings.egress_ports))


def egress_client(settings: Settings, *, keep_seconds: float = 0.0) -> EgressClient:
    """Calls within that policy; connections are kept for so long after a call."""
    return EgressClient(egress_policy(settings), keep_seconds=keep_seconds)
