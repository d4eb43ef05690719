"""E-mail addresses as typed."""

from __future__ import annotations

import pytest

from custhub.features.customers.errors import EmailInvalid
from custhub.features.customers.rules import parse_email


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("li.wei@example.com", "li.wei@example.com"),
        ("  Li.Wei@EXAMPLE.com\t", "Li.Wei@example.com"),
        ("li\u200bwei@example.com", "liwei@example.com"),
        ("ｌｉ＠ｅｘａｍｐｌｅ．ｃｏｍ", "li@example.com"),
        ("li@example。com", "li@example.com"),
        ("o'brien+tag@mail.example.co.uk", "o'brien+tag@mail.example.co.uk"),
        ("a@xn--fiqs8s.xn--fiqs8s", "a@xn--fiqs8s.xn--fiqs8s"),
        ("a@中国.中国", "a@xn--fiqs8s.xn--fiqs8s"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("张伟@例子.公司", "张伟@xn--fsqu00a.xn--55qx5d"),
        ("ﬁ@example.com", "ﬁ@example.com"),
        ("10086@163.com", "10086@163.com"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_address_has_one_standard_form(typed: str, address: str) -> None:
    assert parse_email(typed).address == address


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "@",
        "a",
        "a@",
        "@b.com",
        "a@b",
        "a b@c.com",
        "a@b c.com",
        "a@@b.com",
        ".a@b.com",
        "a.@b.com",
        "a..b@c.com",
        '"a b"@c.com',
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@-b.com",
        "a@b-.com",
        "a@b..com",
        "a@b.com.",
        "a@.com",
        "a@b_c.com",
        "a,b@c.com",
        "a@b.com,c",
        "张@",
        "a@xn--.com",
        "a@xn--zzzzzz99.com",
        "a" * 65 + "@b.com",
        "a@" + "b" * 64 + ".com",
        "a@" + "b." * 150 + "com",
        "张" * 30 + "@example.com",
        "Li <li@example.com>",
        "x" * 5_000,
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(EmailInvalid):
        parse_email(typed)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Li.Wei+Shop@GMail.com", "liwei@gmail.com"),
        ("liwei@googlemail.com", "liwei@gmail.com"),
        ("liwei@gmial.com", "liwei@gmail.com"),
        ("Li.Wei+shop@example.com", "li.wei@example.com"),
        ("+tag@example.com", "+tag@example.com"),
        ("12345@qq.con", "12345@qq.com"),
        ("Straße@example.com", "strasse@example.com"),
    ],
)
def test_spellings_of_one_mailbox_fold_alike(typed: str, folded: str) -> None:
    """MATCHING 1, field mail: Gmail dots and plus tags, known typo domains."""
    assert parse_email(typed).folded == folded
