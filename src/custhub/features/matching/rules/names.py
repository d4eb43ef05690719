"""Names of people as matching sees them: read once, compared many times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import product

from custhub.features.customers.rules.names import split_name
from custhub.features.customers.rules.pinyin import readings, readings_of_names
from custhub.features.customers.rules.simplified import simplified
from custhub.features.customers.rules.surnames import COMPOUND, READINGS, SINGLE
from custhub.features.customers.rules.text import HAN, clean
from custhub.features.customers.rules.units import fold_word, runs_of

_TITLE_WORDS = (
    "mr mrs ms miss mx dr prof sir madam mister professor doctor herr frau mme mlle monsieur madame sr "
    "sra senor senora phd md msc mba bsc esq"
)
_TITLES = frozenset(_TITLE_WORDS.split())
_SUFFIXES = {"jr": "jr", "junior": "jr", "snr": "sr", "senior": "sr", "ii": "ii", "iii": "iii", "iv": "iv"}
_TITLE = re.compile(
    r"(?:先生|女士|小姐|太太|夫人|老师|老師|经理|經理|总监|總監|主任|医生|醫生|律师|律師|师傅|師傅|同学|同學|老板|老闆|"
    r"教授|博士|护士|阿姨|叔叔|哥|姐|总|總)$"
)
#: What people write where a name is asked for and they have none.
_PLACEHOLDER_WORDS = (
    "客户 顾客 用户 微信用户 匿名 匿名用户 未知 未填写 不详 无 无名 暂无 没有 测试 测试用户 先生 女士 小姐 "
    "某某 本人 业主 会员 新用户 手机用户 淘宝用户 散客 访客 收件人 "
    "test tester testing user customer client guest anonymous "
    "unknown none null na nil noname nobody member visitor default admin xxx asdf"
)
_PLACEHOLDERS = frozenset(_PLACEHOLDER_WORDS.split()) | {""}
_SIGNS = re.compile(r"[\W_]+")
_NUMBERED = re.compile(r"(?:客户|顾客|用户|会员|访客|user|customer|client|guest|member)[\W_]*\d+", re.IGNORECASE)
_MASKS = re.compile(r"[*＊×●○xX]")
_MASKED = re.compile(rf"[{HAN}*＊×●○xX]{{2,4}}")
_LATIN_MASK = re.compile(r"[*＊]+")
_MOST_READINGS = 8


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name read for comparison.

    `han` is the name in simplified ideographs (`*` for a masked one) without title, `written` the same as it was
    written; `family` and `given` are its halves where they are known. `readings` are pairs of (family, given) in
    pinyin. `words` are folded Latin words without title; `suffix` is jr, sr, ii, iii or iv.
    """

    han: str
    written: str
    family: str
    given: str
    readings: tuple[tuple[str, str], ...]
    words: tuple[str, ...]
    suffix: str = ""

    @property
    def term(self) -> str:
        """What is counted to know how common the name is."""
        return self.han or " ".join(sorted(self.words))


def read_name(text: str) -> PersonName | None:
    """The name in a text as typed; None where it names nobody."""
    text = clean(text)
    if _SIGNS.sub("", text).casefold() in _PLACEHOLDERS or _NUMBERED.fullmatch(text):
        return None
    han, words = [], list[str]()
    if _MASKS.search(text) and _MASKED.fullmatch(text) and not text.isascii():
        han.append(_MASKS.sub("*", text))
    else:
        for run in runs_of(_LATIN_MASK.sub("", text)):
            if run.is_word:
                words.append(fold_word(run.text))
            else:
                han.append(run.text)
    suffix = next((_SUFFIXES[word] for word in words[1:] if word in _SUFFIXES), "")
    untitled = tuple(word for word in words if word not in _TITLES and word not in _SUFFIXES)
    if not han:
        named = untitled and any(word.isalpha() and word not in _PLACEHOLDERS for word in untitled)
        return PersonName("", "", "", "", (), untitled, suffix) if named else None
    written = "".join(han)
    plain = _TITLE.sub("", written) or written
    if plain in _PLACEHOLDERS:
        return None
    known = simplified(plain)
    family, given = _halves(known)
    return PersonName(known, plain, family, given, _readings(known, family, given), untitled, suffix)


def _halves(han: str) -> tuple[str, str]:
    if han in COMPOUND or han in SINGLE:
        return han, ""
    if "*" in han:
        return ("", "") if han[0] == "*" else (han[0], han[1:])
    family, given = split_name(han)
    return family or "", given or ""


def _readings(han: str, family: str, given: str) -> tuple[tuple[str, str], ...]:
    if "*" in han:
        return ()
    table, several = readings(), readings_of_names()
    if not family:
        return (("", "".join(table.get(char, "") for char in han)),)
    families = {READINGS.get(family, "").replace(" ", ""), "".join(table.get(char, "") for char in family)} - {""}
    ways = [sorted(several.get(char, ())) or [table.get(char, "")] for char in given]
    givens = ["".join(way) for _, way in zip(range(_MOST_READINGS), product(*ways), strict=False)]
    return tuple((one, other) for one in sorted(families) for other in givens)


def tokens_of(name: PersonName) -> frozenset[str]:
    """Folded words by which two spellings of the name can meet: halves, words, and words run together."""
    found = {half for pair in name.readings[:2] for half in pair if half}
    words = name.words
    found.update(word for word in words if len(word) > 1)
    if len(words) > 2:
        found.update(("".join(words[1:]), "".join(words[:-1])))
    return frozenset(found)


def families_of(name: PersonName) -> frozenset[str]:
    """Folded family names the name may have."""
    if name.han:
        return frozenset(family for family, _ in name.readings if family) or frozenset((name.family,))
    return frozenset((name.words[0], name.words[-1]))


@cache
def is_surname(word: str) -> bool:
    """Whether a Chinese surname is spelled so."""
    return word in _spelled_surnames()


@cache
def _spelled_surnames() -> frozenset[str]:
    table = readings()
    plain = {"".join(table.get(char, "") for char in family) for family in (*SINGLE, *COMPOUND)}
    return frozenset(plain | {reading.replace(" ", "") for reading in READINGS.values()})


@cache
def is_pinyin(word: str) -> bool:
    """Whether a word is one to three syllables of pinyin."""
    return bool(word) and _syllables(word, 3)


def _syllables(word: str, most: int) -> bool:
    known = _all_syllables()
    if word in known:
        return True
    return most > 1 and any(word[:at] in known and _syllables(word[at:], most - 1) for at in range(1, len(word)))


@cache
def _all_syllables() -> frozenset[str]:
    return frozenset(readings().values()) - {"a", "o", "e", "n", "m", "ng"}
