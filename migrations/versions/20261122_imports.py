"""Imports, what became of their rows, and mapping profiles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from custhub.kit.db import Id, Instant, Json

revision = "20261122_imports"
down_revision = "20261122_files"


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("id", Id(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("match_on", Json(), nullable=False),
        sa.Column("on_conflict", sa.String(length=12), nullable=False),
        sa.Column("mapping", Json(), nullable=False),
        sa.Column("mapping_id", Id(), nullable=True),
        sa.Column("wishes", Json(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("file_id", Id(), nullable=True),
        sa.Column("file_size", sa.BigInteger(), nullable=True),
        sa.Column("file_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("layout", Json(), nullable=True),
        sa.Column("standing", Json(), nullable=True),
        sa.Column("job_id", Id(), nullable=True),
        sa.Column("undo_job_id", Id(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("actor_kind", sa.String(length=12), nullable=False),
        sa.Column("actor_id", Id(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index("ix_imports_actor", "imports", ["actor_id", "id"])
    op.create_table(
        "import_batches",
        sa.Column("import_id", Id(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("faults", Json(), nullable=False),
        sa.Column("outcomes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_import_batches_import_id")),
        sa.PrimaryKeyConstraint("import_id", "first", name=op.f("pk_import_batches")),
    )
    op.create_table(
        "import_mappings",
        sa.Column("id", Id(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("mapping", Json(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_mappings")),
        sa.UniqueConstraint("source", "name", name="uq_import_mappings_source_name"),
    )


def downgrade() -> None:
    op.drop_table("import_mappings")
    op.drop_table("import_batches")
    op.drop_table("imports")
