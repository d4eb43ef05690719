"""Vocabularies, custom fields, provenance, findings."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from custhub.crypto.columns import SealedColumn
from custhub.kit.db import Id, Instant, Json

revision = "20261122_fields"
down_revision = "20261122_search"

_FIELDS = ("category", "needs", "custom_fields")
#: What roles that others made get: a member is as open to them as this one, which is of its kind.
_LIKE = {"category": "stage", "needs": "tags", "custom_fields": "note"}
_BUILTIN = {
    "sales": "read",
    "support": "read",
    "marketing": "read",
    "manager": "write",
    "privacy_officer": "read",
    "admin": "write",
    "read_only": "read",
}
_MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
_VOCABULARIES = (
    (
        1,
        "category",
        "Category",
        "客户类型",
        (
            ("consumer", "Consumer", "个人消费者"),
            ("business", "Business", "企业客户"),
            ("dealer", "Dealer", "经销商"),
            ("partner", "Partner", "合作伙伴"),
            ("government", "Public body", "政府及事业单位"),
            ("other", "Other", "其他"),
        ),
    ),
    (
        2,
        "stage",
        "Stage",
        "阶段",
        (
            ("lead", "Lead", "线索"),
            ("prospect", "Prospect", "意向客户"),
            ("active", "Active", "成交客户"),
            ("lapsed", "Lapsed", "沉睡客户"),
            ("former", "Former", "流失客户"),
        ),
    ),
    (
        3,
        "source",
        "Source",
        "来源",
        (
            ("api", "API", "接口"),
            ("web", "Website", "网站"),
            ("shop", "Online shop", "网店"),
            ("store", "Store", "门店"),
            ("wechat", "WeChat", "微信"),
            ("phone", "Phone call", "电话"),
            ("event", "Event or fair", "活动展会"),
            ("referral", "Referral", "转介绍"),
            ("import", "Import", "导入"),
            ("other", "Other", "其他"),
        ),
    ),
    (
        4,
        "need",
        "Need",
        "需求",
        (
            ("information", "Information", "咨询了解"),
            ("quotation", "Quotation", "询价"),
            ("purchase", "Purchase", "采购"),
            ("delivery", "Delivery", "配送"),
            ("service", "Service or repair", "售后维修"),
            ("renewal", "Renewal", "续约"),
            ("other", "Other", "其他"),
        ),
    ),
)


def upgrade() -> None:
    op.add_column("customers", sa.Column("category", sa.String(length=40), nullable=True))
    op.add_column("customers", sa.Column("needs", Json(), nullable=True))
    op.add_column("customers", sa.Column("custom", Json(), nullable=True))
    op.add_column("customers", sa.Column("custom_sealed", SealedColumn(), nullable=True))
    op.add_column("customers", sa.Column("provenance", Json(), nullable=True))
    op.create_index(
        "ix_customers_category",
        "customers",
        ["category", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("category IS NOT NULL"),
        sqlite_where=sa.text("category IS NOT NULL"),
    )
    op.add_column("external_sources", sa.Column("priority", sa.Integer(), nullable=False, server_default="500"))
    op.create_table(
        "customer_field_values",
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_customer_field_values_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "field", "value", name=op.f("pk_customer_field_values")),
    )
    op.create_index(
        "ix_customer_field_values_value", "customer_field_values", ["field", "value", "customer_id"], unique=False
    )
    op.create_table(
        "field_definitions",
        sa.Column("id", Id(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("label_en", sa.String(length=100), nullable=False),
        sa.Column("label_zh", sa.String(length=100), nullable=False),
        sa.Column("description", sa.String(length=400), nullable=True),
        sa.Column("schema", Json(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("filterable", sa.Boolean(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("readers", Json(), nullable=False),
        sa.Column("writers", Json(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("archived_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_definitions")),
        sa.UniqueConstraint("key", name="uq_field_definitions_key"),
    )
    op.create_table(
        "vocabularies",
        sa.Column("id", Id(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("label_en", sa.String(length=100), nullable=False),
        sa.Column("label_zh", sa.String(length=100), nullable=False),
        sa.Column("is_builtin", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vocabularies")),
        sa.UniqueConstraint("key", name="uq_vocabularies_key"),
    )
    op.create_table(
        "vocabulary_entries",
        sa.Column("vocabulary_id", Id(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("label_en", sa.String(length=100), nullable=False),
        sa.Column("label_zh", sa.String(length=100), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["vocabulary_id"], ["vocabularies.id"], name=op.f("fk_vocabulary_entries_vocabulary_id")
        ),
        sa.PrimaryKeyConstraint("vocabulary_id", "key", name=op.f("pk_vocabulary_entries")),
    )
    op.create_table(
        "vocabulary_changes",
        sa.Column("id", Id(), nullable=False),
        sa.Column("vocabulary_id", Id(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor_kind", sa.String(length=12), nullable=False),
        sa.Column("actor_id", Id(), nullable=True),
        sa.Column("entry", sa.String(length=40), nullable=True),
        sa.Column("action", sa.String(length=12), nullable=False),
        sa.Column("old", Json(), nullable=True),
        sa.Column("new", Json(), nullable=True),
        sa.ForeignKeyConstraint(
            ["vocabulary_id"], ["vocabularies.id"], name=op.f("fk_vocabulary_changes_vocabulary_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vocabulary_changes")),
    )
    op.create_index("ix_vocabulary_changes_vocabulary", "vocabulary_changes", ["vocabulary_id", "id"], unique=False)
    op.create_table(
        "findings",
        sa.Column("id", Id(), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("evidence", SealedColumn(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("times_seen", sa.Integer(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_findings_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
    )
    op.create_index("ix_findings_customer", "findings", ["customer_id", "id"], unique=False)
    op.create_index("ix_findings_state", "findings", ["state", "id"], unique=False)
    op.create_index(
        "uq_findings_open",
        "findings",
        ["customer_id", "kind", "field", "source"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
        sqlite_where=sa.text("state = 'open'"),
    )
    _open_new_fields()
    _seed_vocabularies()


def downgrade() -> None:
    op.drop_table("findings")
    op.drop_table("vocabulary_changes")
    op.drop_table("vocabulary_entries")
    op.drop_table("vocabularies")
    op.drop_table("field_definitions")
    op.drop_table("customer_field_values")
    op.drop_column("external_sources", "priority")
    op.drop_index("ix_customers_category", table_name="customers")
    for column in ("provenance", "custom_sealed", "custom", "needs", "category"):
        op.drop_column("customers", column)


def _open_new_fields() -> None:
    """A field that a role does not name is hidden from it: say how open the new ones are."""
    roles = sa.table(
        "roles",
        sa.column("id", Id()),
        sa.column("name", sa.String()),
        sa.column("is_builtin", sa.Boolean()),
        sa.column("fields", Json()),
    )
    connection = op.get_bind()
    # As text: drivers read JSON columns in different ways.
    known = sa.select(roles.c.id, roles.c.name, roles.c.is_builtin, sa.cast(roles.c.fields, sa.Text()).label("levels"))
    for role in connection.execute(known).all():
        levels = json.loads(role.levels)
        for field in _FIELDS:
            level = _BUILTIN.get(role.name) if role.is_builtin else levels.get(_LIKE[field])
            if level is not None:
                levels[field] = level
        connection.execute(sa.update(roles).where(roles.c.id == role.id).values(fields=levels))


def _seed_vocabularies() -> None:
    vocabularies = sa.table(
        "vocabularies",
        sa.column("id", Id()),
        sa.column("key", sa.String()),
        sa.column("label_en", sa.String()),
        sa.column("label_zh", sa.String()),
        sa.column("is_builtin", sa.Boolean()),
        sa.column("created_at", Instant()),
        sa.column("updated_at", Instant()),
        sa.column("revision", sa.Integer()),
    )
    entries = sa.table(
        "vocabulary_entries",
        sa.column("vocabulary_id", Id()),
        sa.column("key", sa.String()),
        sa.column("label_en", sa.String()),
        sa.column("label_zh", sa.String()),
        sa.column("position", sa.Integer()),
        sa.column("active", sa.Boolean()),
        sa.column("updated_at", Instant()),
    )
    for number, key, english, chinese, known in _VOCABULARIES:
        vocabulary_id = UUID(f"00000000-0000-7000-8000-{number:012x}")
        op.bulk_insert(
            vocabularies,
            [
                {
                    "id": vocabulary_id,
                    "key": key,
                    "label_en": english,
                    "label_zh": chinese,
                    "is_builtin": True,
                    "created_at": _MADE_AT,
                    "updated_at": _MADE_AT,
                    "revision": 1,
                }
            ],
        )
        op.bulk_insert(
            entries,
            [
                {
                    "vocabulary_id": vocabulary_id,
                    "key": entry,
                    "label_en": en,
                    "label_zh": zh,
                    "position": position,
                    "active": True,
                    "updated_at": _MADE_AT,
                }
                for position, (entry, en, zh) in enumerate(known)
            ],
        )
