"""People an external issuer vouches for (S-52)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.features.accounts.conftest import StartHub
from tests.features.accounts.issuer import Issuer, jwk_of
from tests.features.accounts.staff import PASSWORD, STALE, hire, notes, raw
from tests.hub import HubUnderTest


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    started = await Issuer().start()
    yield started
    await started.stop()


async def call(hub: HubUnderTest, token: str, path: str = "/v1/me") -> httpx.Response:
    async with raw(hub, token=token) as client:
        return await client.get(path)


async def users(hub: HubUnderTest) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await hub.api.get("/v1/users")).json()["data"]
    return rows


async def test_s52_member_of_a_mapped_group_has_its_role_within_the_tokens_scope(
    start_hub: StartHub, issuer: Issuer
) -> None:
    hub = await start_hub(**issuer.settings())
    me = (await call(hub, issuer.token(hub.clock.now()))).json()
    assert (me["kind"], me["roles"], me["client_id"], me["name"], me["email"]) == (
        "user",
        ["sales"],
        "web",
        "李娜",
        None,
    )
    assert me["scopes"] == ["customers:create", "customers:read"]
    assert me["reach"]["owner_id"] == me["id"]
    made = hub.client(token=issuer.token(hub.clock.now()))
    assert (await made.post("/v1/customers", json={"display_name": "王芳"})).json()["owner_id"] == me["id"]
    (user,) = await users(hub)
    assert (user["id"], user["issuer"], user["roles"], user["has_password"]) == (me["id"], issuer.name, [], False)
    assert len(await notes(hub, "user.created")) == 1


async def test_s52_first_calls_at_once_make_one_user(start_hub: StartHub, issuer: Issuer) -> None:
    hub = await start_hub(**issuer.settings())
    answers = await asyncio.gather(*(call(hub, issuer.token(hub.clock.now())) for _ in range(8)))
    assert Counter(answer.status_code for answer in answers) == {200: 8}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await users(hub)) == 1
    assert len(issuer.asked) == 2


@pytest.mark.parametrize("groups", [[], ["staff"], None, ["SHOP-SALES"]])
async def test_s52_there_is_no_default_role(start_hub: StartHub, issuer: Issuer, groups: list[str] | None) -> None:
    """Nobody without a mapped group gets in, or leaves a row."""
    hub = await start_hub(**issuer.settings())
    answer = await call(hub, issuer.token(hub.clock.now(), groups=groups))
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert await users(hub) == []


async def test_s52_role_that_the_hub_does_not_have_gives_nothing(start_hub: StartHub, issuer: Issuer) -> None:
    hub = await start_hub(**issuer.settings(roles={"shop-sales": "no_such_role"}))
    assert (await call(hub, issuer.token(hub.clock.now()))).status_code == 401


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["account"]},
        {"aud": None},
        {"iss": "https://hub.example"},
        {"exp": 0},
        {"iat": None},
        {"jti": None},
        {"scope": None},
        {"client_id": None},
        {"groups": "shop-sales"},
        {"groups": [1]},
        {"sub": ""},
    ],
)
async def test_s41_tokens_of_other_issuers_are_read_as_strictly(
    start_hub: StartHub, issuer: Issuer, claims: dict[str, Any]
) -> None:
    hub = await start_hub(**issuer.settings())
    assert (await call(hub, issuer.token(hub.clock.now(), **claims))).status_code == 401


async def test_s52_plain_jwt_and_azp_only_where_the_configuration_says_so(start_hub: StartHub, issuer: Issuer) -> None:
    strict = await start_hub(**issuer.settings())
    token = issuer.token(strict.clock.now(), typ="JWT", client_id=None, azp="web")
    assert (await call(strict, token)).status_code == 401
    open_to = await start_hub(**issuer.settings(token_types=["at+jwt", "JWT"], client_claim="azp"))
    assert (await call(open_to, token)).json()["client_id"] == "web"
    for mark in ({"nonce": "n"}, {"at_hash": "h"}, {"c_hash": "h"}):
        identity = issuer.token(open_to.clock.now(), typ="JWT", client_id=None, azp="web", **mark)
        assert (await call(open_to, identity)).status_code == 401


async def test_s52_scopes_may_be_left_to_the_roles(start_hub: StartHub, issuer: Issuer) -> None:
    hub = await start_hub(**issuer.settings(scopes="roles"))
    me = (await call(hub, issuer.token(hub.clock.now(), scope=None))).json()
    assert "phones:reveal" in me["scopes"]


async def test_s52_names_of_the_hub_mean_nothing_in_foreign_tokens(start_hub: StartHub, issuer: Issuer) -> None:
    """No foreign token becomes the operator, a user of the hub's own, or takes roles from a claim."""
    hub = await start_hub(**issuer.settings())
    own = await hire(hub, ["admin"])
    now = hub.clock.now()
    operator = (await call(hub, issuer.token(now, client_id="operator", sub="operator"))).json()
    assert (operator["kind"], operator["roles"]) == ("user", ["sales"])
    impostor = (await call(hub, issuer.token(now, sub=own.id, roles=["admin"], sid="x", pv=1))).json()
    assert impostor["id"] != own.id
    assert impostor["roles"] == ["sales"]


