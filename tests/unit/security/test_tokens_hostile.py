"""S-40, S-41: every token that python-jose or a lax reader would take, refused with one and the same error."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from custhub.kit.clock import ManualClock
from custhub.kit.errors import Unauthenticated, family_of
from custhub.security.token_keys import LocalKeys, VerificationKey
from custhub.security.tokens import AUDIENCE, Claims, InvalidToken, TokenVerifier

HUB = "https://hub.example"
PARTNER = "https://login.partner.example"
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
NOW = int(START.timestamp())
HUB_KEY = ec.generate_private_key(ec.SECP256R1())
NEXT_KEY = ec.generate_private_key(ec.SECP256R1())
PARTNER_EC = ec.generate_private_key(ec.SECP256R1())
PARTNER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Partner:
    """Another issuer, with one key of each type."""

    def __init__(self) -> None:
        self.keys = {
            "p-ec": VerificationKey("p-ec", "ES256", PARTNER_EC.public_key(), PARTNER),
            "p-rsa": VerificationKey("p-rsa", "RS256", PARTNER_RSA.public_key(), PARTNER),
            "": VerificationKey("p-ec", "ES256", PARTNER_EC.public_key(), PARTNER),
            "alias": VerificationKey("p-ec", "ES256", PARTNER_EC.public_key(), PARTNER),
            "borrowed": VerificationKey("borrowed", "ES256", HUB_KEY.public_key(), HUB),
        }

    def key(self, kid: str) -> VerificationKey | None:
        return self.keys.get(kid)


def make_verifier(clock: ManualClock | None = None) -> TokenVerifier:
    hub = LocalKeys(HUB, {"1": HUB_KEY, "2": NEXT_KEY}, "1")
    return TokenVerifier({HUB: hub, PARTNER: Partner()}, AUDIENCE, clock or ManualClock(START))


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sign_es256(message: bytes, key: ec.EllipticCurvePrivateKey = HUB_KEY) -> bytes:
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def sign_rs256(message: bytes) -> bytes:
    return PARTNER_RSA.sign(message, padding.PKCS1v15(), hashes.SHA256())


def sign_hs256(message: bytes, secret: bytes) -> bytes:
    mac = hmac.HMAC(secret, hashes.SHA256())
    mac.update(message)
    return mac.finalize()


HEADER: dict[str, object] = {"alg": "ES256", "typ": "at+jwt", "kid": "1"}
PAYLOAD: dict[str, object] = {
    "iss": HUB,
    "aud": "custhub",
    "sub": "usr_1",
    "client_id": "cli_1",
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + 600,
    "jti": "j1",
    "scope": "customers:read orders:read",
    "roles": ["sales"],
    "auth_time": NOW - 5,
    "sid": "s1",
    "pv": 3,
}


def seal(header: bytes, payload: bytes, sign: Callable[[bytes], bytes] = sign_es256) -> str:
    """A token over exactly these bytes, with a true signature."""
    message = f"{b64(header)}.{b64(payload)}"
    return f"{message}.{b64(sign(message.encode()))}"


def forge(
    header: dict[str, object] | None = None,
    payload: dict[str, object] | None = None,
    sign: Callable[[bytes], bytes] = sign_es256,
    without: tuple[str, ...] = (),
) -> str:
    """A truly signed token with these members changed and those of `without` left out."""
    head = {name: value for name, value in (HEADER | (header or {})).items() if name not in without}
    body = {name: value for name, value in (PAYLOAD | (payload or {})).items() if name not in without}
    return seal(json.dumps(head).encode(), json.dumps(body).encode(), sign)


def raw_payload(old: str, new: str) -> str:
    """A truly signed token whose payload text has `old` replaced."""
    text = json.dumps(PAYLOAD)
    assert old in text
    return seal(json.dumps(HEADER).encode(), text.replace(old, new, 1).encode())


def raw_header(text: str) -> str:
    return seal(text.encode(), json.dumps(PAYLOAD).encode())


def der(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def stray_bits(token: str) -> str:
    """The same bytes, spelled with other unused trailing bits in the last character."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(token.rsplit(".", 1)[1]) % 4 == 2
    return token[:-1] + alphabet[alphabet.index(token[-1]) | 1]


def other_segment(token: str, index: int, text: str) -> str:
    parts = token.split(".")
    parts[index] = text
    return ".".join(parts)


def standard_alphabet() -> str:
    """A token that spells its `/` bytes in the standard base64 alphabet."""
    token = raw_payload('"usr_1"', '"usr_???>>>???>>>"')
    assert "_" in token.split(".")[1]
    return other_segment(token, 1, token.split(".")[1].replace("_", "/"))


