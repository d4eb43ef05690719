"""Links for people: a page that uses nothing up, a button that works once (S-54)."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest

from custhub.features.links.service import Form, IssuedLink, Language, LinkFile, LinkPage, LinkRow, issue_link
from custhub.http.logs import AccessLog
from custhub.kit.ids import Prefix, from_text, new_id
from custhub.kit.query import Reader
from custhub.kit.uow import SYSTEM, Note, UnitOfWork
from tests.customers import create_customer
from tests.features.customers.test_sync_customers import erase
from tests.hub import HubUnderTest

NAME = "test_purpose"


class Purpose:
    """Greets, and does what it was told."""

    def __init__(self) -> None:
        self.forms: list[Mapping[str, str]] = []
        self.file = b""

    async def page(self, reader: Reader, link: LinkRow, language: Language) -> LinkPage:
        return LinkPage("你好 <b>" if language == "zh" else "Hello <b>", ("first", "second"), Form("Go"))

    async def act(
        self, uow: UnitOfWork, link: LinkRow, form: Mapping[str, str], language: Language
    ) -> LinkPage | LinkFile:
        self.forms.append(form)
        uow.audit(Note("audit.sink_refilled", "link", link.subject_id))
        if self.file:
            return LinkFile("客户 1.csv", "text/csv", len(self.file), self._chunks())
        return LinkPage("Done")

    async def _chunks(self) -> AsyncIterator[bytes]:
        yield self.file


@pytest.fixture
def purpose(hub: HubUnderTest) -> Purpose:
    made = hub.app.link_purposes[NAME] = Purpose()
    return made


async def issue(hub: HubUnderTest, **options: Any) -> str:
    """The path of a new link."""
    uow = hub.app.hub.unit_of_work(SYSTEM, "tests")
    link: IssuedLink = issue_link(
        uow, hub.settings.public_url, NAME, new_id(), options.pop("lifetime", timedelta(hours=1)), **options
    )
    await uow.commit()
    assert link.url.startswith(f"{hub.settings.public_url}/p/")
    return link.url.removeprefix(hub.settings.public_url)


def browser(hub: HubUnderTest) -> httpx.AsyncClient:
    """Somebody without a token."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(hub.app.asgi), base_url="http://hub.test")


async def test_s54_a_get_shows_the_page_and_uses_nothing_up(hub: HubUnderTest, purpose: Purpose) -> None:
    path = await issue(hub)
    async with browser(hub) as person:
        for _ in range(3):
            answer = await person.get(path)
            assert answer.status_code == 200
        assert "<h1>Hello &lt;b&gt;</h1>" in answer.text
        assert '<form method="post"><button type="submit">Go</button></form>' in answer.text
        assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")
        assert "script" not in answer.headers["content-security-policy"]
        assert "http" not in re.sub(r"http-equiv|https?://www.w3.org", "", answer.text)
        chinese = await person.get(path, headers={"accept-language": "zh-CN"})
        assert ("你好" in chinese.text, chinese.headers["content-language"]) == (True, "zh")
        assert "你好" in (await person.get(path, params={"lang": "zh"})).text
    assert purpose.forms == []


async def test_s54_a_post_works_once(hub: HubUnderTest, purpose: Purpose) -> None:
    path = await issue(hub)
    async with browser(hub) as person:
        assert (await person.post(path, data={"a": "1 2", "b": "中"})).status_code == 200
        again = await person.post(path)
        assert (again.status_code, "works once" in again.text) == (410, True)
        assert (await person.get(path)).status_code == 410
    assert purpose.forms == [{"a": "1 2", "b": "中"}]


async def test_s54_of_many_at_once_one_wins(hub: HubUnderTest, purpose: Purpose) -> None:
    path = await issue(hub)
    async with browser(hub) as person:
        answers = await asyncio.gather(*(person.post(path) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [410] * 7
    done = await hub.rows("SELECT count(*) FROM link_tokens WHERE state = 'used'")
    assert done[0][0] >= 1


async def test_what_is_downloaded_is_named_and_kept_by_nobody(hub: HubUnderTest, purpose: Purpose) -> None:
    purpose.file = b"a,b\n1,2\n"
    path = await issue(hub)
    async with browser(hub) as person:
        answer = await person.post(path)
        assert (answer.content, answer.headers["content-length"]) == (purpose.file, "8")
        assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%E5%AE%A2%E6%88%B7%201.csv"
        assert answer.headers["cache-control"] == "no-store"
        assert (await person.post(path)).status_code == 410


async def test_expired_unknown_and_broken_links(hub: HubUnderTest, purpose: Purpose) -> None:
    path = await issue(hub, lifetime=timedelta(seconds=10))
    hub.clock.advance(11)
    async with browser(hub) as person:
        for method in ("GET", "POST"):
            assert (await person.request(method, path)).status_code == 410
            assert (await person.request(method, "/p/abc")).status_code == 404
        assert (await person.put("/p/abc")).status_code == 405
        assert (await person.post(await issue(hub), content=b"\xff=%zz&" * 500)).status_code == 200
    assert purpose.forms == [{}]


async def test_s54_only_a_hash_is_kept_and_erasure_takes_it(hub: HubUnderTest, purpose: Purpose) -> None:
    customer = await create_customer(hub.api)
    path = await issue(hub, customer_id=from_text(Prefix.CUSTOMER, customer["id"]))
    stored = await hub.rows("SELECT * FROM link_tokens")
    assert path.rpartition("/")[2] not in repr([tuple(row) for row in stored])
    await erase(hub, customer)
    async with browser(hub) as person:
        assert (await person.get(path)).status_code == 404


async def test_s54_the_log_has_the_template(hub: HubUnderTest, purpose: Purpose) -> None:
    path = await issue(hub)
    stream = io.BytesIO()
    log, hub.app.asgi._log = hub.app.asgi._log, AccessLog(stream)
    async with browser(hub) as person:
        await person.get(path)
        await person.post(path)
    hub.app.asgi._log.close()
    hub.app.asgi._log = log
    text = stream.getvalue().decode()
    assert '"/p/{token}"' in text
    assert path not in text
