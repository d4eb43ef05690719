"""A customer with a link: what the desk does with it, and what the customer sees."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

import httpx

from custhub.features.messages.queries import message_by_id
from custhub.kit.ids import from_bytes
from tests.client import ApiClient
from tests.customers import path_of
from tests.hub import HubUnderTest

_INPUT = re.compile(r'<input type="(?P<kind>\w+)"(?P<rest>[^>]*)>')
_SELECT = re.compile(r'<select[^>]* name="(?P<name>[^"]+)"[^>]*>(?P<options>.*?)</select>')
_OPTION = re.compile(r'<option value="([^"]*)"( selected)?>')
_NAME, _VALUE = re.compile(r' name="([^"]*)"'), re.compile(r' value="([^"]*)"')


def browser(hub: HubUnderTest, **options: Any) -> httpx.AsyncClient:
    """Somebody without a token."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(hub.app.asgi), base_url="http://hub.test", **options)


async def make_link(api: ApiClient, customer: dict[str, Any], *fields: str, **members: Any) -> dict[str, Any]:
    """A link for these fields."""
    answer = await api.post(f"{path_of(customer)}/self-service-links", json={"fields": list(fields)} | members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def page_of(hub: HubUnderTest, link: Mapping[str, Any]) -> str:
    """Where its page is."""
    url: str = link["url"]
    assert url.startswith(f"{hub.settings.public_url}/p/")
    return url.removeprefix(hub.settings.public_url)


async def seen(api: ApiClient, customer: dict[str, Any], link: Mapping[str, Any]) -> dict[str, Any]:
    """The link as the desk sees it now."""
    answer = await api.get(f"{path_of(customer)}/self-service-links/{link['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def filled(page: str) -> dict[str, str]:
    """The form of a page as a browser would send it unchanged."""
    form = {}
    for found in _INPUT.finditer(page):
        name, value = _NAME.search(found["rest"]), _VALUE.search(found["rest"])
        assert name is not None
        form[html.unescape(name[1])] = html.unescape(value[1]) if value else ""
    for found in _SELECT.finditer(page):
        chosen = [value for value, selected in _OPTION.findall(found["options"]) if selected]
        form[found["name"]] = html.unescape(chosen[0]) if chosen else ""
    return form


async def correct(person: httpx.AsyncClient, path: str, **values: str) -> httpx.Response:
    """Open a page, fill these entries in (`birthday__calendar` for `birthday_calendar`) and send it."""
    shown = await person.get(path)
    assert shown.status_code == 200, shown.text
    form = filled(shown.text) | {name.replace("__", "."): value for name, value in values.items()}
    return await person.post(path, data=form)


async def proof_path(answer: httpx.Response) -> str:
    """The page that asks for codes, where an answer leads to."""
    assert answer.status_code == 303, answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    return str(answer.url.join(answer.headers["location"])).removeprefix("http://hub.test")


async def sent(hub: HubUnderTest, kind: str) -> list[tuple[str, str]]:
    """(address, text) of the messages of a kind that wait, oldest first."""
    mark = "$1" if hub.engine == "postgresql" else "?"
    rows = await hub.rows(f"SELECT id FROM messages WHERE kind = {mark} AND state = 'queued' ORDER BY id", kind)  # noqa: S608  # no input
    found = []
    for (raw,) in rows:
        row = await message_by_id(hub.app.database, from_bytes(raw) if isinstance(raw, bytes) else raw)
        assert row is not None
        recipient, content = await hub.app.messages.parts.vault.open(row)
        found.append((recipient.address, f"{content.subject}\n{content.body}"))
    return found


async def last_code(hub: HubUnderTest, address: str) -> str:
    """The code that was sent there last."""
    texts = [text for to, text in await sent(hub, "self_service_code") if to == address]
    code = re.search(r"\b\d{6}\b", texts[-1])
    assert code is not None
    return code[0]


def other(code: str) -> str:
    """A code that it is not."""
    return f"{(int(code) + 1) % 1_000_000:06d}"