GOOD = forge()
DEEP = "[" * 200 + "]" * 200

HOSTILE: dict[str, str] = {
    "empty": "",
    "no dots": "abc",
    "two segments": ".".join(GOOD.split(".")[:2]),
    "four segments": GOOD + ".AAAA",
    "jwe with five segments": GOOD + ".AAAA.AAAA",
    "empty header": other_segment(GOOD, 0, ""),
    "empty payload": other_segment(GOOD, 1, ""),
    "empty signature": other_segment(GOOD, 2, ""),
    "too long": forge(payload={"note": "x" * 8000}),
    "not ascii": "é" + GOOD,
    "lone surrogate": "\ud800" + GOOD,
    "leading blank": " " + GOOD,
    "trailing line break": GOOD + "\n",
    "padding in the header": other_segment(GOOD, 0, GOOD.split(".")[0] + "="),
    "padding in the signature": GOOD + "==",
    "stray trailing bits": stray_bits(GOOD),
    "foreign character skipped by lax decoders": GOOD[:-4] + "*" + GOOD[-4:],
    "standard base64 alphabet": standard_alphabet(),
    "length of one modulo four": GOOD + "AAA",
    "header is no json": raw_header("{alg"),
    "header is a list": raw_header('["ES256"]'),
    "header is null": raw_header("null"),
    "header twice": raw_header(json.dumps(HEADER) * 2),
    "header with a byte order mark": raw_header("\ufeff" + json.dumps(HEADER)),
    "header not utf-8": seal(b'{"alg":"ES256","typ":"at+jwt","kid":"\xff"}', json.dumps(PAYLOAD).encode()),
    "alg none unsigned": forge({"alg": "none"}, sign=lambda _: b""),
    "alg none with a signature": forge({"alg": "none"}),
    "alg None spelled otherwise": forge({"alg": "nOnE"}),
    "hs256 with the der public key": forge({"alg": "HS256"}, sign=lambda m: sign_hs256(m, der(HUB_KEY))),
    "hs256 with the pem public key": forge({"alg": "HS256"}, sign=lambda m: sign_hs256(m, pem(HUB_KEY))),
    "hs256 with an empty secret": forge({"alg": "HS256"}, sign=lambda m: sign_hs256(m, b"")),
    "hs256 with the rsa key": forge(
        {"alg": "HS256", "kid": "p-rsa"}, {"iss": PARTNER}, sign=lambda m: sign_hs256(m, der(PARTNER_RSA))
    ),
    "es384 with a p-256 key": forge({"alg": "ES384"}),
    "alg is a list": forge({"alg": ["ES256"]}),
    "alg in lower case": forge({"alg": "es256"}),
    "alg missing": forge(without=("alg",)),
    "typ missing": forge(without=("typ",)),
    "typ JWT": forge({"typ": "JWT"}),
    "typ in another case": forge({"typ": "AT+JWT"}),
    "typ as media type": forge({"typ": "application/at+jwt"}),
    "kid missing": forge(without=("kid",)),
    "kid empty": forge({"kid": ""}),
    "kid empty at an issuer that answers it": forge({"kid": ""}, {"iss": PARTNER}, lambda m: sign_es256(m, PARTNER_EC)),
    "kid unknown": forge({"kid": "9"}),
    "kid a number": forge({"kid": 1}),
    "kid null": forge({"kid": None}),
    "kid a list": forge({"kid": ["1"]}),
    "kid a path": forge({"kid": "../../1"}),
    "kid too long": forge({"kid": "1" * 300}),
    "kid swapped to the hub's other key": forge({"kid": "2"}),
    "kid of the partner with iss of the hub": forge({"kid": "p-ec"}, sign=lambda m: sign_es256(m, PARTNER_EC)),
    "kid of the hub with iss of the partner": forge(payload={"iss": PARTNER}),
    "kid that its issuer answers with another kid's key": forge(
        {"kid": "alias"}, {"iss": PARTNER}, lambda m: sign_es256(m, PARTNER_EC)
    ),
    "key of the hub lent to the partner": forge({"kid": "borrowed"}, {"iss": PARTNER}),
    "rs256 under an ec kid": forge({"alg": "RS256", "kid": "p-ec"}, {"iss": PARTNER}, sign_rs256),
    "es256 under an rsa kid": forge({"kid": "p-rsa"}, {"iss": PARTNER}, lambda m: sign_es256(m, PARTNER_EC)),
    "crit": forge({"crit": ["exp"]}),
    "b64 false": forge({"b64": False, "crit": ["b64"]}),
    "jwk of the attacker": forge({"jwk": {"kty": "EC"}}, sign=lambda m: sign_es256(m, NEXT_KEY)),
    "jku": forge({"jku": "https://attacker.example/jwks"}),
    "x5c": forge({"x5c": ["AAAA"]}),
    "cty JWT": forge({"cty": "JWT"}),
    "zip": forge({"zip": "DEF"}),
    "duplicate alg": raw_header('{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"1"}'),
    "duplicate kid spelled with an escape": raw_header('{"kid":"2","k\\u0069d":"1","typ":"at+jwt","alg":"ES256"}'),
    "duplicate claim": raw_payload('"sub": "usr_1"', '"sub": "usr_2", "sub": "usr_1"'),
    "duplicate claim inside": raw_payload('"sub": "usr_1"', '"sub": "usr_1", "x": {"a": 1, "a": 2}'),
    "payload is a list": seal(json.dumps(HEADER).encode(), b"[]"),
    "payload is text": seal(json.dumps(HEADER).encode(), b'"x"'),
    "payload nested 200 deep": seal(json.dumps(HEADER).encode(), DEEP.encode()),
    "claim nested 200 deep": raw_payload('"usr_1"', f'"usr_1", "x": {DEEP}'),
    "payload followed by more": seal(json.dumps(HEADER).encode(), json.dumps(PAYLOAD).encode() + b"{}"),
    "signature of another message": other_segment(GOOD, 2, forge({"kid": "2"}).split(".")[2]),
    "signature by another key": forge(sign=lambda m: sign_es256(m, NEXT_KEY)),
    "signature all zeros": forge(sign=lambda _: b"\0" * 64),
    "signature in der": forge(sign=lambda m: HUB_KEY.sign(m, ec.ECDSA(hashes.SHA256()))),
    "signature with a byte more": forge(sign=lambda m: sign_es256(m) + b"\0"),
    "signature with a byte less": forge(sign=lambda m: sign_es256(m)[:-1]),
    "payload changed after signing": other_segment(GOOD, 1, b64(json.dumps(PAYLOAD | {"pv": 4}).encode())),
    "iss unknown": forge(payload={"iss": "https://attacker.example"}),
    "iss with a slash more": forge(payload={"iss": HUB + "/"}),
    "iss a list": forge(payload={"iss": [HUB]}),
    "iss null": forge(payload={"iss": None}),
    "aud of another service": forge(payload={"aud": "billing"}),
    "aud a prefix": forge(payload={"aud": "custhub2"}),
    "aud empty list": forge(payload={"aud": []}),
    "aud list with a number": forge(payload={"aud": ["custhub", 1]}),
    "aud an object": forge(payload={"aud": {"custhub": 1}}),
    "aud null": forge(payload={"aud": None}),
    "sub empty": forge(payload={"sub": ""}),
    "sub a number": forge(payload={"sub": 1}),
    "sub an object": forge(payload={"sub": {"a": "b"}}),
    "sub with NUL": forge(payload={"sub": "usr_1\0"}),
    "sub with a line break": forge(payload={"sub": "usr_1\n"}),
    "sub with a lone surrogate": raw_payload('"usr_1"', '"\\ud800"'),
    "sub too long": forge(payload={"sub": "u" * 256}),
    "client_id a bool": forge(payload={"client_id": True}),
    "jti a list": forge(payload={"jti": ["j1"]}),
    "jti empty": forge(payload={"jti": ""}),
    "scope a list": forge(payload={"scope": ["customers:read"]}),
    "scope null": forge(payload={"scope": None}),
    "scope with two blanks": forge(payload={"scope": "a  b"}),
    "scope with a tab": forge(payload={"scope": "a\tb"}),
    "roles a text": forge(payload={"roles": "admin"}),
    "roles with an object": forge(payload={"roles": [{}]}),
    "roles without end": forge(payload={"roles": ["r"] * 65}),
    "auth_time a text": forge(payload={"auth_time": "now"}),
    "sid null": forge(payload={"sid": None}),
    "pv a bool": forge(payload={"pv": True}),
    "exp a text": forge(payload={"exp": str(NOW + 600)}),
    "exp a float": forge(payload={"exp": NOW + 600.5}),
    "exp a whole float": raw_payload(f'"exp": {NOW + 600}', f'"exp": {NOW + 600}.0'),
    "exp a bool": forge(payload={"exp": True}),
    "exp null": forge(payload={"exp": None}),
    "exp 1e400": raw_payload(f'"exp": {NOW + 600}', '"exp": 1e400'),
    "exp infinite": raw_payload(f'"exp": {NOW + 600}', '"exp": Infinity'),
    "exp NaN": raw_payload(f'"exp": {NOW + 600}', '"exp": NaN'),
    "exp beyond 64 bits": raw_payload(f'"exp": {NOW + 600}', f'"exp": {10**30}'),
    "exp of 5000 digits": raw_payload(f'"exp": {NOW + 600}', f'"exp": {"9" * 5000}'),
    "exp negative": forge(payload={"exp": -1}),
    "any member 1e400": raw_payload('"usr_1"', '"usr_1", "x": 1e400'),
    "any member NaN": raw_payload('"usr_1"', '"usr_1", "x": NaN'),
    "expired": forge(payload={"iat": NOW - 700, "nbf": NOW - 700, "exp": NOW - 30}),
    "iat a text": forge(payload={"iat": str(NOW)}),
    "iat a bool": forge(payload={"iat": False}),
    "iat a float": forge(payload={"iat": float(NOW)}),
    "iat ahead": forge(payload={"iat": NOW + 31, "nbf": NOW}),
    "nbf ahead": forge(payload={"nbf": NOW + 31}),
    "nbf a text": forge(payload={"nbf": str(NOW)}),
    "nbf null": forge(payload={"nbf": None}),
    "lifetime over an hour": forge(payload={"exp": NOW + 3601}),
    "lifetime zero": forge(payload={"exp": NOW}),
    "lifetime negative": forge(payload={"iat": NOW + 20, "exp": NOW + 10}),
    **{
        f"{name} missing": forge(without=(name,))
        for name in ("iss", "aud", "sub", "client_id", "iat", "exp", "jti", "scope")
    },
}


