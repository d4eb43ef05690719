"""Use cases of the suppression list, and what asks it."""

from custhub.features.suppressions.service.screening import NOBODY, Screened, screen

__all__ = ["NOBODY", "Screened", "screen"]
