"""Every command there is."""

from __future__ import annotations

from collections.abc import Mapping

from custhub.operator import (
    duplicates,
    jobs,
    keys,
    merges,
    messages,
    people,
    programs,
    quality,
    records,
    search,
    tokens,
)
from custhub.operator.commands import Command

COMMANDS: Mapping[str, Command] = {
    **tokens.COMMANDS,
    **people.COMMANDS,
    **programs.COMMANDS,
    **keys.COMMANDS,
    **jobs.COMMANDS,
    **records.COMMANDS,
    **messages.COMMANDS,
    **search.COMMANDS,
    **quality.COMMANDS,
    **duplicates.COMMANDS,
    **merges.COMMANDS,
}
