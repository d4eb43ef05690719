"""Candidates online: found by keys, scored by the one scorer, shown as the caller may see (MATCHING 1 to 3)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from custhub.features.matching.rules.weights import shipped_weights
from custhub.features.matching.service.batch import Matching
from custhub.features.matching.service.cannot_links import forbid
from custhub.features.matching.service.people import PeopleReader
from custhub.features.matching.service.rebuilding import KIND, MatchKeyRebuild
from custhub.kit.ids import Prefix, from_text
from custhub.kit.uow import SYSTEM
from tests.features.keys.rotating import Killed, bury, finish, runner_of, start
from tests.features.matching.keys_now import all_ids, differing, stored
from tests.hub import HubUnderTest, make_number
from tests.merges import merge

PATH = "/v1/duplicates/check"
NOBODY = "cus_01hzxw3k9e7n2v5b8c4d6f0g1h"


async def check(hub: HubUnderTest, **body: Any) -> list[dict[str, Any]]:
    answer = await hub.api.post(PATH, json=body)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def create(hub: HubUnderTest, **body: Any) -> str:
    made = await hub.api.post("/v1/customers", json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def test_a_draft_finds_who_is_there_and_says_why(fresh_hub: HubUnderTest) -> None:
    number = make_number()
    there = await create(
        fresh_hub, display_name="王小伟", phones=[{"number": number, "shared": True}], birthday={"date": "1990-05-03"}
    )
    await create(fresh_hub, display_name="Anna Lindqvist", emails=[{"email": "anna@mail.se"}])
    draft = {"display_name": "Wang Xiaowei", "phones": [{"number": number}], "birthday": {"date": "1990-05-03"}}
    [found] = await check(fresh_hub, customer=draft)
    said = found["explanation"]
    assert (found["customer_id"], said["decision"]) == (there, "merge")
    levels = {field["field"]: field["level"] for field in said["fields"]}
    assert levels == {"name": "across_scripts", "phone": "same_mobile", "birthday": "same"}
    total = said["prior"] + sum(field["bits"] for field in said["fields"]) + said["household"]
    assert total == pytest.approx(said["total"], abs=0.01)
    shown = {field["field"]: field["right"] for field in said["fields"]}
    assert number[:7] not in str(shown["phone"])
    assert (await fresh_hub.api.get("/v1/customers")).json()["data"][0]["display_name"] != "Wang Xiaowei"


async def test_the_score_is_that_of_a_batch_over_the_same_people(fresh_hub: HubUnderTest) -> None:
    """MATCHING 1: an operator sees the same number in both."""
    number, rows = make_number(), list[dict[str, str]]()
    for name, mail in (("王伟", "wei@mail.se"), ("王伟", "w.wei@mail.se"), ("王伟", ""), ("李雷", "wei@mail.se")):
        rows.append({"name": name, "email": mail, "phone": number if name == "王伟" else "", "company": "Acme Ltd"})
    ids = [
        await create(
            fresh_hub,
            display_name=row["name"],
            company_name=row["company"],
            phones=[{"number": row["phone"], "shared": True}] if row["phone"] else [],
            emails=[{"email": row["email"]}] if row["email"] else [],
        )
        for row in rows
    ]
    reader = PeopleReader("CN", date(2026, 3, 1))
    matching = Matching([reader.person(row) for row in rows], shipped_weights())
    batch = {(ids[p.left], ids[p.right]): round(p.score.total, 3) for p in matching.pairs() if p.left == 0}
    online = {
        (ids[0], one["customer_id"]): one["explanation"]["total"] for one in await check(fresh_hub, customer_id=ids[0])
    }
    assert online == batch != {}


async def test_who_is_told_apart_archived_or_of_another_kind_is_no_candidate(fresh_hub: HubUnderTest) -> None:
    number = make_number()
    same = {"display_name": "王小伟", "phones": [{"number": number, "shared": True}]}
    one, apart, away = [await create(fresh_hub, **same) for _ in range(3)]
    await create(fresh_hub, **same, kind="organisation", company_name="王小伟")
    assert {found["customer_id"] for found in await check(fresh_hub, customer_id=one)} == {apart, away}
    await fresh_hub.api.post(f"/v1/customers/{away}/archive")
    uow = fresh_hub.app.hub.unit_of_work(SYSTEM, "test")
    own, other = (from_text(Prefix.CUSTOMER, text) for text in (one, apart))
    await forbid(uow, [own], [other], "not_same")
    await uow.commit()
    assert await check(fresh_hub, customer_id=one) == []


async def test_a_merged_customer_is_checked_as_who_it_became(fresh_hub: HubUnderTest) -> None:
    same = {"display_name": "王小伟", "birthday": {"date": "1990-05-03"}, "phones": [{"number": "021-66778899"}]}
    stays, gone, other = [await create(fresh_hub, **same) for _ in range(3)]
    await merge(fresh_hub.api, [{"id": stays}, {"id": gone}])
    assert [found["customer_id"] for found in await check(fresh_hub, customer_id=gone)] == [other]
    assert await check(fresh_hub, customer_id=gone) == await check(fresh_hub, customer_id=stays)


async def test_a_key_that_too_many_hold_brings_nobody_together(fresh_hub: HubUnderTest) -> None:
    items = [{"display_name": f"{chr(0x4E00 + i)}先生", "emails": [{"email": "all@mail.se"}]} for i in range(41)]
    headers = {"idempotency-key": "hot-key-batch"}
    answer = await fresh_hub.api.post("/v1/customers/batch", json={"items": items}, headers=headers)
    assert answer.json()["succeeded"] == 41
    assert await check(fresh_hub, customer={"emails": [{"email": "all@mail.se"}]}) == []


async def test_numbers_of_a_draft_are_looked_up(hub: HubUnderTest) -> None:
    """S-14: whoever may not look numbers up learns of none by a check."""
    api = hub.client(["merges:read", "customers:read"])
    body = {"customer": {"phones": [{"number": make_number()}]}}
    assert (await api.post(PATH, json=body)).json()["code"] == "insufficient_scope"
    assert (await api.post(PATH, json={"customer": {"display_name": "王伟"}})).status_code == 200


async def test_no_check_is_kept_for_a_replay(fresh_hub: HubUnderTest) -> None:
    """S-24, D3: its answer has values of several customers, and no erasure would find them in it."""
    body = {"customer": {"display_name": "王伟", "phones": [{"number": make_number()}]}}
    answer = await fresh_hub.api.post(PATH, json=body, headers={"idempotency-key": "one-check-0001"})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_not_supported")
    assert await fresh_hub.rows("SELECT id FROM phone_uses") == []


@pytest.mark.parametrize("body", [{}, {"customer": {"display_name": "x"}, "customer_id": NOBODY}])
async def test_one_of_both_is_compared(hub: HubUnderTest, body: dict[str, Any]) -> None:
    answer = await hub.api.post(PATH, json=body)
    assert answer.status_code == 422
    assert "check_unclear" in answer.text


async def test_nobody_is_compared_who_is_not_there(hub: HubUnderTest) -> None:
    answer = await hub.api.post(PATH, json={"customer_id": NOBODY})
    assert (answer.status_code, answer.json()["code"]) == (404, "customer_not_found")


async def test_a_rotation_of_index_keys_makes_match_keys_under_the_new_one(fresh_hub: HubUnderTest) -> None:
    """MATCHING 2, S-17: found before, meanwhile and after."""
    number = make_number()
    same = {"display_name": "王小伟", "phones": [{"number": number, "shared": True}]}
    one, other = await create(fresh_hub, **same), await create(fresh_hub, **same)
    before = await stored(fresh_hub, one)
    app = fresh_hub.app
    refill = MatchKeyRebuild(app.keys, app.personal).refill
    done = await finish(fresh_hub, await start(fresh_hub, "bidx"), runner_of(fresh_hub, refill=refill))
    assert done["state"] == "succeeded"
    await app.key_states.follow()
    after = await stored(fresh_hub, one)
    assert len(after) == len(before)
    assert not after & before
    assert await differing(fresh_hub) == []
    assert [found["customer_id"] for found in await check(fresh_hub, customer_id=one)] == [other]


async def test_match_keys_are_there_whatever_phase_a_rotation_was_killed_in(fresh_hub: HubUnderTest) -> None:
    """MATCHING 2, S-17."""
    same = {"display_name": "王小伟", "phones": [{"number": make_number(), "shared": True}]}
    one, other = await create(fresh_hub, **same), await create(fresh_hub, **same)
    app, location = fresh_hub.app, await start(fresh_hub, "bidx")
    refill = MatchKeyRebuild(app.keys, app.personal).refill
    for phase in ("matching", "switching", "dropping", "clearing"):
        mortal = runner_of(fresh_hub, dies_when=f"phase = '{phase}'", most_rows=1, refill=refill)
        with pytest.raises(Killed):
            await finish(fresh_hub, location, mortal)
        await bury(fresh_hub)
        await app.key_states.follow()
        assert (await fresh_hub.api.get(location)).json()["phase"] == phase
        assert [found["customer_id"] for found in await check(fresh_hub, customer_id=one)] == [other]
    done = await finish(fresh_hub, location, runner_of(fresh_hub, most_rows=1, refill=refill))
    assert done["state"] == "succeeded"
    await app.key_states.follow()
    assert await differing(fresh_hub) == []
    assert [found["customer_id"] for found in await check(fresh_hub, customer_id=one)] == [other]


async def test_a_source_declared_later_makes_keys_of_ids_that_are_there(fresh_hub: HubUnderTest) -> None:
    ids = [{"source": "wechat", "id": "oAbC123456"}]
    customer = await create(fresh_hub, display_name="王伟", external_ids=ids)
    before = await stored(fresh_hub, customer)
    await fresh_hub.api.put("/v1/external-sources/wechat", json={"identity": "person", "priority": 10})
    assert len(await all_ids(fresh_hub)) == 1
    jobs = (await fresh_hub.api.get("/v1/jobs", params={"kind": KIND})).json()["data"]
    assert [job["kind"] for job in jobs] == [KIND]
    uow = fresh_hub.app.hub.unit_of_work(SYSTEM, "test")
    last, count = await MatchKeyRebuild(fresh_hub.app.keys, fresh_hub.app.personal).refill(uow, None, 10)
    await uow.commit()
    assert (last, count) == (from_text(Prefix.CUSTOMER, customer), 1)
    assert await stored(fresh_hub, customer) > before
    assert await differing(fresh_hub) == []