@pytest.mark.parametrize("token", HOSTILE.values(), ids=HOSTILE)
def test_s41_hostile_token_is_refused_with_the_one_generic_error(token: str) -> None:
    verifier = make_verifier()
    for _ in range(2):
        with pytest.raises(InvalidToken) as refused:
            verifier.verify(token)
    error = refused.value
    assert (error.code, family_of(type(error))) == ("invalid_token", Unauthenticated)
    assert (error.issues, error.members, error.__cause__) == ((), {}, None)


LENIENT: dict[str, str] = {
    "unchanged": GOOD,
    "the hub's second key": forge({"kid": "2"}, sign=lambda m: sign_es256(m, NEXT_KEY)),
    "partner with p-256": forge({"kid": "p-ec"}, {"iss": PARTNER}, lambda m: sign_es256(m, PARTNER_EC)),
    "partner with rsa": forge({"alg": "RS256", "kid": "p-rsa"}, {"iss": PARTNER}, sign_rs256),
    "aud a list": forge(payload={"aud": ["billing", "custhub"]}),
    "scope empty": forge(payload={"scope": ""}),
    "only the required claims": forge(without=("nbf", "roles", "auth_time", "sid", "pv")),
    "unknown claims": forge(payload={"email_verified": True, "ratio": 0.5, "nested": {"a": [1]}}),
    "an hour long": forge(payload={"exp": NOW + 3600}),
    "expired within the leeway": forge(payload={"exp": NOW - 29, "iat": NOW - 600}),
    "iat and nbf ahead within the leeway": forge(payload={"iat": NOW + 30, "nbf": NOW + 30}),
    "a chinese role": forge(payload={"roles": ["销售"]}),
}


@pytest.mark.parametrize("token", LENIENT.values(), ids=LENIENT)
def test_s41_good_token_is_accepted_cold_and_from_the_cache(token: str) -> None:
    verifier = make_verifier()
    assert verifier.verify(token) == verifier.verify(token)


def test_claims_carry_every_member() -> None:
    assert make_verifier().verify(GOOD) == Claims(
        iss=HUB,
        aud=("custhub",),
        sub="usr_1",
        client_id="cli_1",
        iat=NOW,
        nbf=NOW,
        exp=NOW + 600,
        jti="j1",
        scope=frozenset({"customers:read", "orders:read"}),
        roles=("sales",),
        auth_time=NOW - 5,
        sid="s1",
        pv=3,
    )


def test_nbf_is_iat_where_the_token_has_none() -> None:
    assert make_verifier().verify(forge(without=("nbf",))).nbf == NOW