async def test_s52_unknown_kid_asks_again_once_a_minute_at_most(start_hub: StartHub, issuer: Issuer) -> None:
    hub = await start_hub(**issuer.settings())
    assert (await call(hub, issuer.token(hub.clock.now()))).status_code == 200
    asked = len(issuer.asked)
    issuer.keys["k2"] = ec.generate_private_key(ec.SECP256R1())
    token = issuer.token(hub.clock.now(), kid="k2")
    assert (await call(hub, token)).status_code == 401
    assert len(issuer.asked) == asked
    hub.clock.advance(60)
    assert (await call(hub, token)).status_code == 200
    issuer.keys["k3"] = ec.generate_private_key(ec.SECP256R1())
    strangers = [issuer.token(hub.clock.now(), kid="k3") for _ in range(20)]
    assert {(await call(hub, stranger)).status_code for stranger in strangers} == {401}
    assert len(issuer.asked) == asked + 2


async def test_s52_withdrawn_key_ends_when_the_keys_are_looked_at_again(start_hub: StartHub, issuer: Issuer) -> None:
    hub = await start_hub(**issuer.settings())
    assert (await call(hub, issuer.token(hub.clock.now()))).status_code == 200
    issuer.keys["k2"] = ec.generate_private_key(ec.SECP256R1())
    issuer.jwks = [jwk_of("k2", issuer.keys["k2"])]
    hub.clock.advance(3_600)
    await call(hub, issuer.token(hub.clock.now()))
    for _ in range(100):
        if issuer.asked[-1].endswith("/jwks") and len(issuer.asked) == 4:
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    hub.clock.advance(STALE)
    assert (await call(hub, issuer.token(hub.clock.now()))).status_code == 401
    assert (await call(hub, issuer.token(hub.clock.now(), kid="k2"))).status_code == 200


async def test_s52_keys_of_a_silent_issuer_are_believed_for_a_day(start_hub: StartHub, issuer: Issuer) -> None:
    hub = await start_hub(**issuer.settings())
    assert (await call(hub, issuer.token(hub.clock.now()))).status_code == 200
    await issuer.stop()
    hub.clock.advance(86_399)
    assert (await call(hub, issuer.token(hub.clock.now()))).status_code == 200
    hub.clock.advance(1 + STALE)
    assert (await call(hub, issuer.token(hub.clock.now()))).status_code == 401


async def test_s52_discovery_must_name_the_issuer_itself(start_hub: StartHub, issuer: Issuer) -> None:
    issuer.discovery = {"issuer": "https://somebody.example"}
    hub = await start_hub(**issuer.settings())
    assert (await call(hub, issuer.token(hub.clock.now()))).status_code == 401
    assert len(issuer.asked) == 1


async def test_s52_keys_by_address_need_no_discovery(start_hub: StartHub, issuer: Issuer) -> None:
    hub = await start_hub(**issuer.settings(jwks_uri=f"http://127.0.0.1:{issuer.port}/keys"))
    assert (await call(hub, issuer.token(hub.clock.now()))).status_code == 200
    assert issuer.asked == ["/keys"]


@pytest.mark.parametrize("status", [404, 500, 302])
async def test_s52_failing_issuer_lets_nobody_in(start_hub: StartHub, issuer: Issuer, status: int) -> None:
    issuer.status = status
    hub = await start_hub(**issuer.settings())
    assert (await call(hub, issuer.token(hub.clock.now()))).status_code == 401


