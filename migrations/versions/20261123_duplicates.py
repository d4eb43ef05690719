"""Pairs that may be one person, the scans that found them, and what people decided."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from custhub.kit.db import Day, Id, Instant, Json

revision = "20261123_duplicates"
down_revision = "20261123_match_keys"

_MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
_SCOPE = "merges:manage"
_roles = sa.table(
    "roles", sa.column("name", sa.String()), sa.column("is_builtin", sa.Boolean()), sa.column("scopes", sa.JSON())
)


def upgrade() -> None:
    op.create_table(
        "bulk_merges",
        sa.Column("id", Id(), nullable=False),
        sa.Column("trigger", sa.String(length=10), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("is_dry_run", sa.Boolean(), nullable=False),
        sa.Column("model_version", sa.String(length=40), nullable=False),
        sa.Column("access", Json(), nullable=False),
        sa.Column("actor_id", Id(), nullable=True),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("groups", sa.BigInteger(), nullable=False),
        sa.Column("grouped", sa.BigInteger(), nullable=False),
        sa.Column("largest", sa.Integer(), nullable=False),
        sa.Column("withheld", sa.BigInteger(), nullable=False),
        sa.Column("planned_at", Instant(), nullable=True),
        sa.Column("merged", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("undo_job_id", Id(), nullable=True),
        sa.Column("undo_access", Json(), nullable=True),
        sa.Column("undone", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_merges")),
    )
    op.create_index("ix_bulk_merges_actor", "bulk_merges", ["actor_id", "id"], unique=False)
    op.create_index("ix_bulk_merges_created", "bulk_merges", ["created_at"], unique=False)
    op.create_table(
        "duplicate_scans",
        sa.Column("id", Id(), nullable=False),
        sa.Column("trigger", sa.String(length=10), nullable=False),
        sa.Column("model_version", sa.String(length=40), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("pairs", sa.BigInteger(), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("retired", sa.BigInteger(), nullable=False),
        sa.Column("clusters", sa.BigInteger(), nullable=False),
        sa.Column("clustered", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_scans")),
    )
    op.create_index("ix_duplicate_scans_created", "duplicate_scans", ["created_at"], unique=False)
    settings = op.create_table(
        "duplicate_settings",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("review", sa.Integer(), nullable=False),
        sa.Column("merge", sa.Integer(), nullable=False),
        sa.Column("auto_merge", sa.Boolean(), nullable=False),
        sa.Column("daily_scan", sa.Boolean(), nullable=False),
        sa.Column("updated_by", sa.String(length=80), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_settings")),
    )
    op.create_table(
        "bulk_merge_groups",
        sa.Column("bulk_merge_id", Id(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("error", sa.String(length=60), nullable=True),
        sa.Column("merge_id", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["bulk_merge_id"], ["bulk_merges.id"], name=op.f("fk_bulk_merge_groups_bulk_merge_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("bulk_merge_id", "place", name=op.f("pk_bulk_merge_groups")),
    )
    op.create_index("ix_bulk_merge_groups_state", "bulk_merge_groups", ["bulk_merge_id", "state"], unique=False)
    op.create_table(
        "bulk_merge_members",
        sa.Column("bulk_merge_id", Id(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bulk_merge_id"], ["bulk_merges.id"], name=op.f("fk_bulk_merge_members_bulk_merge_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_bulk_merge_members_customer_id")),
        sa.PrimaryKeyConstraint("bulk_merge_id", "place", "customer_id", name=op.f("pk_bulk_merge_members")),
    )
    op.create_index("ix_bulk_merge_members_customer", "bulk_merge_members", ["customer_id"], unique=False)
    op.create_table(
        "duplicates",
        sa.Column("id", Id(), nullable=False),
        sa.Column("left_id", Id(), nullable=False),
        sa.Column("right_id", Id(), nullable=False),
        sa.Column("left_revision", sa.Integer(), nullable=False),
        sa.Column("right_revision", sa.Integer(), nullable=False),
        sa.Column("scan_id", Id(), nullable=False),
        sa.Column("model_version", sa.String(length=40), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("has_contradiction", sa.Boolean(), nullable=False),
        sa.Column("suggested", sa.String(length=8), nullable=False),
        sa.Column("evidence", Json(), nullable=False),
        sa.Column("cluster_id", Id(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("decision", sa.String(length=8), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("later_until", Day(), nullable=True),
        sa.Column("merge_id", Id(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["left_id"], ["customers.id"], name=op.f("fk_duplicates_left_id")),
        sa.ForeignKeyConstraint(["right_id"], ["customers.id"], name=op.f("fk_duplicates_right_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicates")),
        sa.UniqueConstraint("left_id", "right_id", name="uq_duplicates_pair"),
    )
    op.create_index("ix_duplicates_cluster", "duplicates", ["cluster_id"], unique=False)
    op.create_index("ix_duplicates_right", "duplicates", ["right_id"], unique=False)
    op.create_index("ix_duplicates_merge", "duplicates", ["merge_id"], unique=False)
    op.create_index("ix_duplicates_scan", "duplicates", ["scan_id", "state"], unique=False)
    op.create_index("ix_duplicates_updated", "duplicates", ["updated_at"], unique=False)
    op.create_index("ix_duplicates_state", "duplicates", ["state", "total", "id"], unique=False)
    op.bulk_insert(
        settings,
        [
            {
                "id": 1,
                "review": 0,
                "merge": 6_000,
                "auto_merge": False,
                "daily_scan": False,
                "updated_by": None,
                "updated_at": _MADE_AT,
                "revision": 1,
            }
        ],
    )
    _set_scopes(lambda scopes: sorted({*scopes, _SCOPE}))


def _set_scopes(change: Callable[[list[str]], list[str]]) -> None:
    """Of the administrators' role, which has every right to manage."""
    own = sa.and_(_roles.c.name == "admin", _roles.c.is_builtin == sa.true())
    for (scopes,) in op.get_bind().execute(sa.select(_roles.c.scopes).where(own)).all():
        op.execute(sa.update(_roles).where(own).values(scopes=change(scopes)))


def downgrade() -> None:
    _set_scopes(lambda scopes: [scope for scope in scopes if scope != _SCOPE])
    op.drop_table("bulk_merge_members")
    op.drop_table("bulk_merge_groups")
    op.drop_table("bulk_merges")
    op.drop_table("duplicate_settings")
    op.drop_table("duplicate_scans")
    op.drop_table("duplicates")
