"""A row of a file and the same body sent by a request: two roads, one customer, or one refusal."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.kit.ids import Prefix, from_text
from tests.client import ApiClient
from tests.customers import declare
from tests.features.imports.importing import get_import, ndjson_of, ready, rows_of, run_job, start
from tests.hub import HubUnderTest
from tests.principals import make_principal

_ROWS = 70
#: Both hubs know the same caller: a program, since a file is no person's word.
_PROGRAM = make_principal(kind="client")
_ID = re.compile(r'"([a-z]{2,4})_[0-9a-z]{26}"')

Rows = st.SearchStrategy[dict[str, Any]]


def _some(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def _parts(part: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(part, max_size=3)


_LINE = st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufffe\uffff"), min_size=1, max_size=12)
_TEXT = _LINE | _some(
    "李 娜", " 欧阳娜娜 ", "王先生 138 0000 0001", "=1+1", "'+x", "O’Neil", "ＡＢＣ", "a\tb\nc", "阿·凡提", "\u202eabc",
    "call +86 13900000009 or 021-55551234", "n" * 40,
)  # fmt: skip
_PERSON = "cus_01jdc0000000000000000000zz"


def bodies(lane: int, keys: int) -> Rows:
    """Bodies whose numbers, ids and addresses are of so many, so that they meet; some with something wrong."""
    key = st.integers(0, keys)
    spellings = ("{}", "+86 {}", "0086-{}", " {} ", "(+86){}")
    number = st.builds(lambda spelling, i: spelling.format(f"137{lane}{i:07d}"), _some(*spellings), key)
    other = st.builds(lambda line, i: f"{line}{lane}{i % 10}", _some("021-555512", "+49 30 9018", "400-810-88"), key)
    phone = st.fixed_dictionaries(
        {"number": number | other},
        optional={"label": _TEXT.map(lambda text: text[:40]), "is_primary": st.booleans(), "shared": st.booleans()},
    )
    email = st.fixed_dictionaries(
        {"email": st.builds(lambda i, domain: f"A{i}.{lane}@{domain}", key, _some("example.com", "Example.COM"))},
        optional={"label": _some("work", "家"), "is_primary": st.booleans()},
    )
    address = st.fixed_dictionaries(
        {"full_text": _some("广东省深圳市南山区科技园路1号", "深圳市 13900000009", "Unter den Linden 1")},
        optional={"label": _some("home"), "is_primary": st.booleans()},
    ) | st.fixed_dictionaries(
        {"city": _some("深圳市", "Köln")},
        optional={"street": _TEXT, "postcode": _some("518000"), "country": _some("CN", "DE")},
    )
    contact = st.fixed_dictionaries(
        {"name": _TEXT}, optional={"job_title": _some("采购 13800000009", "总监"), "email": _some("w@example.com")}
    )
    external_id = st.fixed_dictionaries({"source": _some("shop", "erp"), "id": key.map(lambda i: f"{lane}-{i}")})
    custom = {"size": st.integers(20, 60), "words": _some("red", " Bo ", "绿"), "passport": _some("P-1", "****", "x")}
    person = {
        "gender": _some("female", "male", "unknown"),
        "birthday": _some(*({"date": date} for date in ("1990-05-03", "--02-29")))
        | _some({"date": "1990-05-03", "calendar": "lunar"}),
        "given_name": _some("娜", "Anna"),
        "family_name": _some("李", "Schmidt"),
    }
    organisation = {
        "kind": st.just("organisation"),
        "company_name": _some("深圳市某某有限公司", "ACME (HK) Ltd"),
        "tax_id": _some("91440300708461136T"),
        "contacts": _parts(contact),
    }
    anybody = {
        "stage": _some("lead", "active"),
        "source": _some("web", "shop", "other"),
        "language": _some("zh-CN", "en"),
        "time_zone": _some("Asia/Shanghai"),
        "preferred_channel": _some("wechat", "phone"),
        "category": _some("business"),
        "needs": st.lists(_some("delivery", "service"), max_size=2),
        "note": _TEXT,
        "tags": _parts(_TEXT.map(lambda text: text[:40])),
        "custom_fields": st.fixed_dictionaries({}, optional=custom),
        "emails": _parts(email),
        "addresses": _parts(address),
    }
    keyed = {"display_name": _TEXT, "phones": _parts(phone), "external_ids": _parts(external_id)}
    kinds = [st.fixed_dictionaries(keyed, optional=anybody | more) for more in (person, organisation)]
    wrong = st.sampled_from([{}] * 2 * len(_WRONG) + _WRONG)
    return st.builds(lambda body, fault: body | fault, st.one_of(kinds), wrong)


#: One thing is wrong with a body, or several.
_WRONG: list[dict[str, Any]] = [
    {"gender": "robot"},
    {"display_name": " "},
    {"display_name": None},
    {"display_name": ["a"]},
    {"stage": "nowhere"},
    {"phones": [{"number": "12"}], "emails": [{"email": "nobody@"}]},
    {"phones": [{"number": "13700000000"}, {"number": "+8613700000000"}]},
    {"birthday": {"date": "1990-02-30"}},
    {"contacts": [{"name": "a", "person_id": _PERSON}]},
    {"owner_id": "usr_01jdc0000000000000000000zz"},
    {"custom_fields": {"size": 7, "nothing": 1}},
    {"custom_fields": {"words": "13900000009"}},
    {"addresses": [{"city": "深圳市", "province": "江苏省"}]},
    {"tax_id": "1"},
    {"tags": [" "], "surprise": 1},
    {"external_ids": [{"source": "a b", "id": ""}]},
]


def drawn(strategy: Rows) -> list[dict[str, Any]]:
    """Many examples for one file: a run of hypothesis that collects."""
    found: list[dict[str, Any]] = []

    @settings(max_examples=_ROWS, deadline=None, derandomize=True, database=None)
    @given(strategy)
    def collect(body: dict[str, Any]) -> None:
        if body not in found:
            found.append(body)

    collect()
    return found


async def program(hub: HubUnderTest) -> ApiClient:
    """A client of a hub that knows the fields and sources of these rows."""
    if not (await hub.api.get("/v1/field-definitions")).json()["data"]:
        await declare(hub.api, "size", {"type": "integer", "minimum": 20, "maximum": 60}, filterable=True)
        await declare(hub.api, "words", {"type": "string", "maxLength": 20})
        await declare(hub.api, "passport", {"type": "string"}, sensitive=True)
        for source, priority in (("shop", 700), ("web", 300)):
            await hub.api.put(f"/v1/external-sources/{source}", json={"priority": priority})
    return hub.client_of(_PROGRAM)


async def imported_rows(hub: HubUnderTest, api: ApiClient, sent: list[Any], **members: Any) -> list[dict[str, Any]]:
    made = await ready(api, ndjson_of(sent), **members)
    job = await run_job(hub, await start(api, made["id"]))
    assert job.state == "succeeded", job.error
    assert (await get_import(api, made["id"]))["counts"]["total"] == len(sent)
    return await rows_of(api, made["id"])


def why(answer: Any) -> list[tuple[str, str]]:
    """The refused members of an answer and their codes, as a report of rows names them."""
    problem = answer.json()
    pointers = ((error["pointer"].removeprefix("#/"), error["code"]) for error in problem.get("errors", ()))
    told = sorted((pointer.removeprefix("customer/").replace("/", "."), code) for pointer, code in pointers)
    return told or [("", problem["code"])]


def same(row: dict[str, Any], answer: Any) -> bool:
    """Whether a row was refused for the same as a body. Of two taken keys of one body either may be named."""
    told, wanted = sorted((error["field"], error["code"]) for error in row["errors"]), why(answer)
    if len(told) == len(wanted) == 1 and told != wanted:
        # What only the database knows is about a field, in a report; an answer names none.
        codes = {told[0][1], answer.json()["code"]}
        return len(codes) == 1 or codes == {"phone_taken", "external_id_taken"}
    return told == wanted


async def content(hub: HubUnderTest, customers: list[str]) -> list[Any]:
    """What readers see of customers, and all that is kept of them in the clear; ids are nobody's."""
    found = []
    for customer in customers:
        shown = await hub.api.get(f"/v1/customers/{customer}", params={"include": ["provenance", "completeness"]})
        assert shown.status_code == 200, shown.text
        whole: dict[str, Any] = {}
        for link in hub.app.links:
            whole |= await link.export(hub.app.database, from_text(Prefix.CUSTOMER, customer))
        found.append(json.loads(_ID.sub(r'"\1"', json.dumps([shown.json(), whole], default=str, ensure_ascii=False))))
    return found


