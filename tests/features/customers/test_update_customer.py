"""Changing a customer by merge patch (contract_d1, contract_d2)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from custhub.kit.ids import Prefix, new_id, to_text
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.hub import HubUnderTest, make_number
from tests.principals import add_team, add_user

FULL: dict[str, Any] = {
    "display_name": "王小明",
    "given_name": "小明",
    "family_name": "王",
    "company_name": "明华有限公司",
    "tax_id": "91350100M000100Y43",
    "birthday": {"date": "1990-05-03"},
    "gender": "male",
    "language": "zh-CN",
    "time_zone": "Asia/Shanghai",
    "preferred_channel": "wechat",
    "stage": "active",
    "source": "web",
    "note": "prefers mornings",
}


async def test_update_customer_needs_a_token_and_its_scope(hub: HubUnderTest) -> None:
    path = path_of(await create_customer(hub.api))
    problem_of(await hub.client(token="").patch(path, json={"note": "x"}), 401, "token_missing")
    refused = await hub.client(["customers:read", "customers:create"]).patch(path, json={"note": "x"})
    assert problem_of(refused, 403, "insufficient_scope")["scope"] == "customers:write"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("display_name", "李雷"),
        ("company_name", "ACME"),
        ("tax_id", "91310000775785552L"),
        ("gender", "other"),
        ("language", "en"),
        ("time_zone", "Europe/Berlin"),
        ("preferred_channel", "email"),
        ("stage", "lapsed"),
        ("source", "fair"),
        ("note", ""),
        ("birthday", {"date": "2000-02-29", "calendar": "solar", "leap_month": False}),
        ("birthday", {"date": "--08-15", "calendar": "lunar", "leap_month": False}),
    ],
)
async def test_a_sent_member_changes_and_every_other_stays(api: ApiClient, member: str, value: object) -> None:
    """contract_d1: RFC 7396, 200 with the full body and the new ETag."""
    before = await create_customer(api, **FULL)
    answer = await api.patch(path_of(before), json={member: value})
    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert after[member] == value
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {member, "revision", "updated_at"}
    assert after["revision"] == 2
    assert answer.headers["etag"].startswith('"2-')
    assert await read_customer(api, before) == after


@pytest.mark.parametrize(
    "member", ["company_name", "tax_id", "birthday", "language", "time_zone", "preferred_channel", "note"]
)
async def test_null_empties_a_member(api: ApiClient, member: str) -> None:
    """contract_d1: absent is not null."""
    customer = await create_customer(api, **FULL)
    answer = await api.patch(path_of(customer), json={member: None})
    assert (answer.status_code, answer.json()[member], answer.json()["revision"]) == (200, None, 2)


@pytest.mark.parametrize("member", ["display_name", "gender", "stage", "source"])
async def test_null_for_a_member_that_is_never_null_answers_422(api: ApiClient, member: str) -> None:
    """contract_p10: 422 at its place, nothing changes."""
    customer = await create_customer(api, **FULL)
    answer = await api.patch(path_of(customer), json={member: None, "note": "x"})
    problem = problem_of(answer, 422, "validation_failed")
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [(f"#/{member}", "null_not_allowed")]
    assert (await read_customer(api, customer))["revision"] == 1


async def test_names_that_made_the_display_name_take_it_along(api: ApiClient) -> None:
    """A display name that was composed of its parts follows them; one of its own stays."""
    composed = await create_customer(api, display_name="王小明", family_name="王", given_name="小明")
    answer = await api.patch(path_of(composed), json={"given_name": "大明"})
    assert answer.json()["display_name"] == "王大明"
    nick = await create_customer(api, display_name="老王", family_name="王", given_name="小明")
    assert (await api.patch(path_of(nick), json={"given_name": "大明"})).json()["display_name"] == "老王"


async def test_an_empty_patch_and_one_that_changes_nothing_keep_the_revision(fresh_hub: HubUnderTest) -> None:
    """contract_a4: the revision counts changes; no event and no audit entry for none."""
    body = FULL | {"note": "call 13912345678 or 021-63841234"}
    customer = await create_customer(fresh_hub.api, **body)
    for patch in (
        {},
        {"note": body["note"]},
        {"display_name": "王小明", "stage": "active"},
        {"birthday": body["birthday"]},
    ):
        answer = await fresh_hub.api.patch(path_of(customer), json=patch)
        assert (answer.status_code, answer.json()["revision"]) == (200, 1), patch
        assert answer.json() == customer
    assert (await fresh_hub.rows("SELECT count(*) FROM events"))[0][0] == 1
    assert (await fresh_hub.rows("SELECT count(*) FROM audit_entries"))[0][0] == 1


async def test_an_event_names_the_fields_that_changed_and_no_other(fresh_hub: HubUnderTest) -> None:
    """reliability_e5: names of changed fields; a text whose hidden number changed is among them, others are not."""
    customer = await create_customer(fresh_hub.api, **(FULL | {"note": "call 13912345678"}))
    path = path_of(customer)
    for patch, fields in (
        ({"stage": "lapsed", "gender": "male"}, ["stage"]),
        ({"display_name": "王大明"}, ["display_name"]),
        ({"note": "call 13912345679"}, ["note"]),
        ({"company_name": "office 021-63841234"}, ["company_name"]),
        ({"birthday": None, "tax_id": None}, ["birthday", "tax_id"]),
    ):
        await fresh_hub.api.patch(path, json=patch)
        row = (await fresh_hub.rows("SELECT data FROM events ORDER BY id DESC LIMIT 1"))[0][0]
        assert f'"fields":{fields}'.replace("'", '"').replace(" ", "") in row.replace(" ", ""), patch


@pytest.mark.parametrize(
    ("patch", "code", "pointer"),
    [
        ({"display_name": "\u200b"}, "name_invalid", "#/display_name"),
        ({"birthday": {"date": "2023-02-30"}}, "birthday_invalid", "#/birthday/date"),
        ({"tax_id": "91350100M000100Y44"}, "tax_id_invalid", "#/tax_id"),
        ({"time_zone": "Mars/Base"}, "time_zone_invalid", "#/time_zone"),
    ],
)
async def test_update_customer_refuses_a_broken_member_at_its_place(
    api: ApiClient, patch: dict[str, Any], code: str, pointer: str
) -> None:
    customer = await create_customer(api)
    problem = problem_of(await api.patch(path_of(customer), json={"note": "x"} | patch), 422, code)
    assert problem["errors"][0]["pointer"] == pointer
    assert (await read_customer(api, customer))["note"] is None


async def test_an_unknown_owner_or_team_is_refused_at_its_place(api: ApiClient) -> None:
    """S-64: a reference is checked against what is stored, so it is a conflict."""
    path = path_of(await create_customer(api))
    for patch, code in (
        ({"owner_id": to_text(Prefix.USER, new_id())}, "owner_unknown"),
        ({"team_id": to_text(Prefix.TEAM, new_id())}, "team_unknown"),
    ):
        problem = problem_of(await api.patch(path, json=patch), 409, code)
        assert [error["pointer"] for error in problem["errors"]] == [f"#/{next(iter(patch))}"]


async def test_owner_and_team_can_be_given_and_taken(hub: HubUnderTest) -> None:
    """S-64: they exist."""
    team = await add_team(hub.app.hub)
    owner = await add_user(hub.app.hub, team)
    customer = await create_customer(hub.api)
    sent = {"owner_id": to_text(Prefix.USER, owner), "team_id": to_text(Prefix.TEAM, team)}
    assert (await hub.api.patch(path_of(customer), json=sent)).json() | sent == await read_customer(hub.api, customer)
    gone = await hub.api.patch(path_of(customer), json={"owner_id": None, "team_id": None})
    assert (gone.json()["owner_id"], gone.json()["team_id"], gone.json()["revision"]) == (None, None, 3)


@pytest.mark.parametrize("form", ["{etag}", '"{revision}"', '"{revision}-00000000"', '"9", {etag}', "*"])
async def test_if_match_lets_the_current_revision_pass(api: ApiClient, form: str) -> None:
    """contract_c6, contract_d2: what is before the dash is compared; `*` is any."""
    customer = await create_customer(api)
    etag = (await api.get(path_of(customer))).headers["etag"]
    sent = form.format(etag=etag, revision=customer["revision"])
    answer = await api.patch(path_of(customer), json={"note": "x"}, headers={"if-match": sent})
    assert answer.status_code == 200


@pytest.mark.parametrize("sent", ['"2"', '"2-00000000"', "1", '"1', "junk", '""', '"1-xyz"', 'W/"1"'])
async def test_if_match_of_another_revision_answers_412_with_the_current_tag(api: ApiClient, sent: str) -> None:
    """contract_d2: 412 with the current ETag; a weak tag never matches (RFC 9110, section 13.1.1)."""
    customer = await create_customer(api)
    etag = (await api.get(path_of(customer))).headers["etag"]
    for answer in (
        await api.patch(path_of(customer), json={"note": "x"}, headers={"if-match": sent}),
        await api.post(f"{path_of(customer)}/archive", headers={"if-match": sent}),
    ):
        problem_of(answer, 412, "precondition_failed")
        assert answer.headers["etag"] == etag
    assert (await read_customer(api, customer))["revision"] == 1


async def test_of_two_racing_patches_with_one_etag_exactly_one_wins(hub: HubUnderTest) -> None:
    """contract_d2: one 200, one 412 that shows the winner's tag; many times over."""
    customer = await create_customer(hub.api)
    path = path_of(customer)
    for _ in range(10):
        etag = (await hub.api.get(path)).headers["etag"]
        answers = await asyncio.gather(
            *(hub.api.patch(path, json={"note": make_number()}, headers={"if-match": etag}) for _ in range(2))
        )
        won, lost = sorted(answers, key=lambda answer: answer.status_code)
        assert (won.status_code, lost.status_code) == (200, 412)
        assert lost.headers["etag"] == won.headers["etag"]


