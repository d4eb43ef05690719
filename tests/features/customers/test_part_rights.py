"""Rights on every route of parts: who calls, with which scope, and what it reaches (S-60, S-62, S-63)."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.kit.ids import Prefix, new_id, to_text
from custhub.security.reach import scoped
from custhub.security.scopes import ALL, Scope
from tests.customers import create_customer, path_of, problem_of
from tests.hub import HubUnderTest, make_number
from tests.principals import make_principal

READ, WRITE, TAG, REVEAL = Scope.CUSTOMERS_READ, Scope.CUSTOMERS_WRITE, Scope.TAGS_WRITE, Scope.PHONES_REVEAL
EMAIL, CONTACT, EXTERNAL_ID = {"email": "a@example.com"}, {"name": "王伟"}, {"source": "shop", "id": "rights-1"}

#: Method, path below the customer, body, scope.
ROUTES: tuple[tuple[str, str, Any, Scope], ...] = (
    ("GET", "emails", None, READ),
    ("POST", "emails", EMAIL, WRITE),
    ("GET", "emails/{emails}", None, READ),
    ("PATCH", "emails/{emails}", {"label": "x"}, WRITE),
    ("DELETE", "emails/{emails}", None, WRITE),
    ("GET", "addresses", None, READ),
    ("POST", "addresses", {"street": "1 Road"}, WRITE),
    ("GET", "addresses/{addresses}", None, READ),
    ("PATCH", "addresses/{addresses}", {"label": "x"}, WRITE),
    ("DELETE", "addresses/{addresses}", None, WRITE),
    ("GET", "contacts", None, READ),
    ("POST", "contacts", CONTACT, WRITE),
    ("GET", "contacts/{contacts}", None, READ),
    ("PATCH", "contacts/{contacts}", {"job_title": "x"}, WRITE),
    ("DELETE", "contacts/{contacts}", None, WRITE),
    ("GET", "external-ids", None, READ),
    ("POST", "external-ids", EXTERNAL_ID, WRITE),
    ("DELETE", "external-ids/{external_ids}", None, WRITE),
    ("GET", "tags", None, READ),
    ("PUT", "tags/vip", None, TAG),
    ("DELETE", "tags/vip", None, TAG),
    ("GET", "history", None, READ),
    ("POST", "reveal", {"reason": "call_back"}, REVEAL),
)
NAMES = [f"{method} {path}" for method, path, _, _ in ROUTES]


async def a_customer(hub: HubUnderTest) -> dict[str, Any]:
    return await create_customer(
        hub.api,
        kind="organisation",
        display_name="某公司",
        source="elsewhere",
        note="ring 13912345678",
        emails=[EMAIL],
        addresses=[{"street": "1 Road"}],
        contacts=[CONTACT],
        external_ids=[{"source": "shop", "id": make_number()}],
        tags=["vip"],
    )


def address_of(customer: dict[str, Any], path: str) -> str:
    ids = {name: customer[name][0]["id"] for name in ("emails", "addresses", "contacts", "external_ids")}
    return f"{path_of(customer)}/{path.format(**ids)}"


@pytest.mark.parametrize(("method", "path", "body", "scope"), ROUTES, ids=NAMES)
async def test_part_route_answers_its_scope_and_no_other(
    hub: HubUnderTest, method: str, path: str, body: Any, scope: Scope
) -> None:
    """S-60, contract_h2: exactly the scope that the document names."""
    customer = await a_customer(hub)
    url = address_of(customer, path)
    assert (await hub.client(token="").request(method, url, json=body)).status_code == 401
    others = hub.client(scopes=ALL - {scope.value})
    problem = problem_of(await others.request(method, url, json=body), 403, "insufficient_scope")
    assert problem["scope"] == scope
    answer = await hub.client(scopes=[scope]).request(method, url, json=body)
    assert answer.is_success, answer.text


@pytest.mark.parametrize(("method", "path", "body", "scope"), ROUTES, ids=NAMES)
async def test_part_of_an_unreachable_customer_is_not_there(
    hub: HubUnderTest, method: str, path: str, body: Any, scope: Scope
) -> None:
    """S-62, S-63: out of reach and absent are one answer."""
    url = address_of(await a_customer(hub), path)
    stranger = hub.client_of(make_principal(reach=scoped(sources=["shop"])))
    unreachable = problem_of(await stranger.request(method, url, json=body), 404, "customer_not_found")
    nobody = "/v1/customers/" + to_text(Prefix.CUSTOMER, new_id()) + "/" + url.split("/", 4)[4]
    absent = problem_of(await hub.api.request(method, nobody, json=body), 404, "customer_not_found")
    assert {**unreachable, "request_id": ""} == {**absent, "request_id": ""}
