"""Findings of scans, verification of numbers, figures over time."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from custhub.kit.db import Day, Id, Instant, Json

revision = "20261122_quality"
down_revision = "20261122_intake"

_MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
_OPEN = "uq_findings_open"


def upgrade() -> None:
    op.add_column("findings", sa.Column("part", sa.String(length=60), nullable=False, server_default=""))
    op.add_column("findings", sa.Column("severity", sa.String(length=6), nullable=False, server_default="medium"))
    op.add_column("findings", sa.Column("fix", sa.String(length=12), nullable=True))
    op.execute("UPDATE findings SET fix = 'set_field'")
    op.drop_index(_OPEN, "findings")
    _index_open(["customer_id", "kind", "field", "part", "source"])
    op.create_index("ix_findings_kind", "findings", ["kind", "state", "id"], unique=False)
    op.create_index("ix_findings_decided", "findings", ["decided_at"], unique=False)
    op.create_table(
        "quality_scans",
        sa.Column("id", Id(), nullable=False),
        sa.Column("trigger", sa.String(length=10), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("resolved", sa.BigInteger(), nullable=False),
        sa.Column("tally", Json(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_scans")),
    )
    op.create_index("ix_quality_scans_created", "quality_scans", ["created_at"], unique=False)
    op.create_table(
        "quality_figures",
        sa.Column("day", Day(), nullable=False),
        sa.Column("scan_id", Id(), nullable=False),
        sa.Column("taken_at", Instant(), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("phones", sa.BigInteger(), nullable=False),
        sa.Column("phones_verified", sa.BigInteger(), nullable=False),
        sa.Column("completeness", Json(), nullable=False),
        sa.Column("completeness_sum", sa.BigInteger(), nullable=False),
        sa.Column("findings", Json(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_quality_figures")),
    )
    op.create_index("ix_quality_figures_taken", "quality_figures", ["taken_at"], unique=False)
    policy = op.create_table(
        "verification_policy",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("default_interval", sa.String(length=10), nullable=False),
        sa.Column("stages", Json(), nullable=False),
        sa.Column("updated_by", sa.String(length=80), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_policy")),
    )
    row = {"id": 1, "default_interval": "never", "stages": {}, "updated_by": None, "updated_at": _MADE_AT}
    op.bulk_insert(policy, [row | {"revision": 1}])
    op.create_table(
        "verifications",
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("phone_id", Id(), nullable=False),
        sa.Column("certainty", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_result", sa.String(length=20), nullable=True),
        sa.Column("last_at", Instant(), nullable=True),
        sa.Column("claimed_by", sa.String(length=80), nullable=True),
        sa.Column("claimed_until", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_verifications_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_verifications")),
    )
    op.create_index("ix_verifications_order", "verifications", ["certainty", "due_at", "customer_id"], unique=False)
    op.create_index("ix_verifications_claimed", "verifications", ["claimed_by"], unique=False)


def downgrade() -> None:
    op.drop_table("verifications")
    op.drop_table("verification_policy")
    op.drop_table("quality_figures")
    op.drop_table("quality_scans")
    # What scans found names parts, which the schema before does not tell apart.
    op.execute("DELETE FROM findings WHERE kind <> 'refused_change'")
    op.drop_index("ix_findings_decided", "findings")
    op.drop_index("ix_findings_kind", "findings")
    op.drop_index(_OPEN, "findings")
    _index_open(["customer_id", "kind", "field", "source"])
    op.drop_column("findings", "fix")
    op.drop_column("findings", "severity")
    op.drop_column("findings", "part")


def _index_open(columns: list[str]) -> None:
    where = sa.text("state = 'open'")
    op.create_index(_OPEN, "findings", columns, unique=True, postgresql_where=where, sqlite_where=where)
