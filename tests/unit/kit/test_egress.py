"""S-105, W-3, W-12: what really goes over the wire, on servers of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import gzip
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from custhub.kit.egress import EgressClient, EgressFailed, EgressResponse, Failure, Resolver
from custhub.kit.egress_policy import EgressPolicy, EgressRefused

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
NAME = "hook.example"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Two: a\r\nX-Two: b\r\n\r\nok"


@dataclass
class Server:
    """A loopback server that keeps what it received: request heads, local addresses, names asked in TLS."""

    port: int = 0
    heads: list[bytes] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    connections: int = 0


@asynccontextmanager
async def serving(
    answer: bytes | Handler = OK,
    *,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
    until: bytes = b"\r\n\r\n",
) -> AsyncIterator[Server]:
    server = Server()
    tasks: set[asyncio.Task[None] | None] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        server.connections += 1
        server.addresses.append(writer.get_extra_info("sockname")[0])
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                server.heads.append(await reader.readuntil(until) if until else b"")
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                    writer.close()
                    await writer.wait_closed()
                else:
                    await answer(reader, writer)
        finally:
            writer.transport.abort()

    if tls is not None:
        tls.sni_callback = lambda _, name, __: server.names.append(name)
    listener = await asyncio.start_server(handle, host, 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            if task is not None:
                task.cancel()
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


class Names:
    """A resolver that gives one prepared answer per question, the last one for ever after."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


LOOPBACK = Names(["127.0.0.1"])


@asynccontextmanager
async def calling(
    *ports: int, resolver: Resolver = LOOPBACK, allow: str = "127.0.0.0/8", ca_bundle: Path | None = None
) -> AsyncIterator[EgressClient]:
    policy = EgressPolicy(allow=(ip_network(allow),), allow_http=True, ports=ports)
    client = EgressClient(policy, resolver=resolver, ca_bundle=ca_bundle)
    try:
        yield client
    finally:
        await client.aclose()


def fetch(
    answer: bytes | Handler = OK,
    *,
    resolver: Resolver = LOOPBACK,
    deadline_seconds: float = 5.0,
    max_bytes: int = 65_536,
    content: bytes | None = None,
) -> tuple[EgressResponse, Server]:
    """One POST to a server that answers so."""

    async def run() -> tuple[EgressResponse, Server]:
        async with serving(answer) as server, calling(server.port, resolver=resolver) as client:
            url = f"http://{NAME}:{server.port}/in?x=1"
            response = await client.request(
                "POST", url, content=content, deadline_seconds=deadline_seconds, max_bytes=max_bytes
            )
            return response, server

    return asyncio.run(run())


def failure(answer: bytes | Handler, deadline_seconds: float = 5.0) -> Failure:
    with pytest.raises(EgressFailed) as failed:
        fetch(answer, deadline_seconds=deadline_seconds)
    return failed.value.kind


def test_request_reaches_the_checked_address_and_keeps_the_name() -> None:
    response, server = fetch(content=b"{}")
    head = server.heads[0].lower()
    assert (response.status, response.body, response.truncated, response.address) == (200, b"ok", False, "127.0.0.1")
    assert response.headers["x-two"] == "a, b"
    assert 0 < response.elapsed_seconds < 5
    assert head.startswith(b"post /in?x=1 http/1.1\r\n")
    assert f"host: {NAME}:{server.port}\r\n".encode() in head
    assert b"content-length: 2\r\n" in head
    assert head.count(b"host:") == 1


def test_caller_cannot_change_host_or_ask_for_compression() -> None:
    async def run() -> bytes:
        async with serving() as server, calling(server.port) as client:
            headers = {"Host": "inside.example", "Accept-Encoding": "gzip", "Connection": "keep-alive", "X-Own": "1"}
            await client.request("GET", f"http://{NAME}:{server.port}/", headers=headers)
            return server.heads[0].lower()

    head = asyncio.run(run())
    assert b"inside.example" not in head
    assert b"gzip" not in head
    assert b"keep-alive" not in head
    assert b"x-own: 1\r\n" in head


def test_proxy_variables_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetch()[0].status == 200


