"""The pages for people: reference and error codes, offline (CONTRACT J5, E1)."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from custhub.http.hub import CALL, Call, Hub
from custhub.http.openapi import dump
from custhub.http.pages import mount_pages
from custhub.http.pages.layout import prose
from custhub.http.pages.samples import curl, sample
from custhub.http.pages.types import type_of
from custhub.kit.errors import REGISTRY, HubError

Json = dict[str, Any]


class Links(HTMLParser):
    """Ids, links and loaded files of a page; refuses tags that are not closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.tags: list[str] = []
        self.seen: set[str] = set()
        self.feed(page)
        assert not self.tags

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in ("meta", "link", "br"):
            self.tags.append(tag)
        for name, value in attributes:
            if name == "id":
                self.ids[value or ""] += 1
            elif name == "href":
                (self.links if tag == "a" else self.loaded).add(value or "")
            assert name != "style"
            assert not name.startswith("on")

    def handle_endtag(self, tag: str) -> None:
        assert self.tags.pop() == tag


class Client:
    """Calls an application with pages; of a hub they need its paths, a setting and the id of the request."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def _edge(self, scope: Scope, receive: Receive, send: Send) -> None:
        hub = SimpleNamespace(static_paths=frozenset(), settings=SimpleNamespace(max_body_bytes=1_024))
        scope[CALL] = Call(cast("Hub", hub), "request-1", dict(scope["headers"]))
        await self._app(scope, receive, send)

    def get(self, path: str, **options: Any) -> httpx.Response:
        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(self._edge)
            async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
                return await client.get(path, **options)

        return asyncio.run(call())


def pages(document: Callable[[], Json], errors: dict[str, type[HubError]]) -> Client:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    mount_pages(app, document, registry=errors)
    return Client(app)


@pytest.fixture(name="errors", scope="module")
def _errors(document: Json) -> dict[str, type[HubError]]:
    return {code: REGISTRY[code] for code in document["components"]["examples"] if code in REGISTRY}


@pytest.fixture(name="client", scope="module")
def _client(document: Json, errors: dict[str, type[HubError]]) -> Client:
    return pages(lambda: document, errors)


def test_contract_j5_reference_names_every_operation_schema_and_scope(client: Client, document: Json) -> None:
    answer = client.get("/docs")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Links(answer.text)
    names = {operation["operationId"] for item in document["paths"].values() for operation in item.values()}
    names |= {f"schema-{name}" for name in document["components"]["schemas"]}
    assert names | {"scopes", "schemas", "webhooks", "send_customer_merged"} <= page.ids.keys()
    assert max(page.ids.values()) == 1
    assert {link.removeprefix("#") for link in page.links if link.startswith("#")} <= page.ids.keys()
    assert "phones:reveal" in answer.text
    assert "curl -X POST" in answer.text


@pytest.mark.parametrize("path", ["/docs", "/docs/errors", "/docs/errors/invalid_json"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_contract_j5_pages_load_nothing_from_elsewhere(client: Client, path: str, language: str) -> None:
    answer = client.get(path, params={"lang": language})
    page = Links(answer.text)
    assert {link for link in page.loaded if not link.startswith("data:")} == {"/docs/style.css"}
    assert not page.seen & {"script", "img", "iframe", "style"}
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert answer.headers["content-language"] == language
    style = client.get("/docs/style.css")
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert "url(" not in style.text
    assert "@import" not in style.text


def test_every_link_of_the_pages_answers(client: Client) -> None:
    pending, seen = ["/docs"], set[str]()
    while pending:
        address = pending.pop().split("#")[0]
        if not address or address in seen:
            continue
        seen.add(address)
        answer = client.get(address)
        known = "/docs/errors/" not in address or answer.status_code == 404
        assert answer.status_code == 200 or known, address
        if answer.status_code == 200 and "html" in answer.headers["content-type"]:
            pending += Links(answer.text).links
    assert len(seen) > 30


def test_contract_e1_error_page_in_the_language_of_the_reader(client: Client) -> None:
    english = client.get("/docs/errors/insufficient_scope")
    chinese = client.get("/docs/errors/insufficient_scope", headers={"accept-language": "zh-CN,en;q=0.5"})
    error = REGISTRY["insufficient_scope"]
    assert error.text("en").detail in english.text
    assert error.text("zh").detail in chinese.text
    assert 'lang="zh-CN"' in chinese.text
    assert english.headers["vary"] == chinese.headers["vary"] == "Accept-Language"
    assert "<code" in english.text
    assert ">403<" in english.text
    assert "/docs?lang=en#list_customers" in english.text


def test_contract_e1_unknown_code_is_a_problem(client: Client) -> None:
    answer = client.get("/docs/errors/no_such_code")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"


def test_index_lists_all_codes_and_those_of_members(client: Client, errors: dict[str, type[HubError]]) -> None:
    answer = client.get("/docs/errors")
    for code in [*errors, "too_long", "duplicate_member", "number_not_finite"]:
        assert f">{code}<" in answer.text


def test_contract_j5_document_is_served_as_committed(client: Client, document: Json) -> None:
    answer = client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.text == dump(document)
    assert json.loads(answer.text) == document


@pytest.mark.parametrize(
    "path", ["/openapi.json", "/docs", "/docs/style.css", "/docs/errors", "/docs/errors/not_found"]
)
def test_unchanged_page_is_304(client: Client, path: str) -> None:
    first = client.get(path)
    assert first.headers["cache-control"] == "no-cache"
    for held in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
        again = client.get(path, headers={"if-none-match": held})
        assert again.status_code == 304
        assert again.headers["etag"] == first.headers["etag"]
        assert not again.content
    assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


def test_languages_have_different_etags(client: Client) -> None:
    tags = {client.get("/docs", params={"lang": language}).headers["etag"] for language in ("en", "zh")}
    assert len(tags) == 2


def test_unknown_language_is_refused(client: Client) -> None:
    assert client.get("/docs", params={"lang": "fr"}).status_code == 422


def test_pages_are_rendered_once(document: Json, errors: dict[str, type[HubError]]) -> None:
    calls = []

    def counted() -> Json:
        calls.append(1)
        return document

    client = pages(counted, errors)
    for _ in range(3):
        assert client.get("/docs").status_code == 200
    assert len(calls) == 1


def test_pages_are_not_in_the_document(app: FastAPI, build: Callable[[FastAPI], Json]) -> None:
    mount_pages(app, dict)
    assert not [path for path in build(app)["paths"] if path.startswith(("/docs", "/openapi"))]


def test_prose_escapes_and_marks_up() -> None:
    assert prose("One `<b>` & **two**.\n\n- a\n- `b`\n") == (
        "<p>One <code>&lt;b&gt;</code> &amp; <strong>two</strong>.</p><ul><li>a</li><li><code>b</code></li></ul>"
    )
    assert prose("") == ""


def test_types_escape_what_they_show() -> None:
    shown = type_of({"type": "string", "pattern": "<script>", "maxLength": 9})
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        ({"type": "integer", "format": "int32", "minimum": 1, "maximum": 200}, "int32 1…200"),
        ({"type": "integer", "format": "int64", "minimum": 0, "maximum": 2**53 - 1}, "int64 ≥ 0"),
        ({"type": "integer", "format": "int64", "minimum": 1 - 2**53, "maximum": 2**53 - 1}, "int64"),
        ({"type": "string", "maxLength": 65_536}, "string"),
        ({"type": "string", "minLength": 2, "maxLength": 9}, "string 2…9"),
        ({"type": "array", "items": {"type": "boolean"}, "maxItems": 3}, "(boolean)[] ≤ 3"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Tier"}, "maxItems": 3}, "Tier[] ≤ 3"),
        ({"anyOf": [{"const": "a"}, {"type": "null"}]}, "a | null"),
        ({"type": ["string", "null"], "enum": ["a", "b"]}, "a b"),
        ({}, "any"),
    ],
)
def test_types_in_one_line(schema: Json, shown: str) -> None:
    assert re.sub(r"<[^>]+>", "", type_of(schema)) == shown


def test_curl_quotes_for_the_shell() -> None:
    call = curl(
        "/v1/customers/{customer_id}/notes",
        "post",
        [{"name": "If-Match", "in": "header", "required": True, "example": '"7-1f0c9a2e"'}],
        {"application/json": {"example": {"text": "it's 王"}}},
        secured=True,
    )
    assert call.split(" \\\n  ") == [
        'curl -X POST "$HUB/v1/customers/$CUSTOMER_ID/notes"',
        '-H "Authorization: Bearer $TOKEN"',
        "-H 'If-Match: \"7-1f0c9a2e\"'",
        "-H 'Content-Type: application/json'",
        """--data-binary '{"text": "it'"'"'s 王"}'""",
    ]


def test_curl_of_forms_and_files() -> None:
    form = {"application/x-www-form-urlencoded": {"example": {"grant_type": "client_credentials"}}}
    assert "--data-urlencode grant_type=client_credentials" in curl("/t", "post", [], form, secured=False)
    assert "-F file=@file" in curl("/t", "post", [], {"multipart/form-data": {}}, secured=False)
    assert "--data-binary @file" in curl("/t", "put", [], {"text/csv": {}}, secured=False)
    assert curl("/t", "get", [], {}, secured=False) == 'curl "$HUB/t"'


def test_sample_of_a_recursive_schema_ends() -> None:
    schemas: Json = {
        "Node": {
            "type": "object",
            "properties": {"all": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}}},
        }
    }
    value = sample({"components": {"schemas": schemas}}, {"$ref": "#/components/schemas/Node"})
    assert value == {"all": [{"all": [{}]}]}


def test_sample_follows_the_schema(document: Json) -> None:
    value = sample(document, {"$ref": "#/components/schemas/Customer"})
    assert isinstance(value, dict)
    assert value["object"] == "customer"
    assert value["tier"] == "vip"
    assert value["revision"] == 1
    assert value["created_at"] == "2026-01-31T08:00:00Z"
    assert value["phones"][0]["is_primary"] is True
