"""Pure rules of the audit log: canonical forms, the chain, the Merkle tree, the catalogue of actions."""

from custhub.features.audit.rules.actions import ACTIONS
from custhub.features.audit.rules.chain import (
    FIRST_ID,
    GENESIS,
    LAST_ID,
    Fault,
    Link,
    canonical_entry,
    extend,
    fault_of,
    first_id_at,
    link_hash,
)
from custhub.features.audit.rules.findings import Finding, Status, Verification
from custhub.features.audit.rules.merkle import merkle_root
from custhub.features.audit.rules.signed import checkpoint_body, cut_body, digest

__all__ = [
    "ACTIONS",
    "FIRST_ID",
    "GENESIS",
    "LAST_ID",
    "Fault",
    "Finding",
    "Link",
    "Status",
    "Verification",
    "canonical_entry",
    "checkpoint_body",
    "cut_body",
    "digest",
    "extend",
    "fault_of",
    "first_id_at",
    "link_hash",
    "merkle_root",
]
