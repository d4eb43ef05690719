"""The hub's own token keys, in step with the keyring: a new one signs once every process can verify it (S-17)."""

from __future__ import annotations

from custhub.crypto.keyring import Purpose
from custhub.crypto.live import LiveKeys
from custhub.kit.clock import Clock
from custhub.security.token_keys import LocalKeys
from custhub.security.tokens import TokenSigner


class HubTokenKeys(LocalKeys):
    """Verifies with every `jwt` key that is not retired, signs with the one in charge."""

    def __init__(self, issuer: str, keys: LiveKeys) -> None:
        self._keys = keys
        self._take(issuer)

    def renew(self) -> None:
        """Take the keys as they are now."""
        self._take(self.issuer)

    def _take(self, issuer: str) -> None:
        ring = self._keys.keyring
        private = {f"jwt-{kid}": ring.ec_private_key(Purpose.JWT, kid) for kid in ring.kids(Purpose.JWT)}
        super().__init__(issuer, private, f"jwt-{ring.newest(Purpose.JWT)}")


class HubTokenSigner(TokenSigner):
    """Signs with the key that is in charge now."""

    def __init__(self, keys: HubTokenKeys, clock: Clock) -> None:
        super().__init__(keys, clock)
        self._keys = keys

    def renew(self) -> None:
        """Take the signing key as it is now."""
        super().__init__(self._keys, self._clock)