def test_s105_rebinding_name_is_resolved_once_and_the_checked_address_is_called() -> None:
    names = Names(["127.0.0.2"], ["127.0.0.1"])

    async def run() -> tuple[EgressResponse, Server]:
        async with (
            serving(host="0.0.0.0") as server,  # noqa: S104 - both loopback addresses must reach it
            calling(server.port, resolver=names, allow="127.0.0.2/32") as client,
        ):
            return await client.request("GET", f"http://{NAME}:{server.port}/"), server

    response, server = asyncio.run(run())
    assert names.asked == [NAME]
    assert (response.address, server.addresses) == ("127.0.0.2", ["127.0.0.2"])


def test_s105_address_is_checked_again_at_each_delivery() -> None:
    async def run() -> tuple[int, int]:
        names = Names(["127.0.0.2"], ["127.0.0.1"])
        async with (
            serving(host="0.0.0.0") as server,  # noqa: S104
            calling(server.port, resolver=names, allow="127.0.0.2/32") as client,
        ):
            url = f"http://{NAME}:{server.port}/"
            first = await client.request("GET", url)
            with pytest.raises(EgressRefused):
                await client.request("GET", url)
            return first.status, server.connections

    assert asyncio.run(run()) == (200, 1)


@pytest.mark.parametrize(
    "answer",
    [
        ["127.0.0.1", "10.0.0.1"],
        ["10.0.0.1", "127.0.0.1"],
        ["127.0.0.1", "::1"],
        ["127.0.0.1", "::ffff:127.0.0.1"],
        ["169.254.169.254"],
        ["127.0.0.1"] * 5 + ["fd00:ec2::254"],
    ],
)
def test_s105_one_closed_address_among_open_ones_refuses_all(answer: list[str]) -> None:
    async def run() -> int:
        async with serving() as server, calling(server.port, resolver=Names(answer)) as client:
            with pytest.raises(EgressRefused) as refused:
                await client.request("GET", f"http://{NAME}:{server.port}/")
            assert refused.value.reason == "address"
            return server.connections

    assert asyncio.run(run()) == 0


def test_second_address_is_tried_when_the_first_does_not_answer() -> None:
    response, server = fetch(resolver=Names(["127.0.0.9", "127.0.0.1"]))
    assert (response.address, server.connections) == ("127.0.0.1", 1)


def test_literal_ipv6_address_is_called_without_asking_for_names() -> None:
    async def run() -> tuple[EgressResponse, bytes]:
        names = Names([])
        async with serving(host="::1") as server, calling(server.port, resolver=names, allow="::1/128") as client:
            response = await client.request("GET", f"http://[::1]:{server.port}/")
            assert names.asked == []
            return response, server.heads[0]

    response, head = asyncio.run(run())
    assert response.address == "::1"
    assert b"host: [::1]:" in head.lower()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_w3_redirect_is_an_answer_and_not_followed(status: int) -> None:
    answer = f"HTTP/1.1 {status} Moved\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n".encode()
    response, server = fetch(answer)
    assert (response.status, server.connections) == (status, 1)


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


async def drip_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


async def continue_for_ever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


@pytest.mark.parametrize("handler", [drip, drip_headers, continue_for_ever, silence])
def test_w3_slow_answer_is_stopped_by_the_one_deadline(handler: Handler) -> None:
    started = time.perf_counter()
    assert failure(handler, deadline_seconds=0.3) == "timeout"
    assert time.perf_counter() - started < 2


def test_w3_name_server_that_never_answers_is_stopped_by_the_deadline() -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return []

    with pytest.raises(EgressFailed) as failed:
        fetch(resolver=never, deadline_seconds=0.2)
    assert failed.value.kind == "timeout"


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
        await writer.drain()


@pytest.mark.parametrize(("asked", "given"), [(65_536, 65_536), (1_000, 1_000), (10**9, 65_536)])
def test_s105_endless_body_is_cut(asked: int, given: int) -> None:
    response, _ = fetch(flood, max_bytes=asked)
    assert (len(response.body), response.truncated) == (given, True)


def test_body_of_exactly_the_limit_is_whole() -> None:
    response, _ = fetch(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000, max_bytes=1000)
    assert (len(response.body), response.truncated) == (1000, False)


def test_compressed_body_is_not_inflated() -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    response, _ = fetch(head.encode() + bomb)
    assert response.body == bomb


