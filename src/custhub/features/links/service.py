"""Making links, and what their purposes are asked: what to show, and what to do when they are used."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple, Protocol
from uuid import UUID

from custhub.features.links.errors import LinkExpired, LinkNotFound, LinkUsed
from custhub.features.links.queries import OPEN, LinkRow, hash_of, link_of
from custhub.features.links.repository import EXPIRED_LINKS, KEPT, LinkRepository
from custhub.http.pages.people import Entry, Form
from custhub.kit.db import Database
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork

__all__ = ["Entry", "Form", "LinkRow"]

#: Its name among the parts of the hub: purposes by name.
LINK_PURPOSES: Final = "link_purposes"
_TOKEN_BYTES: Final = 32

Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class LinkPage:
    """What people see: plain texts, and a form if there is something to do; `alert` is what went wrong.

    As the answer to a POST, one that `stays_open` uses the link up not yet.
    """

    title: str
    paragraphs: tuple[str, ...] = ()
    form: Form | None = None
    alert: str = ""
    status: int = 200
    stays_open: bool = False


class PageRefused(Exception):
    """What was posted cannot be taken: nothing is stored, the link stays open, this page says why."""

    def __init__(self, page: LinkPage) -> None:
        super().__init__(page.title)
        self.page = page


@dataclass(frozen=True, slots=True)
class LinkNext:
    """Another link that goes on from here, by its token."""

    token: str


@dataclass(frozen=True, slots=True)
class LinkFile:
    """What people download."""

    name: str
    media_type: str
    size: int
    chunks: AsyncIterator[bytes]


class LinkPurpose(Protocol):
    """What links of one purpose are for. Registered in app.py under its name."""

    async def page(self, reader: Reader, link: LinkRow, language: Language) -> LinkPage:
        """What a GET shows; it uses nothing up. Raises what is in the way."""

    async def act(
        self, uow: UnitOfWork, link: LinkRow, form: Mapping[str, str], language: Language
    ) -> LinkPage | LinkFile | LinkNext:
        """What a POST does, in the unit of work that uses the link up. Raises what is in the way, and PageRefused."""


class IssuedLink(NamedTuple):
    """A link as it is handed out, once."""

    url: str
    expires_at: datetime

    @property
    def token(self) -> str:
        """The secret in it."""
        return self.url.rpartition("/")[2]


def issue_link(
    uow: UnitOfWork,
    public_url: str,
    purpose: str,
    subject_id: UUID,
    lifetime: timedelta,
    *,
    args: Mapping[str, Any] | None = None,
    customer_id: UUID | None = None,
) -> IssuedLink:
    """A new link. `args` hold no personal data; `customer_id` says who takes it along when erased.

    Its pages speak the language `args["language"]`, where there is one, to who asks for no other.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    expires_at = uow.now + lifetime
    actor = uow.actor
    row = LinkRow(
        hash_of(token), purpose, subject_id, dict(args or {}), customer_id, OPEN, actor.kind, actor.id,
        uow.now, expires_at, None,
    )  # fmt: skip
    LinkRepository(uow).add(row)
    return IssuedLink(f"{public_url.rstrip('/')}/p/{token}", expires_at)


async def open_link(reader: Reader, token: str, now: datetime) -> LinkRow:
    """The link behind a token. Raises LinkNotFound, LinkUsed, LinkExpired."""
    link = await link_of(reader, token)
    if link is None:
        raise LinkNotFound
    if link.state != OPEN:
        raise LinkUsed
    if link.expires_at <= now:
        raise LinkExpired
    return link


def use_up(uow: UnitOfWork, link: LinkRow) -> None:
    """Only one POST wins: the other one's unit of work is lost, and finds the link used."""
    LinkRepository(uow).use_up(link)


def drop_links(uow: UnitOfWork, subject_id: UUID) -> None:
    """Forget the links to something that is gone."""
    LinkRepository(uow).drop_of_subject(subject_id)


async def forget_links(database: Database, now: datetime) -> None:
    """Forget links that expired long ago."""
    await EXPIRED_LINKS.run(database, now - KEPT)
