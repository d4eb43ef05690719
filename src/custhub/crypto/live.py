"""The keys of a running process, replaced as a whole when the keyring or the part of a key in it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from custhub.crypto.cipher import FieldCipher
from custhub.crypto.errors import KeyMissing, KeyringStale, KeyUnavailable
from custhub.crypto.keyring import FileKeyProvider, KeyProvider, Keyring, Purpose
from custhub.crypto.lookup import BlindIndexes, SuppressionHashes
from custhub.crypto.signing import CursorKey, Es256Signer, MacKey

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class KeyRoles:
    """Which key does what, as the database says.

    `in_charge` is the kid that new values are written under, by purpose; where it says nothing, the newest is.
    `claims` are the `bidx` kids under which numbers are claimed and looked up: two while a rotation runs. `retired`
    keys are not used even where the keyring still has them.
    """

    in_charge: Mapping[Purpose, int] = field(default_factory=lambda: MappingProxyType({}))
    claims: tuple[int, ...] = ()
    retired: frozenset[tuple[Purpose, int]] = frozenset()


class AssignedKeyring(Keyring):
    """A keyring in which the database says which key is in charge, and which are retired.

    The newest key of a file is not yet one to write under: another process may not have read the file again.
    """

    __slots__ = ("_in_charge",)

    _in_charge: Mapping[Purpose, int]

    def __init__(self, keyring: Keyring, roles: KeyRoles) -> None:
        """Raise KeyMissing when the keyring lacks a key in charge."""
        super().__init__(
            {
                purpose: {
                    kid: keyring.root(purpose, kid)
                    for kid in keyring.kids(purpose)
                    if (purpose, kid) not in roles.retired
                }
                for purpose in Purpose
            }
        )
        object.__setattr__(self, "_in_charge", dict(roles.in_charge))
        for purpose, kid in roles.in_charge.items():
            self.root(purpose, kid)

    def newest(self, purpose: Purpose) -> int:
        """The id that new values are written under. Raises KeyMissing when no key is live."""
        kid = self._in_charge.get(purpose)
        return super().newest(purpose) if kid is None else kid


class LiveKeys:
    """Ciphers, indexes and signers built once from a keyring.

    Once somebody watches over them (`watch`), what they write must rest on recent knowledge of the database: a
    process that lost touch would claim numbers under too few keys.
    """

    def __init__(self, provider: KeyProvider) -> None:
        self.provider = provider
        #: All that the provider gave, retired and not yet used keys too.
        self.loaded: Keyring = provider.load()
        self.roles = KeyRoles()
        #: Why nothing may be written now; empty when all is well.
        self.fault = ""
        self._unread = False
        self._listeners: list[Callable[[], None]] = []
        self._monotonic: Callable[[], float] | None = None
        self._seconds = 0.0
        self._known_at = 0.0
        self.keyring: Keyring = AssignedKeyring(self.loaded, self.roles)
        self.cipher = FieldCipher(self.keyring)
        self._use(self.keyring)

    @property
    def index_kid(self) -> int:
        """The key that numbers are indexed under. Raises KeyUnavailable."""
        self.require_current()
        return self._index_kid

    @property
    def claim_kids(self) -> tuple[int, ...]:
        """The keys under which numbers are claimed and looked up, ascending. Raises KeyUnavailable."""
        self.require_current()
        return self._claim_kids

    def require_current(self) -> None:
        """Raise KeyUnavailable when a key is missing here, or what is known of them is too old to write by."""
        if self.fault or (self._monotonic is not None and self._monotonic() - self._known_at > self._seconds):
            raise KeyUnavailable

    def watch(self, monotonic: Callable[[], float], seconds: float) -> None:
        """From now on refuse to write when `confirm` was not called for so long."""
        self._monotonic, self._seconds, self._known_at = monotonic, seconds, monotonic()

    def confirm(self, at: float) -> None:
        """What is known of the keys was read from the database at `at`, or later."""
        self._known_at = at

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever keys or their parts have changed."""
        self._listeners.append(listener)

    def reload(self) -> None:
        """Read the keyring again and swap everything built from it. Raises what `KeyProvider.load` raises."""
        self._unread = True
        self._swap(self.provider.load(), self.roles)
        self._unread = False

    def adopt(self, roles: KeyRoles) -> bool:
        """Give the keys their parts; whether anything changed. Raises KeyMissing, and then nothing is swapped."""
        if roles == self.roles:
            return False
        self._swap(self.loaded, roles)
        return True

    @property
    def is_outdated(self) -> bool:
        """Whether the keyring file is another than the one in use."""
        return self._unread or (isinstance(self.provider, FileKeyProvider) and self.provider.changed())

    @property
    def is_writable(self) -> bool:
        """Whether this process can put keys into the keyring, or an operator must."""
        return isinstance(self.provider, FileKeyProvider)

    def write_new(self, purpose: Purpose) -> Keyring:
        """Put one more key into the keyring file; `reload` takes it up.

        Blocks for the disk, and on purpose not in a thread: between reading the file and replacing it nothing else
        of this process may read it, or the replacement would not notice what another process wrote meanwhile.
        """
        return self._rewrite(lambda keyring: keyring.with_new(purpose))

    def write_without(self, purpose: Purpose, kid: int) -> Keyring:
        """Remove a key from the keyring file for good; blocks as `write_new` does."""
        return self._rewrite(lambda k: k.without(purpose, kid) if kid in k.kids(purpose) else k)

    def _rewrite(self, change: Callable[[Keyring], Keyring]) -> Keyring:
        if not isinstance(self.provider, FileKeyProvider):
            raise TypeError("this keyring cannot be written")
        for left in reversed(range(_ATTEMPTS)):
            keyring = change(self.provider.load())
            try:
                self.provider.replace(keyring)
            except KeyringStale:
                if not left:
                    raise
            else:
                break
        return keyring

    def _swap(self, loaded: Keyring, roles: KeyRoles) -> None:
        keyring = AssignedKeyring(loaded, roles)
        # Whatever an incomplete keyring lacks raises here, before anything is swapped.
        FieldCipher(keyring)
        before = self.loaded, self.roles
        self.loaded, self.roles = loaded, roles
        try:
            self._use(keyring)
        except KeyMissing:
            self.loaded, self.roles = before
            raise
        self.cipher.reload(keyring)
        for listener in self._listeners:
            listener()

    def _use(self, keyring: Keyring) -> None:
        parts = (
            BlindIndexes(keyring),
            SuppressionHashes(keyring),
            CursorKey(keyring),
            MacKey(keyring),
            Es256Signer(keyring, Purpose.AUDIT),
        )
        index_kid = keyring.newest(Purpose.BIDX)
        claim_kids = self.roles.claims or (index_kid,)
        for kid in claim_kids:
            keyring.root(Purpose.BIDX, kid)
        self.keyring = keyring
        self.indexes, self.suppressions, self.cursors, self.mac, self.audit_signer = parts
        self._index_kid, self._claim_kids = index_kid, claim_kids
