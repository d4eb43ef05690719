"""A customer sees and corrects its own data by a link, once, and nothing beyond the link (S-54, S-21)."""

from __future__ import annotations

import asyncio
import io
from datetime import timedelta
from typing import Any

import pytest

from custhub.http.logs import AccessLog
from custhub.kit.ids import Prefix, from_text
from tests.customers import create_customer, declare, path_of, read_customer
from tests.features.customers.test_sync_customers import erase
from tests.features.selfservice.counter import browser, correct, filled, make_link, page_of, seen
from tests.hub import HubUnderTest, make_number


async def test_a_get_shows_the_fields_of_the_link_masked_and_uses_nothing_up(hub: HubUnderTest) -> None:
    """S-54, S-21."""
    number = make_number()
    customer = await create_customer(
        hub.api,
        phones=[{"number": number}],
        emails=[{"email": "li.na@example.com"}],
        note="secret note",
        tags=["VIP"],
        addresses=[{"full_text": "广东省深圳市南山区科技园路1号"}],
    )
    path = page_of(hub, await make_link(hub.api, customer, "display_name", "phones", "emails", locale="en"))
    async with browser(hub) as person:
        for _ in range(2):
            shown = await person.get(path)
        assert shown.status_code == 200
        assert {name for name in filled(shown.text) if not name.startswith("was.")} == {
            "display_name", "phones", "emails",
        }  # fmt: skip
        assert 'value="李娜"' in shown.text
        assert ("+86 138****" in shown.text, "l***@example.com" in shown.text) == (True, True)
        for hidden in (number, "li.na", "secret note", "VIP", "科技园路", customer["id"]):
            assert hidden not in shown.text
        for name, value in {
            "cache-control": "no-store", "referrer-policy": "no-referrer", "content-language": "en",
            "x-content-type-options": "nosniff",
        }.items():  # fmt: skip
            assert shown.headers[name] == value
        policy = shown.headers["content-security-policy"]
        assert ("default-src 'none'" in policy, "script" in policy, "unsafe" in policy) == (True, False, False)
        assert 'lang="zh-CN"' in (await person.get(path, params={"lang": "zh"})).text


async def test_the_language_is_that_of_the_link_else_of_customer_or_browser(hub: HubUnderTest) -> None:
    chinese = await create_customer(hub.api, language="zh-CN")
    anyone = await create_customer(hub.api)
    async with browser(hub, headers={"accept-language": "en"}) as person:
        for customer, members, expected in (
            (chinese, {}, "zh"), (chinese, {"locale": "en"}, "en"),
            (anyone, {}, "en"), (anyone, {"locale": "zh"}, "zh"),
        ):  # fmt: skip
            path = page_of(hub, await make_link(hub.api, customer, "display_name", **members))
            assert (await person.get(path)).headers["content-language"] == expected


async def test_plain_fields_change_at_once_as_the_customers_own_word(hub: HubUnderTest) -> None:
    """Confirmed by the customer, so that machines do not change them."""
    customer = await create_customer(hub.api, given_name="娜", gender="female", birthday={"date": "1990-05-03"})
    link = await make_link(hub.api, customer, "display_name", "gender", "birthday", "language", "addresses")
    async with browser(hub) as person:
        answer = await correct(
            person, page_of(hub, link), display_name="李 娜娜", birthday="1990-05-04", language="zh-CN",
            addresses__province="广东省", addresses__city="深圳市", addresses__street="科技园路2号",
        )  # fmt: skip
    assert (answer.status_code, "Thank you" in answer.text) == (200, True)
    now = (await hub.api.get(path_of(customer), params={"include": "provenance"})).json()
    assert (now["display_name"], now["gender"], now["language"]) == ("李 娜娜", "female", "zh-CN")
    assert now["birthday"]["date"] == "1990-05-04"
    assert (now["addresses"][0]["city"], now["addresses"][0]["street"]) == ("深圳市", "科技园路2号")
    origins = {origin["field"]: origin for origin in now["provenance"]}
    for name in ("display_name", "gender", "birthday", "addresses"):  # gender was seen and left: confirmed as well
        assert (origins[name]["source"], origins[name]["by"]) == ("self_service", f"customer:{customer['id']}")
    assert origins["gender"]["confirmed_until"] is not None
    found = await seen(hub.api, customer, link)
    assert (found["status"], found["url"], found["unproven_fields"]) == ("used", None, [])
    assert found["changed_fields"] == ["birthday", "display_name", "language", "addresses"]
    history = (await hub.api.get(f"{path_of(customer)}/history")).json()["data"]
    assert {"kind": "customer", "id": customer["id"], "name": None} in [change["actor"] for change in history]
    told = (await hub.api.get("/v1/audit", params={"actor_id": customer["id"]})).json()["data"]
    assert {"customer.updated", "self_service_link.used", "address.added"} <= {entry["action"] for entry in told}


