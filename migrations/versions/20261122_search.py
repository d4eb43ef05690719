"""Search tokens of customers, with those of the customers that are there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from custhub.features.customers.rules.tokens import tokens_of
from custhub.kit.db import Id

revision = "20261122_search"
down_revision = "20261122_messages"

_ROWS = 1_000
_NAMES = ("kind", "display_name", "given_name", "family_name", "company_name", "tax_id", "name_key")

_customers = sa.table("customers", sa.column("id", Id()), *(sa.column(name, sa.String()) for name in _NAMES))
_emails = sa.table("customer_emails", sa.column("customer_id", Id()), sa.column("email", sa.String()))
_external_ids = sa.table("customer_external_ids", sa.column("customer_id", Id()), sa.column("external_id", sa.String()))
_tokens = sa.table("search_tokens", sa.column("customer_id", Id()), sa.column("token", sa.String()))


def upgrade() -> None:
    token = sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql")
    op.create_table(
        "search_tokens",
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("token", token, nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "token", name=op.f("pk_search_tokens")),
        sqlite_with_rowid=False,
    )
    _fill(op.get_bind())
    # After the rows: an index is built faster than it is filled.
    op.create_index("ix_search_tokens_token", "search_tokens", ["token", "customer_id"], unique=False)


def downgrade() -> None:
    op.drop_table("search_tokens")


def _fill(connection: sa.Connection) -> None:
    after = UUID(int=0)
    while True:
        some = sa.select(_customers).where(_customers.c.id > after).order_by(_customers.c.id).limit(_ROWS)
        rows = connection.execute(some).all()
        if not rows:
            return
        first, after = rows[0].id, rows[-1].id
        emails = _parts(connection, _emails, first, after)
        external_ids = _parts(connection, _external_ids, first, after)
        tokens = [
            {"customer_id": row.id, "token": token}
            for row in rows
            for token in tokens_of(row, emails.get(row.id, ()), external_ids.get(row.id, ()))
        ]
        if tokens:
            connection.execute(sa.insert(_tokens), tokens)


def _parts(connection: sa.Connection, table: sa.TableClause, first: UUID, last: UUID) -> Mapping[UUID, Iterable[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in connection.execute(sa.select(table).where(table.c.customer_id.between(first, last))):
        found[row.customer_id].append(row)
    return found
