"""Rights asked about in advance."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from custhub.http.fields import Body, Read

Action = Annotated[str, StringConstraints(min_length=1, max_length=40)]
ObjectType = Annotated[str, StringConstraints(min_length=1, max_length=40)]
ObjectId = Annotated[str, StringConstraints(min_length=1, max_length=40)]
FieldName = Annotated[str, StringConstraints(min_length=1, max_length=40)]


class AuthorizationCheck(Body):
    """One question: may I do this, to this object, with this field?"""

    action: Action = Field(description="A scope, such as customers:write", examples=["customers:write"])
    object_type: ObjectType = Field(description="A type name, such as customer", examples=["customer"])
    object_id: ObjectId | None = Field(default=None, description="Without one, the question is about the kind")
    field: FieldName | None = Field(default=None, description="A field of a customer that would be read or written")


class AuthorizationChecks(Body):
    """Up to a hundred questions."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "checks": [
                        {
                            "action": "customers:write",
                            "object_type": "customer",
                            "object_id": "cus_01m81amc1cfrnt9m7qcr38rxrh",
                            "field": "display_name",
                        }
                    ]
                }
            ]
        }
    )

    checks: Annotated[list[AuthorizationCheck], Field(min_length=1, max_length=100)]


class AuthorizationRead(Read):
    """The answer to one question.

    `reason` says what is missing: the scope, the reach (an object that is not there looks the same), or the right
    to the field. `unknown` is an action, kind or field that the hub does not have.
    """

    action: Action
    object_type: ObjectType
    object_id: ObjectId | None
    field: FieldName | None
    allowed: bool
    reason: Literal["scope", "reach", "field", "unknown"] | None


class AuthorizationResults(Read):
    """Answers in the order of the questions."""

    results: Annotated[list[AuthorizationRead], Field(max_length=100)]