async def test_racing_patches_without_if_match_all_succeed_and_are_counted(hub: HubUnderTest) -> None:
    """contract_d2, contract_a4: the loser of a race runs again on what the winner left."""
    customer = await create_customer(hub.api)
    answers = await asyncio.gather(*(hub.api.patch(path_of(customer), json={"note": f"note {i}"}) for i in range(30)))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["revision"] for answer in answers) == list(range(2, 32))
    assert (await read_customer(hub.api, customer))["revision"] == 31


async def test_racing_changes_of_different_members_are_both_kept(hub: HubUnderTest) -> None:
    """contract_d1: a patch that ran again does not undo the other."""
    customer = await create_customer(hub.api)
    path = path_of(customer)
    patches = [{"note": "n"}, {"stage": "active"}, {"company_name": "c"}, {"language": "en"}, {"gender": "female"}]
    calls = [hub.api.patch(path, json=patch) for patch in patches]
    calls += [hub.api.post(f"{path}/phones", json={"number": make_number()}) for _ in range(5)]
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {200, 201}
    now = await read_customer(hub.api, customer)
    assert (now["revision"], len(now["phones"])) == (11, 5)
    assert [phone["is_primary"] for phone in now["phones"]].count(True) == 1
    for patch in patches:
        assert now | patch == now
