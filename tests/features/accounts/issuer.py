"""An identity provider on the loopback, for tests: discovery, keys, tokens."""

from __future__ import annotations

import asyncio
import json
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import jws

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def number(value: int) -> str:
    return urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8)).rstrip(b"=").decode()


def jwk_of(kid: str, key: Key, **members: Any) -> dict[str, Any]:
    """The public key as a provider publishes it."""
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_numbers()
        return {"kty": "RSA", "kid": kid, "use": "sig", "n": number(public.n), "e": number(public.e)} | members
    point = key.public_key().public_numbers()
    x, y = (urlsafe_b64encode(part.to_bytes(32)).rstrip(b"=").decode() for part in (point.x, point.y))
    return {"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "x": x, "y": y} | members


class Issuer:
    """Serves what it is told to serve and counts who asks."""

    def __init__(self) -> None:
        self.keys: dict[str, Key] = {"k1": ec.generate_private_key(ec.SECP256R1())}
        self.jwks: list[dict[str, Any]] | None = None
        self.discovery: dict[str, Any] = {}
        self.status = 200
        self.asked: list[str] = []
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> Issuer:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    @property
    def name(self) -> str:
        return f"http://127.0.0.1:{self.port}/realms/shop"

    def settings(self, **members: Any) -> dict[str, Any]:
        """Settings of a hub that trusts this issuer."""
        trusted = {"issuer": self.name, "roles": {"shop-sales": "sales", "shop-admins": "admin"}} | members
        return {
            "oidc_issuers": json.dumps([trusted]),
            "egress_allow": "127.0.0.0/8",
            "egress_http": True,
            "egress_ports": str(self.port),
        }

    def token(self, now: datetime, *, kid: str = "k1", typ: str = "at+jwt", alg: str = "ES256", **claims: Any) -> str:
        """A token for somebody of the sales group; claims given win, None takes one away."""
        at = int(now.timestamp())
        payload = {
            "iss": self.name,
            "aud": ["custhub"],
            "sub": "a1b2",
            "client_id": "web",
            "iat": at,
            "exp": at + 600,
            "jti": secrets.token_hex(8),
            "scope": "openid customers:read customers:create keys:manage",
            "groups": ["staff", "shop-sales"],
            "name": "李娜",
        } | claims
        body = json.dumps({name: value for name, value in payload.items() if value is not None}).encode()
        return str(jws.sign(body, self.keys[kid], headers={"typ": typ, "kid": kid}, algorithm=alg))

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        self.asked.append(path)
        if path.endswith("/openid-configuration"):
            document: Any = {"issuer": self.name, "jwks_uri": f"{self.name}/jwks"} | self.discovery
        else:
            document = {
                "keys": [jwk_of(kid, key) for kid, key in self.keys.items()] if self.jwks is None else self.jwks
            }
        body = json.dumps(document).encode()
        writer.write(f"HTTP/1.1 {self.status} OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()
