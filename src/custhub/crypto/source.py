"""Which place the keyring of a deployment comes from."""

from __future__ import annotations

from custhub.crypto.keyring import EnvironmentKeyProvider, FileKeyProvider, KeyProvider
from custhub.settings import Settings


def key_provider(settings: Settings) -> KeyProvider:
    """The environment where the keyring is given there, else the file."""
    if settings.keyring:
        return EnvironmentKeyProvider({"CUSTHUB_KEYRING": settings.keyring})
    return FileKeyProvider(settings.keyring_path)
