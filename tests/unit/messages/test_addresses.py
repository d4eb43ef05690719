"""Where messages go."""

from __future__ import annotations

import json
import pickle
from dataclasses import FrozenInstanceError

import pytest

from custhub.features.messages.errors import RecipientInvalid
from custhub.features.messages.rules import Channel, Recipient
from custhub.features.phones.rules import MaskStyle


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Li.Na@Example.COM", "Li.Na@example.com"),
        (" a+b@sub.example.org ", "a+b@sub.example.org"),
        ("李娜@例子.中国", "李娜@xn--fsqu00a.xn--fiqs8s"),
    ],
)
def test_mailboxes(text: str, address: str) -> None:
    recipient = Recipient.email(text)
    assert (recipient.channel, recipient.address) == (Channel.EMAIL, address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "@example.com",
        "a@",
        "a@localhost",
        "a@1.2.3.4",
        "a@[127.0.0.1]",
        "a b@example.com",
        "a@b@example.com",
        "a@example.com\r\nRCPT TO:<b@example.com>",
        "a\r\n@example.com",
        "a>@example.com",
        '"a"@example.com',
        "a,b@example.com",
        "a..b@example.com",
        "a@exa mple.com",
        "a@-example.com",
        f"{'a' * 65}@example.com",
        f"a@{'b' * 250}.com",
    ],
)
def test_no_mailboxes(text: str) -> None:
    with pytest.raises(RecipientInvalid) as raised:
        Recipient.email(text)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


@pytest.mark.parametrize("text", ["", "12", "no number", "010-1234 5678 ext. 12"])
def test_no_numbers(text: str) -> None:
    with pytest.raises(RecipientInvalid) as raised:
        Recipient.sms(text, "CN")
    assert raised.value.__context__ is None


def test_s20_an_address_does_not_show() -> None:
    mailbox, number = Recipient.email("li.na@example.com"), Recipient.sms("138 1234 5678", "CN")
    assert (repr(mailbox), f"{number}") == ("l***@example.com", "+86 138****5678")
    assert number.masked(MaskStyle.LAST4) == "+86 *******5678"
    assert number.masked(MaskStyle.NONE) is None
    with pytest.raises(TypeError):
        json.dumps(mailbox)
    with pytest.raises(TypeError):
        pickle.dumps(mailbox)
    with pytest.raises(FrozenInstanceError):
        mailbox.address = "x"
    with pytest.raises(FrozenInstanceError):
        del mailbox.address
    assert mailbox == Recipient.email("li.na@Example.com")
    assert hash(mailbox) == hash(Recipient.email("li.na@EXAMPLE.com"))
    assert mailbox != number
    assert mailbox != "li.na@example.com"
