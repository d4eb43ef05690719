"""How rows of imports meet customers who are there, and what those were before they were changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from custhub.crypto.columns import SealedColumn
from custhub.kit.db import Id, Json

revision = "20261122_before_images"
down_revision = "20261122_bulk"


def upgrade() -> None:
    op.drop_column("imports", "match_on")
    op.drop_column("imports", "on_conflict")
    op.add_column("imports", sa.Column("matching", Json(), nullable=True))
    op.add_column("imports", sa.Column("refused", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("imports", sa.Column("restored", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("ix_imports_created", "imports", ["created_at"], unique=False)
    op.create_table(
        "import_images",
        sa.Column("import_id", Id(), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("left_revision", sa.Integer(), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("before", SealedColumn(), nullable=True),
        sa.Column("findings", Json(), nullable=False),
        sa.Column("verdict", sa.SmallInteger(), nullable=True),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_import_images_import_id")),
        sa.PrimaryKeyConstraint("import_id", "customer_id", name=op.f("pk_import_images")),
    )
    op.create_index("ix_import_images_customer", "import_images", ["customer_id"], unique=False)


def downgrade() -> None:
    op.drop_table("import_images")
    op.drop_index("ix_imports_created", table_name="imports")
    for column in ("restored", "refused", "matching"):
        op.drop_column("imports", column)
    op.add_column("imports", sa.Column("on_conflict", sa.String(length=12), nullable=False, server_default=""))
    op.add_column("imports", sa.Column("match_on", Json(), nullable=False, server_default="[]"))
