"""Texts in full, for the one who may open the numbers in them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from custhub.http.fields import Read


class RevealedText(Read):
    """One text with the numbers that its readers see masked, or one sensitive custom field."""

    field: Annotated[str, StringConstraints(max_length=60)]
    part_id: Annotated[str, StringConstraints(max_length=30)] | None = Field(
        description="The address or contact it stands in; null for the customer itself"
    )
    text: Annotated[str, StringConstraints(max_length=20_000)]


class RevealedTexts(Read):
    """The texts of a customer that hold numbers; nobody may store this answer."""

    fields: Annotated[list[RevealedText], Field(max_length=1_000)]