async def test_a_row_that_creates_is_the_same_body_posted(fresh_hub: HubUnderTest, hub: HubUnderTest) -> None:
    sent = drawn(bodies(1, 60))
    ours, theirs = await program(fresh_hub), await program(hub)
    rows = await imported_rows(fresh_hub, ours, sent)
    pairs = []
    for body, row in zip(sent, rows, strict=True):
        answer = await theirs.post("/v1/customers", json={"source": "shop"} | body)
        if answer.status_code == 201:
            assert (row["outcome"], row["errors"]) == ("created", []), body
            pairs.append((row["customer_id"], answer.json()["id"]))
        else:
            assert row["outcome"] == "failed", (body, answer.text)
            assert same(row, answer), (row["errors"], why(answer), body)
    assert len(sent) / 4 < len(pairs) < len(sent)
    by_file = await content(fresh_hub, [pair[0] for pair in pairs])
    by_call = await content(hub, [pair[1] for pair in pairs])
    for one, other in zip(by_file, by_call, strict=True):
        assert one == other


async def test_a_row_that_meets_customers_is_the_same_upsert(fresh_hub: HubUnderTest, hub: HubUnderTest) -> None:
    sent = drawn(bodies(2, 6))
    rules = {
        "match_on": ["external_id", "phone", "email"],
        "on_conflict": {"default": "replace", "fill_empty": ["note", "stage"], "keep": ["tags"]},
    }
    ours, theirs = await program(fresh_hub), await program(hub)
    rows = await imported_rows(fresh_hub, ours, sent, mode="upsert", **rules)
    twins: dict[str, str] = {}
    outcomes = set()
    for body, row in zip(sent, rows, strict=True):
        answer = await theirs.post("/v1/customers/upsert", json={**rules, "customer": {"source": "shop"} | body})
        outcomes.add(row["outcome"])
        if answer.status_code in (200, 201):
            told = answer.json()
            assert row["outcome"].replace("refused", "unchanged") == told["outcome"], (body, row, answer.text)
            assert twins.setdefault(row["customer_id"], told["customer"]["id"]) == told["customer"]["id"], body
        else:
            assert row["outcome"] == "failed", (body, answer.text)
            assert same(row, answer), (row["errors"], why(answer), body)
    assert outcomes >= {"created", "updated", "failed"}
    for one, other in zip(await content(fresh_hub, list(twins)), await content(hub, list(twins.values())), strict=True):
        assert one == other
