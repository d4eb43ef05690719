"""Pages behind links. A GET shows what a link is for and uses nothing up: mail scanners open links (S-54)."""

from typing import Annotated
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response, StreamingResponse

from custhub.features.links.service import (
    LINK_PURPOSES,
    Language,
    LinkFile,
    LinkNext,
    LinkPage,
    LinkPurpose,
    LinkRow,
    PageRefused,
    open_link,
    use_up,
)
from custhub.http.errors import language_of, status_of
from custhub.http.hub import Call, call_of
from custhub.http.pages.people import POLICY, person_page
from custhub.http.routing import HubRoute
from custhub.kit.errors import HubError

router = APIRouter(route_class=HubRoute, include_in_schema=False)

Token = Annotated[str, Path(min_length=1, max_length=100)]
Lang = Annotated[Language | None, Query()]
_MOST_FIELDS = 200
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
}


@router.get("/p/{token}")
async def show_link(token: Token, request: Request, lang: Lang = None) -> Response:
    """The page of a link."""
    call, language = call_of(request), _language(request, lang)
    try:
        link = await open_link(call.hub.database, token, call.hub.clock.now())
        language = lang or link.args.get("language") or language
        return _page(await _purpose(call, link).page(call.hub.database, link, language), language)
    except HubError as error:
        return _refusal(error, language)


@router.post("/p/{token}")
async def use_link(token: Token, request: Request, lang: Lang = None) -> Response:
    """What the button of that page does, once."""
    call, language = call_of(request), _language(request, lang)
    uow = call.unit_of_work()
    try:
        form = _form(await request.body())
        link = await open_link(uow, token, uow.now)
        language = lang or link.args.get("language") or language
        answer = await _purpose(call, link).act(uow, link, form, language)
    except PageRefused as refused:
        await uow.rollback()
        return _page(refused.page, language)
    except HubError as error:
        await uow.rollback()
        return _refusal(error, language)
    if not (isinstance(answer, LinkPage) and answer.stays_open):
        use_up(uow, link)
    if isinstance(answer, LinkNext):
        # Relative: whatever stands before /p/ at a proxy.
        return Response(None, 303, _HEADERS | {"location": f"{answer.token}?lang={language}"})
    return _download(answer) if isinstance(answer, LinkFile) else _page(answer, language)


def _purpose(call: Call, link: LinkRow) -> LinkPurpose:
    found: LinkPurpose = call.hub.parts[LINK_PURPOSES][link.purpose]
    return found


def _language(request: Request, chosen: Language | None) -> Language:
    return chosen or language_of(request.headers.get("accept-language", ""))


def _form(body: bytes) -> dict[str, str]:
    """The fields of a form, each once; what is no form is an empty one."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        return {}


def _page(page: LinkPage, language: Language) -> Response:
    headers = _HEADERS | {"content-language": language, "content-type": "text/html; charset=utf-8"}
    return Response(person_page(language, page.title, page.paragraphs, page.form, page.alert), page.status, headers)


def _refusal(error: HubError, language: Language) -> Response:
    text = error.text(language)
    return _page(LinkPage(text.title, (text.detail,), status=status_of(type(error))), language)


def _download(file: LinkFile) -> Response:
    headers = _HEADERS | {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
        "content-length": str(file.size),
    }
    return StreamingResponse(file.chunks, 200, headers, file.media_type)
