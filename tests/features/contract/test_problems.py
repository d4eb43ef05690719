"""The shape of every refusal (contract_e1, contract_e2, contract_e3)."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from custhub.features.customers.errors import CustomerNotFound
from custhub.http.errors import status_of
from custhub.kit.errors import REGISTRY
from custhub.kit.ids import Prefix, new_id, to_text
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of
from tests.hub import HubUnderTest, make_customer, make_number

MEMBERS = {"type", "title", "status", "code", "detail", "request_id", "errors"}
MEBIBYTE = 1_048_576


def _is_problem(answer: httpx.Response) -> None:
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body.keys() >= MEMBERS
    assert body["status"] == answer.status_code
    assert body["type"] == f"/docs/errors/{body['code']}"
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["code"] in REGISTRY
    assert answer.headers["x-content-type-options"] == "nosniff"
    for issue in body["errors"]:
        assert issue.keys() - {"expected"} == {"pointer", "location", "code", "detail"}
        assert issue["pointer"].startswith("#")
        assert issue["detail"]


async def _refusals(api: ApiClient) -> AsyncIterator[tuple[int, str, httpx.Response]]:
    number = make_number()
    customer = await create_customer(api, phones=[{"number": number}])
    path = path_of(customer)
    unknown = to_text(Prefix.CUSTOMER, new_id())
    body = make_customer()
    yield (
        400,
        "invalid_json",
        await api.post("/v1/customers", content=b"{", headers={"content-type": "application/json"}),
    )
    yield (
        400,
        "idempotency_key_invalid",
        await api.post("/v1/customers", json=body, headers={"idempotency-key": "short"}),
    )
    yield 401, "token_missing", await api.get(path, headers={"authorization": ""})
    yield 401, "invalid_token", await api.get(path, headers={"authorization": "Bearer x.y.z"})
    yield 404, "not_found", await api.get("/v1/nothing")
    yield 404, "not_found", await api.get("/v1/customers/")
    yield 404, "customer_not_found", await api.get(f"/v1/customers/{unknown}")
    yield 405, "method_not_allowed", await api.put("/v1/customers", json=body)
    yield 409, "phone_taken", await api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))
    yield 409, "customer_not_archived", await api.post(f"{path}/restore")
    yield 412, "precondition_failed", await api.patch(path, json={"note": "x"}, headers={"if-match": '"9"'})
    yield 413, "payload_too_large", await api.post("/v1/customers", json=make_customer(note="x" * MEBIBYTE))
    yield 415, "unsupported_media_type", await api.post("/v1/customers", content=b"a=b")
    yield 422, "validation_failed", await api.post("/v1/customers", json=make_customer(display_name=1))
    yield 422, "unknown_field", await api.get("/v1/customers", params={"nick": "x"})


async def test_every_refusal_is_a_problem_document(hub: HubUnderTest) -> None:
    """contract_e1: type, title, status, code, detail, request_id and errors, as application/problem+json."""
    async for status, code, answer in _refusals(hub.api):
        problem_of(answer, status, code)
        _is_problem(answer)
    refused = await hub.client(["orders:read"]).get("/v1/customers")
    problem_of(refused, 403, "insufficient_scope")
    _is_problem(refused)


async def test_every_refusal_is_written_in_the_language_of_the_caller(hub: HubUnderTest) -> None:
    """contract_e2: title and detail follow Accept-Language; code and pointers do not change."""
    hub.api.headers["accept-language"] = "zh-CN,zh;q=0.9,en;q=0.1"
    try:
        async for _, code, answer in _refusals(hub.api):
            text = REGISTRY[code].text("zh")
            assert (answer.json()["title"], answer.json()["detail"]) == (text.title, text.detail)
            assert answer.headers["content-language"] == "zh"
    finally:
        del hub.api.headers["accept-language"]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh", "zh"),
        ("zh-Hant-TW", "zh"),
        ("en, zh;q=0.9", "en"),
        ("en;q=0.1, zh;q=0.2", "zh"),
        ("fr, de;q=0.5", "en"),
        ("zh;q=oops, en", "en"),
        ("ZH-cn", "zh"),
        ("zh;q=0", "en"),
    ],
)
async def test_accept_language_chooses_the_text(api: ApiClient, header: str, language: str) -> None:
    """contract_e2: zh or en, whichever is wanted more; English for everybody else."""
    answer = await api.get("/v1/nothing", headers={"accept-language": header})
    assert answer.headers["content-language"] == language


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/customers", "GET, POST"),
        ("DELETE", "/v1/customers", "GET, POST"),
        ("GET", "/v1/customers/lookup", "POST"),
        ("PATCH", "/v1/customers/lookup", "POST"),
        ("POST", "{customer}", "GET, PATCH"),
        ("GET", "{customer}/archive", "POST"),
        ("PUT", "{customer}/phones", "GET, POST"),
        ("POST", "{customer}/phones/{phone}", "DELETE, GET, PATCH"),
        ("DELETE", "{customer}/phones/{phone}/reveal", "POST"),
    ],
)
async def test_405_lists_every_method_of_the_path(api: ApiClient, method: str, path: str, allowed: str) -> None:
    """contract_e3, contract_p7: `Allow` names all methods of this address and no other."""
    customer = to_text(Prefix.CUSTOMER, new_id())
    path = path.format(customer=f"/v1/customers/{customer}", phone=to_text(Prefix.PHONE, new_id()))
    answer = await api.request(method, path)
    problem_of(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


async def test_a_trailing_slash_is_another_address(api: ApiClient) -> None:
    """contract_a1: no redirect, 404."""
    customer = await create_customer(api)
    for path in ("/v1/customers/", f"{path_of(customer)}/", f"{path_of(customer)}/phones/"):
        problem_of(await api.get(path), 404, "not_found")


async def test_a_body_that_declares_too_much_is_refused_before_it_is_read(api: ApiClient) -> None:
    """contract_p18, contract_f1: 413 from Content-Length alone."""

    async def never() -> AsyncIterator[bytes]:
        yield b"{}"
        raise AssertionError("the body was read")

    headers = {"content-type": "application/json", "content-length": str(MEBIBYTE + 1)}
    problem_of(await api.post("/v1/customers", content=never(), headers=headers), 413, "payload_too_large")


@pytest.mark.parametrize("key", [{}, {"idempotency-key": "too-large-body-1"}], ids=["plain", "with a key"])
@pytest.mark.parametrize("chunks", [(MEBIBYTE + 1,), (MEBIBYTE, 1), (MEBIBYTE // 2,) * 3, (MEBIBYTE + 1, 2)])
async def test_a_body_that_streams_too_much_is_cut_off(
    api: ApiClient, chunks: tuple[int, ...], key: dict[str, str]
) -> None:
    """contract_f1: bodies are counted while they stream."""

    async def body() -> AsyncIterator[bytes]:
        for size in chunks:
            yield b" " * (size - 2) + b"{}"

    headers = {"content-type": "application/json"} | key
    problem_of(await api.post("/v1/customers", content=body(), headers=headers), 413, "payload_too_large")


async def test_a_body_of_exactly_the_limit_is_read(api: ApiClient) -> None:
    """contract_f1: one mebibyte is allowed."""
    text = b'{"display_name": "x"}'
    content = text + b" " * (MEBIBYTE - len(text))
    answer = await api.post("/v1/customers", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 201


async def test_a_bug_answers_500_and_tells_nothing(fresh_hub: HubUnderTest, caplog: pytest.LogCaptureFixture) -> None:
    """contract_e1, SECURITY S-20: a planted bug shows neither its text nor its values."""
    number = "+8613912345678"

    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError(f"planted {number}")

    fresh_hub.app.hub.database.fetch = broken  # type: ignore[assignment, method-assign]
    with caplog.at_level(logging.ERROR):
        answer = await fresh_hub.api.get(f"/v1/customers/{to_text(Prefix.CUSTOMER, new_id())}")
    problem_of(answer, 500, "internal_error")
    _is_problem(answer)
    assert number not in answer.text
    assert "planted" not in answer.text
    assert "ZeroDivision" not in answer.text


async def test_401_asks_for_a_bearer_token(hub: HubUnderTest) -> None:
    """contract_e3: WWW-Authenticate, with an error where a token was sent (RFC 6750, section 3)."""
    missing = await hub.client(token="").get("/v1/customers")
    assert missing.headers["www-authenticate"].startswith("Bearer")
    wrong = await hub.client(token="a.b.c").get("/v1/customers")
    assert wrong.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    basic = await hub.api.get("/v1/customers", headers={"authorization": "Basic eDp5"})
    assert basic.status_code == 401


async def test_403_names_the_scope_that_is_missing(hub: HubUnderTest) -> None:
    """contract_e3: the member `scope` and WWW-Authenticate name it."""
    answer = await hub.client(["customers:create"]).get("/v1/customers")
    assert problem_of(answer, 403, "insufficient_scope")["scope"] == "customers:read"
    assert 'scope="customers:read"' in answer.headers["www-authenticate"]


def test_each_code_has_one_status_and_each_family_too() -> None:
    """contract_e2: the registry gives every code its class, texts and status."""
    for code, error in REGISTRY.items():
        assert error.code == code
        assert 400 <= status_of(error) < 600
    assert status_of(CustomerNotFound) == 404


async def test_the_document_lists_every_code_in_its_enum(hub: HubUnderTest) -> None:
    """contract_e2: codes of the registry and of the document are the same."""
    api: FastAPI = hub.app.api
    listed = set(api.openapi()["components"]["schemas"]["ErrorCode"]["enum"])
    assert listed <= set(REGISTRY)
    for code in ("customer_not_found", "phone_taken", "invalid_cursor", "internal_error"):
        assert code in listed
