"""What is no merge, and who may merge."""

from __future__ import annotations

from uuid import uuid4

from custhub.features.matching.service.cannot_links import forbid
from custhub.kit.ids import Prefix, to_text
from custhub.kit.uow import SYSTEM
from custhub.security.fields import Access, everything
from custhub.security.scopes import ALL
from tests.canonical import id_of
from tests.customers import create_customer, path_of, problem_of
from tests.hub import HubUnderTest, make_number
from tests.merges import choices_of, commit, field_of, merge, preview
from tests.principals import make_principal

PREVIEW = "/v1/merges/preview"


async def test_each_route_asks_for_its_rights(hub: HubUnderTest) -> None:
    """contract_h2."""
    pair = [await create_customer(hub.api) for _ in range(2)]
    plan = await preview(hub.api, pair)
    reads = hub.client(ALL - {"merges:execute"})
    assert problem_of(await commit(reads, plan), 403, "insufficient_scope")["scope"] == "merges:execute"
    writes = hub.client(ALL - {"merges:read"})
    body = {"customer_ids": plan["customer_ids"]}
    assert problem_of(await writes.post(PREVIEW, json=body), 403, "insufficient_scope")["scope"] == "merges:read"
    for path in ("/v1/merges", f"/v1/merges/{to_text(Prefix.MERGE, uuid4())}"):
        problem_of(await writes.get(path), 403, "insufficient_scope")
        problem_of(await hub.client(token="").get(path), 401, "token_missing")
    problem_of(await hub.api.get(f"/v1/merges/{to_text(Prefix.MERGE, id_of(pair[0]))}"), 404, "merge_not_found")
    problem_of(await hub.api.post("/v1/merges", json=body), 400, "idempotency_key_required")
    answer = await hub.api.post("/v1/merges", json=body | {"reason": "other"}, headers={"Idempotency-Key": "no-hash-1"})
    assert answer.status_code == 422


async def test_what_cannot_be_merged_is_named(hub: HubUnderTest) -> None:
    one, other = [await create_customer(hub.api) for _ in range(2)]
    firm = await create_customer(hub.api, kind="organisation", display_name="Acme")
    nobody = to_text(Prefix.CUSTOMER, uuid4())

    async def refused(*ids: str, status: int = 422, code: str, **members: object) -> dict[str, object]:
        return problem_of(await hub.api.post(PREVIEW, json={"customer_ids": ids} | members), status, code)

    problem = await refused(one["id"], nobody, code="merge_customer_unknown")
    assert [issue["pointer"] for issue in problem["errors"]] == ["#/customer_ids/1"]  # type: ignore[attr-defined]  # JSON
    await refused(one["id"], one["id"], code="merge_too_few")
    await refused(one["id"], other["id"], code="merge_customer_unknown", survivor_id=firm["id"])
    await refused(one["id"], firm["id"], status=409, code="merge_kinds_differ")
    for choice in (("birthday", firm), ("phones", one), ("source", one), ("custom_fields.none", one)):
        await refused(one["id"], other["id"], code="merge_choice_invalid", choices=choices_of({choice[0]: choice[1]}))
    twice = [*choices_of({"note": one}), *choices_of({"note": other})]
    await refused(one["id"], other["id"], code="merge_choice_invalid", choices=twice)
    assert (await hub.api.post(f"{path_of(other)}/archive")).status_code == 200
    problem = await refused(one["id"], other["id"], status=409, code="customer_archived")
    assert problem["existing_id"] == other["id"]


async def test_ids_that_were_merged_count_as_what_they_became(hub: HubUnderTest) -> None:
    first, second, third = [await create_customer(hub.api) for _ in range(3)]
    await merge(hub.api, [first, second])
    body = {"customer_ids": [first["id"], second["id"]]}
    problem_of(await hub.api.post(PREVIEW, json=body), 422, "merge_too_few")
    plan = await preview(hub.api, [second, third], survivor_id=second["id"])
    assert plan["customer_ids"] == [first["id"], third["id"]]


async def test_a_plan_of_who_was_merged_since_is_told_as_such(hub: HubUnderTest) -> None:
    first, second, third = [await create_customer(hub.api, note=str(i)) for i in range(3)]
    plan = await preview(hub.api, [first, second])
    await merge(hub.api, [third, second])
    problem = problem_of(await commit(hub.api, plan), 409, "plan_changed")
    assert problem["changed"] == ["customers"]


async def test_rows_are_named_by_their_ids(hub: HubUnderTest) -> None:
    """contract_b1."""
    mailbox = {"email": f"{make_number()}@example.com"}
    pair = [await create_customer(hub.api, emails=[mailbox], tags=["VIP"]) for _ in range(2)]
    keys = {conflict["kind"]: set(conflict["keys"]) for conflict in (await preview(hub.api, pair))["conflicts"]}
    assert keys == {"same_email": {one["emails"][0]["id"] for one in pair}, "same_tag": {"vip"}}
    merged = await merge(hub.api, pair)
    await hub.api.delete(f"{path_of(pair[0])}/emails/{pair[1]['emails'][0]['id']}")
    check = (await hub.api.get(f"/v1/merges/{merged['id']}/verification")).json()
    missing = {table["table"]: table["missing"] for table in check["tables"] if table["missing"]}
    assert missing == {"emails": [pair[1]["emails"][0]["id"]]}


async def test_who_was_told_apart_is_merged_only_by_who_overrides_it(hub: HubUnderTest) -> None:
    """MATCHING 3."""
    pair = [await create_customer(hub.api) for _ in range(2)]
    uow = hub.app.hub.unit_of_work(SYSTEM, "tests")
    await forbid(uow, [id_of(pair[0])], [id_of(pair[1])], "not_same")
    await uow.commit()
    plan = await preview(hub.api, pair)
    assert [conflict["kind"] for conflict in plan["conflicts"]] == ["not_the_same"]
    problem = problem_of(await commit(hub.api, plan), 409, "merge_forbidden")
    assert problem["pairs"] == [sorted(one["id"] for one in pair)]
    assert (await commit(hub.api, plan, override_not_the_same=True)).status_code == 201


async def test_choices_and_values_follow_the_field_policy(hub: HubUnderTest) -> None:
    """S-61, S-69."""
    pair = [await create_customer(hub.api, note=text, language=text) for text in ("en", None)]
    fields = everything(Access.WRITE) | {"note": Access.HIDDEN, "language": Access.READ}
    client = hub.client_of(make_principal(fields=fields))
    plan = await preview(client, pair)
    assert "note" not in {field["field"] for field in plan["fields"]}
    body = {"customer_ids": plan["customer_ids"], "choices": choices_of({"language": pair[1]})}
    problem = problem_of(await client.post(PREVIEW, json=body), 403, "field_not_writable")
    assert [issue["pointer"] for issue in problem["errors"]] == ["#/language"]
    assert (field_of(plan, "language")["value"], plan["survivor_id"]) == ("en", pair[0]["id"])
    turned = await preview(client, pair, survivor_id=pair[1]["id"])
    # The one value stands whoever survives, and would be written to a field that this caller only reads.
    problem_of(await commit(client, turned), 403, "field_not_writable")


async def test_the_strictest_consent_counts(hub: HubUnderTest) -> None:
    """MATCHING 4, S-81."""
    pair = [await create_customer(hub.api) for _ in range(2)]
    for customer, status in zip(pair, ("granted", "denied"), strict=True):
        said = {"customer_id": customer["id"], "purpose": "marketing", "channel": "email", "status": status}
        assert (await hub.api.post("/v1/consents", json=said)).status_code == 201
    plan = await preview(hub.api, pair, survivor_id=pair[0]["id"])
    assert plan["consents"] == [
        {"purpose": "marketing", "channel": "email", "status": "denied", "customer_id": pair[1]["id"]}
    ]
    assert (await preview(hub.client(ALL - {"consents:read"}), pair))["consents"] == []
    assert (await commit(hub.api, plan)).status_code == 201
    (state,) = (await hub.api.get(f"{path_of(pair[0])}/consents")).json()["data"]
    assert state["status"] == "denied"


async def test_a_repeated_merge_is_answered_again_and_a_choice_wins(hub: HubUnderTest) -> None:
    """contract_d3."""
    pair = [await create_customer(hub.api, note=text) for text in ("old", "new")]
    plan = await preview(hub.api, pair, survivor_id=pair[0]["id"], choices=choices_of({"note": pair[0]}))
    assert (field_of(plan, "note")["rule"], field_of(plan, "note")["value"]) == ("chosen", "old")
    body = {
        "customer_ids": plan["customer_ids"], "survivor_id": plan["survivor_id"], "plan_hash": plan["plan_hash"],
        "reason": "correction", "note": "as she said", "choices": choices_of({"note": pair[0]}),
    }  # fmt: skip
    headers = {"Idempotency-Key": "merge-once-1"}
    answers = [await hub.api.post("/v1/merges", json=body, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["idempotency-replayed"] == "true"
    told = (await hub.api.get(answers[0].headers["location"])).json()
    assert (told["note"], told["reason"]) == ("as she said", "correction")
    listed = (await hub.api.get(f"/v1/merges?customer_id={pair[1]['id']}&state=done")).json()
    assert [one["id"] for one in listed["data"]] == [told["id"]]
    assert (await hub.api.get("/v1/merges?state=undone&limit=1")).json()["data"] == []
