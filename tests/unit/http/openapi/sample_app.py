"""A small application with one route of each kind, and the errors its document needs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Form, Header, Path, Query, Security
from fastapi.security import OAuth2, SecurityScopes

import custhub.http.edge
import custhub.http.json_body
import custhub.http.routing
import custhub.kit.paging  # noqa: F401
from custhub.http.openapi import CONDITIONAL, IF_MATCH_REQUIRED, NO_STORE, declares, problems, traits
from custhub.kit.errors import REGISTRY, Conflict, HubError, PreconditionFailed, PreconditionRequired, RuleBroken, Text
from tests.unit.http.openapi.sample_models import (
    BatchResult,
    CustomerBatch,
    CustomerCreate,
    CustomerFilter,
    CustomerId,
    CustomerMerged,
    CustomerPage,
    CustomerPatch,
    CustomerRead,
    Health,
    JobRead,
    LastFourLookup,
    OAuthFailure,
    PhoneLookup,
    Reveal,
    Revealed,
    TokenAnswer,
    TokenRequest,
)

SCOPES = {
    "customers:read": "Read customers and their parts",
    "customers:write": "Change customers and their parts",
    "phones:lookup": "Find a customer by phone number",
    "phones:reveal": "See a phone number in full, with a reason",
}
TAGS = [
    {"name": "Customers", "description": "The people a business knows."},
    {"name": "Access", "description": "Tokens."},
    {"name": "Operations", "description": "Health and jobs."},
]


def _stand_in(family: type[HubError], code: str) -> type[HubError]:
    """An error class that stays out of the registry, which knows the real one or will."""
    name = "".join(word.capitalize() for word in code.split("_"))
    title = code.replace("_", " ").capitalize()
    texts = {"title": title, "zh": Text("标题", "说明。"), "__doc__": f"{title}."}
    error: type[HubError] = type(name, (family,), texts)
    error.code = code
    return error


PhoneTaken = _stand_in(Conflict, "phone_taken")
PhoneInvalid = _stand_in(RuleBroken, "phone_invalid")

_EDGE = (
    "address_not_allowed",
    "database_unavailable",
    "idempotency_answer_erased",
    "idempotency_in_progress",
    "idempotency_key_invalid",
    "idempotency_key_required",
    "idempotency_key_reused",
    "idempotency_not_supported",
    "insufficient_scope",
    "internal_error",
    "invalid_cursor",
    "invalid_json",
    "invalid_token",
    "lock_timeout",
    "method_not_allowed",
    "mfa_enrolment_required",
    "not_found",
    "payload_too_large",
    "rate_limited",
    "storage_full",
    "token_missing",
    "unknown_field",
    "unsupported_media_type",
    "validation_failed",
)
ERRORS = {
    **{code: REGISTRY[code] for code in _EDGE},
    **{
        error.code: error
        for error in (
            PhoneTaken,
            PhoneInvalid,
            _stand_in(PreconditionFailed, "precondition_failed"),
            _stand_in(PreconditionRequired, "precondition_required"),
        )
    },
}


class Door(OAuth2):
    def __init__(self) -> None:
        super().__init__(flows={"clientCredentials": {"tokenUrl": "/v1/oauth/token"}}, scheme_name="oauth2")

    async def __call__(self, scopes: SecurityScopes) -> str:  # type: ignore[override]
        return "somebody"


_door = Door()
CanRead = Annotated[str, Security(_door, scopes=["customers:read"])]
CanWrite = Annotated[str, Security(_door, scopes=["customers:write"])]
CanLookup = Annotated[str, Security(_door, scopes=["phones:lookup"])]
CanReveal = Annotated[str, Security(_door, scopes=["phones:reveal"])]


@declares(IF_MATCH_REQUIRED)
def expected_revision() -> int:
    return 1


def _customers() -> APIRouter:
    router = APIRouter(prefix="/v1/customers", tags=["Customers"])

    @router.get("", response_model=CustomerPage)
    async def list_customers(query: Annotated[CustomerFilter, Query()], _: CanRead) -> Any:
        """List customers, the newest first."""

    @router.post("", status_code=201, response_model=CustomerRead, responses=problems(PhoneInvalid, PhoneTaken))
    async def create_customer(body: CustomerCreate, _: CanWrite) -> Any:
        """Create one customer, with a first phone number if given.

        A number that belongs to another customer is refused.
        """

    @router.post("/lookup", response_model=CustomerPage, responses=problems(PhoneInvalid))
    async def lookup_customers(body: PhoneLookup | LastFourLookup, _: CanLookup) -> Any:
        """Find customers by number. Unknown numbers give an empty page."""

    @router.post("/batch", response_model=BatchResult)
    async def create_customer_batch(
        body: CustomerBatch, _: CanWrite, atomic: Annotated[bool, Query(description="All or nothing.")] = False
    ) -> Any:
        """Create many customers."""

    @router.get("/{customer_id}", response_model=CustomerRead, openapi_extra=traits(CONDITIONAL))
    async def get_customer(customer_id: CustomerId, _: CanRead) -> Any:
        """Get one customer."""

    @router.patch("/{customer_id}", response_model=CustomerRead, responses=problems(PhoneTaken))
    async def update_customer(customer_id: CustomerId, body: CustomerPatch, _: CanWrite) -> Any:
        """Change one customer."""

    @router.delete("/{customer_id}", status_code=204)
    async def delete_customer(customer_id: CustomerId, _: CanWrite) -> None:
        """Delete one customer."""

    @router.post("/{customer_id}/archive", response_model=CustomerRead)
    async def archive_customer(customer_id: CustomerId, _: CanWrite) -> Any:
        """Archive one customer."""

    @router.post("/{customer_id}/phones/{phone_id}/reveal", response_model=Revealed, openapi_extra=traits(NO_STORE))
    async def reveal_phone(
        customer_id: CustomerId, phone_id: Annotated[str, Path(max_length=30)], body: Reveal, _: CanReveal
    ) -> Any:
        """Show a number in full; each use is audited."""

    @router.post("/{customer_id}/undo", response_model=CustomerRead)
    async def undo_customer(
        customer_id: CustomerId, _: CanWrite, revision: Annotated[int, Depends(expected_revision)]
    ) -> Any:
        """Take back the last change."""

    return router


def make_app() -> FastAPI:
    app = FastAPI(
        generate_unique_id_function=lambda route: route.name, openapi_tags=TAGS, docs_url=None, openapi_url=None
    )
    app.include_router(_customers())

    @app.post(
        "/v1/oauth/token",
        tags=["Access"],
        response_model=TokenAnswer,
        responses={400: {"description": "The grant is refused.", "model": OAuthFailure}},
        openapi_extra=traits(NO_STORE),
    )
    async def create_token(body: Annotated[TokenRequest, Form()]) -> Any:
        """Get an access token."""

    @app.post("/v1/jobs", tags=["Operations"], status_code=202, response_model=JobRead)
    async def start_job(_: CanWrite, x_request_id: Annotated[str | None, Header(max_length=64)] = None) -> Any:
        """Start a job."""

    @app.get("/health/live", tags=["Operations"], response_model=Health)
    async def get_liveness() -> Any:
        """Say that the process lives."""

    @app.get("/docs/hidden", include_in_schema=False)
    async def hidden() -> Any: ...

    @app.webhooks.post("customer.merged", tags=["Customers"], status_code=204)
    async def send_customer_merged(
        body: CustomerMerged, webhook_signature: Annotated[str, Header(description="HMAC of the body.")]
    ) -> None:
        """Two customers became one."""

    return app
