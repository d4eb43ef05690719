"""Values that machines sent and that did not stand: kept as findings, decided by people, taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from custhub.features.customers.service.arbitration import FieldArbiter
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.standards import STANDARDS
from custhub.features.customers.service.values import value_of
from custhub.kit.ids import Prefix, from_text
from custhub.security.fields import Access, everything
from custhub.security.reach import scoped
from custhub.security.roles import ROLES
from tests.client import ApiClient
from tests.customers import create_customer, declare, path_of, problem_of, read_customer
from tests.hub import HubUnderTest
from tests.principals import make_principal

LIST = "/v1/findings"


def person(hub: HubUnderTest, role: str = "admin", **more: Any) -> ApiClient:
    return hub.client_of(make_principal(role, **more))


async def machine_says(
    hub: HubUnderTest, customer: Mapping[str, Any], source: str, at: datetime | None = None, **values: Any
) -> list[str]:
    """What a source says of a customer, as an upsert would hold it against the customer; what was refused."""
    inner = hub.app.hub
    who = make_principal(kind="client")
    uow = inner.unit_of_work(who.actor, "machine")
    context = CustomerContext(uow, who, inner.keys, inner.settings, inner.parts[STANDARDS])
    record = await context.live(_id(customer))
    dek = context.dek(record)
    arbiter = FieldArbiter(context.standards, record.row, source, at, uow.now)
    written = {
        name: value
        for name, value in values.items()
        if arbiter.allows(name.replace("__", "."), value_of(dek, record.row, name.replace("__", ".")), value)
    }
    await context.review(record, arbiter.refused)
    if written:
        context.changed(record, sorted(written), written, origins=arbiter.origins)
    await uow.commit()
    return [refused.field for refused in arbiter.refused]


def _id(customer: Mapping[str, Any]) -> UUID:
    return from_text(Prefix.CUSTOMER, customer["id"])


async def findings(api: ApiClient, customer: Mapping[str, Any], **params: Any) -> list[dict[str, Any]]:
    answer = await api.get(LIST, params={"customer_id": customer["id"], **params})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def confirmed(hub: HubUnderTest, **members: Any) -> dict[str, Any]:
    """A customer whose language a person has set."""
    customer = await create_customer(hub.api, language="en", **members)
    answer = await person(hub).patch(path_of(customer), json={"language": "zh-CN"})
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


async def test_a_confirmed_value_outranks_a_machine_which_becomes_a_finding(hub: HubUnderTest) -> None:
    customer = await confirmed(hub)
    assert await machine_says(hub, customer, "erp", language="de", time_zone="Europe/Berlin") == ["language"]
    now = await read_customer(hub.api, customer)
    assert (now["language"], now["time_zone"]) == ("zh-CN", "Europe/Berlin")
    (finding,) = await findings(hub.api, customer, state="open")
    told = ("field", "source", "reason", "state", "standing", "proposed", "kind", "times_seen")
    assert [finding[name] for name in told] == [
        "language", "erp", "confirmed", "open", "zh-CN", "de", "refused_change", 1,
    ]  # fmt: skip
    one = await hub.api.get(f"{LIST}/{finding['id']}")
    assert one.json() == finding
    seen = await hub.api.get(f"{LIST}/{finding['id']}", headers={"if-none-match": one.headers["etag"]})
    assert seen.status_code == 304


async def test_the_same_value_again_is_the_same_finding(hub: HubUnderTest) -> None:
    customer = await confirmed(hub)
    for language in ("de", "de", "fr"):
        await machine_says(hub, customer, "erp", language=language)
    await machine_says(hub, customer, "shop", language="de")
    found = {finding["source"]: finding for finding in await findings(hub.api, customer)}
    assert (found["erp"]["times_seen"], found["erp"]["proposed"]) == (3, "fr")
    assert found["shop"]["times_seen"] == 1


async def test_accepting_writes_the_value_and_undo_restores_the_one_before_with_its_origin(hub: HubUnderTest) -> None:
    customer = await confirmed(hub)
    api, path = person(hub), path_of(customer)
    before = (await api.get(path, params={"include": "provenance"})).json()
    await machine_says(hub, customer, "erp", language="de")
    (finding,) = await findings(api, customer)
    accepted = await api.post(f"{LIST}/{finding['id']}/accept")
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    assert accepted.json()["decided_by"].startswith("user:usr_")
    now = (await api.get(path, params={"include": "provenance"})).json()
    (origin,) = [entry for entry in now["provenance"] if entry["field"] == "language"]
    assert (now["language"], origin["source"], origin["rule"]) == ("de", "erp", "accepted")
    assert await machine_says(hub, customer, "shop", language="fr") == ["language"]
    problem_of(await api.post(f"{LIST}/{finding['id']}/accept"), 409, "finding_decided")
    problem_of(await api.post(f"{LIST}/{finding['id']}/reject"), 409, "finding_decided")
    undone = await api.post(f"{LIST}/{finding['id']}/undo")
    assert (undone.status_code, undone.json()["state"], undone.json()["decided_by"]) == (200, "open", None)
    after = (await api.get(path, params={"include": "provenance"})).json()
    kept = ("language", "provenance")
    assert [after[name] for name in kept] == [before[name] for name in kept]
    problem_of(await api.post(f"{LIST}/{finding['id']}/undo"), 409, "finding_not_decided")


async def test_undo_of_a_field_that_changed_since_is_refused(hub: HubUnderTest) -> None:
    customer = await confirmed(hub)
    api = person(hub)
    await machine_says(hub, customer, "erp", language="de")
    (finding,) = await findings(api, customer)
    assert (await api.post(f"{LIST}/{finding['id']}/accept")).status_code == 200
    await api.patch(path_of(customer), json={"language": "fr"})
    problem_of(await api.post(f"{LIST}/{finding['id']}/undo"), 409, "finding_outdated")
    assert (await read_customer(api, customer))["language"] == "fr"


async def test_a_rejected_value_asks_no_more_until_it_is_another_one(hub: HubUnderTest) -> None:
    customer = await confirmed(hub)
    api = person(hub)
    await machine_says(hub, customer, "erp", language="de")
    (finding,) = await findings(api, customer)
    assert (await api.post(f"{LIST}/{finding['id']}/reject")).json()["state"] == "rejected"
    await machine_says(hub, customer, "erp", language="de")
    assert [f["times_seen"] for f in await findings(api, customer, state="rejected")] == [2]
    assert await findings(api, customer, state="open") == []
    await machine_says(hub, customer, "erp", language="fr")
    assert [f["proposed"] for f in await findings(api, customer, state="open")] == ["fr"]
    problem_of(await api.post(f"{LIST}/{finding['id']}/undo"), 409, "finding_reopened")


async def test_programs_do_not_decide(hub: HubUnderTest) -> None:
    customer = await confirmed(hub)
    await machine_says(hub, customer, "erp", language="de")
    (finding,) = await findings(hub.api, customer)
    program = hub.client_of(make_principal(kind="client"))
    for verb in ("accept", "reject", "undo"):
        problem_of(await program.post(f"{LIST}/{finding['id']}/{verb}"), 403, "person_required")


async def test_a_finding_shows_what_its_reader_may_see(hub: HubUnderTest) -> None:
    """S-61, S-62, S-63: hidden values are null, one out of reach is 404, and only who writes the field accepts."""
    customer = await confirmed(hub, source="shop")
    await machine_says(hub, customer, "erp", language="de")
    blind = person(hub, fields=everything(Access.WRITE) | {"language": Access.HIDDEN})
    (finding,) = await findings(blind, customer)
    assert (finding["standing"], finding["proposed"]) == (None, None)
    problem_of(await blind.post(f"{LIST}/{finding['id']}/accept"), 403, "field_not_writable")
    far = person(hub, reach=scoped(sources=["other"]))
    assert await findings(far, customer) == []
    problem_of(await far.get(f"{LIST}/{finding['id']}"), 404, "finding_not_found")
    problem_of(await far.post(f"{LIST}/{finding['id']}/reject"), 404, "finding_not_found")
    reader = hub.client(scopes=ROLES["sales"].scopes)
    problem_of(await reader.get(LIST), 403, "insufficient_scope")


async def test_findings_are_paged_and_told(fresh_hub: HubUnderTest) -> None:
    """contract_c2; reliability_e1."""
    customer = await confirmed(fresh_hub)
    for source in ("a", "b", "c"):
        await machine_says(fresh_hub, customer, source, language="de")
    names: list[str] = []
    url = f"{LIST}?limit=2&state=open"
    while url:
        answer = await fresh_hub.api.get(url)
        names += [item["source"] for item in answer.json()["data"]]
        url = answer.links.get("next", {}).get("url", "")
    assert names == ["c", "b", "a"]
    problem_of(await fresh_hub.api.get(LIST, params={"cursor": "x"}), 422, "invalid_cursor")
    (finding, *_) = await findings(fresh_hub.api, customer)
    await person(fresh_hub).post(f"{LIST}/{finding['id']}/accept")
    told = [
        row[0] for row in await fresh_hub.rows("SELECT type FROM events WHERE subject_type = 'finding' ORDER BY id")
    ]
    assert told == ["finding.opened"] * 3 + ["finding.accepted"]
    audited = await fresh_hub.rows("SELECT action FROM audit_entries WHERE object_type = 'finding'")
    assert [row[0] for row in audited] == ["finding.accepted"]


async def test_of_two_decisions_at_once_one_wins(hub: HubUnderTest) -> None:
    customer = await confirmed(hub)
    await machine_says(hub, customer, "erp", language="de")
    (finding,) = await findings(hub.api, customer)
    api, path = person(hub), f"{LIST}/{finding['id']}"
    answers = await asyncio.gather(api.post(f"{path}/accept"), api.post(f"{path}/reject"))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_sensitive_value_is_masked_in_a_finding_and_accepted_all_the_same(hub: HubUnderTest) -> None:
    """S-01: sealed in the finding too."""
    await declare(hub.api, "card", {"type": "string"}, sensitive=True)
    customer = await create_customer(hub.api, custom_fields={"card": "1111"})
    api = person(hub)
    await api.patch(path_of(customer), json={"custom_fields": {"card": "2222"}})
    assert await machine_says(hub, customer, "erp", custom_fields__card="3333") == ["custom_fields.card"]
    (finding,) = await findings(api, customer)
    assert (finding["standing"], finding["proposed"]) == ("****", "****")
    assert (await api.post(f"{LIST}/{finding['id']}/accept")).status_code == 200
    opened = (await api.post(f"{path_of(customer)}/reveal", json={"reason": "identity_check"})).json()["fields"]
    assert opened == [{"field": "custom_fields.card", "part_id": None, "text": "3333"}]


async def test_a_confirmation_that_expired_outranks_nobody(fresh_hub: HubUnderTest) -> None:
    customer = await confirmed(fresh_hub)
    fresh_hub.clock.advance(timedelta(days=366).total_seconds())
    assert await machine_says(fresh_hub, customer, "erp", language="de") == []
    assert (await read_customer(fresh_hub.client(), customer))["language"] == "de"


async def test_a_source_of_lower_priority_is_refused(hub: HubUnderTest) -> None:
    await hub.api.put("/v1/external-sources/master", json={"priority": 900})
    await hub.api.put("/v1/external-sources/list", json={"priority": 100})
    customer = await create_customer(hub.api, source="master", language="en")
    assert await machine_says(hub, customer, "list", language="de", time_zone="Asia/Tokyo") == ["language"]
    assert await machine_says(hub, customer, "master", language="fr") == []
    (finding,) = await findings(hub.api, customer)
    assert (finding["reason"], finding["standing"], finding["proposed"]) == ("source_priority", "en", "de")
