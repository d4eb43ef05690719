"""Endpoints: set up, changed, enabled, deleted; secrets shown once; addresses that may not be called."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.kit.ids import new_id
from custhub.security.reach import scoped
from tests.client import ApiClient
from tests.customers import problem_of
from tests.hub import HubUnderTest
from tests.principals import add_user, make_principal

PATH = "/v1/webhook-endpoints"
UNKNOWN = "whk_01m81amc1cfrnt9m7qcr38rxrh"
BODY: dict[str, Any] = {"url": "https://hooks.example.com/custhub", "event_types": ["customer.*", "key.rotated"]}


async def _made(api: ApiClient, **members: Any) -> dict[str, Any]:
    answer = await api.post(PATH, json=BODY | members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_w2_create_shows_the_secret_once(hub: HubUnderTest) -> None:
    key = {"Idempotency-Key": "webhook-0001"}
    made = await hub.api.post(PATH, json=BODY, headers=key)
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    assert len(secret) == 50
    replay = await hub.api.post(PATH, json=BODY, headers=key)
    assert replay.headers["idempotency-replayed"] == "true"
    assert replay.json() == made.json() | {"secret": None}
    read = await hub.api.get(made.headers["location"])
    expected = dict(made.json())
    del expected["secret"]
    assert read.json() == expected
    assert read.headers["etag"] == made.headers["etag"]
    seen = await hub.api.get(made.headers["location"], headers={"If-None-Match": made.headers["etag"]})
    assert seen.status_code == 304


async def test_s05_secrets_are_stored_sealed(hub: HubUnderTest) -> None:
    secret = (await _made(hub.api))["secret"]
    stored = [bytes(row[0]) for row in await hub.rows("SELECT secret FROM webhook_secrets")]
    assert stored
    assert not [blob for blob in stored if secret.encode() in blob or b"whsec_" in blob]


async def test_defaults_are_the_careful_ones(hub: HubUnderTest) -> None:
    made = await _made(hub.api)
    assert (made["payload"], made["ordering"], made["bulk"], made["state"]) == ("thin", "none", "all", "active")
    assert made["filter"] == {"fields": [], "actor_kinds": [], "ignored_client_ids": []}
    assert made["health"]["consecutive_failures"] == 0
    assert made["owner_id"] is None  # the operator has no account
    assert len(made["secrets"]) == 1


async def test_patch_replaces_what_was_sent(hub: HubUnderTest) -> None:
    made = await _made(hub.api, description="Billing")
    path = f"{PATH}/{made['id']}"
    changed = await hub.api.patch(path, json={"event_types": ["*"], "description": None, "ordering": "subject"})
    body = changed.json()
    assert (body["event_types"], body["description"], body["ordering"], body["revision"]) == (["*"], None, "subject", 2)
    assert (await hub.api.patch(path, json={"ordering": "subject"})).json()["revision"] == 2
    problem_of(await hub.api.patch(path, json={"bulk": "all"}, headers={"If-Match": '"1-0"'}), 412,
               "precondition_failed")  # fmt: skip
    for null in ("url", "event_types", "filter", "payload"):
        answer = await hub.api.patch(path, json={null: None})
        assert answer.json()["errors"][0]["code"] == "null_not_allowed"


async def test_event_types_must_exist(hub: HubUnderTest) -> None:
    problem = problem_of(
        await hub.api.post(PATH, json=BODY | {"event_types": ["customer.created", "customer.exploded", "nothing.*"]}),
        422,
        "webhook_event_type_unknown",
    )
    assert [issue["pointer"] for issue in problem["errors"]] == ["#/event_types/1", "#/event_types/2"]
    for wrong in ("Customer.created", "customer", "*.created", ""):
        problem_of(await hub.api.post(PATH, json=BODY | {"event_types": [wrong]}), 422, "validation_failed")
    problem_of(await hub.api.post(PATH, json=BODY | {"event_types": []}), 422, "validation_failed")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://user:secret@hooks.example.com/",
        "https://hooks.example.com:8443/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[2002:7f00:1::]/",
        "https://[fd00::1]/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
        "https://0.0.0.0/",
    ],
)
async def test_w12_addresses_that_lead_inside_are_refused(hub: HubUnderTest, url: str) -> None:
    problem = problem_of(await hub.api.post(PATH, json=BODY | {"url": url}), 422, "destination_blocked")
    assert url not in str(problem)


async def test_owner_is_an_active_user_and_by_default_the_caller(hub: HubUnderTest) -> None:
    user_id = await add_user(hub.app.hub)
    caller = hub.client_of(make_principal(user_id=user_id))
    made = await _made(caller)
    assert made["owner_id"] is not None
    other = await _made(hub.api, owner_id=made["owner_id"])
    assert other["owner_id"] == made["owner_id"]
    unknown = BODY | {"owner_id": "usr_01m81amc1cfrnt9m7qcr38rxrh"}
    problem_of(await hub.api.post(PATH, json=unknown), 422, "webhook_owner_unknown")


async def test_s62_only_who_reaches_everything_sets_webhooks_up(hub: HubUnderTest) -> None:
    narrow = hub.client_of(make_principal(reach=scoped(owner=new_id())))
    problem_of(await narrow.post(PATH, json=BODY), 403, "webhook_reach_required")
    made = await _made(hub.api)
    problem_of(await narrow.patch(f"{PATH}/{made['id']}", json={"bulk": "summary"}), 403, "webhook_reach_required")


async def test_disable_enable_delete(hub: HubUnderTest) -> None:
    made = await _made(hub.api)
    path = f"{PATH}/{made['id']}"
    disabled = (await hub.api.post(f"{path}/disable")).json()
    assert (disabled["state"], disabled["disabled_reason"]) == ("disabled", "manual")
    assert (await hub.api.post(f"{path}/disable")).json()["revision"] == disabled["revision"]
    listed = (await hub.api.get(PATH, params={"state": "disabled"})).json()["data"]
    assert made["id"] in [endpoint["id"] for endpoint in listed]
    enabled = (await hub.api.post(f"{path}/enable")).json()
    assert (enabled["state"], enabled["disabled_reason"], enabled["disabled_at"]) == ("active", None, None)
    assert (await hub.api.delete(path)).status_code == 204
    problem_of(await hub.api.delete(path), 404, "webhook_endpoint_not_found")
    problem_of(await hub.api.get(path), 404, "webhook_endpoint_not_found")
    problem_of(await hub.api.post(f"{path}/test"), 404, "webhook_endpoint_not_found")


async def test_contract_d2_rotation_needs_the_revision_that_was_seen(hub: HubUnderTest) -> None:
    made = await hub.api.post(PATH, json=BODY)
    path = f"{made.headers['location']}/rotate-secret"
    problem_of(await hub.api.post(path, json={}), 428, "precondition_required")
    problem_of(await hub.api.post(path, json={}, headers={"If-Match": '"9-0"'}), 412, "precondition_failed")
    key = {"Idempotency-Key": "rotate-000001", "If-Match": made.headers["etag"]}
    rotated = await hub.api.post(path, json={"overlap_hours": 1}, headers=key)
    assert rotated.json()["secret"].startswith("whsec_")
    assert (await hub.api.post(path, json={"overlap_hours": 1}, headers=key)).json()["secret"] is None
    problem_of(await hub.api.post(path, json={"overlap_hours": 169}, headers={"If-Match": "*"}), 422,
               "validation_failed")  # fmt: skip


async def test_changes_are_told_and_audited(fresh_hub: HubUnderTest) -> None:
    made = await _made(fresh_hub.api)
    path = f"{PATH}/{made['id']}"
    await fresh_hub.api.patch(path, json={"description": "x"})
    etag = (await fresh_hub.api.get(path)).headers["etag"]
    await fresh_hub.api.post(f"{path}/rotate-secret", json={}, headers={"If-Match": etag})
    await fresh_hub.api.post(f"{path}/disable")
    await fresh_hub.api.post(f"{path}/enable")
    await fresh_hub.api.delete(path)
    told = [row[0] for row in await fresh_hub.rows("SELECT type FROM events ORDER BY id")]
    verbs = ["created", "updated", "secret_rotated", "disabled", "enabled", "deleted"]
    assert told == [f"webhook_endpoint.{verb}" for verb in verbs]
    entries = await fresh_hub.rows(
        "SELECT action FROM audit_entries WHERE object_type = 'webhook_endpoint' ORDER BY id"
    )
    assert [row[0] for row in entries] == told


async def test_list_pages_in_order(fresh_hub: HubUnderTest) -> None:
    made = [(await _made(fresh_hub.api))["id"] for _ in range(5)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await fresh_hub.api.get(PATH, params={"limit": "2", **cursor})
        seen += [endpoint["id"] for endpoint in answer.json()["data"]]
        if not answer.json()["has_more"]:
            break
        assert answer.headers["link"].endswith('; rel="next"')
        cursor = {"cursor": answer.json()["next_cursor"]}
    assert seen == made


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", PATH),
        ("POST", PATH),
        ("GET", f"{PATH}/{UNKNOWN}"),
        ("PATCH", f"{PATH}/{UNKNOWN}"),
        ("DELETE", f"{PATH}/{UNKNOWN}"),
        ("POST", f"{PATH}/{UNKNOWN}/rotate-secret"),
        ("POST", f"{PATH}/{UNKNOWN}/enable"),
        ("POST", f"{PATH}/{UNKNOWN}/disable"),
        ("POST", f"{PATH}/{UNKNOWN}/test"),
        ("GET", "/v1/webhook-deliveries"),
        ("POST", "/v1/webhook-deliveries/redeliver"),
        ("GET", "/v1/webhook-deliveries/dlv_01m81amc1cfrnt9m7qcr38rxrh"),
        ("POST", "/v1/webhook-deliveries/dlv_01m81amc1cfrnt9m7qcr38rxrh/redeliver"),
    ],
)
async def test_every_route_wants_its_scope(hub: HubUnderTest, method: str, path: str) -> None:
    body: dict[str, Any] | None = None if method == "GET" else {}
    assert (await hub.client(token="").request(method, path, json=body)).status_code == 401
    denied = await hub.client(["customers:read", "events:read"]).request(method, path, json=body)
    assert (denied.status_code, denied.json()["scope"]) == (403, "webhooks:manage")


@pytest.mark.parametrize("verb", ["enable", "disable", "test"])
async def test_unknown_endpoints_are_404(hub: HubUnderTest, verb: str) -> None:
    problem_of(await hub.api.post(f"{PATH}/{UNKNOWN}/{verb}"), 404, "webhook_endpoint_not_found")