async def test_s105_issuer_inside_is_not_called_unless_the_configuration_opens_it(
    start_hub: StartHub, issuer: Issuer
) -> None:
    hub = await start_hub(**issuer.settings() | {"egress_allow": ""})
    assert (await call(hub, issuer.token(hub.clock.now()))).status_code == 401
    assert issuer.asked == []


async def test_s52_algorithms_are_those_of_the_allow_list(start_hub: StartHub, issuer: Issuer) -> None:
    issuer.keys["r1"] = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    both = await start_hub(**issuer.settings())
    only = await start_hub(**issuer.settings(algorithms=["ES256"]))
    token = issuer.token(both.clock.now(), kid="r1", alg="RS256")
    assert (await call(both, token)).status_code == 200
    assert (await call(only, token)).status_code == 401
    assert (await call(only, issuer.token(only.clock.now()))).status_code == 200


async def test_s44_disabled_or_cut_off_here_means_out(start_hub: StartHub, issuer: Issuer) -> None:
    hub = await start_hub(**issuer.settings())
    token = issuer.token(hub.clock.now())
    path = f"/v1/users/{(await call(hub, token)).json()['id']}"
    await hub.api.post(f"{path}/revoke-sessions")
    hub.clock.advance(STALE)
    assert (await call(hub, token)).status_code == 401
    later = issuer.token(hub.clock.now())
    assert (await call(hub, later)).status_code == 200
    async with raw(hub) as client:
        await client.post("/v1/oauth/revoke", data={"token": later})
    hub.clock.advance(STALE)
    assert (await call(hub, later)).status_code == 401
    await hub.api.post(f"{path}/disable")
    hub.clock.advance(STALE)
    assert (await call(hub, issuer.token(hub.clock.now()))).status_code == 401


async def test_s44_logout_ends_the_token_of_another_issuer(start_hub: StartHub, issuer: Issuer) -> None:
    hub = await start_hub(**issuer.settings())
    token = issuer.token(hub.clock.now())
    async with raw(hub) as client:
        assert (await client.post("/v1/auth/logout", headers={"authorization": f"Bearer {token}"})).status_code == 204
    hub.clock.advance(STALE)
    assert (await call(hub, token)).status_code == 401


async def test_s52_what_the_issuer_decides_is_not_changed_here(start_hub: StartHub, issuer: Issuer) -> None:
    hub = await start_hub(**issuer.settings())
    token = issuer.token(hub.clock.now())
    path = f"/v1/users/{(await call(hub, token)).json()['id']}"
    for attempt in (
        hub.api.patch(path, json={"roles": ["admin"]}),
        hub.api.patch(path, json={"email": "new@example.com"}),
        hub.api.post(f"{path}/reset-password"),
        hub.api.post(f"{path}/reset-totp"),
    ):
        answer = await attempt
        assert (answer.status_code, answer.json()["code"]) == (409, "external_user")
    foreign = hub.client(token=token)
    assert (await foreign.post("/v1/me/totp")).json()["code"] == "external_user"
    body = {"current_password": PASSWORD, "password": PASSWORD}
    assert (await foreign.post("/v1/auth/password", json=body)).json()["code"] == "external_user"
    team = (await hub.api.post("/v1/teams", json={"name": "Nord"})).json()["id"]
    assert (await hub.api.patch(path, json={"team_id": team})).json()["team_id"] == team
    hub.clock.advance(STALE)
    assert (await foreign.get("/v1/me")).json()["reach"]["team_ids"] == [team]


async def test_s50_second_factor_of_foreign_administrators_is_the_issuers_business(
    start_hub: StartHub, issuer: Issuer
) -> None:
    hub = await start_hub(mfa_required=True, **issuer.settings())
    me = (await call(hub, issuer.token(hub.clock.now(), groups=["shop-admins"]))).json()
    assert (me["roles"], me["mfa_required"], me["scopes"] != []) == (["admin"], False, True)


async def test_s52_losing_the_group_works_with_the_next_token(start_hub: StartHub, issuer: Issuer) -> None:
    hub = await start_hub(**issuer.settings())
    assert (await call(hub, issuer.token(hub.clock.now()))).status_code == 200
    assert (await call(hub, issuer.token(hub.clock.now(), groups=["staff"]))).status_code == 401


async def test_misconfigured_issuers_stop_the_start(start_hub: StartHub) -> None:
    with pytest.raises(ValueError, match="CUSTHUB_OIDC_ISSUERS"):
        await start_hub(oidc_issuers='[{"issuer": "https://idp.example"}]')
