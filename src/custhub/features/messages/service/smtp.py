"""E-mail by SMTP (M-2, M-3)."""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from custhub.features.messages.rules import Ending, Outcome, Stage, smtp_outcome
from custhub.features.messages.service.mime import Sender, mail_of
from custhub.features.messages.service.transport import Parcel
from custhub.kit.clock import Clock

log = logging.getLogger("custhub.messages")

Security = Literal["starttls", "tls", "none"]
_IDLE_SECONDS: Final = 15.0
_MOST_IDLE: Final = 4
_GOODBYE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail goes out. With `starttls` a server that does not offer it gets nothing, no password either."""

    host: str
    port: int
    security: Security
    username: str
    password: str = field(repr=False)
    ca_file: Path | None
    seconds: float


class SmtpTransport:
    """One mail per transaction and recipient: what one recipient is refused touches no other.

    Connections are kept for a few seconds for the next mail.
    """

    #: Mail servers do not look at Message-IDs.
    deduplicates = False

    def __init__(self, server: SmtpServer, sender: Sender, clock: Clock) -> None:
        self._server = server
        self._sender = sender
        self._clock = clock
        self._idle: list[tuple[SMTP, float]] = []
        self._tls: ssl.SSLContext | None = None

    @property
    def deadline_seconds(self) -> float:
        """No attempt takes longer."""
        return self._server.seconds

    async def deliver(self, parcel: Parcel) -> Outcome:
        """Connect, say who writes to whom, hand over the mail."""
        attempt = _Attempt(mail_of(parcel, self._sender, self._clock.now()), self._sender.address, parcel)
        try:
            async with asyncio.timeout(self._server.seconds):
                return await self._deliver(attempt)
        except TimeoutError:
            return attempt.broken("timeout")
        finally:
            # Where all went well it has been put aside; else nobody knows what the server would answer next.
            if attempt.client is not None:
                attempt.client.close()

    async def aclose(self) -> None:
        """Take leave of the server."""
        while self._idle:
            await _leave(self._idle.pop()[0])

    async def _deliver(self, attempt: _Attempt) -> Outcome:
        kept = await self._kept()
        if kept is not None:
            attempt.client = kept
            outcome = await attempt.run()
            if not attempt.is_stale(outcome):
                return self._done(attempt, outcome)
            # It had hung up meanwhile, before anything was said.
            kept.close()
        attempt.client = SMTP(
            hostname=self._server.host,
            port=self._server.port,
            use_tls=self._server.security == "tls",
            start_tls=self._server.security == "starttls",
            tls_context=None if self._server.security == "none" else self._context(),
            username=self._server.username or None,
            password=self._server.password or None,
            local_hostname=self._sender.domain,
            timeout=self._server.seconds,
        )
        refusal = await _connect(attempt.client)
        return refusal or self._done(attempt, await attempt.run())

    def _done(self, attempt: _Attempt, outcome: Outcome) -> Outcome:
        if outcome.ending is Ending.ACCEPTED and attempt.client is not None and len(self._idle) < _MOST_IDLE:
            self._idle.append((attempt.client, self._clock.monotonic()))
            attempt.client = None
        return outcome

    async def _kept(self) -> SMTP | None:
        while self._idle:
            client, since = self._idle.pop()
            if client.is_connected and self._clock.monotonic() - since < _IDLE_SECONDS:
                return client
            await _leave(client)
        return None

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=self._server.ca_file)
        return self._tls


class _Attempt:
    """One transaction on a connection, and how far it came."""

    def __init__(self, mail: bytes, sender: str, parcel: Parcel) -> None:
        self.client: SMTP | None = None
        self._mail = mail
        self._sender = sender
        self._recipient = parcel.recipient.address
        self._began = False
        self._handed_over = False

    def is_stale(self, outcome: Outcome) -> bool:
        """Whether the connection was gone before the server answered anything."""
        return not self._began and outcome.ending is Ending.RETRY

    def broken(self, error: str) -> Outcome:
        """What a lost connection means: before the mail itself was handed over nothing was taken."""
        return Outcome(Ending.IN_DOUBT if self._handed_over else Ending.RETRY, error)

    async def run(self) -> Outcome:
        """MAIL, RCPT, DATA."""
        client = self.client
        if client is None:
            return Outcome(Ending.RETRY, "connection_failed")
        self._began = self._handed_over = False
        options: list[str] = []
        try:
            if not self._recipient.isascii():
                if client.is_ehlo_or_helo_needed:
                    await client.ehlo()
                if not client.supports_extension("smtputf8"):
                    return Outcome(Ending.REJECTED, "address_not_supported")
                options.append("SMTPUTF8")
            encoding = "utf-8" if options else "ascii"
            await client.mail(self._sender, options=options, encoding=encoding)
            self._began = True
            await client.rcpt(self._recipient, encoding=encoding)
            self._handed_over = True
            reply = await client.data(self._mail)
        except SMTPSenderRefused as refusal:
            return smtp_outcome(Stage.SENDER, refusal.code, refusal.message)
        except SMTPRecipientRefused as refusal:
            return smtp_outcome(Stage.RECIPIENT, refusal.code, refusal.message)
        except SMTPDataError as refusal:
            return smtp_outcome(Stage.DATA, refusal.code, refusal.message)
        except SMTPResponseException as refusal:
            # A reply that the library could not make sense of.
            return self.broken("protocol") if self._handed_over else smtp_outcome(Stage.SESSION, refusal.code, "")
        except TimeoutError:
            return self.broken("timeout")
        except (SMTPException, OSError):
            return self.broken("connection_lost")
        return Outcome(Ending.ACCEPTED, None, reply.code)


async def _connect(client: SMTP) -> Outcome | None:
    """Greeting, TLS, login; None when all went well. Nothing of a message is said yet."""
    try:
        await client.connect()
    except SMTPAuthenticationError as refusal:
        log.error("mail server refuses the login", extra={"status": refusal.code})
        return smtp_outcome(Stage.SESSION, refusal.code, refusal.message)
    except SMTPResponseException as refusal:
        log.warning("mail server refuses the session", extra={"status": refusal.code})
        return smtp_outcome(Stage.SESSION, refusal.code, refusal.message)
    except ssl.SSLError:
        log.error("mail server has no certificate to trust")
        return Outcome(Ending.RETRY, "tls")
    except TimeoutError:
        return Outcome(Ending.RETRY, "timeout")
    except (SMTPException, OSError) as error:
        log.warning("no connection to the mail server", extra={"kind": type(error).__name__})
        return Outcome(Ending.RETRY, _connect_error(error))
    return None


def _connect_error(error: BaseException) -> str:
    """`tls` where that is at the bottom of it, or where the server offers none."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "tls"
        cause = cause.__cause__ or cause.__context__
    return "tls" if "STARTTLS" in str(error) else "connection_failed"


async def _leave(client: SMTP) -> None:
    try:
        async with asyncio.timeout(_GOODBYE_SECONDS):
            await client.quit()
    except (SMTPException, OSError, TimeoutError):
        client.close()
