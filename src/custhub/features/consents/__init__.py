"""The consent ledger: who agreed to what, when and how it is known; append-only (S-81)."""
