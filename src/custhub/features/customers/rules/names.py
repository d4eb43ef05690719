"""Names of people and organisations: one standard form, and the two halves of a Chinese name."""

from __future__ import annotations

import re

from custhub.features.customers.errors import NameInvalid
from custhub.features.customers.rules.surnames import COMPOUND, SINGLE
from custhub.features.customers.rules.text import HAN, clean, has_han

MAX_NAME = 200
_MAX_RAW = 1_000

# GB/T 15834: the dot inside a transliterated name is U+00B7. People type a dozen others.
_INNER_DOT = re.compile(f"(?<=[{HAN}]) ?[·•‧∙⋅・.] ?(?=[{HAN}])")
_CHINESE_NAME = re.compile(f"[{HAN}]{{1,4}}")
_TITLE = re.compile(r"(?:先生|女士|小姐|太太|夫人|老师|经理|总监|主任|医生|律师|师傅|同学|老板|总)$")
# Han, kana, hangul: scripts whose names put the family first and leave no space.
_EASTERN = re.compile(f"[{HAN}\u3040-\u30ff\uac00-\ud7a3·]+")


def normalise_name(text: str) -> str:
    """A display, given, family or company name in standard form, at most 200 characters. Raises NameInvalid."""
    if len(text) > _MAX_RAW:
        raise NameInvalid
    name = clean(text)
    if not name.isascii() and has_han(name):
        name = _INNER_DOT.sub("·", name)
    if not name or len(name) > MAX_NAME:
        raise NameInvalid
    return name


def split_name(display_name: str) -> tuple[str | None, str | None]:
    """Family and given name of a normalised Chinese name; (None, None) where only a person can tell.

    Knows compound surnames (欧阳娜娜). A title is no given name: 王先生 and 李总 have a family name only. Names with an
    inner dot, Latin names and nicknames that begin with no surname are left alone.
    """
    if not _CHINESE_NAME.fullmatch(display_name):
        return None, None
    untitled = _TITLE.sub("", display_name)
    if untitled != display_name:
        known = untitled in COMPOUND or untitled in SINGLE
        return (untitled, None) if known else (None, None)
    if display_name[:2] in COMPOUND:
        return display_name[:2], display_name[2:] or None
    if display_name[0] in SINGLE and 2 <= len(display_name) <= 3:
        return display_name[0], display_name[1:]
    return None, None


def compose_name(family_name: str | None, given_name: str | None) -> str:
    """The display name of two normalised halves: 王小明 in Chinese, Japanese and Korean script, else Ming Wang.

    Raises NameInvalid when both are missing or the whole is too long.
    """
    if not family_name or not given_name:
        name = family_name or given_name or ""
    elif _EASTERN.fullmatch(family_name + given_name):
        name = family_name + given_name
    else:
        name = f"{given_name} {family_name}"
    return normalise_name(name)
