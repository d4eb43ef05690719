"""What the use cases of accounts share for as long as the process lives."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from custhub.crypto.live import LiveKeys
from custhub.crypto.system import SystemVault
from custhub.features.accounts.service.hashing import HashingDesk
from custhub.kit.clock import Clock
from custhub.kit.db import Database
from custhub.kit.ids import Prefix
from custhub.kit.query import Reader
from custhub.kit.uow import Actor, UnitOfWork
from custhub.security.reach import Reach
from custhub.security.token_keys import LocalKeys
from custhub.security.tokens import TokenSigner, TokenVerifier
from custhub.settings import Settings

#: Key of these parts in `Hub.parts`.
ACCOUNTS = "accounts"


class OpenUnitOfWork(Protocol):
    """Opens a unit of work beside that of the request."""

    def __call__(self, actor: Actor, request_id: str, *, locking: bool = False) -> UnitOfWork:
        """A fresh one."""


class ReachCheck(Protocol):
    """Whether a caller of this reach may reach one object of some kind."""

    def __call__(self, reader: Reader, reach: Reach, object_id: UUID, /) -> Awaitable[bool]:
        """True when it exists for this caller."""


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """A kind of object that rights can be asked about in advance."""

    prefix: Prefix
    is_reachable: ReachCheck


@dataclass(frozen=True, slots=True)
class AccountParts:
    """Keys, clocks and limits behind the use cases. `kinds` are the objects of other features, by type name."""

    settings: Settings
    clock: Clock
    database: Database
    keys: LiveKeys
    local_keys: LocalKeys
    signer: TokenSigner
    verifier: TokenVerifier
    hashing: HashingDesk
    vault: SystemVault
    open_unit_of_work: OpenUnitOfWork
    kinds: Mapping[str, ObjectKind] = field(default_factory=dict)
