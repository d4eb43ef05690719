"""Use cases of the suppression list, and what asks it."""

from custhub.features.suppressions.service.screening import (
    NOBODY,
    Screened,
    mailbox_hashes,
    number_hashes,
    screen,
    screen_hashes,
)

__all__ = ["NOBODY", "Screened", "mailbox_hashes", "number_hashes", "screen", "screen_hashes"]
