"""What the keys can prove: that an entry is as the hub wrote it, that a checkpoint or cut was signed by it."""

from __future__ import annotations

from custhub.crypto.errors import KeyMissing
from custhub.crypto.keyring import Keyring, Purpose
from custhub.crypto.signing import Es256Signer, MacKey
from custhub.features.audit.models import AuditEntry, CheckpointRow, CutRow
from custhub.features.audit.rules import canonical_entry


class Proofs:
    """Checks of one verification; key objects are built once for it."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._macs: dict[int, MacKey | None] = {}
        self._signers: dict[int, Es256Signer | None] = {}

    def knows_mac_key(self, kid: int) -> bool:
        """Whether the keyring has this `audit_mac` key."""
        return self._mac(kid) is not None

    def knows_signing_key(self, kid: int) -> bool:
        """Whether the keyring has this `audit` key."""
        return self._signer(kid) is not None

    def is_genuine(self, entry: AuditEntry) -> bool:
        """Whether an entry still has the content its mac was made of."""
        key = self._mac(entry.mac_kid)
        members = entry._asdict()
        del members["mac_kid"], members["mac"]
        return key is not None and key.mac(canonical_entry(**members)) == entry.mac

    def is_signed(self, row: CheckpointRow | CutRow) -> bool:
        """Whether a checkpoint or cut was signed by us, as it stands."""
        signer = self._signer(row.kid)
        return signer is not None and signer.verify(row.body, row.signature)

    def _mac(self, kid: int) -> MacKey | None:
        if kid not in self._macs:
            try:
                self._macs[kid] = MacKey(self._keyring, kid)
            except KeyMissing:
                self._macs[kid] = None
        return self._macs[kid]

    def _signer(self, kid: int) -> Es256Signer | None:
        if kid not in self._signers:
            try:
                self._signers[kid] = Es256Signer(self._keyring, Purpose.AUDIT, kid)
            except KeyMissing:
                self._signers[kid] = None
        return self._signers[kid]
