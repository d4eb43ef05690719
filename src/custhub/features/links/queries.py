"""Finding a link by its token."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import bindparam, select

from custhub.features.links.models import OPEN, LinkRow, link_tokens
from custhub.kit.query import Query, Reader

__all__ = ["OPEN", "LinkRow", "hash_of", "link_of"]

_BY_HASH = Query(select(link_tokens).where(link_tokens.c.hash == bindparam("hash")), LinkRow._make)


def hash_of(token: str) -> bytes:
    """Under what a token is kept."""
    return sha256(token.encode()).digest()


async def link_of(reader: Reader, token: str) -> LinkRow | None:
    """The link behind a token."""
    return await _BY_HASH.first(reader, hash=hash_of(token))
