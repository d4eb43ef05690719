"""Forms: schemas of a customer's bodies, as the caller may send them (contract_j6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from custhub.features.customers.schemas.bodies import CustomerCreate, CustomerPatch
from custhub.security.fields import Access, Field, everything
from tests.hub import HubUnderTest, make_customer, make_number
from tests.principals import make_principal

PATH = "/v1/forms/customer"


def members(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for part in (schema, *schema["$defs"].values()):
        yield from part.get("properties", {}).items()


async def test_form_of_an_open_role_has_every_member_with_its_names(hub: HubUnderTest) -> None:
    form = (await hub.api.get(PATH)).json()
    assert set(form["create"]["properties"]) == set(CustomerCreate.model_fields)
    assert set(form["update"]["properties"]) == set(CustomerPatch.model_fields)
    for schema in (form["create"], form["update"]):
        jsonschema.Draft202012Validator.check_schema(schema)
        for name, member in members(schema):
            assert member["x-labels"]["en"] == member["title"], name
            assert member["x-labels"]["zh"], name
    assert form["create"]["properties"]["birthday"]["x-labels"] == {"en": "Birthday", "zh": "生日"}


async def test_form_judges_a_body_as_the_hub_does(hub: HubUnderTest) -> None:
    """A body that passes the schema is created, one that does not is refused."""
    validator = jsonschema.Draft202012Validator((await hub.api.get(PATH)).json()["create"])
    good = make_customer(phones=[{"number": make_number()}], tags=["VIP"], birthday={"date": "1990-05-03"})
    assert validator.is_valid(good)
    assert (await hub.api.post("/v1/customers", json=good)).status_code == 201
    for bad in (make_customer(nick="x"), make_customer(gender="x"), make_customer(phones=[{}]), {"tags": ["x" * 65]}):
        assert not validator.is_valid(bad)
        assert (await hub.api.post("/v1/customers", json=bad)).status_code == 422


async def test_form_leaves_out_what_the_role_may_not_write(hub: HubUnderTest) -> None:
    """S-61: rights are known before the call."""
    fields = everything(Access.READ) | {Field.NOTE: Access.WRITE, Field.BIRTHDAY: Access.HIDDEN}
    form = (await hub.client_of(make_principal(fields=fields)).get(PATH)).json()
    assert set(form["update"]["properties"]) == {"note"}
    assert form["update"]["$defs"] == {}
    assert set(form["create"]["properties"]) == set(CustomerCreate.model_fields) - {"birthday"}
    assert "BirthdayInput" not in form["create"]["$defs"]


@pytest.mark.parametrize(
    ("role", "creates", "updates"),
    [
        ("manager", True, set(CustomerPatch.model_fields)),
        ("support", False, {"language", "preferred_channel"}),
        ("sales", True, None),
        ("marketing", False, None),
        ("auditor", False, None),
    ],
)
async def test_form_follows_the_table_of_roles(
    hub: HubUnderTest, role: str, creates: bool, updates: set[str] | None
) -> None:
    """The table of SECURITY 3: sales create and read only afterwards, support changes language and channel."""
    form = (await hub.client_of(make_principal(role)).get(PATH)).json()
    assert (form["create"] is not None) == creates
    assert (None if form["update"] is None else set(form["update"]["properties"])) == updates


async def test_form_needs_scope(hub: HubUnderTest) -> None:
    assert (await hub.client(token="").get(PATH)).status_code == 401
    assert (await hub.client(scopes=["customers:write"]).get(PATH)).status_code == 403