async def test_nothing_changed_confirms_what_was_shown(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api)
    link = await make_link(hub.api, customer, "display_name", "phones")
    async with browser(hub) as person:
        assert (await correct(person, page_of(hub, link))).status_code == 200
    now = (await hub.api.get(path_of(customer), params={"include": "provenance"})).json()
    (origin,) = (origin for origin in now["provenance"] if origin["field"] == "display_name")
    assert (origin["source"], now["revision"]) == ("self_service", 2)
    assert (await seen(hub.api, customer, link))["changed_fields"] == []


async def test_a_link_used_twice_is_410_and_of_many_at_once_one_wins(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api)
    path = page_of(hub, await make_link(hub.api, customer, "display_name"))
    async with browser(hub) as person:
        form = filled((await person.get(path)).text)
        posts = (person.post(path, data=form | {"display_name": f"Name {i}"}) for i in range(6))
        answers = await asyncio.gather(*posts)
        assert sorted(answer.status_code for answer in answers) == [200] + [410] * 5
        for method in ("GET", "POST"):
            again = await person.request(method, path)
            assert (again.status_code, "works once" in again.text) == (410, True)
    winner = next(i for i, answer in enumerate(answers) if answer.status_code == 200)
    now = await read_customer(hub.api, customer)
    assert (now["display_name"], now["revision"]) == (f"Name {winner}", 2)


async def test_a_field_outside_the_link_is_422_and_changes_nothing(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api)
    path = page_of(hub, await make_link(hub.api, customer, "gender"))
    async with browser(hub) as person:
        for name in ("display_name", "stage", "was.stage", "phones", "custom_fields.x", "addresses.city", "resend"):
            answer = await correct(person, path, gender="male", **{name: "x"})
            assert (answer.status_code, "not part of" in answer.text or "not for" in answer.text) == (422, True), name
        assert (await read_customer(hub.api, customer)) == customer
        assert (await correct(person, path, gender="male")).status_code == 200


@pytest.mark.parametrize(("language", "said"), [("en", "Something is not right"), ("zh", "有内容需要更正")])
async def test_what_is_wrong_is_shown_beside_it_and_uses_nothing_up(
    hub: HubUnderTest, language: str, said: str
) -> None:
    customer = await create_customer(hub.api)
    link = await make_link(
        hub.api, customer, "display_name", "birthday", "phones", "emails", "addresses", locale=language
    )
    path = page_of(hub, link)
    async with browser(hub) as person:
        for values in (
            {"display_name": ""}, {"birthday": "1990-13-45"}, {"phones": "12"}, {"phones": "010-62345678"},
            {"emails": "nobody"}, {"addresses__city": "深圳市", "addresses__postcode": "1"},
            {"addresses__country": "??"},
        ):  # fmt: skip
            answer = await correct(person, path, **values)
            assert (answer.status_code, said in answer.text, "`" in answer.text) == (422, True, False), values
            assert ('aria-invalid="true"' in answer.text, 'role="alert"' in answer.text) == (True, True), values
            name, typed = next(iter(values.items()))
            assert filled(answer.text)[name.replace("__", ".")] == typed
        assert await read_customer(hub.api, customer) == customer
        # Several together: the good ones wait for the others.
        assert (await correct(person, path, display_name="王伟", birthday="x")).status_code == 422
        assert await read_customer(hub.api, customer) == customer
        assert (await correct(person, path, display_name="王伟")).status_code == 200


async def test_stored_values_and_typed_ones_are_texts_of_the_page(hub: HubUnderTest) -> None:
    """XSS."""
    evil = "\"><script>alert('x')</script>"
    customer = await create_customer(hub.api, display_name=evil, addresses=[{"city": evil, "country": "DE"}])
    path = page_of(hub, await make_link(hub.api, customer, "display_name", "birthday", "addresses"))
    async with browser(hub) as person:
        shown = await person.get(path)
        assert filled(shown.text)["display_name"] == evil
        refused = await correct(person, path, birthday=evil)
        for text in (shown.text, refused.text):
            assert "<script" not in text
            assert "&lt;script&gt;" in text


async def test_what_was_left_as_shown_does_not_undo_what_staff_changed_meanwhile(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api, language="en")
    path = page_of(hub, await make_link(hub.api, customer, "display_name", "language"))
    async with browser(hub) as person:
        form = filled((await person.get(path)).text)
        await hub.api.patch(path_of(customer), json={"language": "zh-TW"})
        assert (await person.post(path, data=form | {"display_name": "王伟"})).status_code == 200
    now = await read_customer(hub.api, customer)
    assert (now["display_name"], now["language"]) == ("王伟", "zh-TW")


