"""Routes of the pages: rendered at first use, kept, and revalidated by ETag."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Query, Request
from starlette.responses import Response

from custhub.http.errors import RouteNotFound, language_of
from custhub.http.openapi import dump
from custhub.http.pages.errors import render_error, render_index
from custhub.http.pages.layout import Language
from custhub.http.pages.reference import render_reference
from custhub.http.routing import HubRoute
from custhub.kit.errors import REGISTRY, HubError

_HTML = "text/html; charset=utf-8"
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
Lang = Annotated[Language | None, Query()]


@dataclass(frozen=True, slots=True)
class _Rendered:
    body: bytes
    media_type: str
    etag: str
    language: Language | None


def mount_pages(
    app: FastAPI, document: Callable[[], dict[str, Any]], *, registry: Mapping[str, type[HubError]] = REGISTRY
) -> None:
    """Adds `/docs`, `/docs/errors`, `/docs/errors/{code}` and `/openapi.json`, none of them in the document.

    `document` is called once per kind of page, at its first request, when all routes are there.
    """
    router = APIRouter(route_class=HubRoute, include_in_schema=False)

    @cache
    def openapi() -> _Rendered:
        return _rendered(dump(document()).encode(), "application/json", None)

    @cache
    def style() -> _Rendered:
        return _rendered(files(__package__).joinpath("style.css").read_bytes(), "text/css; charset=utf-8", None)

    @cache
    def reference(language: Language) -> _Rendered:
        return _rendered(render_reference(document(), language), _HTML, language)

    @cache
    def index(language: Language) -> _Rendered:
        return _rendered(render_index(registry, language), _HTML, language)

    @cache
    def error(code: str, language: Language) -> _Rendered:
        return _rendered(render_error(document(), registry, code, language), _HTML, language)

    @router.get("/openapi.json")
    async def get_openapi_document(request: Request) -> Response:
        return _serve(request, openapi())

    @router.get("/docs/style.css")
    async def get_style(request: Request) -> Response:
        return _serve(request, style())

    @router.get("/docs")
    async def get_reference(request: Request, lang: Lang = None) -> Response:
        return _serve(request, reference(_language(request, lang)))

    @router.get("/docs/errors")
    async def get_error_index(request: Request, lang: Lang = None) -> Response:
        return _serve(request, index(_language(request, lang)))

    @router.get("/docs/errors/{code}")
    async def get_error_page(
        request: Request, code: Annotated[str, Path(max_length=64)], lang: Lang = None
    ) -> Response:
        if code not in registry:
            raise RouteNotFound
        return _serve(request, error(code, _language(request, lang)))

    # Flat, as the routers of features: an included router is matched through a wrapper of its own.
    app.router.routes.extend(router.routes)


def _rendered(body: bytes, media_type: str, language: Language | None) -> _Rendered:
    return _Rendered(body, media_type, f'"{sha256(body).hexdigest()[:16]}"', language)


def _language(request: Request, chosen: Language | None) -> Language:
    return chosen or language_of(request.headers.get("accept-language", ""))


def _serve(request: Request, rendered: _Rendered) -> Response:
    headers = {
        "etag": rendered.etag,
        "cache-control": "no-cache",
        "content-security-policy": _POLICY,
        "referrer-policy": "no-referrer",
    }
    if rendered.language is not None:
        headers |= {"content-language": rendered.language, "vary": "Accept-Language"}
    held = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if rendered.etag in held or "*" in held:
        return Response(status_code=304, headers=headers)
    return Response(rendered.body, headers=headers | {"content-type": rendered.media_type})
