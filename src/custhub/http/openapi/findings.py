"""What is wrong with the document, gathered so that an author sees all of it at once."""

from __future__ import annotations


class DocumentError(Exception):
    """The routes or schemas break a rule of the document; each line names the place and the rule."""


class Findings:
    """Collects broken rules."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, location: str, text: str) -> None:
        """One broken rule at `location`."""
        line = f"{location}: {text}"
        if line not in self._lines:
            self._lines.append(line)

    def settle(self) -> None:
        """Raises DocumentError when there is any finding."""
        if self._lines:
            raise DocumentError("\n".join(self._lines))
