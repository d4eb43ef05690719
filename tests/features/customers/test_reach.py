"""Who may reach which customer: part of every statement (S-62, S-63, S-64)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from custhub.kit.ids import Prefix, new_id, to_text
from custhub.security.reach import scoped
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.hub import HubUnderTest, make_customer, make_number
from tests.principals import add_team, add_user, make_principal


@dataclass(frozen=True, slots=True)
class Staff:
    """Two users of one team, one of another, and what they reach."""

    team: UUID
    other_team: UUID
    me: UUID
    colleague: UUID
    stranger: UUID
    api: ApiClient


@pytest.fixture
async def staff(hub: HubUnderTest) -> Staff:
    """A caller who reaches his own customers and those of his team."""
    team, other = [await add_team(hub.app.hub) for _ in range(2)]
    me, colleague, stranger = [await add_user(hub.app.hub, at) for at in (team, team, other)]
    principal = make_principal(reach=scoped(owner=me, teams=[team]), user_id=me)
    return Staff(team, other, me, colleague, stranger, hub.client_of(principal))


def _user(user_id: UUID) -> str:
    return to_text(Prefix.USER, user_id)


def _team(team_id: UUID) -> str:
    return to_text(Prefix.TEAM, team_id)


async def test_own_rows_and_those_of_the_team_are_reached_and_no_other(hub: HubUnderTest, staff: Staff) -> None:
    """S-62: by owner, by team; the rest is absent from reads, lists, totals and lookups."""
    mine = await create_customer(hub.api, owner_id=_user(staff.me), source="reached")
    teams = await create_customer(hub.api, team_id=_team(staff.team), source="reached")
    strangers = await create_customer(
        hub.api, owner_id=_user(staff.stranger), team_id=_team(staff.other_team), source="reached"
    )
    nobodys = await create_customer(hub.api, source="reached")
    for customer, status in ((mine, 200), (teams, 200), (strangers, 404), (nobodys, 404)):
        assert (await staff.api.get(path_of(customer))).status_code == status
    page = (await staff.api.get("/v1/customers", params={"source": "reached", "include": "total"})).json()
    own = [customer for customer in page["data"] if customer["id"] in {mine["id"], teams["id"]}]
    assert len(own) == len(page["data"])
    assert page["total"]["value"] == len(page["data"])


async def test_sources_are_a_reach_of_their_own(hub: HubUnderTest) -> None:
    """SECURITY section 3: a partner reaches the rows of its own source."""
    partner = hub.client_of(make_principal("partner", kind="client", reach=scoped(sources=["shop-7"])))
    mine = await create_customer(hub.api, source="shop-7")
    theirs = await create_customer(hub.api, source="shop-8")
    assert (await partner.get(path_of(mine))).status_code == 200
    problem_of(await partner.get(path_of(theirs)), 404, "customer_not_found")
    ids = [customer["id"] for customer in (await partner.get("/v1/customers")).json()["data"]]
    assert ids == [mine["id"]]


async def test_an_empty_reach_reaches_nothing(hub: HubUnderTest) -> None:
    """S-60: deny by default."""
    await create_customer(hub.api)
    nobody = hub.client_of(make_principal(reach=scoped()))
    page = (await nobody.get("/v1/customers", params={"archived": "any", "include": "total"})).json()
    assert (page["data"], page["total"]) == ([], {"value": 0, "exact": True})


async def _with_all_parts(hub: HubUnderTest) -> dict[str, Any]:
    return await create_customer(
        hub.api,
        kind="organisation",
        phones=[{"number": make_number()}],
        emails=[{"email": "a@example.com"}],
        addresses=[{"full_text": "广东省深圳市南山区科技园路1号"}],
        contacts=[{"name": "王伟"}],
        external_ids=[{"source": "shop", "id": make_number()}],
        tags=["VIP"],
    )


def _operations(hub: HubUnderTest) -> list[tuple[str, str, dict[str, Any]]]:
    """Every operation on one customer or a part of it, from the document."""
    return [
        (method.upper(), path, operation)
        for path, operations in hub.app.api.openapi()["paths"].items()
        if "{customer_id}" in path
        for method, operation in operations.items()
        if method in ("get", "post", "put", "patch", "delete")
    ]


def _example(operation: dict[str, Any], document: dict[str, Any]) -> Any:
    content = operation.get("requestBody", {}).get("content", {})
    for media in content.values():
        if "example" in media:
            return media["example"]
        for example in media.get("examples", {}).values():
            return example["value"]
        schema = media["schema"]
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if schema.get("examples"):
            return schema["examples"][0]
    return None


def _parameters(operation: dict[str, Any], document: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for parameter in operation.get("parameters", []):
        if "$ref" in parameter:
            parameter = document["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
        found.append(parameter)
    return found


async def test_no_route_of_a_customer_shows_or_changes_one_out_of_reach(hub: HubUnderTest, staff: Staff) -> None:
    """S-62, S-63: every operation of the document answers 404, with the real ids of nested parts too."""
    customer = await _with_all_parts(hub)
    document = hub.app.api.openapi()
    ids = {
        "customer_id": customer["id"], "phone_id": customer["phones"][0]["id"],
        "email_id": customer["emails"][0]["id"], "address_id": customer["addresses"][0]["id"],
        "contact_id": customer["contacts"][0]["id"], "external_id": customer["external_ids"][0]["id"],
        "external_id_id": customer["external_ids"][0]["id"], "tag": "VIP",
    }  # fmt: skip
    walked = 0
    for method, path, operation in _operations(hub):
        given = dict(ids)
        headers = {}
        for parameter in _parameters(operation, document):
            if parameter["in"] == "path" and parameter["name"] not in given:
                given[parameter["name"]] = parameter["schema"]["examples"][0]
            if parameter["in"] == "header" and parameter.get("required"):
                headers[parameter["name"]] = f"walk-{walked}-key"
        answer = await staff.api.request(
            method, path.format(**given), json=_example(operation, document), headers=headers
        )
        assert answer.status_code == 404, (method, path, answer.text)
        assert answer.json()["code"].endswith("not_found"), (method, path)
        walked += 1
    assert walked >= 11
    assert await read_customer(hub.api, customer) == customer


async def test_what_is_out_of_reach_looks_like_what_does_not_exist(hub: HubUnderTest, staff: Staff) -> None:
    """S-63: but for the request id, the two answers are equal."""
    foreign = await _with_all_parts(hub)
    for suffix in ("", "/phones", f"/phones/{foreign['phones'][0]['id']}"):
        hidden = await staff.api.get(path_of(foreign) + suffix)
        absent = await staff.api.get(f"/v1/customers/{to_text(Prefix.CUSTOMER, new_id())}{suffix}")
        for answer in (hidden, absent):
            assert answer.status_code == 404
        assert hidden.json() | {"request_id": ""} == absent.json() | {"request_id": ""}
        assert set(hidden.headers) == set(absent.headers)


async def test_who_creates_owns(staff: Staff) -> None:
    """S-62: who sees only own rows would lose sight of what he just created."""
    made = await staff.api.post("/v1/customers", json=make_customer())
    assert made.json()["owner_id"] == _user(staff.me)
    assert (await staff.api.get(made.headers["location"])).status_code == 200


async def test_who_reaches_all_owns_nothing_by_default(hub: HubUnderTest) -> None:
    """The owner is set where it is needed for reach, not elsewhere."""
    assert (await create_customer(hub.api))["owner_id"] is None


@pytest.mark.parametrize("verb", ["create", "patch"])
async def test_owner_and_team_of_a_body_are_checked_for_reach(hub: HubUnderTest, staff: Staff, verb: str) -> None:
    """S-64: one's colleague and one's team are allowed; strangers are as unknown as nobody."""
    cases = [
        ({"owner_id": _user(staff.me)}, 0),
        ({"owner_id": _user(staff.colleague)}, 0),
        ({"team_id": _team(staff.team)}, 0),
        ({"owner_id": _user(staff.stranger)}, "owner_unknown"),
        ({"owner_id": _user(new_id())}, "owner_unknown"),
        ({"team_id": _team(staff.other_team)}, "team_unknown"),
        ({"team_id": _team(new_id())}, "team_unknown"),
    ]
    for members, code in cases:
        if verb == "create":
            answer = await staff.api.post("/v1/customers", json=make_customer(**members))
        else:
            mine = await create_customer(hub.api, owner_id=_user(staff.me))
            answer = await staff.api.patch(path_of(mine), json=members)
        if code:
            problem = problem_of(answer, 409, str(code))
            assert [error["pointer"] for error in problem["errors"]] == [f"#/{next(iter(members))}"]
        else:
            assert answer.status_code in (200, 201), answer.text


async def test_a_partner_sends_customers_of_its_own_sources_only(hub: HubUnderTest) -> None:
    """S-62: another source would create rows it could not see."""
    partner = hub.client_of(make_principal("partner", kind="client", reach=scoped(sources=["shop-7"])))
    for source, status in (("shop-7", 201), ("shop-8", 403), ("api", 403)):
        answer = await partner.post("/v1/customers", json=make_customer(source=source))
        assert answer.status_code == status
        if status == 403:
            problem = problem_of(answer, 403, "source_not_granted")
            assert problem["errors"][0]["pointer"] == "#/source"


async def test_a_person_named_by_a_contact_is_checked_for_reach(hub: HubUnderTest, staff: Staff) -> None:
    """S-64: ids in bodies."""
    foreign, mine = await create_customer(hub.api), await create_customer(hub.api, owner_id=_user(staff.me))
    for person, status in ((mine, 201), (foreign, 409)):
        body = make_customer(kind="organisation", contacts=[{"name": "王伟", "person_id": person["id"]}])
        answer = await staff.api.post("/v1/customers", json=body)
        assert answer.status_code == status
        if status == 409:
            problem = problem_of(answer, 409, "person_unknown")
            assert problem["errors"][0]["pointer"] == "#/contacts/0/person_id"


async def test_a_conflict_does_not_name_whom_one_cannot_reach(hub: HubUnderTest, staff: Staff) -> None:
    """S-13: phone_taken and external_id_taken with `existing_id` when the caller may reach that customer."""
    number, key = make_number(), {"source": "shop", "id": make_number()}
    foreign = await create_customer(hub.api, phones=[{"number": number}], external_ids=[key])
    for body, code in (
        (make_customer(phones=[{"number": number}]), "phone_taken"),
        (make_customer(external_ids=[key]), "external_id_taken"),
    ):
        assert "existing_id" not in problem_of(await staff.api.post("/v1/customers", json=body), 409, code)
        known = problem_of(await hub.api.post("/v1/customers", json=body), 409, code)
        assert known["existing_id"] == foreign["id"]


async def test_a_customer_that_left_ones_reach_is_gone(hub: HubUnderTest, staff: Staff) -> None:
    """S-62: reach is of now, not of when it was last read."""
    mine = await create_customer(hub.api, owner_id=_user(staff.me))
    etag = (await staff.api.get(path_of(mine))).headers["etag"]
    await hub.api.patch(path_of(mine), json={"owner_id": _user(staff.stranger)})
    answer = await staff.api.get(path_of(mine), headers={"if-none-match": etag})
    problem_of(answer, 404, "customer_not_found")
