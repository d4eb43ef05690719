"""The rows that search reads: written with every change of a customer, equal to a rebuild (S-26, S-61)."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custhub.features.customers.queries.naming import naming_batch
from custhub.features.customers.rules import tokens_of
from custhub.features.customers.service.search_rebuild import start_rebuild
from custhub.kit.ids import Prefix, from_text
from custhub.kit.uow import SYSTEM
from tests.customers import create_customer, path_of
from tests.hub import HubUnderTest

SEARCH = "/v1/customers/search"


async def differences(hub: HubUnderTest) -> list[tuple[UUID, set[str]]]:
    """Customers whose stored tokens are not those of their record."""
    work = hub.app.hub.unit_of_work(SYSTEM, "test")
    batch = await naming_batch(work.database, UUID(int=0), 10_000)
    found = []
    for row in batch.rows:
        emails = [email for email in batch.emails if email.customer_id == row.id]
        keys = [key for key in batch.external_ids if key.customer_id == row.id]
        stored = {token.token for token in batch.tokens if token.customer_id == row.id}
        if stored ^ set(tokens_of(row, emails, keys)):
            found.append((row.id, stored ^ set(tokens_of(row, emails, keys))))
    return found


async def tokens(hub: HubUnderTest, customer: dict[str, Any]) -> list[str]:
    """The stored tokens of a customer."""
    key: Any = from_text(Prefix.CUSTOMER, customer["id"])
    marks = "$1"
    if hub.engine == "sqlite":
        key, marks = key.bytes, "?"
    rows = await hub.rows(f"SELECT token FROM search_tokens WHERE customer_id = {marks} ORDER BY token", key)  # noqa: S608  # no input
    return [row[0] for row in rows]


async def names(hub: HubUnderTest, q: str) -> list[str]:
    answer = await hub.api.post(SEARCH, json={"q": q})
    return [hit["customer"]["display_name"] for hit in answer.json()["data"]]


async def test_every_change_of_a_customer_changes_what_finds_it(fresh_hub: HubUnderTest) -> None:
    api = fresh_hub.api
    customer = await create_customer(api, display_name="张三丰", emails=[{"email": "old@example.com"}])
    path = path_of(customer)
    body = {"display_name": "李小龙", "family_name": None, "given_name": None, "company_name": "宏图贸易"}
    assert (await api.patch(path, json=body)).status_code == 200
    assert (await names(fresh_hub, "zsf"), await names(fresh_hub, "lxl")) == ([], ["李小龙"])
    assert await names(fresh_hub, "宏图") == ["李小龙"]
    email = (await api.post(f"{path}/emails", json={"email": "new@example.com"})).json()
    assert (await api.delete(f"{path}/emails/{customer['emails'][0]['id']}")).status_code == 204
    assert (await names(fresh_hub, "old@"), await names(fresh_hub, "new@")) == ([], ["李小龙"])
    key = (await api.post(f"{path}/external-ids", json={"source": "shop", "id": "A-1"})).json()
    assert await names(fresh_hub, "A-1") == ["李小龙"]
    assert await differences(fresh_hub) == []
    assert (await api.delete(f"{path}/external-ids/{key['id']}")).status_code == 204
    assert (await api.delete(f"{path}/emails/{email['id']}")).status_code == 204
    assert await names(fresh_hub, "A-1") == []
    assert (await api.patch(path, json={"note": "prefers tea"})).status_code == 200
    assert (await api.post(f"{path}/archive")).status_code == 200
    assert await names(fresh_hub, "李小龙") == []
    assert (await api.post(f"{path}/restore")).status_code == 200
    assert await names(fresh_hub, "李小龙") == ["李小龙"]
    assert await differences(fresh_hub) == []


async def test_a_batch_writes_the_same_rows_as_single_creates(fresh_hub: HubUnderTest) -> None:
    item = {
        "display_name": "歐陽娜娜",
        "emails": [{"email": "nana@example.com"}],
        "external_ids": [{"source": "shop", "id": "N-1"}],
    }
    single = await create_customer(fresh_hub.api, **{**item, "external_ids": [{"source": "web", "id": "N-1"}]})
    answer = await fresh_hub.api.post(
        "/v1/customers/batch", json={"items": [item]}, headers={"Idempotency-Key": "batch-0001"}
    )
    made = {"id": answer.json()["results"][0]["id"]}
    assert await tokens(fresh_hub, made) == await tokens(fresh_hub, single) != []


async def test_an_erased_customer_leaves_no_token_and_a_merged_one_hands_them_on(fresh_hub: HubUnderTest) -> None:
    """S-26, S-89."""
    api = fresh_hub.api
    old = await create_customer(api, display_name="张三", emails=[{"email": "zs@example.com"}])
    new = await create_customer(api, display_name="张三丰", external_ids=[{"source": "shop", "id": "A-1"}])
    ids = [from_text(Prefix.CUSTOMER, customer["id"]) for customer in (old, new)]
    rows = next(link for link in fresh_hub.app.links if "search_tokens" in link.tables)
    work = fresh_hub.app.hub.unit_of_work(SYSTEM, "test")
    await rows.reassign(work, ids[:1], ids[1])
    await work.commit()
    assert "Ezs@example.com" in await tokens(fresh_hub, new)
    assert "Ezs@example.com" not in await tokens(fresh_hub, old)
    assert await differences(fresh_hub) == []
    work = fresh_hub.app.hub.unit_of_work(SYSTEM, "test")
    await rows.erase(work, ids[1])
    await work.commit()
    assert await tokens(fresh_hub, new) == []
    assert await differences(fresh_hub) == []


async def test_a_rebuild_mends_what_is_amiss_and_nothing_else(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    kept = await create_customer(hub.api, display_name="李四")
    lost = await create_customer(hub.api, display_name="张三丰", emails=[{"email": "zs@example.com"}])
    before = await tokens(hub, kept), await tokens(hub, lost)
    async with hub.app.database.transaction() as connection:
        await connection.execute("DELETE FROM search_tokens WHERE token LIKE 'E%'", [])
        await connection.execute("UPDATE search_tokens SET token = 'Nnobody' WHERE token LIKE 'Nzhang%'", [])
    assert await differences(hub) != []
    work = hub.app.hub.unit_of_work(SYSTEM, "test")
    job = start_rebuild(work)
    await work.commit()
    hub.app.start_tasks()
    for _ in range(200):
        await asyncio.sleep(0.05)
        if (await hub.rows("SELECT state FROM jobs"))[0][0] in ("succeeded", "failed"):
            break
    assert [tuple(row) for row in await hub.rows("SELECT state, processed, succeeded FROM jobs")] == [
        ("succeeded", 2, 2)
    ]
    assert (await tokens(hub, kept), await tokens(hub, lost)) == before
    assert job.unique_key == "search_rebuild"


_CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("name"), st.sampled_from(["张三丰", "Anna Müller", "李 Li", "王师傅13812345678"])),
        st.tuples(st.just("company"), st.sampled_from(["北京华信科技有限公司", "Acme Ltd", None])),
        st.tuples(st.just("family"), st.sampled_from(["王", "Smith", None])),
        st.tuples(st.just("email"), st.integers(0, 3)),
        st.tuples(st.just("no email"), st.integers(0, 3)),
        st.tuples(st.just("key"), st.integers(0, 3)),
        st.tuples(st.just("no key"), st.integers(0, 3)),
    ),
    max_size=8,
)


@given(_CHANGES)
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_the_table_is_what_a_rebuild_would_make(hub: HubUnderTest, changes: list[tuple[str, Any]]) -> None:
    """Whatever is done to a customer in whatever order."""
    api, path = hub.api, path_of(await create_customer(hub.api))
    for change, value in changes:
        now = (await api.get(path)).json()
        match change:
            case "email":
                await api.post(f"{path}/emails", json={"email": f"a{value}@example.com"})
            case "key":
                await api.post(f"{path}/external-ids", json={"source": "shop", "id": f"{path[-8:]}-{value}"})
            case "no email" if value < len(now["emails"]):
                await api.delete(f"{path}/emails/{now['emails'][value]['id']}")
            case "no key" if value < len(now["external_ids"]):
                await api.delete(f"{path}/external-ids/{now['external_ids'][value]['id']}")
            case "name" | "company" | "family":
                member = {"name": "display_name", "company": "company_name", "family": "family_name"}[change]
                assert (await api.patch(path, json={member: value})).status_code == 200
    assert await differences(hub) == []