async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    # Lingering for no time at all makes the close a reset.
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "protocol"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n", "protocol"),
        (b"", "protocol"),
        (cut, "reset"),
    ],
    ids=["other protocol", "short body", "huge header", "nothing", "reset"],
)
def test_broken_answer_fails_with_its_kind(answer: bytes | Handler, kind: Failure) -> None:
    assert failure(answer) == kind


def test_closed_port_and_unknown_name_fail_with_their_kind() -> None:
    async def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError

    async def run(resolver: Resolver) -> Failure:
        async with serving() as server:
            port = server.port
        async with calling(port, resolver=resolver) as client:
            with pytest.raises(EgressFailed) as failed:
                await client.request("GET", f"http://{NAME}:{port}/")
            return failed.value.kind

    assert asyncio.run(run(LOOPBACK)) == "connect"
    assert asyncio.run(run(unknown)) == "dns"
    assert asyncio.run(run(Names([]))) == "dns"


def test_system_resolver_finds_this_machine_and_the_policy_refuses_it() -> None:
    async def run() -> None:
        client = EgressClient(EgressPolicy())
        try:
            with pytest.raises(EgressRefused) as refused:
                await client.request("GET", "https://localhost/")
            assert refused.value.reason == "address"
        finally:
            await client.aclose()

    asyncio.run(run())


@dataclass(frozen=True)
class Authority:
    """A certificate authority of this test and a server certificate for NAME signed by it."""

    bundle: Path
    server: ssl.SSLContext


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("tls")
    now = datetime.now(UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])

    def start(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )

    # From Python 3.13 on, certificates without key usage and key identifiers are refused.
    ca_id = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    ca = (
        start(issuer, ca_key.public_key())
        .add_extension(x509.BasicConstraints(True, None), critical=True)
        .add_extension(_signs_certificates(), critical=True)
        .add_extension(ca_id, critical=False)
    )
    leaf = (
        start(x509.Name([]), key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_id), critical=False)
    )
    pem = serialization.Encoding.PEM
    bundle, chain = folder / "ca.pem", folder / "server.pem"
    bundle.write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    chain.write_bytes(
        leaf.sign(ca_key, hashes.SHA256()).public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain)
    return Authority(bundle, server)


def _signs_certificates() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def tls_call(authority: Authority, name: str, bundle: Path | None) -> tuple[int, Server]:
    async def run() -> tuple[int, Server]:
        async with serving(tls=authority.server) as server, calling(server.port, ca_bundle=bundle) as client:
            response = await client.request("GET", f"https://{name}:{server.port}/")
            return response.status, server

    return asyncio.run(run())


def test_s105_sni_and_certificate_check_keep_the_name(authority: Authority) -> None:
    status, server = tls_call(authority, NAME, authority.bundle)
    assert (status, server.names, server.addresses) == (200, [NAME], ["127.0.0.1"])


@pytest.mark.parametrize("name", ["other.example", "127.0.0.1"])
def test_w3_certificate_of_another_name_fails(authority: Authority, name: str) -> None:
    with pytest.raises(EgressFailed) as failed:
        tls_call(authority, name, authority.bundle)
    assert failed.value.kind == "tls"


def test_w3_unknown_authority_fails(authority: Authority) -> None:
    with pytest.raises(EgressFailed) as failed:
        tls_call(authority, NAME, None)
    assert failed.value.kind == "tls"


def test_w3_silent_tls_handshake_is_stopped_by_the_deadline_and_leaves_no_socket() -> None:
    async def run() -> Failure:
        async with serving(silence) as server, calling(server.port) as client:
            with pytest.raises(EgressFailed) as failed:
                await client.request("GET", f"https://{NAME}:{server.port}/", deadline_seconds=0.2)
            return failed.value.kind

    assert asyncio.run(run()) == "timeout"
    gc.collect()


def test_server_without_tls_on_an_https_address_fails_in_tls() -> None:
    async def run() -> Failure:
        async with serving(b"hello\r\n", until=b"") as server, calling(server.port) as client:
            with pytest.raises(EgressFailed) as failed:
                await client.request("GET", f"https://{NAME}:{server.port}/")
            return failed.value.kind

    assert asyncio.run(run()) == "tls"
