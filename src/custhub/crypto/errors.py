"""What can go wrong with keys and sealed values. No message carries key material, plaintext or a blob."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from custhub.kit.errors import Corrupt, Text, Unavailable


class KeyringError(Exception):
    """The keys cannot be used. The start stops with exit code 78 and this message (S-15)."""


class KeyMissing(KeyringError):
    """The keyring has no such key, or it was retired."""

    def __init__(self, purpose: str, kid: int) -> None:
        super().__init__(f"key purpose={purpose} kid={kid} missing")
        self.purpose = purpose
        self.kid = kid


class KeyMismatch(KeyringError):
    """The keyring has another key under this id than the one the data was written with."""

    def __init__(self, purpose: str, kid: int) -> None:
        super().__init__(f"key purpose={purpose} kid={kid} mismatch")
        self.purpose = purpose
        self.kid = kid


class KeyringUnsafe(KeyringError):
    """Somebody else than the owner may open the keyring file (S-18)."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"keyring {path} must be a regular file that only its owner may open (chmod 600)")


class KeyringExists(KeyringError):
    """There is a keyring already; a new one would make stored data unreadable (S-19)."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"keyring {path} exists already")


class KeyringStale(KeyringError):
    """Another process replaced the keyring since it was loaded; writing would lose the other's new key."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"keyring {path} was replaced by another process; load it again")


class KeyringInvalid(KeyringError):
    """The keyring cannot be read or breaks a rule of its format."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"keyring: {reason}")


class IntegrityError(Corrupt):
    """A stored value failed its integrity check and was not opened."""

    code: ClassVar[str] = "integrity_error"
    title: ClassVar[str] = "Stored value damaged"
    zh: ClassVar[Text] = Text("存储的数据已损坏", "存储的值未通过完整性校验，未被解密。")


class KeyUnavailable(Unavailable):
    """A key that this value needs is not loaded. Restore the keyring and try again."""

    code: ClassVar[str] = "key_unavailable"
    title: ClassVar[str] = "Key unavailable"
    zh: ClassVar[Text] = Text("密钥不可用", "该数据所需的密钥未加载。请恢复密钥环后重试。")
