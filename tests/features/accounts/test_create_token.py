"""Tokens of programs, their end, keys and metadata (CONTRACT H1, S-46, S-47)."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import httpx
import jsonschema
import pytest
from jose import jwt

from custhub.security.roles import ROLES
from tests.features.accounts.staff import (
    STALE,
    Program,
    ask_token,
    client_token,
    hire,
    log_in,
    notes,
    partner,
    raw,
    refresh,
)
from tests.hub import HubUnderTest

FORM = "application/x-www-form-urlencoded"


def check_failure(hub: HubUnderTest, answer: httpx.Response, status: int, error: str) -> None:
    """RFC 6749, section 5.2: the body, its media type and its headers."""
    assert (answer.status_code, answer.json().get("error")) == (status, error), answer.text
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    document = hub.app.api.openapi()
    jsonschema.validate(answer.json(), document["components"]["schemas"]["OAuthFailure"])
    text = answer.json()["error_description"]
    assert all(c == "!" or " " <= c <= "~" for c in text)
    assert not {'"', "\\"} & set(text)
    if status == 401:
        assert answer.headers["www-authenticate"] == 'Basic realm="custhub"'


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:{secret}".encode()).decode()}


async def post(hub: HubUnderTest, body: str | bytes, **headers: str) -> httpx.Response:
    async with raw(hub) as client:
        return await client.post("/v1/oauth/token", content=body, headers={"Content-Type": FORM, **headers})


async def test_s47_client_gets_a_token_up_to_its_ceiling(hub: HubUnderTest) -> None:
    program = await partner(hub, ["customers:read", "orders:write"])
    answer = await client_token(hub, program)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == (
        "Bearer",
        600,
        "customers:read orders:write",
    )
    assert "refresh_token" not in tokens
    claims = hub.app.hub.tokens.verifier.verify(tokens["access_token"])
    assert (claims.sub, claims.client_id, claims.sid, claims.roles) == (program.id, program.id, None, ("partner",))
    me = (await hub.client(token=tokens["access_token"]).get("/v1/me")).json()
    assert (me["kind"], me["id"], me["reach"]["kind"]) == ("client", program.id, "scoped")
    assert {field for field, level in me["fields"].items() if level != "hidden"} == {
        str(field) for field, level in ROLES["partner"].fields.items() if level
    }


async def test_rfc6749_secret_by_http_basic(hub: HubUnderTest) -> None:
    program = await partner(hub)
    answer = await post(hub, "grant_type=client_credentials", **basic(program.id, program.secret))
    assert answer.status_code == 200
    answer = await post(hub, "grant_type=client_credentials", **basic(program.id.replace("_", "%5F"), program.secret))
    assert answer.status_code == 200


async def test_stale_access_token_in_the_header_is_no_credential(hub: HubUnderTest) -> None:
    program = await partner(hub)
    form = f"grant_type=client_credentials&client_id={program.id}&client_secret={program.secret}"
    assert (await post(hub, form, Authorization="Bearer expired")).status_code == 200


async def test_rfc6749_scope_can_be_narrowed_and_never_widened(hub: HubUnderTest) -> None:
    program = await partner(hub, ["customers:read", "orders:write"])
    assert (await client_token(hub, program, scope="orders:write")).json()["scope"] == "orders:write"
    for scope in ("orders:write keys:manage", "nonsense", '"'):
        check_failure(hub, await client_token(hub, program, scope=scope), 400, "invalid_scope")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "client_credentials"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}, 401, "invalid_client"),
        ({"grant_type": "password", "username": "a", "password": "b"}, 400, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "a"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "chr_x"}, 400, "invalid_grant"),
    ],
)
async def test_rfc6749_refusals(hub: HubUnderTest, form: dict[str, str], status: int, error: str) -> None:
    check_failure(hub, await ask_token(hub, **form), status, error)


async def test_rfc6749_repeated_parameters_and_two_ways_of_naming_are_invalid_requests(hub: HubUnderTest) -> None:
    program = await partner(hub)
    credentials = f"client_id={program.id}&client_secret={program.secret}"
    twice = f"grant_type=client_credentials&grant_type=client_credentials&{credentials}"
    check_failure(hub, await post(hub, twice), 400, "invalid_request")
    both = f"grant_type=client_credentials&{credentials}"
    check_failure(hub, await post(hub, both, **basic(program.id, program.secret)), 400, "invalid_request")


async def test_rfc6749_unknown_parameters_are_ignored(hub: HubUnderTest) -> None:
    assert (await client_token(hub, await partner(hub), audience="x", resource="y")).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    ["Basic", "Basic !!!", "Basic YQ==", "Bearer abc", "Digest abc", "Basic " + b64encode(b"\xff:x").decode()],
)
async def test_rfc6749_malformed_credentials_are_an_invalid_client(hub: HubUnderTest, authorization: str) -> None:
    answer = await post(hub, "grant_type=client_credentials", Authorization=authorization)
    check_failure(hub, answer, 401, "invalid_client")


@pytest.mark.parametrize("body", ["%ff%fe=%zz&&&===", "", "grant_type", "=client_credentials"])
async def test_rfc6749_forms_without_a_grant_are_invalid_requests(hub: HubUnderTest, body: str) -> None:
    check_failure(hub, await post(hub, body), 400, "invalid_request")


@pytest.mark.parametrize("media", ["application/json", "text/plain", "multipart/form-data; boundary=x"])
async def test_contract_p9_other_media_types_are_not_read(hub: HubUnderTest, media: str) -> None:
    answer = await post(hub, "grant_type=client_credentials", **{"Content-Type": media})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_form_of_unbounded_size_is_refused(hub: HubUnderTest) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b"a" * 10_000

    async with raw(hub) as client:
        answer = await client.post("/v1/oauth/token", content=endless(), headers={"Content-Type": FORM})
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


async def test_s47_wrong_unknown_and_disabled_look_alike(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    program = await partner(hub)
    wrong = Program(program.id, "chs_" + "0" * 43, "")
    unknown = Program("cli_01m81amc1cfrnt9m7qcr38rxrh", program.secret, "")
    await hub.api.post(f"/v1/clients/{program.id}/disable")
    bodies = set()
    for each in (wrong, unknown, program):
        answer = await client_token(hub, each)
        check_failure(hub, answer, 401, "invalid_client")
        bodies.add(answer.text)
    assert len(bodies) == 1
    assert len(await notes(hub, "login.failed")) == 2


async def test_s47_address_list_holds_at_the_token_and_at_every_call(hub: HubUnderTest) -> None:
    program = await partner(hub, networks=["203.0.113.0/24", "2001:db8::/32"])
    check_failure(hub, await client_token(hub, program, peer="198.51.100.1"), 401, "invalid_client")
    token = (await client_token(hub, program, peer="203.0.113.7")).json()["access_token"]
    for peer, status in (
        ("203.0.113.8", 200),
        ("2001:db8::1", 200),
        ("::ffff:203.0.113.9", 200),
        ("198.51.100.1", 403),
    ):
        async with raw(hub, peer=peer, token=token) as client:
            answer = await client.get("/v1/customers")
        assert answer.status_code == status
    assert answer.json()["code"] == "address_not_allowed"


async def test_s47_two_secrets_are_valid_for_the_overlap(hub: HubUnderTest) -> None:
    program = await partner(hub)
    rotated = await hub.api.post(
        f"/v1/clients/{program.id}/rotate-secret", json={"overlap_seconds": 60}, headers={"If-Match": program.etag}
    )
    new = Program(program.id, rotated.json()["secret"], "")
    assert (await client_token(hub, program)).status_code == 200
    assert (await client_token(hub, new)).status_code == 200
    hub.clock.advance(60)
    assert (await client_token(hub, program)).status_code == 401
    assert (await client_token(hub, new)).status_code == 200


async def test_s43_narrowed_ceiling_holds_for_tokens_that_are_out(hub: HubUnderTest) -> None:
    program = await partner(hub, ["customers:read", "orders:write"])
    client = hub.client(token=(await client_token(hub, program)).json()["access_token"])
    assert (await client.get("/v1/customers")).status_code == 200
    await hub.api.patch(f"/v1/clients/{program.id}", json={"scopes": ["orders:write"]})
    hub.clock.advance(STALE)
    assert (await client.get("/v1/customers")).json()["code"] == "insufficient_scope"
    await hub.api.post(f"/v1/clients/{program.id}/disable")
    hub.clock.advance(STALE)
    assert (await client.get("/v1/customers")).json()["code"] == "invalid_token"


async def test_s43_role_of_a_client_narrows_its_ceiling_and_decides_fields(hub: HubUnderTest) -> None:
    program = await partner(hub, ["customers:read", "orders:write"], role="read_only")
    token = (await client_token(hub, program)).json()
    assert token["scope"] == "customers:read"
    me = (await hub.client(token=token["access_token"]).get("/v1/me")).json()
    assert (me["roles"], me["reach"]["kind"], me["fields"]["display_name"]) == (["read_only"], "all", "read")


async def test_partner_sees_the_rows_of_its_sources_alone(hub: HubUnderTest) -> None:
    """S-62: a client reaches what came from its own sources."""
    for source in ("shop", "fair"):
        await hub.api.post("/v1/customers", json={"display_name": f"{source}客", "source": source})
    program = await partner(hub, ["customers:read"], sources=["shop"])
    client = hub.client(token=(await client_token(hub, program)).json()["access_token"])
    rows = (await client.get("/v1/customers")).json()["data"]
    assert {row["source"] for row in rows} == {"shop"}


async def test_rfc7009_revocation_always_answers_200(hub: HubUnderTest) -> None:
    tokens = await log_in(hub, await hire(hub))
    program = hub.client(token=(await client_token(hub, await partner(hub))).json()["access_token"])
    async with raw(hub) as client:
        for form in (
            {"token": "nonsense"},
            {},
            {"token": "a.b.c"},
            {"token": "chr_x", "token_type_hint": "refresh_token"},
            {"token": tokens["refresh_token"]},
            {"token": tokens["refresh_token"]},
            {"token": program.headers["authorization"].removeprefix("Bearer ")},
            {"token": program.headers["authorization"].removeprefix("Bearer "), "token_type_hint": "access_token"},
        ):
            answer = await client.post("/v1/oauth/revoke", data=form)
            assert (answer.status_code, answer.json()) == (200, {})
    assert (await refresh(hub, tokens["refresh_token"])).status_code == 400
    hub.clock.advance(STALE)
    assert (await program.get("/v1/me")).status_code == 401
    assert (await hub.client(token=tokens["access_token"]).get("/v1/me")).status_code == 401


async def test_s44_denied_access_token_ends_alone(hub: HubUnderTest) -> None:
    tokens = await log_in(hub, await hire(hub))
    async with raw(hub) as client:
        await client.post("/v1/oauth/revoke", data={"token": tokens["access_token"]})
    hub.clock.advance(STALE)
    assert (await hub.client(token=tokens["access_token"]).get("/v1/me")).status_code == 401
    later = (await refresh(hub, tokens["refresh_token"])).json()
    assert (await hub.client(token=later["access_token"]).get("/v1/me")).status_code == 200


async def test_contract_h1_keys_and_metadata_are_public(hub: HubUnderTest) -> None:
    client = hub.client(token="")
    jwks = (await client.get("/.well-known/jwks.json")).json()
    assert [key["alg"] for key in jwks["keys"]] == ["ES256"]
    assert not any("d" in key for key in jwks["keys"])
    metadata = (await client.get("/.well-known/oauth-authorization-server")).json()
    assert metadata["issuer"] == hub.settings.issuer
    assert metadata["token_endpoint"] == hub.settings.public_url + "/v1/oauth/token"
    assert metadata["grant_types_supported"] == ["client_credentials", "refresh_token"]
    assert "customers:read" in metadata["scopes_supported"]


async def test_contract_h1_the_published_key_verifies_a_token(hub: HubUnderTest) -> None:
    token = (await client_token(hub, await partner(hub))).json()["access_token"]
    jwks = (await hub.client(token="").get("/.well-known/jwks.json")).json()
    claims = jwt.decode(
        token, jwks, algorithms=["ES256"], audience="custhub", issuer=hub.settings.issuer, options={"verify_exp": False}
    )
    assert claims["scope"] == "customers:read"


async def test_operator_is_a_name_only_the_hub_gives(hub: HubUnderTest) -> None:
    """A client cannot name itself operator: names of clients are ids."""
    answer = await ask_token(
        hub, grant_type="client_credentials", client_id="operator", client_secret="x", scope="customers:read"
    )
    check_failure(hub, answer, 401, "invalid_client")
