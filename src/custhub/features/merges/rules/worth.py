"""How good a value is: a name in hanzi beats one in pinyin, that beats a title; a full birthday beats a default one."""

from __future__ import annotations

import re
from typing import Final

_HAN: Final = re.compile(r"[㐀-䶿一-鿿豈-﫿]")
_LATIN: Final = re.compile(r"[A-Za-zÀ-ɏ]{2,}")
#: What stands behind a family name where the given name is not known.
_TITLE_HAN: Final = re.compile(
    r"(?:先生|女士|小姐|太太|夫人|老师|老板|经理|总|总监|主任|师傅|医生|同学|阿姨|叔叔|大哥|大姐|哥|姐)$"
)
_TITLE_LATIN: Final = re.compile(
    r"^(?:mr|mrs|ms|miss|mx|dr|sir|madam|herr|frau|m|mme|mlle)\.?\s+\S+$|"
    r"^\S+\s+(?:xiansheng|nvshi|nüshi|xiaojie|laoshi|san|sama)$",
    re.IGNORECASE,
)
#: Signs that hide the rest of a name.
_HIDDEN: Final = re.compile(r"[*＊•●○〇xX]{2,}|[*＊]")
_MOST_OF_A_TITLE: Final = 5
#: Years and days that forms and systems fill in by themselves.
_DEFAULTS: Final = frozenset({"1900-01-01", "1970-01-01", "0001-01-01", "1899-12-30", "1899-12-31", "1904-01-01"})
_JANUARY_FIRST: Final = "-01-01"
_NO_YEAR: Final = "--"
_MANY: Final = 60


def name_worth(name: str) -> tuple[int, int]:
    """Substance and completeness of a person's name."""
    text = name.strip()
    if _is_title(text) or _HIDDEN.search(text):
        return 0, min(len(text), _MANY)
    if len(_HAN.findall(text)) > 1:
        return 3, min(len(text), _MANY)
    # Two words before one.
    return (2 if _LATIN.search(text) else 1), len(text.split()) * _MANY + min(len(text), _MANY - 1)


def birthday_worth(birthday: str) -> tuple[int, int]:
    """The same of a birthday: a day that systems fill in stands for none, one without its year says less."""
    if birthday in _DEFAULTS or birthday.endswith(_JANUARY_FIRST):
        return 0, 0
    return 1, 0 if birthday.startswith(_NO_YEAR) else 1


def text_worth(text: str) -> tuple[int, int]:
    """The same of any text: the longer says more."""
    return 1, len(text.strip())


def _is_title(text: str) -> bool:
    if _HAN.search(text):
        found = _TITLE_HAN.search(text)
        # 总 and 哥 end given names as well: of three signs and more only what is longer than one is a title.
        return found is not None and len(text) <= _MOST_OF_A_TITLE and (len(found[0]) > 1 or len(text) == len("王总"))
    return _TITLE_LATIN.match(text) is not None
