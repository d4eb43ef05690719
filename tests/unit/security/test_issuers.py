"""S-52: which external issuers are believed, and which of their keys."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from custhub.security.issuers import keys_of, read_issuers
from custhub.security.token_keys import Algorithm

ISSUER = "https://idp.example/realms/shop"
OWN = "https://hub.example"
MINIMAL = {"issuer": ISSUER, "roles": {"staff": "sales"}}
P256, P384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
WEAK_RSA = rsa.generate_private_key(public_exponent=65_537, key_size=1024)  # noqa: S505 - must be refused
ALGORITHMS: tuple[Algorithm, ...] = ("ES256", "RS256")


def text(value: int) -> str:
    return urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8)).rstrip(b"=").decode()


def ec_jwk(kid: str = "e1", key: ec.EllipticCurvePrivateKey = P256, **members: Any) -> dict[str, Any]:
    point = key.public_key().public_numbers()
    x, y = (urlsafe_b64encode(part.to_bytes(32)).rstrip(b"=").decode() for part in (point.x, point.y))
    return {"kty": "EC", "crv": "P-256", "kid": kid, "x": x, "y": y} | members


def rsa_jwk(kid: str = "r1", key: rsa.RSAPrivateKey = RSA, **members: Any) -> dict[str, Any]:
    public = key.public_key().public_numbers()
    return {"kty": "RSA", "kid": kid, "n": text(public.n), "e": text(public.e)} | members


def found(*jwks: Any) -> list[str]:
    return sorted(keys_of({"keys": list(jwks)}, ISSUER, ALGORITHMS))


def test_s52_nothing_configured_is_nobody() -> None:
    assert read_issuers("", OWN) == ()


def test_s52_defaults_are_the_strict_ones() -> None:
    (issuer,) = read_issuers(json.dumps([MINIMAL]), OWN)
    rules = issuer.rules
    assert (rules.audience, rules.types, rules.client_claim) == ("custhub", frozenset({"at+jwt"}), "client_id")
    assert (rules.groups_claim, rules.needs_scope) == ("groups", True)
    assert issuer.algorithms == ("RS256", "ES256")


@pytest.mark.parametrize(
    "members",
    [
        {"roles": {}},
        {"roles": None},
        {"algorithms": ["HS256"]},
        {"algorithms": ["none"]},
        {"algorithms": []},
        {"token_types": ["JWS"]},
        {"token_types": []},
        {"client_claim": "sub"},
        {"issuer": "idp.example"},
        {"jwks_uri": "file:///etc/passwd"},
        {"scopes": "all"},
        {"default_role": "admin"},
        {"issuer": OWN},
    ],
)
def test_s52_anything_else_stops_the_start(members: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="CUSTHUB_OIDC_ISSUERS"):
        read_issuers(json.dumps([MINIMAL | members]), OWN)


def test_s52_issuer_is_named_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        read_issuers(json.dumps([MINIMAL, MINIMAL]), OWN)


def test_refusal_shows_places_and_no_values() -> None:
    with pytest.raises(ValueError, match=r"0\.algorithms") as refusal:
        read_issuers(json.dumps([MINIMAL | {"algorithms": ["secret-value"]}]), OWN)
    assert "secret-value" not in str(refusal.value)


def test_s52_usable_keys_are_taken() -> None:
    keys = keys_of({"keys": [ec_jwk(), rsa_jwk(use="sig", alg="RS256")]}, ISSUER, ALGORITHMS)
    assert {kid: (key.alg, key.issuer) for kid, key in keys.items()} == {
        "e1": ("ES256", ISSUER),
        "r1": ("RS256", ISSUER),
    }
    assert keys["e1"].key == P256.public_key()


@pytest.mark.parametrize(
    "jwk",
    [
        ec_jwk(use="enc"),
        ec_jwk(alg="ES384"),
        ec_jwk(crv="P-384"),
        ec_jwk(x="AAAA"),
        ec_jwk(x=None),
        ec_jwk(y="not base64!"),
        rsa_jwk(alg="PS256"),
        rsa_jwk(key=WEAK_RSA),
        rsa_jwk(e="AQ"),
        rsa_jwk(n="A" * 20_000),
        {"kty": "oct", "kid": "s", "k": "c2VjcmV0"},
        {"kty": "EC", "kid": "x"},
        {"kid": 7},
        {},
        "text",
        None,
    ],
)
def test_s52_other_keys_are_left_out(jwk: Any) -> None:
    assert found(jwk, ec_jwk("good")) == ["good"]


def test_s52_kid_of_two_keys_names_none() -> None:
    assert found(ec_jwk("same"), rsa_jwk("same"), ec_jwk("other")) == ["other"]


def test_s52_algorithm_outside_the_allow_list_is_left_out() -> None:
    assert sorted(keys_of({"keys": [ec_jwk(), rsa_jwk()]}, ISSUER, ("RS256",))) == ["r1"]


@pytest.mark.parametrize("document", [{}, {"keys": None}, {"keys": {}}])
def test_s52_no_set_of_keys_is_an_error(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no JWK set"):
        keys_of(document, ISSUER, ALGORITHMS)
