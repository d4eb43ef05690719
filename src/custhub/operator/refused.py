"""How a command says no."""

from __future__ import annotations


class CommandRefused(Exception):
    """The command was understood and not done; the message says why and holds no secret."""


class NoAnswer(Exception):
    """The hub ended before it answered: the command may have been done."""
