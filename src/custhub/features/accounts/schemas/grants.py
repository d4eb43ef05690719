"""Grants: their bodies and views."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from custhub.features.accounts.models import GrantRow
from custhub.features.accounts.schemas.answers import S200, Cursor, PageQuery, Resource
from custhub.http.fields import Body, GrantId, Read, Text200, Timestamp, UserId
from custhub.kit.ids import Prefix, to_text

GrantedScope = Literal["exports:pii", "phones:reveal"]


class GrantCreate(Body):
    """A scope to propose for a named user until a time."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": "usr_01m81amc1cfrnt9m7qcr38rxrh",
                    "scope": "exports:pii",
                    "expires_at": "2026-03-02T08:00:00Z",
                    "reason": "Mailing house, contract 2026-17",
                }
            ]
        }
    )

    user_id: UserId
    scope: GrantedScope
    expires_at: Timestamp
    reason: Text200


class GrantQuery(PageQuery):
    """Filters of the list of grants."""

    user_id: UserId | None = Field(default=None, description="Grants to this user")


class GrantRead(Resource):
    """A scope that a named user has for a while, once another administrator approved it.

    `expired` is a grant whose time is over, approved or not. Who is null was an operator at the machine.
    """

    id: GrantId
    object: Literal["grant"]
    user_id: UserId
    scope: GrantedScope
    reason: S200
    state: Literal["proposed", "approved", "revoked", "expired"]
    proposed_by: UserId | None
    approved_by: UserId | None
    approved_at: datetime | None
    revoked_at: datetime | None
    expires_at: datetime


class GrantPage(Read):
    """A page of grants."""

    data: Annotated[list[GrantRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


def grant_view(row: GrantRow, now: datetime, operator: UUID) -> dict[str, Any]:
    """The body of a grant as of now; `operator` is the id that stands for nobody's account."""

    def person(who: UUID | None) -> str | None:
        return None if who is None or who == operator else to_text(Prefix.USER, who)

    return {
        "id": to_text(Prefix.GRANT, row.id),
        "object": "grant",
        "user_id": to_text(Prefix.USER, row.user_id),
        "scope": row.scope,
        "reason": row.reason,
        "state": "expired" if row.state != "revoked" and row.expires_at <= now else row.state,
        "proposed_by": person(row.proposed_by),
        "approved_by": person(row.approved_by),
        "approved_at": row.approved_at,
        "revoked_at": row.revoked_at,
        "expires_at": row.expires_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }
