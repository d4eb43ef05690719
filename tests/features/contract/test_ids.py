"""Ids at the edge (contract_b1, contract_e3)."""

from __future__ import annotations

import pytest

from custhub.kit.ids import Prefix, new_id, to_text
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of

ROUTES = (
    ("GET", "/v1/customers/{id}", Prefix.CUSTOMER, "customer_not_found"),
    ("PATCH", "/v1/customers/{id}", Prefix.CUSTOMER, "customer_not_found"),
    ("POST", "/v1/customers/{id}/archive", Prefix.CUSTOMER, "customer_not_found"),
    ("POST", "/v1/customers/{id}/restore", Prefix.CUSTOMER, "customer_not_found"),
    ("GET", "/v1/customers/{id}/phones", Prefix.CUSTOMER, "customer_not_found"),
    ("POST", "/v1/customers/{id}/phones", Prefix.CUSTOMER, "customer_not_found"),
    ("GET", "{customer}/phones/{id}", Prefix.PHONE, "phone_not_found"),
    ("PATCH", "{customer}/phones/{id}", Prefix.PHONE, "phone_not_found"),
    ("DELETE", "{customer}/phones/{id}", Prefix.PHONE, "phone_not_found"),
    ("POST", "{customer}/phones/{id}/verify", Prefix.PHONE, "phone_not_found"),
    ("POST", "{customer}/phones/{id}/reveal", Prefix.PHONE, "phone_not_found"),
)
BODIES = {
    ("PATCH", "customers"): {"note": "x"},
    ("POST", "phones"): {"number": "13812345678"},
    ("PATCH", "phones"): {"label": "x"},
    ("POST", "verify"): {"result": "no_answer"},
    ("POST", "reveal"): {"reason": "call_back"},
}


def _body(method: str, path: str) -> dict[str, str] | None:
    return BODIES.get((method, path.rpartition("/")[2])) or BODIES.get((method, path.split("/")[-2]))


@pytest.mark.parametrize(("method", "path", "prefix", "code"), ROUTES)
async def test_well_formed_unknown_id_answers_404(
    api: ApiClient, method: str, path: str, prefix: Prefix, code: str
) -> None:
    """contract_b1: a well-formed unknown id is 404."""
    customer = await create_customer(api)
    path = path.format(customer=path_of(customer), id=to_text(prefix, new_id()))
    problem_of(await api.request(method, path, json=_body(method, path)), 404, code)


@pytest.mark.parametrize(("method", "path", "prefix", "code"), ROUTES)
async def test_ill_formed_id_answers_422_at_its_place(
    api: ApiClient, method: str, path: str, prefix: Prefix, code: str
) -> None:
    """contract_b1: an ill-formed id is 422 `invalid_id`, whatever is wrong with it."""
    customer = await create_customer(api)
    good = to_text(prefix, new_id())
    other = "phone_id" if prefix is Prefix.PHONE else "customer_id"
    wrong = ("x", good[:-1], good + "0", good.upper(), "ord" + good[3:], good[:4] + "8" + good[5:], good + "%0A")
    for text in (*wrong, good[:-1] + "u", good.replace("_", "-")):
        answer = await api.request(method, path.format(customer=path_of(customer), id=text), json=_body(method, path))
        problem = problem_of(answer, 422, "validation_failed")
        assert [(e["pointer"], e["location"], e["code"]) for e in problem["errors"]] == [
            (f"#/{other}", "path", "invalid_id")
        ]


async def test_a_phone_of_another_customer_is_not_found(api: ApiClient) -> None:
    """contract_e3: an id that exists under another parent is as good as absent."""
    mine, other = await create_customer(api), await create_customer(api, phones=[{"number": "021 6384 1234"}])
    answer = await api.get(f"{path_of(mine)}/phones/{other['phones'][0]['id']}")
    problem_of(answer, 404, "phone_not_found")


async def test_a_client_cannot_choose_an_id(api: ApiClient) -> None:
    """contract_b1: ids are made by the server."""
    body = {"display_name": "x", "id": to_text(Prefix.CUSTOMER, new_id())}
    assert (
        problem_of(await api.post("/v1/customers", json=body), 422, "unknown_field")["errors"][0]["pointer"] == "#/id"
    )
