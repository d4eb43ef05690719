"""Bodies of the sample application."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field


class Tier(StrEnum):
    """How much a customer matters."""

    VIP = "vip"
    REGULAR = "regular"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


Name = Annotated[str, Field(min_length=1, max_length=200)]
CustomerId = Annotated[
    str, Path(description="Id of the customer.", pattern="^cus_[0-7][0-9a-hjkmnp-tv-z]{25}$", max_length=30)
]


class Money(Strict):
    """An amount in minor units."""

    amount_minor: Annotated[int, Field(ge=-(2**53), le=2**53)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", max_length=3)]


class CustomerCreate(Strict):
    """A new customer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "王小明", "tier": "vip", "tags": ["spring"]}]})

    name: Name
    tier: Tier = Tier.REGULAR
    phone: Annotated[str | None, Field(max_length=64)] = None
    tags: Annotated[list[Annotated[str, Field(max_length=50)]], Field(max_length=50)] = []
    born_on: date | None = None
    credit: Money | None = None


class CustomerPatch(Strict):
    """Changes to a customer; absent members stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "王大明", "born_on": None}]})

    name: Name = ""
    tier: Tier | None = None
    born_on: date | None = None


class PhoneRead(BaseModel):
    """A number, masked."""

    id: str
    object: Literal["phone"]
    masked: str | None
    is_primary: bool


class CustomerRead(BaseModel):
    """A customer."""

    id: str
    object: Literal["customer"]
    name: str
    tier: Tier
    phones: list[PhoneRead]
    credit: Money | None
    score: float | None
    revision: Annotated[int, Field(ge=1, le=2**31 - 1)]
    created_at: datetime
    updated_at: datetime


class CustomerPage(BaseModel):
    """One page of customers."""

    data: list[CustomerRead]
    next_cursor: str | None
    has_more: bool


class CustomerFilter(Strict):
    tier: Annotated[list[Tier], Field(max_length=2, description="Only these tiers.")] = []
    created_at_gte: Annotated[datetime | None, Field(description="Created at or after.")] = None
    sort: Annotated[Literal["created_at", "-created_at"], Field(description="Order of the list.")] = "-created_at"
    limit: Annotated[int, Field(ge=1, le=200, description="Rows per page.")] = 50
    cursor: Annotated[str | None, Field(max_length=512, description="`next_cursor` of the page before.")] = None


class PhoneLookup(Strict):
    """A number to find."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "138 1234 5678", "country": "CN"}]})

    phone: Annotated[str, Field(max_length=64)]
    country: Annotated[str | None, Field(pattern="^[A-Z]{2}$", max_length=2)] = None


class LastFourLookup(Strict):
    """The end of a number to find."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone_last4": "5678"}]})

    phone_last4: Annotated[str, Field(pattern="^[0-9]{4}$", max_length=4)]


class Reveal(Strict):
    """Why the number is needed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "call_back"}]})

    reason: Literal["call_back", "delivery"]


class Revealed(BaseModel):
    """The number in full."""

    e164: str


class BatchItem(Strict):
    """One customer of a batch."""

    name: Name


class CustomerBatch(Strict):
    """Customers to create together."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [{"name": "李雷"}]}]})

    items: Annotated[list[BatchItem], Field(min_length=1, max_length=1000)]


class BatchResult(BaseModel):
    """What became of the items."""

    succeeded: Annotated[int, Field(ge=0, le=1000)]
    failed: int


class JobRead(BaseModel):
    """A job."""

    id: str
    object: Literal["job"]
    status: Literal["queued", "running", "succeeded"]
    processed: int
    eta_seconds: int | None


class TokenRequest(Strict):
    """A request for a token (RFC 6749)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"grant_type": "client_credentials", "client_id": "cli_1", "scope": "a:b"}]}
    )

    grant_type: Literal["client_credentials", "refresh_token"]
    client_id: Annotated[str, Field(max_length=64)]
    scope: Annotated[str | None, Field(max_length=2000)] = None


class TokenAnswer(BaseModel):
    """An access token (RFC 6749)."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, Field(ge=1, le=3600)]


class OAuthFailure(BaseModel):
    """An error of the token endpoint (RFC 6749, 5.2)."""

    error: str
    error_description: str


class Health(BaseModel):
    """Whether the process lives."""

    status: Literal["ok"]


class CustomerMerged(BaseModel):
    """A merge happened."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"id": "evt_1", "type": "customer.merged"}]})

    id: str
    type: Literal["customer.merged"]
