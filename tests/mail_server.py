"""A mail server on the loopback interface that answers as a test wants, and keeps what it took."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

#: As a reply: say nothing, ever. And: hang up without a word.
HANG, CUT = "hang", "cut"


@dataclass(frozen=True)
class Mail:
    """What the server took."""

    sender: str
    recipient: str
    raw: bytes
    was_encrypted: bool
    user: str | None

    @property
    def parsed(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def message_id(self) -> str:
        return str(self.parsed["Message-ID"])


class MailServer:
    """`replies` are by stage (`greeting`, `EHLO`, `MAIL`, `RCPT`, `DATA`, `.`) or by recipient; else it takes all.

    A reply that is a list gives its members one after the other, then the usual one.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        self.replies: dict[str, str | list[str]] = {}
        self.offers_tls = True
        self.password: tuple[str, str] | None = None
        self.taken: list[Mail] = []
        self.commands: list[str] = []
        self.connections = 0
        #: Awaited before the reply to a stage.
        self.watch: Callable[[str], Awaitable[None]] | None = None
        self.port = 0
        self._tls = tls

    def recipients(self) -> list[str]:
        return [mail.recipient for mail in self.taken]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await _Session(self, reader, writer, self._tls).run()
        finally:
            writer.transport.abort()

    async def reply(self, stage: str, usual: str, recipient: str = "") -> str:
        if self.watch is not None:
            await self.watch(stage)
        for name in (recipient, stage):
            given = self.replies.get(name)
            if isinstance(given, list):
                given = given.pop(0) if given else None
            if given:
                return given
        return usual


class _Session:
    def __init__(
        self, server: MailServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: ssl.SSLContext
    ) -> None:
        self.server, self.reader, self.writer, self.tls = server, reader, writer, tls
        self.encrypted = False
        self.user: str | None = None
        self.sender = self.recipient = ""

    async def run(self) -> None:
        await self.say("greeting", "220 mail.test")
        while True:
            line = (await self.reader.readuntil(b"\r\n")).decode().rstrip("\r\n")
            verb = line.split(" ")[0].upper()
            self.server.commands.append(line)
            if verb == "QUIT":
                await self.say(verb, "221 bye")
                return
            await getattr(self, f"do_{verb.lower()}", self.unknown)(line)

    async def say(self, stage: str, usual: str, recipient: str = "") -> str:
        text = await self.server.reply(stage, usual, recipient)
        if text == HANG:
            await asyncio.sleep(3_600)
        if text == CUT:
            raise ConnectionResetError
        self.writer.write(text.encode() + b"\r\n")
        await self.writer.drain()
        return text

    async def unknown(self, line: str) -> None:
        await self.say("unknown", "502 5.5.1 what?")

    async def do_ehlo(self, line: str) -> None:
        lines = ["mail.test", "SMTPUTF8"]
        if self.server.offers_tls and not self.encrypted:
            lines.append("STARTTLS")
        if self.server.password is not None and self.encrypted:
            lines.append("AUTH PLAIN")
        shown = [f"250-{text}" for text in lines[:-1]] + [f"250 {lines[-1]}"]
        await self.say("EHLO", "\r\n".join(shown))

    async def do_starttls(self, line: str) -> None:
        await self.say("STARTTLS", "220 go on")
        await self.writer.start_tls(self.tls)
        self.encrypted = True

    async def do_auth(self, line: str) -> None:
        _, user, password = b64decode(line.split(" ")[2]).decode().split("\0")
        if (user, password) == self.server.password:
            self.user = user
            await self.say("AUTH", "235 2.7.0 welcome")
        else:
            await self.say("AUTH", "535 5.7.8 who?")

    async def do_mail(self, line: str) -> None:
        self.sender, self.recipient = _address(line), ""
        await self.say("MAIL", "250 2.1.0 fine")

    async def do_rcpt(self, line: str) -> None:
        address = _address(line)
        if (await self.say("RCPT", "250 2.1.5 fine", address)).startswith("2"):
            self.recipient = address

    async def do_data(self, line: str) -> None:
        if not (await self.say("DATA", "354 go on")).startswith("3"):
            return
        raw = await self.reader.readuntil(b"\r\n.\r\n")
        mail = Mail(self.sender, self.recipient, raw[:-3].replace(b"\r\n..", b"\r\n."), self.encrypted, self.user)
        reply = await self.server.reply(".", "250 2.0.0 taken")
        if reply.startswith("2") or reply in (HANG, CUT):
            # Taken before anybody is told.
            self.server.taken.append(mail)
        self.server.replies, kept = {**self.server.replies, ".now": reply}, self.server.replies
        try:
            await self.say(".now", reply)
        finally:
            self.server.replies = kept


def _address(line: str) -> str:
    return line[line.index("<") + 1 : line.index(">")]


@asynccontextmanager
async def mail_server(tls: ssl.SSLContext) -> AsyncIterator[MailServer]:
    """A running server; whatever hangs in it ends with the block."""
    server = MailServer(tls)
    sessions: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = asyncio.create_task(server.serve(reader, writer))
        sessions.add(session)
        session.add_done_callback(sessions.discard)

    listener = await asyncio.start_server(connected, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for session in list(sessions):
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)
        # Their transports close with the next turns of the loop.
        await asyncio.sleep(0.01)


def certificate(directory: Path) -> tuple[ssl.SSLContext, Path]:
    """The server's side of a certificate for 127.0.0.1, and the file that makes a client trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = directory / "mail.pem", directory / "mail.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public