async def test_custom_fields_by_their_kind(hub: HubUnderTest) -> None:
    schemas: dict[str, dict[str, Any]] = {
        "shoe": {"type": "number", "minimum": 10, "maximum": 50},
        "kids": {"type": "integer", "minimum": 0, "maximum": 20},
        "pets": {"type": "boolean"},
        "since": {"type": "string", "format": "date"},
        "shirt": {"type": "string", "enum": ["S", "M"]},
    }
    for key, schema in schemas.items():
        await declare(hub.api, key, schema)
    await declare(hub.api, "passport", {"type": "string", "minLength": 1, "maxLength": 20}, sensitive=True)
    customer = await create_customer(hub.api, custom_fields={"kids": 2, "passport": "E1234"})
    names = [f"custom_fields.{key}" for key in (*schemas, "passport")]
    link = await make_link(hub.api, customer, *names)
    path = page_of(hub, link)
    async with browser(hub) as person:
        shown = await person.get(path)
        assert (filled(shown.text)["custom_fields.kids"], "E1234" in shown.text) == ("2", False)
        for bad in ({"custom_fields__kids": "two"}, {"custom_fields__shoe": "99"}, {"custom_fields__pets": "maybe"}):
            assert (await correct(person, path, **bad)).status_code == 422, bad
        answer = await correct(
            person, path, custom_fields__shoe="38.5", custom_fields__kids="", custom_fields__pets="true",
            custom_fields__since="2020-01-02", custom_fields__shirt="M",
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
    now = (await read_customer(hub.api, customer))["custom_fields"]
    assert now == {"shoe": 38.5, "pets": True, "since": "2020-01-02", "shirt": "M", "passport": "****"}


async def test_links_that_lead_nowhere_do_not_say_why(hub: HubUnderTest) -> None:
    archived, erased, expired, revoked = [await create_customer(hub.api) for _ in range(4)]
    paths = [page_of(hub, await make_link(hub.api, one, "gender")) for one in (archived, erased)]
    link = await make_link(hub.api, revoked, "gender")
    paths.append(page_of(hub, link))
    await hub.api.post(f"{path_of(archived)}/archive")
    await erase(hub, erased)
    assert (await hub.api.post(f"{path_of(revoked)}/self-service-links/{link['id']}/revoke")).status_code == 200
    late = page_of(hub, await make_link(hub.api, expired, "gender", expires_in_seconds=300))
    async with browser(hub) as person:
        texts = set()
        for path in (*paths, "/p/unknown"):
            for method in ("GET", "POST"):
                answer = await person.request(method, path)
                assert answer.status_code == 404
                texts.add(answer.text)
        assert len(texts) == 1
        hub.clock.advance(301)
        assert (await person.post(late, data={"gender": "male"})).status_code == 410
    assert (await seen(hub.api, expired, {"id": (await links(hub, expired))[0]}))["status"] == "expired"
    left = await hub.rows("SELECT customer_id FROM self_service_links")
    own = from_text(Prefix.CUSTOMER, erased["id"])
    assert own.bytes not in [row[0] if isinstance(row[0], bytes) else row[0].bytes for row in left]


async def links(hub: HubUnderTest, customer: dict[str, str]) -> list[str]:
    listed = await hub.api.get(f"{path_of(customer)}/self-service-links")
    return [link["id"] for link in listed.json()["data"]]


async def test_the_log_has_the_template_and_no_value(hub: HubUnderTest) -> None:
    """R-8."""
    customer = await create_customer(hub.api)
    number = make_number()
    path = page_of(hub, await make_link(hub.api, customer, "display_name", "phones"))
    stream = io.BytesIO()
    log, hub.app.asgi._log = hub.app.asgi._log, AccessLog(stream)
    async with browser(hub) as person:
        answer = await correct(person, path, display_name="Somebody", phones=number)
        assert answer.status_code == 303
    hub.app.asgi._log.close()
    hub.app.asgi._log = log
    text = stream.getvalue().decode()
    assert '"/p/{token}"' in text
    for hidden in (path.rpartition("/")[2], answer.headers["location"].partition("?")[0], "Somebody", number):
        assert hidden not in text


async def test_old_links_are_forgotten(fresh_hub: HubUnderTest) -> None:
    customer = await create_customer(fresh_hub.api)
    path = page_of(fresh_hub, await make_link(fresh_hub.api, customer, "phones"))
    async with browser(fresh_hub) as person:
        assert (await correct(person, path, phones=make_number())).status_code == 303
    for days, left in ((0, (1, 1)), (2, (1, 0)), (90, (0, 0))):
        fresh_hub.clock.advance(timedelta(days=days).total_seconds())
        await fresh_hub.app.upkeep.purge()
        counts = [
            (await fresh_hub.rows(f"SELECT count(*) FROM self_service_{table}"))[0][0]  # noqa: S608  # no input
            for table in ("links", "changes")
        ]
        assert tuple(counts) == left
