"""E-mail addresses: the form to write to, and the folded form that says "same mailbox"."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import idna

from custhub.kit.errors import RuleBroken, Text
from custhub.kit.text import visible

#: RFC 5321: 256 octets of path, less the angle brackets.
MAX_EMAIL = 254
_MAX_LOCAL = 64
_MAX_RAW = 1_000

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LOCAL_UNICODE = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# A Chinese keyboard writes full-width signs; NFKC on a whole address would change its local part.
_FULL_WIDTH = str.maketrans({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3002: ".", 0xFF61: "."})

_GMAIL = frozenset(("gmail.com", "googlemail.com"))
_TYPO_DOMAINS = {
    wrong: right
    for right, wrongs in {
        "gmail.com": "gmial.com gamil.com gmai.com gmail.con gmail.co gmal.com gnail.com gmail.cn gmaill.com",
        "hotmail.com": "hotmial.com hotmai.com hotmail.con hotmil.com hotamil.com",
        "outlook.com": "outlok.com outlook.con outloook.com",
        "yahoo.com": "yaho.com yahooo.com yahoo.con",
        "qq.com": "qq.con qq.cn qq.co qqq.com",
        "163.com": "163.con 163.cn 163.co",
        "126.com": "126.con 126.cn",
        "icloud.com": "icloud.con iclod.com icould.com",
        "foxmail.com": "foxmial.com foxmail.con",
    }.items()
    for wrong in wrongs.split()
}


class EmailInvalid(RuleBroken):
    """The e-mail address is malformed or longer than 254 characters."""

    code = "email_invalid"
    title = "Invalid e-mail address"
    zh = Text("邮箱无效", "邮箱格式不正确或超过 254 个字符。")


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """One mailbox.

    `address` is what to write to: local part as given, domain in lower-case ASCII (IDNA 2008). `folded` is equal for
    spellings of one mailbox: lower case, no plus tag, no dots at Gmail, known misspelt domains corrected. It is for
    comparison only.
    """

    address: str
    folded: str


# What reads a body and what makes a row of it ask one after the other; a refusal is not kept.
@lru_cache(maxsize=64)
def parse_email(text: str) -> EmailAddress:
    """The address in a text as typed. No DNS is asked. Raises EmailInvalid: malformed, or over 254 characters.

    Quoted local parts and IP addresses as domains are refused; no mailbox of a person needs them.
    """
    if len(text) > _MAX_RAW:
        raise EmailInvalid
    if not text.isascii():
        text = visible(text).translate(_FULL_WIDTH)
    text = text.strip()
    local, at, domain = text.rpartition("@")
    if not _LOCAL.fullmatch(local):
        local = unicodedata.normalize("NFC", local)
        if not _LOCAL_UNICODE.fullmatch(local):
            raise EmailInvalid
    domain = _domain(domain)
    address = f"{local}@{domain}"
    if not at or len(local.encode()) > _MAX_LOCAL or len(address.encode()) > MAX_EMAIL:
        raise EmailInvalid
    return EmailAddress(address, _folded(local, domain))


def corrected_email(address: str) -> str | None:
    """An address in standard form with its known misspelt domain put right; None where nothing is known."""
    local, _, domain = address.rpartition("@")
    right = _TYPO_DOMAINS.get(domain)
    return None if right is None else f"{local}@{right}"


@lru_cache(maxsize=1_024)
def _domain(typed: str) -> str:
    domain = typed.lower()
    if len(domain) > MAX_EMAIL:
        raise EmailInvalid
    if not domain.isascii() or "xn--" in domain:
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except UnicodeError:
            # Raised below, outside this block: the library's error holds the address.
            domain = ""
    labels = domain.split(".")
    if len(labels) < 2 or labels[-1].isdigit() or not all(map(_LABEL.fullmatch, labels)):
        raise EmailInvalid
    return domain


def _folded(local: str, domain: str) -> str:
    domain = _TYPO_DOMAINS.get(domain, domain)
    local = local.casefold()
    bare = local.partition("+")[0] or local
    if domain in _GMAIL:
        return f"{bare.replace('.', '') or bare}@gmail.com"
    return f"{bare}@{domain}"
