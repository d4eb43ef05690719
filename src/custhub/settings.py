"""Every setting of the hub, read once from the environment (`CUSTHUB_*`)."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Network = IPv4Network | IPv6Network
Profile = Literal["development", "production"]


class Settings(BaseSettings):
    """Frozen settings of one process. An unreadable value stops the start."""

    model_config = SettingsConfigDict(env_prefix="CUSTHUB_", frozen=True, extra="ignore", hide_input_in_errors=True)

    profile: Profile = "development"
    home: Path = Path(".custhub")
    database_url: str = Field(
        default="",
        repr=False,
        pattern="^(postgresql://.+)?$",
        description="Empty: SQLite in `home`. Else postgresql://",
    )
    keyring_file: Path | None = Field(default=None, description="Default: `home`/keys/keyring.json")
    keyring: str = Field(default="", description="The keyring itself, for platforms that inject secrets", repr=False)
    issuer: str = "https://custhub.local"
    public_url: str = "http://127.0.0.1:8000"
    default_country: str = Field(default="CN", pattern="^[A-Z]{2}$")

    pool_min: int = Field(default=2, ge=0, le=100)
    pool_max: int = Field(default=10, ge=1, le=200)
    statement_timeout_ms: int = Field(default=4_000, ge=100, le=600_000)
    lock_timeout_ms: int = Field(default=3_000, ge=100, le=600_000)
    disk_reserve_bytes: int = Field(default=256 * 1024 * 1024, ge=0)

    rate_limit: Literal["on", "off"] = "on"
    rate_limit_per_minute: int = Field(default=6_000, ge=1)
    max_body_bytes: int = Field(default=1_048_576, ge=1_024, le=1_073_741_824)
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    import_max_bytes: int = Field(default=2_147_483_648, ge=1_024, le=17_179_869_184, description="Of a file to import")
    drain_seconds: float = Field(default=5.0, ge=0, le=300)
    shutdown_seconds: float = Field(default=20.0, ge=0, le=300)

    worker: bool = Field(default=True, description="Do jobs beside requests; off on PostgreSQL only")
    jobs_default: int = Field(default=2, ge=0, le=64, description="Jobs of this queue that a process runs at once")
    jobs_bulk: int = Field(default=1, ge=0, le=64)
    jobs_delivery: int = Field(default=1, ge=0, le=64)
    jobs_message: int = Field(default=1, ge=0, le=64)
    jobs_maintenance: int = Field(default=1, ge=0, le=64)

    reveal_per_minute: int = Field(default=20, ge=1)
    reveal_per_day: int = Field(default=100, ge=1)
    lookup_per_minute: int = Field(default=30, ge=1)
    lookup_per_day: int = Field(default=500, ge=1)
    mfa_required: bool = False
    confirmed_days: int = Field(default=365, ge=1, le=3_650, description="A person's word outranks machines so long")
    egress_allow: Annotated[tuple[str, ...], NoDecode] = ()
    egress_http: bool = Field(default=False, description="Also call plain http addresses that somebody else named")
    egress_ports: Annotated[tuple[int, ...], NoDecode] = Field(default=(), description="Ports beside 443 and 80")
    oidc_issuers: str = Field(default="", description="JSON list of external issuers, see docs/operations.md")

    smtp_host: str = Field(default="", description="Mail server; empty in development: files in `home`/outbox")
    smtp_port: int = Field(default=587, ge=1, le=65_535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_username: str = ""
    smtp_password: str = Field(default="", repr=False)
    smtp_from: str = Field(default="custhub@localhost", pattern=r"^[!-?A-~]+@[A-Za-z0-9.-]+$", max_length=254)
    smtp_from_name: str = Field(default="custhub", max_length=80)
    smtp_ca_file: Path | None = Field(default=None, description="Authorities to trust instead of the public ones")
    smtp_timeout_seconds: float = Field(default=30.0, ge=1, le=120)
    smtp_callback_secret: str = Field(default="", repr=False, pattern="^(.{16,})?$")
    sms_url: str = Field(default="", description="Where the SMS provider takes messages")
    sms_token: str = Field(default="", repr=False)
    sms_sender: str = Field(default="custhub", max_length=40)
    sms_timeout_seconds: float = Field(default=15.0, ge=1, le=120)
    sms_deduplicates: bool = Field(default=False, description="The provider sends once for one Idempotency-Key")
    sms_callback_secret: str = Field(default="", repr=False, pattern="^(.{16,})?$")
    message_language: Literal["zh", "en"] = "en"

    export_hours: int = Field(default=24, ge=1, le=720, description="How long the file of an export is kept")

    audit_sink: Path | None = Field(default=None, description="Default: `home`/audit")
    audit_retention_days: int = Field(default=1_096, ge=30)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("trusted_proxies", "cors_origins", "egress_allow", "egress_ports", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """The environment gives lists as text with commas."""
        if not isinstance(value, str):
            return value
        return tuple(item.strip() for item in value.split(",") if item.strip())

    @field_validator("database_url", mode="before")
    @classmethod
    def _one_name(cls, value: object) -> object:
        """Both names of the scheme are in use."""
        return re.sub("^postgres(ql)?(\\+asyncpg)?://", "postgresql://", value) if isinstance(value, str) else value

    def model_post_init(self, _context: object) -> None:
        """Refuse what must not reach production."""
        if self.profile == "production" and self.rate_limit == "off":
            raise ValueError("CUSTHUB_RATE_LIMIT=off is refused in the production profile")
        if self.smtp_security == "none" and self.smtp_password:
            raise ValueError("CUSTHUB_SMTP_PASSWORD is not sent without TLS: CUSTHUB_SMTP_SECURITY is none")

    @property
    def engine(self) -> Literal["sqlite", "postgresql"]:
        """Which database this process talks to."""
        return "postgresql" if self.database_url.startswith("postgres") else "sqlite"

    @property
    def url(self) -> str:
        """The database, as SQLAlchemy names it."""
        return self.database_url or f"sqlite:///{self.sqlite_path}"

    @property
    def data_dir(self) -> Path:
        """Directory of the embedded database, apart from the keys (S-29)."""
        return self.home / "data"

    @property
    def sqlite_path(self) -> Path:
        """File of the embedded database."""
        return self.data_dir / "custhub.db"

    @property
    def keyring_path(self) -> Path:
        """File of the keyring."""
        return self.keyring_file or self.home / "keys" / "keyring.json"

    @property
    def drain(self) -> float:
        """How long to serve on after SIGTERM: nobody waits at a developer's keyboard, unless told to."""
        told = self.profile == "production" or "drain_seconds" in self.model_fields_set
        return self.drain_seconds if told else 0.0

    @property
    def audit_dir(self) -> Path:
        """Directory of signed audit checkpoints."""
        return self.audit_sink or self.home / "audit"
