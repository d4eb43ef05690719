"""The stored key behind `sort=name`: pinyin for Chinese, folded letters for Latin, ASCII throughout.

The readings in `pinyin.tsv` are the first readings of pypinyin 0.55 (MIT), one syllable a line; a test holds the two
together. Reading the file takes milliseconds, importing pypinyin itself 290 ms and 57 MB.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import repeat
from pathlib import Path

from custhub.features.customers.rules.kinds import CustomerKind
from custhub.features.customers.rules.surnames import COMPOUND, READINGS
from custhub.features.customers.rules.text import HAN

MAX_KEY = 200

# First readings that are not the ones of names and companies.
_EVERYDAY = {"都": "du", "长": "chang", "長": "chang", "晟": "sheng", "还": "huan", "薄": "bo"}

_PHRASE_READINGS = (
    "重庆 chong qing|重慶 chong qing|重阳 chong yang|重生 chong sheng|厦门 xia men|廈門 xia men|蚌埠 beng bu|"
    "六安 lu an|番禺 pan yu|铅山 yan shan|单县 shan xian|台州 tai zhou|莘庄 xin zhuang|长子县 zhang zi xian|"
    "长者 zhang zhe|家长 jia zhang|校长 xiao zhang|银行 yin hang|銀行 yin hang|分行 fen hang|支行 zhi hang|"
    "行业 hang ye|商行 shang hang|车行 che hang|洋行 yang hang|琴行 qin hang|律师行 lv shi hang|音乐 yin yue|"
    "音樂 yin yue|乐器 yue qi|乐团 yue tuan|乐队 yue dui|民乐 min yue|会计 kuai ji|會計 kuai ji|大夫 dai fu|"
    "西藏 xi zang|宝藏 bao zang|地藏 di zang|空调 kong tiao|空調 kong tiao|调味 tiao wei|调料 tiao liao|"
    "调和 tiao he|调节 tiao jie|人参 ren shen|海参 hai shen|党参 dang shen|便宜 pian yi|传记 zhuan ji|"
    "自传 zi zhuan|朝霞 zhao xia|重新 chong xin|重组 chong zu|重构 chong gou|给水 ji shui|供给 gong ji|"
    "弹簧 tan huang|弹性 tan xing|评弹 ping tan|薄荷 bo he|率先 shuai xian"
)
_PHRASES = dict(entry.split(" ", 1) for entry in _PHRASE_READINGS.split("|"))
_PHRASE_STARTS = frozenset(phrase[0] for phrase in _PHRASES)
_LONGEST_PHRASE = max(map(len, _PHRASES))

_WORDS = re.compile(rf"([{HAN}]+)|([a-z0-9]+)|((?:[^\W\x00-\x7f{HAN}]|[\u0900-\u0fff\U0001f000-\U0001faff])+)")


def pinyin_key(name: str, kind: CustomerKind = CustomerKind.PERSON) -> str:
    """The sort key of a normalised name: at most 200 ASCII characters, to be compared byte by byte.

    One lower-case syllable or word after the other, ü as v. A person's surname has its surname reading (曾 zeng).
    Scripts other than Chinese and Latin sort behind both, in code point order. A name of mere punctuation is `~`.
    """
    words: list[str] = []
    for chinese, latin, other in _WORDS.findall(name.translate(folds())):
        if chinese:
            read_run(chinese, words, person=kind is CustomerKind.PERSON and not words)
        else:
            words.append(latin or "".join(map(unread, other)))
    return " ".join(words)[:MAX_KEY].rstrip() or "~"


def read_run(text: str, words: list[str], *, person: bool) -> None:
    """Add the readings of a run of ideographs to `words`; of a `person` it begins with the surname."""
    table = readings()
    at = 0
    if person:
        at = 2 if text[:2] in COMPOUND else 1
        words.append(READINGS.get(text[:at]) or " ".join(table.get(char) or unread(char) for char in text[:at]))
    while at < len(text):
        char = text[at]
        if char in _PHRASE_STARTS:
            for size in range(_LONGEST_PHRASE, 1, -1):
                reading = _PHRASES.get(text[at : at + size])
                if reading:
                    words.append(reading)
                    at += size
                    break
            else:
                words.append(table[char])
                at += 1
        else:
            words.append(table.get(char) or unread(char))
            at += 1


def unread(char: str) -> str:
    """What stands for a character without a reading."""
    return f"~{ord(char):05x}"


@cache
def readings() -> dict[str, str]:
    """The everyday reading of every ideograph that has one."""
    table: dict[str, str] = {}
    for line in Path(__file__).with_name("pinyin.tsv").read_text("utf-8").splitlines():
        syllable, chars = line.split("\t")
        table.update(zip(chars, repeat(syllable)))
    return table | _EVERYDAY


@cache
def readings_of_names() -> dict[str, frozenset[str]]:
    """Every reading that some name gives to an ideograph which has more than one: as a surname, in a phrase."""
    table, several = readings(), dict[str, set[str]]()
    for text, reading in (READINGS | _PHRASES).items():
        for char, syllable in zip(text, reading.split(), strict=True):
            several.setdefault(char, {table.get(char) or unread(char)}).add(syllable)
    return {char: frozenset(found) for char, found in several.items()}


@cache
def folds() -> dict[int, str]:
    """Latin letters without case and marks; apostrophes vanish, so that O'Brien is one word."""
    stroked = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŋ": "n"}
    table = {ord("'"): "", ord("’"): ""}
    for code in (*range(0x41, 0x5B), *range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        bare = "".join(char for char in unicodedata.normalize("NFKD", chr(code).casefold()) if char.isalpha())
        folded = "".join(stroked.get(char, char) for char in bare)
        if folded.isascii() and folded:
            table[code] = folded
    return table
