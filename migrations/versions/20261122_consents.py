"""The consent ledger, append-only, and the current state of each purpose and channel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from custhub.crypto.columns import SealedColumn
from custhub.kit.db import Id, Instant

revision = "20261122_consents"
down_revision = "20261122_suppressions"


def upgrade() -> None:
    op.create_table(
        "consent_entries",
        sa.Column("id", Id(), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("legal_basis", sa.String(length=20), nullable=False),
        sa.Column("notice_version", sa.String(length=40), nullable=True),
        sa.Column("separate", sa.Boolean(), nullable=False),
        sa.Column("captured_at", Instant(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("evidence", SealedColumn(), nullable=True),
        sa.Column("guardian", SealedColumn(), nullable=True),
        sa.Column("recorded_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_consent_entries_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_entries")),
    )
    op.create_index("ix_consent_entries_customer", "consent_entries", ["customer_id", "id"], unique=False)
    op.create_table(
        "consent_states",
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("captured_at", Instant(), nullable=False),
        sa.Column("entry_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_consent_states_customer_id")),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["consent_entries.id"],
            name=op.f("fk_consent_states_entry_id"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("customer_id", "purpose", "channel", name=op.f("pk_consent_states")),
    )
    op.create_index("ix_consent_states_purpose", "consent_states", ["purpose", "channel", "status"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION consent_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'consent entries are append-only' USING ERRCODE = 'restrict_violation'; END $$"
        )
        op.execute(
            "CREATE TRIGGER consent_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent_entries "
            "FOR EACH STATEMENT EXECUTE FUNCTION consent_refuse_change()"
        )
    else:
        for operation in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER consent_entries_no_{operation.lower()} BEFORE {operation} ON consent_entries "
                "BEGIN SELECT RAISE(ABORT, 'consent entries are append-only'); END"
            )


def downgrade() -> None:
    op.drop_table("consent_states")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER consent_entries_append_only ON consent_entries")
        op.execute("DROP FUNCTION consent_refuse_change()")
    op.drop_table("consent_entries")
