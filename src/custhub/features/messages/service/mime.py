"""A message as mail servers read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8

from custhub.features.messages.service.transport import Parcel


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes. Raises ValueError, when used, for what is no address."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """What Message-IDs end in."""
        return self.address.rpartition("@")[2] or "localhost"


def mail_of(parcel: Parcel, sender: Sender, at: datetime) -> bytes:
    """The whole mail, CRLF line ends, seven bits unless the recipient's own name needs more."""
    is_plain = parcel.recipient.address.isascii()
    mail = EmailMessage(SMTP.clone(cte_type="7bit") if is_plain else SMTPUTF8)
    mail["From"] = Address(sender.name, addr_spec=sender.address)
    local, _, domain = parcel.recipient.address.rpartition("@")
    mail["To"] = Address(username=local, domain=domain)
    mail["Subject"] = parcel.content.subject
    mail["Date"] = at
    mail["Message-ID"] = parcel.key
    # Nobody's holiday notice shall answer a machine (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(parcel.content.body)
    mail["Content-Language"] = parcel.language
    return mail.as_bytes()
