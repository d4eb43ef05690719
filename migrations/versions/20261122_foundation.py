"""The foundation: customers, phones, accounts, keys, events, audit."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from custhub.crypto.columns import SealedColumn
from custhub.kit.db import Id, Instant, Json

revision = "20261122_foundation"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "audit_chain",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", Id(), nullable=False),
        sa.Column("prev", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_chain")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_chain_entry_id")),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("prev", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kid", sa.Integer(), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_checkpoints")),
        sa.UniqueConstraint("last_seq", name=op.f("uq_audit_checkpoints_last_seq")),
    )
    op.create_table(
        "audit_cuts",
        sa.Column("last_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("last_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kid", sa.Integer(), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.PrimaryKeyConstraint("last_seq", name=op.f("pk_audit_cuts")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", Id(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor_kind", sa.String(length=12), nullable=False),
        sa.Column("actor_id", Id(), nullable=True),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("object_type", sa.String(length=40), nullable=False),
        sa.Column("object_id", Id(), nullable=True),
        sa.Column("customer_id", Id(), nullable=True),
        sa.Column("fields", Json(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=True),
        sa.Column("mac_kid", sa.Integer(), nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index("ix_audit_entries_action", "audit_entries", ["action", "at", "id"], unique=False)
    op.create_index("ix_audit_entries_actor", "audit_entries", ["actor_id", "at", "id"], unique=False)
    op.create_index("ix_audit_entries_at", "audit_entries", ["at", "id"], unique=False)
    op.create_index("ix_audit_entries_customer", "audit_entries", ["customer_id", "at", "id"], unique=False)
    op.create_index("ix_audit_entries_object", "audit_entries", ["object_type", "at", "id"], unique=False)
    op.create_index(
        "ix_audit_entries_outcome",
        "audit_entries",
        ["outcome", "at", "id"],
        unique=False,
        postgresql_where=sa.text("outcome <> 'done'"),
        sqlite_where=sa.text("outcome <> 'done'"),
    )
    op.create_table(
        "denied_tokens",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_denied_tokens")),
    )
    op.create_index(op.f("ix_denied_tokens_expires_at"), "denied_tokens", ["expires_at"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", Id(), nullable=False),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("subject_revision", sa.Integer(), nullable=False),
        sa.Column("customer_id", Id(), nullable=True),
        sa.Column("actor_kind", sa.String(length=12), nullable=False),
        sa.Column("actor_id", Id(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("data", Json(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_customer", "events", ["customer_id"], unique=False)
    op.create_index("ix_events_subject", "events", ["subject_id"], unique=False)
    op.create_index(
        "ix_events_unassigned",
        "events",
        ["id"],
        unique=False,
        postgresql_where=sa.text("position IS NULL"),
        sqlite_where=sa.text("position IS NULL"),
    )
    op.create_index("uq_events_position", "events", ["epoch", "position"], unique=True)
    op.create_table(
        "external_sources",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("identity", sa.String(length=8), nullable=True),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_external_sources")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("principal_id", Id(), nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("location", sa.String(length=300), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("customer_id", Id(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("principal_id", "method", "path", "key", name="pk_idempotency_keys"),
    )
    op.create_index(op.f("ix_idempotency_keys_customer_id"), "idempotency_keys", ["customer_id"], unique=False)
    op.create_index(op.f("ix_idempotency_keys_expires_at"), "idempotency_keys", ["expires_at"], unique=False)
    op.create_table(
        "key_refs",
        sa.Column("id", Id(), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("kid", sa.Integer(), nullable=False),
        sa.Column("kcv", sa.LargeBinary(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("missing_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "kid", name="pk_key_refs"),
        sa.UniqueConstraint("id", name=op.f("uq_key_refs_id")),
    )
    op.create_table(
        "key_rotations",
        sa.Column("id", Id(), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("from_kid", sa.Integer(), nullable=False),
        sa.Column("to_kid", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("phase", sa.String(length=16), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("processed", sa.BigInteger(), nullable=False),
        sa.Column("unreadable", sa.BigInteger(), nullable=False),
        sa.Column("reached", sa.LargeBinary(length=16), nullable=True),
        sa.Column("conflicts", Json(), nullable=False),
        sa.Column("error", sa.String(length=40), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("runner", Id(), nullable=True),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("phase_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_rotations")),
    )
    op.create_index("ix_key_rotations_purpose", "key_rotations", ["purpose", "id"], unique=False)
    op.create_index(
        "uq_key_rotations_open",
        "key_rotations",
        ["purpose"],
        unique=True,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
        sqlite_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_table(
        "login_counters",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_login_counters")),
    )
    op.create_index(op.f("ix_login_counters_at"), "login_counters", ["at"], unique=False)
    op.create_table(
        "phone_uses",
        sa.Column("id", Id(), nullable=False),
        sa.Column("principal_id", Id(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("exact_index", sa.LargeBinary(length=16), nullable=True),
        sa.Column("last4_index", sa.SmallInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_uses")),
    )
    op.create_index("ix_phone_uses_at", "phone_uses", ["at"], unique=False)
    op.create_index("ix_phone_uses_principal", "phone_uses", ["principal_id", "kind", "at"], unique=False)
    op.create_table(
        "roles",
        sa.Column("id", Id(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("scopes", Json(), nullable=False),
        sa.Column("reach", sa.String(length=12), nullable=False),
        sa.Column("fields", Json(), nullable=False),
        sa.Column("phone_mask", sa.String(length=8), nullable=False),
        sa.Column("reveals_per_day", sa.Integer(), nullable=False),
        sa.Column("is_builtin", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
        sa.UniqueConstraint("name", name="uq_roles_name"),
    )
    op.create_table(
        "system_keys",
        sa.Column("id", Id(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("dek_version", sa.Integer(), nullable=False),
        sa.Column("kid", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(length=65), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_keys")),
        sa.UniqueConstraint("purpose", name=op.f("uq_system_keys_purpose")),
    )
    op.create_index(op.f("ix_system_keys_kid"), "system_keys", ["kid"], unique=False)
    op.create_table(
        "teams",
        sa.Column("id", Id(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("parent_id", Id(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["teams.id"], name=op.f("fk_teams_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("name", name="uq_teams_name"),
    )
    op.create_index(op.f("ix_teams_parent_id"), "teams", ["parent_id"], unique=False)
    op.create_table(
        "clients",
        sa.Column("id", Id(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("scopes", Json(), nullable=False),
        sa.Column("role_id", Id(), nullable=True),
        sa.Column("sources", Json(), nullable=False),
        sa.Column("networks", Json(), nullable=False),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_clients_role_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
    )
    op.create_index(op.f("ix_clients_role_id"), "clients", ["role_id"], unique=False)
    op.create_table(
        "users",
        sa.Column("id", Id(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("team_id", Id(), nullable=True),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.Column("rights_version", sa.Integer(), nullable=False),
        sa.Column("tokens_not_before", Instant(), nullable=True),
        sa.Column("totp_secret", SealedColumn(), nullable=True),
        sa.Column("totp_enabled_at", Instant(), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_users_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name="uq_users_email"),
    )
    op.create_index(op.f("ix_users_team_id"), "users", ["team_id"], unique=False)
    op.create_table(
        "client_secrets",
        sa.Column("id", Id(), nullable=False),
        sa.Column("client_id", Id(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_client_secrets_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_secrets")),
    )
    op.create_index(op.f("ix_client_secrets_client_id"), "client_secrets", ["client_id"], unique=False)
    op.create_table(
        "customers",
        sa.Column("id", Id(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("given_name", sa.String(length=200), nullable=True),
        sa.Column("family_name", sa.String(length=200), nullable=True),
        sa.Column("company_name", sa.String(length=200), nullable=True),
        sa.Column("name_key", sa.String(length=200), nullable=False),
        sa.Column("tax_id", sa.String(length=40), nullable=True),
        sa.Column("birthday", sa.String(length=10), nullable=True),
        sa.Column("birthday_calendar", sa.String(length=5), nullable=True),
        sa.Column("birthday_leap_month", sa.Boolean(), nullable=False),
        sa.Column("gender", sa.String(length=8), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("preferred_channel", sa.String(length=16), nullable=True),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("owner_id", Id(), nullable=True),
        sa.Column("team_id", Id(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("spans", SealedColumn(), nullable=True),
        sa.Column("archived_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_customers_owner_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_customers_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        info={"reach": "id"},
    )
    op.create_index(
        "ix_customers_archived",
        "customers",
        ["created_at", "id"],
        unique=False,
        postgresql_where=sa.text("archived_at IS NOT NULL"),
        sqlite_where=sa.text("archived_at IS NOT NULL"),
    )
    op.create_index("ix_customers_created", "customers", ["created_at", "id"], unique=False)
    op.create_index("ix_customers_name", "customers", ["name_key", "id"], unique=False)
    op.create_index("ix_customers_owner", "customers", ["owner_id", "created_at", "id"], unique=False)
    op.create_index("ix_customers_source", "customers", ["source", "created_at", "id"], unique=False)
    op.create_index("ix_customers_stage", "customers", ["stage", "created_at", "id"], unique=False)
    op.create_index("ix_customers_team", "customers", ["team_id", "created_at", "id"], unique=False)
    op.create_index("ix_customers_updated", "customers", ["updated_at", "id"], unique=False)
    op.create_table(
        "grants",
        sa.Column("id", Id(), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("proposed_by", Id(), nullable=False),
        sa.Column("approved_by", Id(), nullable=True),
        sa.Column("approved_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_grants_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
    )
    op.create_index("ix_grants_user", "grants", ["user_id", "id"], unique=False)
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_identities_user_id")),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_identities"),
        sa.UniqueConstraint("user_id", name=op.f("uq_identities_user_id")),
    )
    op.create_table(
        "one_time_tokens",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("user_id", Id(), nullable=True),
        sa.Column("is_used", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_one_time_tokens_user_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_one_time_tokens")),
    )
    op.create_index(op.f("ix_one_time_tokens_expires_at"), "one_time_tokens", ["expires_at"], unique=False)
    op.create_index(op.f("ix_one_time_tokens_user_id"), "one_time_tokens", ["user_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", Id(), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("is_revoked", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_sessions_token_digest")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)
    op.create_index("ix_sessions_user", "sessions", ["user_id", "is_revoked"], unique=False)
    op.create_table(
        "user_roles",
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("role_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_user_roles_role_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_roles_user_id")),
        sa.PrimaryKeyConstraint("user_id", "role_id", name=op.f("pk_user_roles")),
    )
    op.create_index("ix_user_roles_role", "user_roles", ["role_id", "user_id"], unique=False)
    op.create_table(
        "customer_addresses",
        sa.Column("id", Id(), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=True),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("province", sa.String(length=100), nullable=True),
        sa.Column("city", sa.String(length=100), nullable=True),
        sa.Column("district", sa.String(length=100), nullable=True),
        sa.Column("division_code", sa.String(length=6), nullable=True),
        sa.Column("street", sa.String(length=400), nullable=True),
        sa.Column("postcode", sa.String(length=12), nullable=True),
        sa.Column("spans", SealedColumn(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_customer_addresses_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_addresses")),
        info={"reach": "customer_id"},
    )
    op.create_index("ix_customer_addresses_city", "customer_addresses", ["city", "customer_id"], unique=False)
    op.create_index("ix_customer_addresses_country", "customer_addresses", ["country", "customer_id"], unique=False)
    op.create_index("ix_customer_addresses_customer", "customer_addresses", ["customer_id"], unique=False)
    op.create_index("ix_customer_addresses_province", "customer_addresses", ["province", "customer_id"], unique=False)
    op.create_table(
        "customer_contacts",
        sa.Column("id", Id(), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("person_id", Id(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("job_title", sa.String(length=100), nullable=True),
        sa.Column("department", sa.String(length=100), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("spans", SealedColumn(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_customer_contacts_customer_id")),
        sa.ForeignKeyConstraint(["person_id"], ["customers.id"], name=op.f("fk_customer_contacts_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_contacts")),
        info={"reach": "customer_id"},
    )
    op.create_index("ix_customer_contacts_customer", "customer_contacts", ["customer_id"], unique=False)
    op.create_index("ix_customer_contacts_person", "customer_contacts", ["person_id"], unique=False)
    op.create_table(
        "customer_emails",
        sa.Column("id", Id(), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("folded", sa.String(length=254), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("verified_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_customer_emails_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_emails")),
        info={"reach": "customer_id"},
    )
    op.create_index("ix_customer_emails_customer", "customer_emails", ["customer_id"], unique=False)
    op.create_index("ix_customer_emails_folded", "customer_emails", ["folded"], unique=False)
    op.create_table(
        "customer_external_ids",
        sa.Column("id", Id(), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_customer_external_ids_customer_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_external_ids")),
        info={"reach": "customer_id", "sorted": ("source", "external_id")},
    )
    op.create_index("ix_customer_external_ids_customer", "customer_external_ids", ["customer_id"], unique=False)
    op.create_index(
        "uq_customer_external_ids_live",
        "customer_external_ids",
        ["source", "external_id"],
        unique=True,
        postgresql_where=sa.text("is_live"),
        sqlite_where=sa.text("is_live = 1"),
    )
    op.create_table(
        "customer_keys",
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("dek_version", sa.Integer(), nullable=False),
        sa.Column("kid", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(length=65), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_customer_keys_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_keys")),
    )
    op.create_index("ix_customer_keys_kid", "customer_keys", ["kid", "customer_id"], unique=False)
    op.create_table(
        "customer_phones",
        sa.Column("id", Id(), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("country", sa.String(length=3), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("verified_at", Instant(), nullable=True),
        sa.Column("checked_at", Instant(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("e164", SealedColumn(), nullable=False),
        sa.Column("raw", SealedColumn(), nullable=False),
        sa.Column("index_kid", sa.Integer(), nullable=False),
        sa.Column("exact_index", sa.LargeBinary(length=16), nullable=False),
        sa.Column("last4_index", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_customer_phones_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_phones")),
        info={"reach": "customer_id"},
    )
    op.create_index("ix_customer_phones_customer", "customer_phones", ["customer_id"], unique=False)
    op.create_index("ix_customer_phones_exact", "customer_phones", ["exact_index"], unique=False)
    op.create_index("ix_customer_phones_kid", "customer_phones", ["index_kid", "id"], unique=False)
    op.create_index("ix_customer_phones_last4", "customer_phones", ["last4_index", "id"], unique=False)
    op.create_table(
        "customer_tags",
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("tag_key", sa.String(length=128), nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("added_by", sa.String(length=80), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_customer_tags_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "tag_key", name=op.f("pk_customer_tags")),
        info={"reach": "customer_id"},
    )
    op.create_index("ix_customer_tags_tag", "customer_tags", ["tag_key", "customer_id"], unique=False)
    op.create_table(
        "spent_refresh_tokens",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("session_id", Id(), nullable=False),
        sa.Column("spent_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_spent_refresh_tokens_session_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_spent_refresh_tokens")),
    )
    op.create_index(op.f("ix_spent_refresh_tokens_session_id"), "spent_refresh_tokens", ["session_id"], unique=False)
    op.create_table(
        "phone_claims",
        sa.Column("kid", sa.Integer(), nullable=False),
        sa.Column("exact_index", sa.LargeBinary(length=16), nullable=False),
        sa.Column("phone_id", Id(), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["phone_id"],
            ["customer_phones.id"],
            name=op.f("fk_phone_claims_phone_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("kid", "exact_index", name="pk_phone_claims"),
        info={"sorted": ("kid", "exact_index")},
    )
    op.create_index("ix_phone_claims_customer", "phone_claims", ["customer_id"], unique=False)
    op.create_index("ix_phone_claims_phone", "phone_claims", ["phone_id"], unique=False)
    append_only = ("audit_entries", "audit_chain", "audit_checkpoints", "audit_cuts")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'audit rows are append-only' USING ERRCODE = 'restrict_violation'; END $$"
        )
        for table in append_only:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()"
            )
    else:
        for table in append_only:
            for operation in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{operation.lower()} BEFORE {operation} ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'audit rows are append-only'); END"
                )
    seeds = [
        (
            1,
            "sales",
            "Own customers and those of the team",
            [
                "complaints:read",
                "consents:read",
                "customers:create",
                "customers:read",
                "feedback:read",
                "feedback:write",
                "followups:read",
                "followups:write",
                "interactions:read",
                "interactions:write",
                "orders:read",
                "phones:lookup",
                "phones:reveal",
                "segments:read",
                "tags:write",
            ],
            "own_team",
            {
                "addresses": "read",
                "birthday": "read",
                "company_name": "read",
                "contacts": "read",
                "display_name": "read",
                "emails": "read",
                "external_ids": "read",
                "family_name": "read",
                "gender": "read",
                "given_name": "read",
                "kind": "read",
                "language": "read",
                "note": "read",
                "owner_id": "read",
                "phones": "read",
                "preferred_channel": "read",
                "source": "read",
                "stage": "read",
                "tags": "write",
                "tax_id": "read",
                "team_id": "read",
                "time_zone": "read",
            },
            "mask",
            50,
        ),
        (
            2,
            "support",
            "Serves every customer",
            [
                "complaints:read",
                "complaints:write",
                "consents:read",
                "consents:write",
                "customers:read",
                "customers:write",
                "feedback:read",
                "feedback:write",
                "followups:read",
                "followups:write",
                "interactions:read",
                "interactions:write",
                "orders:read",
                "phones:lookup",
                "phones:reveal",
                "segments:read",
                "tags:write",
            ],
            "all",
            {
                "addresses": "write",
                "birthday": "read",
                "company_name": "read",
                "contacts": "read",
                "display_name": "read",
                "emails": "read",
                "external_ids": "read",
                "family_name": "read",
                "gender": "read",
                "given_name": "read",
                "kind": "read",
                "language": "write",
                "note": "read",
                "owner_id": "read",
                "phones": "read",
                "preferred_channel": "write",
                "source": "read",
                "stage": "read",
                "tags": "write",
                "tax_id": "read",
                "team_id": "read",
                "time_zone": "read",
            },
            "last4",
            50,
        ),
        (
            3,
            "marketing",
            "Segments and campaigns",
            [
                "consents:read",
                "customers:read",
                "exports:run",
                "feedback:read",
                "interactions:read",
                "segments:read",
                "segments:write",
                "surveys:manage",
                "tags:write",
            ],
            "all",
            {
                "addresses": "read",
                "birthday": "read",
                "company_name": "read",
                "contacts": "read",
                "display_name": "read",
                "emails": "read",
                "external_ids": "read",
                "family_name": "read",
                "gender": "read",
                "given_name": "read",
                "kind": "read",
                "language": "read",
                "note": "read",
                "owner_id": "read",
                "phones": "read",
                "preferred_channel": "read",
                "source": "read",
                "stage": "read",
                "tags": "write",
                "tax_id": "read",
                "team_id": "read",
                "time_zone": "read",
            },
            "none",
            0,
        ),
        (
            4,
            "manager",
            "Leads a tree of teams",
            [
                "complaints:read",
                "complaints:write",
                "consents:read",
                "consents:write",
                "customers:archive",
                "customers:create",
                "customers:read",
                "customers:write",
                "exports:run",
                "feedback:read",
                "feedback:write",
                "followups:read",
                "followups:write",
                "imports:run",
                "interactions:read",
                "interactions:write",
                "merges:execute",
                "merges:read",
                "orders:read",
                "orders:write",
                "phones:lookup",
                "phones:reveal",
                "quality:read",
                "quality:write",
                "segments:read",
                "segments:write",
                "surveys:manage",
                "tags:write",
                "tiers:manage",
            ],
            "team_tree",
            {
                "addresses": "write",
                "birthday": "write",
                "company_name": "write",
                "contacts": "write",
                "display_name": "write",
                "emails": "write",
                "external_ids": "write",
                "family_name": "write",
                "gender": "write",
                "given_name": "write",
                "kind": "write",
                "language": "write",
                "note": "write",
                "owner_id": "write",
                "phones": "write",
                "preferred_channel": "write",
                "source": "write",
                "stage": "write",
                "tags": "write",
                "tax_id": "write",
                "team_id": "write",
                "time_zone": "write",
            },
            "mask",
            100,
        ),
        (
            5,
            "privacy_officer",
            "Answers privacy requests",
            [
                "audit:read",
                "complaints:read",
                "consents:read",
                "consents:write",
                "customers:read",
                "exports:pii",
                "feedback:read",
                "followups:read",
                "interactions:read",
                "merges:read",
                "orders:read",
                "phones:lookup",
                "phones:reveal",
                "privacy:manage",
                "quality:read",
                "retention:manage",
                "segments:read",
                "suppressions:manage",
            ],
            "all",
            {
                "addresses": "read",
                "birthday": "read",
                "company_name": "read",
                "contacts": "read",
                "display_name": "read",
                "emails": "read",
                "external_ids": "read",
                "family_name": "read",
                "gender": "read",
                "given_name": "read",
                "kind": "read",
                "language": "read",
                "note": "read",
                "owner_id": "read",
                "phones": "read",
                "preferred_channel": "read",
                "source": "read",
                "stage": "read",
                "tags": "read",
                "tax_id": "read",
                "team_id": "read",
                "time_zone": "read",
            },
            "mask",
            100,
        ),
        (6, "auditor", "Reads the audit log", ["audit:read", "customers:read"], "all", {}, "none", 0),
        (
            7,
            "admin",
            "Runs the hub",
            [
                "audit:read",
                "backups:run",
                "clients:manage",
                "complaints:read",
                "complaints:write",
                "consents:read",
                "consents:write",
                "customers:archive",
                "customers:create",
                "customers:intake",
                "customers:read",
                "customers:write",
                "events:read",
                "exports:run",
                "feedback:read",
                "feedback:write",
                "fields:manage",
                "followups:read",
                "followups:write",
                "imports:run",
                "interactions:read",
                "interactions:write",
                "jobs:manage",
                "keys:manage",
                "merges:execute",
                "merges:read",
                "ops:read",
                "orders:read",
                "orders:write",
                "phones:lookup",
                "privacy:manage",
                "quality:read",
                "quality:write",
                "retention:manage",
                "segments:read",
                "segments:write",
                "suppressions:manage",
                "surveys:manage",
                "tags:write",
                "tiers:manage",
                "users:manage",
                "webhooks:manage",
            ],
            "all",
            {
                "addresses": "write",
                "birthday": "write",
                "company_name": "write",
                "contacts": "write",
                "display_name": "write",
                "emails": "write",
                "external_ids": "write",
                "family_name": "write",
                "gender": "write",
                "given_name": "write",
                "kind": "write",
                "language": "write",
                "note": "write",
                "owner_id": "write",
                "phones": "write",
                "preferred_channel": "write",
                "source": "write",
                "stage": "write",
                "tags": "write",
                "tax_id": "write",
                "team_id": "write",
                "time_zone": "write",
            },
            "mask",
            0,
        ),
        (
            8,
            "partner",
            "A partner's program, for the rows of its own source",
            [
                "customers:create",
                "customers:intake",
                "customers:read",
                "interactions:read",
                "interactions:write",
                "orders:read",
                "orders:write",
            ],
            "granted",
            {"display_name": "read", "external_ids": "read", "kind": "read", "source": "read", "stage": "read"},
            "none",
            0,
        ),
        (
            9,
            "read_only",
            "Every read right",
            [
                "audit:read",
                "complaints:read",
                "consents:read",
                "customers:read",
                "events:read",
                "feedback:read",
                "followups:read",
                "interactions:read",
                "merges:read",
                "ops:read",
                "orders:read",
                "quality:read",
                "segments:read",
            ],
            "all",
            {
                "addresses": "read",
                "birthday": "read",
                "company_name": "read",
                "contacts": "read",
                "display_name": "read",
                "emails": "read",
                "external_ids": "read",
                "family_name": "read",
                "gender": "read",
                "given_name": "read",
                "kind": "read",
                "language": "read",
                "note": "read",
                "owner_id": "read",
                "phones": "read",
                "preferred_channel": "read",
                "source": "read",
                "stage": "read",
                "tags": "read",
                "tax_id": "read",
                "team_id": "read",
                "time_zone": "read",
            },
            "mask",
            0,
        ),
    ]
    columns = (
        sa.column("id", Id()),
        sa.column("name", sa.String()),
        sa.column("description", sa.String()),
        sa.column("scopes", Json()),
        sa.column("reach", sa.String()),
        sa.column("fields", Json()),
        sa.column("phone_mask", sa.String()),
        sa.column("reveals_per_day", sa.Integer()),
        sa.column("is_builtin", sa.Boolean()),
        sa.column("created_at", Instant()),
        sa.column("updated_at", Instant()),
        sa.column("revision", sa.Integer()),
    )
    names = [column.name for column in columns]
    made_at = datetime(2026, 1, 1, tzinfo=UTC)
    op.bulk_insert(
        sa.table("roles", *columns),
        [
            dict(
                zip(
                    names,
                    (UUID(f"00000000-0000-7000-8000-{number:012x}"), *rest, True, made_at, made_at, 1),
                    strict=True,
                )
            )
            for number, *rest in seeds
        ],
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in ("audit_entries", "audit_chain", "audit_checkpoints", "audit_cuts"):
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        op.execute("DROP FUNCTION audit_refuse_change()")
    op.drop_index("ix_phone_claims_phone", table_name="phone_claims")
    op.drop_index("ix_phone_claims_customer", table_name="phone_claims")
    op.drop_table("phone_claims")
    op.drop_index(op.f("ix_spent_refresh_tokens_session_id"), table_name="spent_refresh_tokens")
    op.drop_table("spent_refresh_tokens")
    op.drop_index("ix_customer_tags_tag", table_name="customer_tags")
    op.drop_table("customer_tags")
    op.drop_index("ix_customer_phones_last4", table_name="customer_phones")
    op.drop_index("ix_customer_phones_kid", table_name="customer_phones")
    op.drop_index("ix_customer_phones_exact", table_name="customer_phones")
    op.drop_index("ix_customer_phones_customer", table_name="customer_phones")
    op.drop_table("customer_phones")
    op.drop_index("ix_customer_keys_kid", table_name="customer_keys")
    op.drop_table("customer_keys")
    op.drop_index(
        "uq_customer_external_ids_live",
        table_name="customer_external_ids",
        postgresql_where=sa.text("is_live"),
        sqlite_where=sa.text("is_live = 1"),
    )
    op.drop_index("ix_customer_external_ids_customer", table_name="customer_external_ids")
    op.drop_table("customer_external_ids")
    op.drop_index("ix_customer_emails_folded", table_name="customer_emails")
    op.drop_index("ix_customer_emails_customer", table_name="customer_emails")
    op.drop_table("customer_emails")
    op.drop_index("ix_customer_contacts_person", table_name="customer_contacts")
    op.drop_index("ix_customer_contacts_customer", table_name="customer_contacts")
    op.drop_table("customer_contacts")
    op.drop_index("ix_customer_addresses_province", table_name="customer_addresses")
    op.drop_index("ix_customer_addresses_customer", table_name="customer_addresses")
    op.drop_index("ix_customer_addresses_country", table_name="customer_addresses")
    op.drop_index("ix_customer_addresses_city", table_name="customer_addresses")
    op.drop_table("customer_addresses")
    op.drop_index("ix_user_roles_role", table_name="user_roles")
    op.drop_table("user_roles")
    op.drop_index("ix_sessions_user", table_name="sessions")
    op.drop_index(op.f("ix_sessions_expires_at"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_index(op.f("ix_one_time_tokens_user_id"), table_name="one_time_tokens")
    op.drop_index(op.f("ix_one_time_tokens_expires_at"), table_name="one_time_tokens")
    op.drop_table("one_time_tokens")
    op.drop_table("identities")
    op.drop_index("ix_grants_user", table_name="grants")
    op.drop_table("grants")
    op.drop_index("ix_customers_updated", table_name="customers")
    op.drop_index("ix_customers_team", table_name="customers")
    op.drop_index("ix_customers_stage", table_name="customers")
    op.drop_index("ix_customers_source", table_name="customers")
    op.drop_index("ix_customers_owner", table_name="customers")
    op.drop_index("ix_customers_name", table_name="customers")
    op.drop_index("ix_customers_created", table_name="customers")
    op.drop_index(
        "ix_customers_archived",
        table_name="customers",
        postgresql_where=sa.text("archived_at IS NOT NULL"),
        sqlite_where=sa.text("archived_at IS NOT NULL"),
    )
    op.drop_table("customers")
    op.drop_index(op.f("ix_client_secrets_client_id"), table_name="client_secrets")
    op.drop_table("client_secrets")
    op.drop_index(op.f("ix_users_team_id"), table_name="users")
    op.drop_table("users")
    op.drop_index(op.f("ix_clients_role_id"), table_name="clients")
    op.drop_table("clients")
    op.drop_index(op.f("ix_teams_parent_id"), table_name="teams")
    op.drop_table("teams")
    op.drop_index(op.f("ix_system_keys_kid"), table_name="system_keys")
    op.drop_table("system_keys")
    op.drop_table("roles")
    op.drop_index("ix_phone_uses_principal", table_name="phone_uses")
    op.drop_index("ix_phone_uses_at", table_name="phone_uses")
    op.drop_table("phone_uses")
    op.drop_index(op.f("ix_login_counters_at"), table_name="login_counters")
    op.drop_table("login_counters")
    op.drop_index(
        "uq_key_rotations_open",
        table_name="key_rotations",
        postgresql_where=sa.text("state IN ('queued', 'running')"),
        sqlite_where=sa.text("state IN ('queued', 'running')"),
    )
    op.drop_index("ix_key_rotations_purpose", table_name="key_rotations")
    op.drop_table("key_rotations")
    op.drop_table("key_refs")
    op.drop_index(op.f("ix_idempotency_keys_expires_at"), table_name="idempotency_keys")
    op.drop_index(op.f("ix_idempotency_keys_customer_id"), table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_table("external_sources")
    op.drop_index("uq_events_position", table_name="events")
    op.drop_index(
        "ix_events_unassigned",
        table_name="events",
        postgresql_where=sa.text("position IS NULL"),
        sqlite_where=sa.text("position IS NULL"),
    )
    op.drop_index("ix_events_subject", table_name="events")
    op.drop_index("ix_events_customer", table_name="events")
    op.drop_table("events")
    op.drop_index(op.f("ix_denied_tokens_expires_at"), table_name="denied_tokens")
    op.drop_table("denied_tokens")
    op.drop_index(
        "ix_audit_entries_outcome",
        table_name="audit_entries",
        postgresql_where=sa.text("outcome <> 'done'"),
        sqlite_where=sa.text("outcome <> 'done'"),
    )
    op.drop_index("ix_audit_entries_object", table_name="audit_entries")
    op.drop_index("ix_audit_entries_customer", table_name="audit_entries")
    op.drop_index("ix_audit_entries_at", table_name="audit_entries")
    op.drop_index("ix_audit_entries_actor", table_name="audit_entries")
    op.drop_index("ix_audit_entries_action", table_name="audit_entries")
    op.drop_table("audit_entries")
    op.drop_table("audit_cuts")
    op.drop_table("audit_checkpoints")
    op.drop_table("audit_chain")
