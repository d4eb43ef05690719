"""Alembic's entry: loads every table of the hub and runs on SQLite or PostgreSQL."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.types import TypeDecorator

from custhub.kit.db import metadata
from custhub.migrate import load_tables, with_connection
from custhub.settings import Settings

load_tables()


def _render(kind: str, item: Any, autogen: Any) -> str | bool:
    # Migrations name our column types, which pick the storage of each engine.
    if kind == "type" and isinstance(item, TypeDecorator):
        autogen.imports.add(f"from {type(item).__module__} import {type(item).__name__}")
        return f"{type(item).__name__}()"
    return False


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, render_item=_render, compare_type=_compare)
    with context.begin_transaction():
        context.run_migrations()


def _compare(_context: Any, _column: Any, _stored: Any, declared: Any, *_: Any) -> bool | None:
    # Each of our types has one storage per engine; what the database reports is that storage.
    return False if isinstance(declared, TypeDecorator) else None


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with_connection(Settings().url, _run)
