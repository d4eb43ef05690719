"""The body with which a person confirms what fields of a customer say."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from custhub.http.fields import Body, Timestamp

FieldName = Annotated[
    str, StringConstraints(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")
]


class ConfirmationCreate(Body):
    """Fields whose values a person vouches for, as they are now, empty ones too."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"fields": ["birthday", "custom_fields.shoe_size"]}]})

    fields: Annotated[list[FieldName], Field(min_length=1, max_length=100)] = Field(
        description="Members that are no lists, and `custom_fields.<key>`"
    )
    expires_at: Timestamp | None = Field(
        default=None, description="Until when programs may not change them; by default for the time of the settings"
    )
