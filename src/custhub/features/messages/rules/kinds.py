"""Kinds of messages and their texts, in Chinese and English.

A text is a file `<kind>.<channel>.txt` in a directory per language; `$name` stands for a parameter. That of an e-mail
begins with `Subject: ...` and an empty line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from string import Template
from typing import Final, Literal

from custhub.features.messages.rules.states import Channel

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")

_HERE: Final = Path(__file__).parent / "texts"
_SUBJECT: Final = re.compile(r"Subject: (.+)\n\n")
# Controls, line ends and what turns the direction of writing: never in a header.
_NO_LINE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
_MAX_SUBJECT: Final = 200


class Category(StrEnum):
    """Why a message is sent, which decides who must have agreed (M-4)."""

    #: To those who run the hub.
    OPERATOR = "operator"
    #: What the recipient has asked for, or must know.
    TRANSACTIONAL = "transactional"
    #: Surveys, campaigns, reminders: only where a gate allows it.
    MARKETING = "marketing"


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says; an SMS has no subject."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class _Text:
    subject: Template
    body: Template

    @property
    def names(self) -> frozenset[str]:
        return frozenset((*self.subject.get_identifiers(), *self.body.get_identifiers()))


@dataclass(frozen=True)
class MessageKind:
    """One kind of message. Features declare theirs in their rules, with their own directory of `texts`.

    `duplicate_ok`: rather twice than not at all; never true of marketing (M-2). `purpose` is what consent is asked
    for. A kind whose texts are missing, or name different parameters in the two languages, raises ValueError.
    """

    name: str
    category: Category
    channels: frozenset[Channel]
    duplicate_ok: bool = False
    purpose: str | None = None
    texts: Path = _HERE

    def __post_init__(self) -> None:
        if self.duplicate_ok and self.category is Category.MARKETING:
            raise ValueError("marketing is never sent twice (M-2)")

    @cached_property
    def _read(self) -> Mapping[tuple[Channel, str], _Text]:
        pairs = [(channel, language) for channel in self.channels for language in LANGUAGES]
        found: dict[tuple[Channel, str], _Text] = {pair: _read(self.texts, self.name, *pair) for pair in pairs}
        for channel in self.channels:
            if len({found[channel, language].names for language in LANGUAGES}) > 1:
                raise ValueError(f"the texts of {self.name} name different parameters")
        return found

    def parameters(self, channel: Channel) -> frozenset[str]:
        """What the texts of a channel need."""
        return self._read[channel, "en"].names

    def render(self, channel: Channel, language: Language, parameters: Mapping[str, str]) -> Content:
        """The finished message. Raises ValueError for a channel without text, a parameter too few or too many."""
        if channel not in self.channels:
            raise ValueError(f"{self.name} has no text for {channel}")
        text = self._read[channel, language]
        if parameters.keys() != text.names:
            raise ValueError(f"{self.name} takes the parameters {', '.join(sorted(text.names))}")
        subject = _NO_LINE.sub(" ", text.subject.substitute(parameters)).strip()[:_MAX_SUBJECT]
        return Content(subject, text.body.substitute(parameters))


def _read(texts: Path, name: str, channel: Channel, language: str) -> _Text:
    file = texts / language / f"{name}.{channel}.txt"
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        raise ValueError(f"{name} has no {language} text for {channel}") from None
    if channel is not Channel.EMAIL:
        return _Text(Template(""), Template(text.strip()))
    found = _SUBJECT.match(text)
    if found is None:
        raise ValueError(f"the {language} text of {name} has no subject")
    return _Text(Template(found[1]), Template(text[found.end() :]))


def language_of(tag: str | None, default: Language) -> Language:
    """The language of our texts for a language tag: Chinese for any `zh`, else English; `default` without a tag."""
    if not tag:
        return default
    return "zh" if re.split("[-_]", tag)[0].lower() == "zh" else "en"
