"""Settings as the environment gives them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from custhub.server.refusal import CONFIGURATION, Refusal, read_settings
from custhub.settings import Settings


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTHUB_CORS_ORIGINS", "https://a.example, https://b.example,")
    monkeypatch.setenv("CUSTHUB_TRUSTED_PROXIES", "10.0.0.0/8")
    settings = Settings()
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert settings.trusted_proxies == ("10.0.0.0/8",)


@pytest.mark.parametrize("url", ["postgres://db/hub", "postgresql://db/hub", "postgresql+asyncpg://db/hub"])
def test_every_name_of_postgresql_is_understood(url: str) -> None:
    settings = Settings(database_url=url)
    assert settings.engine == "postgresql"
    assert settings.url == "postgresql://db/hub"


@pytest.mark.parametrize("url", ["mysql://db/hub", "sqlite:///x.db", "postgresql://", "db"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        Settings(database_url=url)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({"profile": "production"}, 5.0),
        ({"profile": "production", "drain_seconds": 0}, 0.0),
        ({"profile": "development"}, 0.0),
        ({"profile": "development", "drain_seconds": 3}, 3.0),
    ],
)
def test_r1_a_developer_does_not_wait_for_the_drain(given: dict[str, object], seconds: float) -> None:
    assert Settings.model_validate(given).drain == seconds


def test_s19_unreadable_settings_are_named_without_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTHUB_POOL_MAX", "many")
    monkeypatch.setenv("CUSTHUB_DATABASE_URL", "mysql://hub:pa55word@db")
    with pytest.raises(Refusal) as refused:
        read_settings()
    assert refused.value.code == CONFIGURATION
    assert "CUSTHUB_POOL_MAX" in str(refused.value)
    assert "CUSTHUB_DATABASE_URL" in str(refused.value)
    assert "pa55word" not in str(refused.value)
    assert "many" not in str(refused.value)


def test_s29_database_and_keyring_lie_in_different_directories() -> None:
    settings = Settings(home=Path("/srv/hub"))
    assert settings.sqlite_path.parent != settings.keyring_path.parent
