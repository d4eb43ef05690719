"""The built-in roles against the table of SECURITY, section 3, cell by cell (S-61)."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.features.customers.schemas.bodies import CustomerPatch
from custhub.security.fields import Access, Field
from custhub.security.roles import ROLES
from custhub.security.scopes import ALL, READ_ONLY
from tests.features.accounts.staff import enter, hire
from tests.hub import HubUnderTest

#: Scopes that a cell of the table speaks of. What else the built-in roles have is in `FURTHER`.
READS = {"customers:read"}
INTERACTIONS = {"interactions:read", "interactions:write", "feedback:read", "feedback:write"}
TABLE: dict[str, set[str]] = {
    "sales": READS | INTERACTIONS | {
        "customers:create", "phones:lookup", "phones:reveal", "orders:read", "tags:write", "segments:read",
    },
    "support": READS | INTERACTIONS | {
        "customers:write", "phones:lookup", "phones:reveal", "orders:read", "tags:write", "segments:read",
        "consents:read", "consents:write",
    },
    "marketing": READS | {
        "interactions:read", "feedback:read", "tags:write", "segments:read", "segments:write", "exports:run",
    },
    "manager": READS | INTERACTIONS | {
        "customers:write", "customers:archive", "phones:lookup", "phones:reveal", "orders:read", "orders:write",
        "tags:write", "segments:read", "segments:write", "merges:read", "merges:execute", "imports:run", "exports:run",
    },
    "privacy_officer": READS | {
        "phones:reveal", "orders:read", "interactions:read", "feedback:read", "segments:read", "privacy:manage",
        "consents:read", "consents:write", "exports:pii", "audit:read",
    },
    "auditor": READS | {"audit:read"},
    "admin": READS | INTERACTIONS | {
        "customers:write", "customers:archive", "phones:lookup", "orders:read", "orders:write", "tags:write",
        "segments:read", "segments:write", "merges:read", "merges:execute", "imports:run", "exports:run",
        "users:manage", "clients:manage", "webhooks:manage", "keys:manage", "backups:run",
    },
    "partner": READS | {"orders:read", "orders:write", "interactions:read", "interactions:write"},
    "read_only": set(READ_ONLY),
}  # fmt: skip
FURTHER: dict[str, set[str]] = {
    "sales": {"followups:read", "followups:write", "complaints:read", "consents:read"},
    "support": {"followups:read", "followups:write", "complaints:read", "complaints:write"},
    "marketing": {"surveys:manage", "consents:read"},
    "manager": {
        "customers:create", "followups:read", "followups:write", "surveys:manage", "complaints:read",
        "complaints:write", "tiers:manage", "consents:read", "consents:write", "quality:read", "quality:write",
    },
    "privacy_officer": {
        "phones:lookup", "followups:read", "complaints:read", "merges:read", "quality:read", "retention:manage",
        "suppressions:manage",
    },
    "auditor": set(),
    "admin": {
        "customers:create", "customers:intake", "followups:read", "followups:write", "surveys:manage",
        "complaints:read", "complaints:write", "tiers:manage", "consents:read", "consents:write", "merges:manage",
        "suppressions:manage", "quality:read", "quality:write", "fields:manage", "privacy:manage",
        "retention:manage", "audit:read", "events:read", "jobs:manage", "ops:read",
    },
    "partner": {"customers:create", "customers:intake"},
    "read_only": set(),
}  # fmt: skip
REACH = {
    "sales": "own_team", "support": "all", "marketing": "all", "manager": "team_tree", "privacy_officer": "all",
    "auditor": "all", "admin": "all", "partner": "granted", "read_only": "all",
}  # fmt: skip
MASKS = {
    "sales": "mask", "support": "last4", "marketing": "none", "manager": "mask", "privacy_officer": "mask",
    "auditor": "none", "admin": "mask", "partner": "none", "read_only": "mask",
}  # fmt: skip
REVEALS = {"sales": 50, "support": 50, "manager": 100, "privacy_officer": 100}
EVERY = {field.value for field in Field}
WRITES: dict[str, set[str]] = {
    "sales": {"tags"},
    "support": {"addresses", "language", "preferred_channel", "tags"},
    "marketing": {"tags"},
    "manager": EVERY,
    "admin": EVERY,
}
SEES: dict[str, set[str]] = {
    "auditor": set(),
    "partner": {"kind", "display_name", "stage", "source", "external_ids"},
}
VALUES: dict[str, Any] = {
    "display_name": "王芳", "given_name": "芳", "family_name": "王", "company_name": "Acme", "tax_id": None,
    "birthday": {"date": "1990-05-03"}, "gender": "female", "language": "en", "time_zone": "Asia/Shanghai",
    "preferred_channel": "phone", "stage": "active", "source": "fair", "owner_id": None, "team_id": None,
    "note": "calls back", "category": "dealer", "needs": ["purchase"], "custom_fields": {},
}  # fmt: skip
#: What stands in the place of what is hidden, where that is not null.
NOTHING: dict[str, Any] = {"needs": []}


def expected(role: str, field: str) -> Access:
    if field in WRITES.get(role, ()):
        return Access.WRITE
    return Access.READ if field in SEES.get(role, EVERY) else Access.HIDDEN


@pytest.mark.parametrize("role", sorted(ROLES))
def test_s61_scopes_rows_mask_and_reveals_are_those_of_the_table(role: str) -> None:
    seed = ROLES[role]
    assert set(seed.scopes) == TABLE[role] | FURTHER[role]
    assert not TABLE[role] & FURTHER[role]
    assert set(seed.scopes) <= ALL
    assert (seed.reach, seed.phone_mask, seed.reveals_per_day) == (REACH[role], MASKS[role], REVEALS.get(role, 0))


def test_s61_bulk_export_of_numbers_is_in_no_role_but_that_of_privacy() -> None:
    assert [role for role, seed in ROLES.items() if "exports:pii" in seed.scopes] == ["privacy_officer"]


@pytest.mark.parametrize("field", sorted(EVERY))
@pytest.mark.parametrize("role", sorted(ROLES))
def test_s61_field_is_as_open_as_the_table_says(role: str, field: str) -> None:
    assert ROLES[role].fields.get(field, Access.HIDDEN) == expected(role, field)


async def test_seeded_rows_are_the_roles_of_this_version(hub: HubUnderTest) -> None:
    stored = {row["name"]: row for row in (await hub.api.get("/v1/roles")).json()["data"] if row["is_builtin"]}
    assert stored.keys() == ROLES.keys()
    for name, seed in ROLES.items():
        row = stored[name]
        assert set(row["scopes"]) == set(seed.scopes)
        assert (row["reach"], row["phone_mask"]) == (seed.reach, seed.phone_mask)
        assert (row["reveals_per_day"], row["description"]) == (seed.reveals_per_day, seed.description)
        levels = {field: Access[level.upper()] for field, level in row["fields"].items()}
        assert {field: levels.get(field, Access.HIDDEN) for field in EVERY} == {
            field: seed.fields.get(field, Access.HIDDEN) for field in EVERY
        }


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_s61_me_shows_the_policy_of_the_role(hub: HubUnderTest, role: str) -> None:
    client = await enter(hub, await hire(hub, [role]))
    me = (await client.get("/v1/me")).json()
    assert me["fields"] == {field: expected(role, field).name.lower() for field in EVERY}
    assert set(me["scopes"]) == TABLE[role] | FURTHER[role]
    assert me["phone_mask"] == MASKS[role]
    assert me["quotas"]["reveals_per_day"] == REVEALS.get(role, 100)


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"partner"}))
async def test_s61_every_field_is_shown_and_changed_as_the_table_says(hub: HubUnderTest, role: str) -> None:
    """Field by field with a real token: what is hidden is empty, what is not writable is refused and unchanged."""
    team = (await hub.api.post("/v1/teams", json={"name": f"team of {role}"})).json()["id"]
    given = {name: value for name, value in VALUES.items() if value is not None} | {"team_id": team}
    made = (await hub.api.post("/v1/customers", json=given)).json()
    path = f"/v1/customers/{made['id']}"
    client = await enter(hub, await hire(hub, [role], team_id=team))
    shown = (await client.get(path)).json()
    for field in VALUES:
        assert shown[field] == (made[field] if expected(role, field) >= Access.READ else NOTHING.get(field)), field
    for field in sorted(CustomerPatch.model_fields.keys() & EVERY):
        value = {"owner_id": None, "team_id": team}.get(field, VALUES.get(field))
        answer = await client.patch(path, json={field: value})
        if "customers:write" not in ROLES[role].scopes:
            assert (answer.status_code, answer.json()["scope"]) == (403, "customers:write"), field
        elif expected(role, field) is Access.WRITE:
            assert answer.status_code == 200, field
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "field_not_writable"), field
            assert answer.json()["errors"][0]["pointer"] == f"#/{field}"
    if role not in ("admin", "manager"):
        unchanged = (await hub.api.get(path)).json()
        assert {field: unchanged[field] for field in VALUES} == {field: made[field] for field in VALUES}


async def test_s61_salesperson_creates_and_then_cannot_change_basic_data(hub: HubUnderTest) -> None:
    """The named case: own customers are seen in full and stay as they were entered, field by field."""
    client = await enter(hub, await hire(hub, ["sales"]))
    given = {name: value for name, value in VALUES.items() if value is not None}
    made = await client.post("/v1/customers", json=given)
    assert made.status_code == 201
    for field in sorted(CustomerPatch.model_fields):
        answer = await client.patch(made.headers["location"], json={field: VALUES.get(field)})
        assert answer.status_code == 403, field
    assert (await client.get(made.headers["location"])).json() == made.json()


async def test_s43_roles_of_one_person_add_up(hub: HubUnderTest) -> None:
    client = await enter(hub, await hire(hub, ["auditor", "support", "marketing"]))
    me = (await client.get("/v1/me")).json()
    assert set(me["scopes"]) == {s for role in ("auditor", "support", "marketing") for s in ROLES[role].scopes}
    assert (me["phone_mask"], me["fields"]["addresses"], me["reach"]["kind"]) == ("last4", "write", "all")


async def test_person_without_a_role_may_do_nothing(hub: HubUnderTest) -> None:
    client = await enter(hub, await hire(hub))
    me = (await client.get("/v1/me")).json()
    assert (me["scopes"], me["roles"], me["reach"]["kind"]) == ([], [], "scoped")
    assert set(me["fields"].values()) == {"hidden"}
    assert (await client.get("/v1/customers")).json()["code"] == "insufficient_scope"
