"""Text as a person typed it: one standard form for every one-line text of a customer."""

from __future__ import annotations

import re
import unicodedata

from custhub.kit.text import visible

__all__ = ["HAN", "clean", "has_han", "visible"]

#: Chinese ideographs, with 々 and 〇. Compatibility forms are gone after NFKC.
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\ufa0e-\ufa29\U00020000-\U000323af"

# What no step below would change.
_STANDARD = re.compile("[\u4e00-\u9fff0-9A-Za-z]+")
_HAS_HAN = re.compile(f"[{HAN}]")

# NFKC would turn these into their ASCII look-alikes; in Chinese text they are the right form.
_KEPT_PUNCTUATION = re.compile("([，：；！？（）～…]+)")
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])[’‘ʼ](?=[^\W\d_])")
_BRACKETED = re.compile(r"[(（]([^()（）]*)[)）]")
_SINGLE_FORMS = str.maketrans({"\u00b4": "\u2019", "\u2010": "-", "\u2011": "-", "\u2212": "-", "\uff0d": "-"})


def clean(text: str) -> str:
    """One line in standard form: NFKC, no invisible characters, white space collapsed; may be empty.

    Chinese punctuation keeps its full width, brackets are full-width where they touch Chinese, apostrophes inside a
    word and hyphens are ASCII. Idempotent.
    """
    if _STANDARD.fullmatch(text):
        return text
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = visible(text).translate(_SINGLE_FORMS)
    text = "".join(
        part if _KEPT_PUNCTUATION.match(part) else unicodedata.normalize("NFKC", part)
        for part in _KEPT_PUNCTUATION.split(text)
    )
    text = " ".join(text.translate(_SINGLE_FORMS).split())
    text = _APOSTROPHE.sub("'", text)
    return _BRACKETED.sub(_bracket, text) if _HAS_HAN.search(text) else text


def has_han(text: str) -> bool:
    """Whether the text holds a Chinese ideograph."""
    return _HAS_HAN.search(text) is not None


def _bracket(match: re.Match[str]) -> str:
    inner, before = match[1], match.string[match.start() - 1] if match.start() else ""
    chinese = _HAS_HAN.search(inner) or _HAS_HAN.match(before)
    return f"（{inner}）" if chinese else f"({inner})"
