"""S-40, S-41, S-42, S-44: what the hub issues, what it remembers of what it accepted, what ends a token early."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import jws

from custhub.kit.clock import ManualClock
from custhub.security.token_keys import KeySource, LocalKeys, VerificationKey
from custhub.security.tokens import AUDIENCE, Claims, InvalidToken, Revocations, TokenSigner, TokenVerifier

HUB = "https://hub.example"
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
NOW = int(START.timestamp())
HUB_KEY = ec.generate_private_key(ec.SECP256R1())
NEXT_KEY = ec.generate_private_key(ec.SECP256R1())
STRANGE_KEY = ec.generate_private_key(ec.SECP256R1())
WEAK_RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - must be refused
STRONG_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEYS = LocalKeys(HUB, {"1": HUB_KEY, "2": NEXT_KEY}, "1")


def make_verifier(
    clock: ManualClock | None = None,
    *,
    source: KeySource = KEYS,
    revocations: Revocations | None = None,
    cache_size: int = 4096,
) -> TokenVerifier:
    return TokenVerifier(
        {HUB: source}, AUDIENCE, clock or ManualClock(START), revocations=revocations, cache_size=cache_size
    )


def make_token(key: ec.EllipticCurvePrivateKey = HUB_KEY, at: datetime = START) -> str:
    signer = TokenSigner(LocalKeys(HUB, {"1": key}, "1"), ManualClock(at))
    return signer.issue(subject="usr_1", client_id="cli_1", scope=["customers:read"])


def test_s42_issued_token_verifies_and_says_what_was_given() -> None:
    clock = ManualClock(START)
    token = TokenSigner(LocalKeys(HUB, {"1": HUB_KEY, "2": NEXT_KEY}, "2"), clock).issue(
        subject="usr_1",
        client_id="cli_1",
        scope=["orders:read", "customers:read"],
        roles=["sales"],
        auth_time=NOW,
        session="s1",
        rights_version=7,
    )
    claims = make_verifier(clock).verify(token)
    assert (claims.iss, claims.aud, claims.sub, claims.client_id) == (HUB, ("custhub",), "usr_1", "cli_1")
    assert (claims.iat, claims.nbf, claims.exp) == (NOW, NOW, NOW + 600)
    assert claims.scope == {"customers:read", "orders:read"}
    assert (claims.roles, claims.auth_time, claims.sid, claims.pv) == (("sales",), NOW, "s1", 7)
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    assert header == {"alg": "ES256", "typ": "at+jwt", "kid": "2"}


def test_s42_issued_tokens_have_distinct_jti_and_leave_out_what_is_unknown() -> None:
    clock = ManualClock(START)
    signer, verifier = TokenSigner(KEYS, clock), make_verifier(clock)
    first, second = (verifier.verify(signer.issue(subject="cli_1", client_id="cli_1", scope=[])) for _ in range(2))
    assert first.jti != second.jti
    assert (first.scope, first.roles, first.auth_time, first.sid, first.pv) == (frozenset(), (), None, None, None)


@pytest.mark.parametrize("seconds", [0, -1, 3601])
def test_signer_refuses_a_lifetime_that_the_verifier_would_refuse(seconds: int) -> None:
    with pytest.raises(ValueError, match="3600"):
        TokenSigner(KEYS, ManualClock(START)).issue(subject="s", client_id="c", scope=[], lifetime_seconds=seconds)


def test_cached_token_ends_with_the_leeway_after_its_exp() -> None:
    clock = ManualClock(START)
    verifier, token = make_verifier(clock), make_token()
    verifier.verify(token)
    clock.advance(629)
    verifier.verify(token)
    clock.advance(1)
    with pytest.raises(InvalidToken):
        verifier.verify(token)


class Withdrawable:
    """A key source whose key can change."""

    def __init__(self) -> None:
        self.current: VerificationKey | None = VerificationKey("1", "ES256", HUB_KEY.public_key(), HUB)

    def key(self, kid: str) -> VerificationKey | None:
        return self.current if kid == "1" else None


def test_s41_cached_token_falls_when_its_key_is_withdrawn_or_replaced() -> None:
    source = Withdrawable()
    verifier, token = make_verifier(source=source), make_token()
    verifier.verify(token)
    source.current = VerificationKey("1", "ES256", NEXT_KEY.public_key(), HUB)
    with pytest.raises(InvalidToken):
        verifier.verify(token)
    source.current = None
    with pytest.raises(InvalidToken):
        verifier.verify(token)


def signature_checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    real = jws.verify

    def counted(token: str, key: object, algorithms: list[str]) -> object:
        seen.append(token)
        return real(token, key, algorithms)

    monkeypatch.setattr(jws, "verify", counted)
    return seen


def test_s41_second_use_checks_no_signature_until_the_cache_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = signature_checks(monkeypatch)
    verifier, token = make_verifier(), make_token()
    verifier.verify(token)
    verifier.verify(token)
    assert len(seen) == 1
    verifier.drop_cache()
    verifier.verify(token)
    assert len(seen) == 2


def test_s41_refused_token_is_never_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = signature_checks(monkeypatch)
    verifier = make_verifier()
    for _ in range(2):
        with pytest.raises(InvalidToken):
            verifier.verify(make_token(STRANGE_KEY))
    assert len(seen) == 2


def test_s41_cache_is_bounded_and_forgets_the_least_recently_used(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = make_verifier(cache_size=2)
    one, two, three = (make_token() for _ in range(3))
    seen = signature_checks(monkeypatch)
    for token in (one, two, one, three, one, two):
        verifier.verify(token)
    assert seen == [one, two, three, two]


def test_s41_stale_token_costs_no_signature_check(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = signature_checks(monkeypatch)
    with pytest.raises(InvalidToken):
        make_verifier().verify(make_token(at=START - timedelta(hours=1)))
    assert seen == []


class Denylist:
    def __init__(self) -> None:
        self.jtis: set[str] = set()

    def revoked(self, claims: Claims) -> bool:
        return claims.jti in self.jtis


def test_s44_revocations_are_asked_on_hits_too() -> None:
    denied = Denylist()
    verifier, token = make_verifier(revocations=denied), make_token()
    denied.jtis.add(verifier.verify(token).jti)
    with pytest.raises(InvalidToken):
        verifier.verify(token)


class Unreachable:
    def revoked(self, claims: Claims) -> bool:
        raise ConnectionError


def test_failing_revocation_check_is_not_taken_for_a_bad_token() -> None:
    verifier = make_verifier(revocations=Unreachable())
    with pytest.raises(ConnectionError):
        verifier.verify(make_token())


def test_jwks_shows_public_members_only_and_names_the_same_points() -> None:
    document = LocalKeys(HUB, {"2": NEXT_KEY, "1": HUB_KEY}, "1").jwks()
    assert [key["kid"] for key in document["keys"]] == ["1", "2"]
    first = document["keys"][0]
    assert first.keys() == {"kty", "crv", "x", "y", "use", "alg", "kid"}
    x, y = (int.from_bytes(base64.urlsafe_b64decode(first[name] + "=")) for name in ("x", "y"))
    assert ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()) == HUB_KEY.public_key().public_numbers()


def test_local_keys_refuse_a_signing_kid_without_key() -> None:
    with pytest.raises(ValueError, match="signing kid"):
        LocalKeys(HUB, {"1": HUB_KEY}, "2")


def test_s41_verification_key_is_bound_to_its_algorithm_and_type() -> None:
    p_384 = ec.generate_private_key(ec.SECP384R1()).public_key()
    with pytest.raises(ValueError, match="2048"):
        VerificationKey("k", "RS256", WEAK_RSA.public_key(), HUB)
    with pytest.raises(ValueError, match="P-256"):
        VerificationKey("k", "ES256", p_384, HUB)
    with pytest.raises(ValueError, match="P-256"):
        VerificationKey("k", "RS256", HUB_KEY.public_key(), HUB)
    with pytest.raises(ValueError, match="P-256"):
        VerificationKey("k", "ES256", STRONG_RSA.public_key(), HUB)
    with pytest.raises(ValueError, match="kid"):
        VerificationKey("", "ES256", HUB_KEY.public_key(), HUB)


def test_s40_only_this_door_imports_jose_and_never_jwe() -> None:
    package = Path(__file__).parents[3] / "src" / "custhub"
    users = [
        str(path.relative_to(package))
        for path in sorted(package.rglob("*.py"))
        if any(line.strip().startswith(("import jose", "from jose")) for line in path.read_text().splitlines())
    ]
    assert users == ["security/tokens.py"]
    code = "import sys, custhub.security.tokens; print('jose.jwe' in sys.modules, 'jose.jwt' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=package.parent)
    assert done.stdout.split() == ["False", "False"]


def test_no_token_or_key_shows_in_a_traceback() -> None:
    token = make_token(STRANGE_KEY)
    with pytest.raises(InvalidToken) as refused:
        make_verifier().verify(token)
    assert refused.value.__suppress_context__
    assert token not in str(refused.value)
