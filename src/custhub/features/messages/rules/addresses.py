"""Where a message goes, in a value class that does not show it (S-20)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import FrozenInstanceError
from typing import Final, NoReturn, SupportsIndex, final

import idna

from custhub.features.messages.errors import RecipientInvalid
from custhub.features.messages.rules.states import Channel
from custhub.features.phones.errors import PhoneInvalid
from custhub.features.phones.rules import MaskStyle, PhoneNumber, mask

_MAX_EMAIL: Final = 254
_MAX_LOCAL: Final = 64
# No quoted local parts: line ends, commas and angle brackets stay out of commands and headers.
_LOCAL: Final = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SHOWN: Final = 1


@final
class Recipient:
    """One address of one channel. Frozen; `repr` and `str` are the mask; no JSON encoder takes it."""

    __slots__ = ("address", "channel")

    channel: Channel
    address: str

    def __init__(self, channel: Channel, address: str) -> None:
        """Of an address that is normal already, as it was stored. Everybody else calls `email` or `sms`."""
        object.__setattr__(self, "channel", channel)
        object.__setattr__(self, "address", address)

    @classmethod
    def email(cls, text: str) -> Recipient:
        """A mailbox: the domain in lower-case ASCII, the local part as given. Raises RecipientInvalid."""
        local, _, domain = unicodedata.normalize("NFC", text.strip()).rpartition("@")
        domain = _domain(domain)
        address = f"{local}@{domain}"
        if not _LOCAL.fullmatch(local) or len(local.encode()) > _MAX_LOCAL or len(address.encode()) > _MAX_EMAIL:
            raise RecipientInvalid
        return cls(Channel.EMAIL, address)

    @classmethod
    def sms(cls, text: str, country: str) -> Recipient:
        """A number in any spelling; `country` is that of one without a country code. Raises RecipientInvalid."""
        try:
            number = PhoneNumber.parse(text, country)
        except PhoneInvalid:
            number = None
        if number is None or number.extension is not None:
            raise RecipientInvalid
        return cls(Channel.SMS, number.e164)

    @property
    def folded(self) -> str:
        """One text for all spellings of this address, for comparison only."""
        return self.address.casefold()

    def masked(self, style: MaskStyle = MaskStyle.MASK) -> str | None:
        """What may be seen: `l***@example.com`, `+86 138****5678`. `style` is for numbers."""
        if self.channel is Channel.SMS:
            return mask(self.address, style)
        local, _, domain = self.address.rpartition("@")
        return f"{local[:_SHOWN]}***@{domain}"

    def __repr__(self) -> str:
        return self.masked() or ""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Recipient):
            return NotImplemented
        return (self.channel, self.address) == (other.channel, other.address)

    def __hash__(self) -> int:
        return hash((self.channel, self.address))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a recipient is never pickled")


def _domain(typed: str) -> str:
    domain = typed.lower()
    if len(domain) > _MAX_EMAIL:
        raise RecipientInvalid
    if not domain.isascii() or "xn--" in domain:
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except UnicodeError:
            # Raised below, outside this block: the library's error holds the address.
            domain = ""
    labels = domain.split(".")
    if len(labels) < 2 or labels[-1].isdigit() or not all(map(_LABEL.fullmatch, labels)):
        raise RecipientInvalid
    return domain
