"""The lists of a customer's parts. After a merge there may be thousands."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from custhub.features.customers.schemas.answers import (
    AddressRead,
    ContactRead,
    Cursor,
    EmailRead,
    ExternalIdRead,
    TagRead,
)
from custhub.http.fields import Read


class EmailPage(Read):
    """The e-mail addresses of a customer."""

    data: Annotated[list[EmailRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


class AddressPage(Read):
    """The postal addresses of a customer."""

    data: Annotated[list[AddressRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


class ContactPage(Read):
    """The contacts of an organisation."""

    data: Annotated[list[ContactRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


class ExternalIdPage(Read):
    """The external ids of a customer."""

    data: Annotated[list[ExternalIdRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


class TagPage(Read):
    """The tags of a customer."""

    data: Annotated[list[TagRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool
