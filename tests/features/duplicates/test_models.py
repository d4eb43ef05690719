"""Models: weights as data, proposed, looked at, and taken over only when somebody says so (MATCHING 1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from custhub.features.accounts.service.operator import OPERATOR_ACTOR
from custhub.features.matching.rules.weights import shipped_weights
from custhub.kit.ids import Prefix, from_text
from custhub.kit.writes import LostRace
from custhub.operator import duplicates
from tests.customers import problem_of
from tests.features.duplicates.desk import MODELS, SETTINGS, SHIPPED, activate, model_document, propose
from tests.hub import HubUnderTest

Change = Callable[[dict[str, Any]], Any]
INVALID = "duplicate_model_invalid"


async def versions(hub: HubUnderTest) -> dict[str, str]:
    """The state of every model by its version."""
    found = (await hub.api.get(MODELS)).json()["data"]
    return {model["model_version"]: model["state"] for model in found}


async def test_the_model_of_the_hub_is_there_from_the_beginning(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    shipped = (await hub.api.get(f"{MODELS}/{SHIPPED}")).json()
    assert (shipped["model_version"], shipped["state"]) == (shipped_weights().model_version, "active")
    assert (shipped["shipped"], shipped["differences"], shipped["document"]["estimated_from"]) == (True, [], None)
    assert shipped["document"]["levels"]["mail"]["same"] == 12


async def test_a_proposal_is_shown_beside_the_active_model(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    document = model_document(mail={"same": 3.25}, birthday={"different": -4.0})
    answer = await hub.api.post(MODELS, json={"document": document, "note": "decisions of 2026"})
    made = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"{MODELS}/{made['id']}")
    assert (made["state"], made["note"], made["document"]) == ("proposed", "decisions of 2026", document)
    assert made["differences"] == [
        {"field": "mail", "level": "same", "bits": 3.25, "active_bits": 12},
        {"field": "birthday", "level": "different", "bits": -4, "active_bits": -6},
    ]
    read = await hub.api.get(f"{MODELS}/{made['id']}")
    assert (read.json(), read.headers["etag"]) == (made, answer.headers["etag"])
    seen = {"if-none-match": read.headers["etag"]}
    assert (await hub.api.get(f"{MODELS}/{made['id']}", headers=seen)).status_code == 304
    assert await versions(hub) == {"own-1": "proposed", shipped_weights().model_version: "active"}
    first = (await hub.api.get(MODELS, params={"limit": 1})).json()
    last = (await hub.api.get(MODELS, params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert ([one["id"] for one in first["data"] + last["data"]], last["has_more"]) == ([made["id"], SHIPPED], False)
    noted = await hub.rows("SELECT action FROM audit_entries WHERE object_type = 'duplicate_model'")
    assert [row[0] for row in noted] == ["duplicate_model.proposed"]


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        (lambda d: d["levels"]["name"].pop("nickname"), "levels/name/nickname", INVALID),
        (lambda d: d["levels"]["mail"].update(near=1), "levels/mail/near", INVALID),
        (lambda d: d["levels"]["birthday"].update(different=1), "levels/birthday/different", INVALID),
        (lambda d: d["households"]["twins"]["name"].update(same=0.5), "households/twins/name", INVALID),
        (lambda d: d["households"]["twins"].update(share=0.9), "households", INVALID),
        (lambda d: d["thresholds"].update(review=7), "thresholds/merge", INVALID),
        (lambda d: d.update(model_version="2031-01"), "model_version", "model_version_reserved"),
        (lambda d: d["levels"]["name"].update(same=61), "levels/name/same", "out_of_range"),
        (lambda d: d["households"]["twins"]["name"].update(same=0), "households/twins/name/same", "out_of_range"),
        (lambda d: d["levels"].update(name={}), "levels/name", "too_short"),
        (lambda d: d["prior"].update(at=0), "prior/at", "out_of_range"),
        (lambda d: d.update(homes=None), "homes", "unknown_field"),
        (lambda d: d.pop("estimated_from"), "estimated_from", "required"),
    ],
)  # fmt: skip
async def test_what_nobody_can_be_scored_by_is_refused(
    hub: HubUnderTest, change: Change, pointer: str, code: str
) -> None:
    document = model_document("own-refused")
    change(document)
    answer = await hub.api.post(MODELS, json={"document": document})
    assert answer.status_code == 422, answer.text
    assert (f"#/document/{pointer}", code) in {(one["pointer"], one["code"]) for one in answer.json()["errors"]}


async def test_a_version_is_given_once(fresh_hub: HubUnderTest) -> None:
    """contract_e1."""
    hub = fresh_hub
    made = await propose(hub, model_document())
    problem = problem_of(await hub.api.post(MODELS, json={"document": model_document()}), 409, "duplicate_model_exists")
    assert problem["existing_id"] == made["id"]


async def test_an_activation_is_a_deed_of_somebody(fresh_hub: HubUnderTest) -> None:
    """MATCHING 1: never a silent change."""
    hub = fresh_hub
    made = await propose(hub, model_document())
    path = f"{MODELS}/{made['id']}/activate"
    assert (await hub.api.post(path, json={})).json()["errors"][0]["pointer"] == "#/reason"
    problem_of(
        await hub.api.post(path, json={"reason": "tried"}, headers={"if-match": '"7-00000000"'}), 412,
        "precondition_failed",
    )  # fmt: skip
    reader = hub.client(["merges:read", "customers:read", "merges:execute"])
    for refused in (
        await reader.post(path, json={"reason": "tried"}),
        await reader.post(MODELS, json={"document": model_document("own-2")}),
        await reader.delete(f"{MODELS}/{made['id']}"),
    ):
        problem_of(refused, 403, "insufficient_scope")
    active = await activate(hub, made["id"])
    assert (active["state"], active["activated_by"], active["differences"]) == ("active", made["created_by"], [])
    assert await versions(hub) == {"own-1": "active", shipped_weights().model_version: "retired"}
    assert (await activate(hub, made["id"]))["revision"] == active["revision"] == 2
    noted = await hub.rows("SELECT reason FROM audit_entries WHERE action = 'duplicate_model.activated'")
    assert [row[0] for row in noted] == ["tried on our list"]
    ((data,),) = await hub.rows("SELECT data FROM events WHERE type = 'duplicate_model.activated'")
    assert shipped_weights().model_version in str(data)
    back = await activate(hub, SHIPPED)
    assert (back["state"], await versions(hub)) == (
        "active", {"own-1": "retired", shipped_weights().model_version: "active"},
    )  # fmt: skip


async def test_it_takes_500_decisions(hub: HubUnderTest) -> None:
    """MATCHING 1."""
    for decisions, version in ((499, "own-few"), (0, "own-none")):
        made = await propose(hub, model_document(version, decisions))
        answer = await hub.api.post(f"{MODELS}/{made['id']}/activate", json={"reason": "tried"})
        problem_of(answer, 409, "too_few_decisions")
    by_hand = await propose(hub, {**model_document("own-by-hand"), "estimated_from": None})
    answer = await hub.api.post(f"{MODELS}/{by_hand['id']}/activate", json={"reason": "tried"})
    problem_of(answer, 409, "too_few_decisions")


async def test_a_proposal_can_be_deleted_and_what_was_active_cannot(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    made = await propose(hub, model_document())
    stale = {"if-match": '"7-00000000"'}
    problem_of(await hub.api.delete(f"{MODELS}/{made['id']}", headers=stale), 412, "precondition_failed")
    assert (await hub.api.delete(f"{MODELS}/{made['id']}")).status_code == 204
    for answer in (await hub.api.delete(f"{MODELS}/{made['id']}"), await hub.api.get(f"{MODELS}/{made['id']}")):
        problem_of(answer, 404, "duplicate_model_not_found")
    again = await propose(hub, model_document())
    await activate(hub, again["id"])
    for model_id in (again["id"], SHIPPED):
        problem_of(await hub.api.delete(f"{MODELS}/{model_id}"), 409, "duplicate_model_used")


@pytest.mark.parametrize("deed", ["activate", "remove"])
async def test_of_two_at_once_one_starts_again(fresh_hub: HubUnderTest, deed: str) -> None:
    """One model is active, and it is there."""
    hub = fresh_hub
    one, other = await propose(hub, model_document("own-1")), await propose(hub, model_document("own-2"))
    uow = hub.app.hub.unit_of_work(OPERATOR_ACTOR, "test")
    desk = duplicates._desk(hub.app, uow)
    if deed == "activate":
        await desk.activate(from_text(Prefix.DUPLICATE_MODEL, one["id"]), "tried", None)
        await activate(hub, other["id"])
    else:
        await desk.remove(from_text(Prefix.DUPLICATE_MODEL, other["id"]), None)
        await activate(hub, other["id"])
    with pytest.raises(LostRace):
        await uow.commit()
    await uow.rollback()
    assert sorted((await versions(hub)).values()) == ["active", "proposed", "retired"]
    assert (await versions(hub))["own-2"] == "active"


async def test_the_operator_does_the_same(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub

    async def ask(name: str, **arguments: Any) -> Any:
        command = duplicates.COMMANDS[name]
        return await command.run(hub.app, command.arguments.model_validate(arguments))

    document = model_document(mail={"same": 3.0})
    proposed = (await ask("duplicates.models.propose", document=document, note=None))["model"]
    assert (proposed["state"], proposed["decisions"], len(proposed["differences"])) == ("proposed", 812, 1)
    active = (await ask("duplicates.models.activate", model_version="own-1", reason="tried"))["model"]
    assert (active["state"], active["differences"]) == ("active", [])
    listed = (await ask("duplicates.models"))["models"]
    assert [(one["model_version"], one["decisions"]) for one in listed] == [
        ("own-1", 812), (shipped_weights().model_version, None),
    ]  # fmt: skip
    shown = (await ask("duplicates.models.show", model_version=shipped_weights().model_version))["model"]
    assert shown["differences"] == [{"field": "mail", "level": "same", "bits": 12, "active_bits": 3}]
    assert (await hub.api.get(SETTINGS)).json()["updated_by"].startswith("operator:")
