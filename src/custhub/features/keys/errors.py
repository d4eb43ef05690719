"""Expected failures of keys and their rotation. No text ever holds key material."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from custhub.crypto.errors import KeyringError
from custhub.kit.errors import Conflict, NotFound, Text


class KeysUnusable(KeyringError):
    """Stored data needs keys that are missing or others than expected; `lines` has one line for each (S-15)."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


class KeyNotFound(NotFound):
    """There is no such key."""

    code = "key_not_found"
    title = "Key not found"
    zh = Text("密钥不存在", "没有这个密钥。")


class RotationNotFound(NotFound):
    """There is no such key rotation."""

    code = "key_rotation_not_found"
    title = "Key rotation not found"
    zh = Text("密钥轮换不存在", "没有这个密钥轮换任务。")


class RotationInProgress(Conflict):
    """Keys of this purpose are being rotated right now. Wait until that has finished."""

    code = "rotation_in_progress"
    title = "Rotation in progress"
    zh = Text("密钥轮换进行中", "此用途的密钥正在轮换，请等待其完成。")


class KeyringReadOnly(Conflict):
    """The keyring comes from the environment, so the hub cannot add a key to it.

    Put a new key into the keyring of every process, restart them, and try again: the newest key is taken.
    """

    code = "keyring_read_only"
    title = "Keyring is read only"
    zh = Text(
        "密钥环只读",
        "密钥环来自环境变量，系统无法写入。请将新密钥加入每个进程的密钥环，重启后重试，系统会采用最新的密钥。",
    )


class KeyInUse(Conflict):
    """Stored data still needs this key, or it is the one that new data is written under. Rotate first.

    `dependants` counts the rows that need it. Where tokens may still be checked with it, `free_at` says until when.
    """

    code = "key_in_use"
    title = "Key in use"
    zh = Text("密钥使用中", "仍有数据依赖此密钥，或新数据正以它写入，请先轮换密钥。")
    sample: ClassVar[dict[str, object]] = {"dependants": 12, "free_at": None}

    def __init__(self, dependants: int = 0, free_at: str | None = None) -> None:
        super().__init__(members={"dependants": dependants, "free_at": free_at})


class KeyPermanent(Conflict):
    """Keys of this purpose are never retired: what they hashed or signed must stay checkable."""

    code = "key_permanent"
    title = "Key is permanent"
    zh = Text("密钥不可停用", "此用途的密钥永不停用：以其散列或签名的数据必须始终可以核验。")


class RotationStopped(Conflict):
    """The job of this rotation was canceled or given up. Everything is valid; start it again to go on from here."""

    code = "key_rotation_stopped"
    title = "Key rotation stopped"
    zh = Text("密钥轮换已停止", "此轮换的任务已取消或已放弃。所有数据均有效，重新启动即可从此处继续。")


class RotationIncomplete(Conflict):
    """Some rows do not open, so they keep the old key. All others were moved. Repair them, then rotate again."""

    code = "key_rotation_incomplete"
    title = "Key rotation incomplete"
    zh = Text("密钥轮换未完成", "部分数据无法解密，仍使用旧密钥；其余数据均已迁移。请修复后重新轮换。")
