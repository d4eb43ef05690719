"""What commands at the machine ask of accounts."""

from __future__ import annotations

import pytest

from custhub.features.accounts.queries.people import USERS
from custhub.features.accounts.service.clients import create_client
from custhub.features.accounts.service.operator import OPERATOR_ACTOR, issue_operator_token
from custhub.features.accounts.service.users import create_user
from tests.features.accounts.staff import Person, Program, client_token, enter, new_email, notes
from tests.hub import HubUnderTest

PASSWORD = "correct horse battery staple"


async def test_operator_creates_users_of_any_role(fresh_hub: HubUnderTest) -> None:
    """Whoever may read the keyring is bound by no ceiling: `who` is None."""
    hub, email = fresh_hub, new_email()
    work = hub.app.hub.unit_of_work(OPERATOR_ACTOR, "cli")
    hashed = await hub.app.accounts.hashing.hash(PASSWORD)
    made = await create_user(work, email=email, name="王伟", role_names=["privacy_officer"], password_hash=hashed)
    await work.commit()
    client = await enter(hub, Person("", email))
    assert "exports:pii" in (await client.get("/v1/me")).json()["scopes"]
    page = await USERS.page(hub.app.database, {}, None, 10)
    assert [record.row.id for record in page.items] == [made.row.id]
    ((kind, _, subject, outcome, _),) = await notes(hub, "user.created")
    assert (kind, outcome) == ("operator", "done")
    assert subject is not None


async def test_operator_creates_clients_of_any_ceiling(hub: HubUnderTest) -> None:
    work = hub.app.hub.unit_of_work(OPERATOR_ACTOR, "cli")
    made = await create_client(work, name="Shop", scopes=["exports:pii"], sources=["shop"])
    await work.commit()
    listed = (await hub.api.get("/v1/clients")).json()["data"][-1]
    answer = await client_token(hub, Program(listed["id"], made.secret, ""))
    assert answer.json()["scope"] == "exports:pii"


async def test_operator_token_has_exactly_the_scopes_asked_for_and_is_audited(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    work = hub.app.hub.unit_of_work(OPERATOR_ACTOR, "cli")
    token = issue_operator_token(
        work, hub.app.signer, scopes=["customers:read"], roles=["support"], lifetime_seconds=60
    )
    await work.commit()
    me = (await hub.client(token=token).get("/v1/me")).json()
    assert (me["kind"], me["scopes"], me["phone_mask"]) == ("operator", ["customers:read"], "last4")
    assert len(await notes(hub, "operator_token.issued")) == 1
    hub.clock.advance(91)
    assert (await hub.client(token=token).get("/v1/me")).status_code == 401


async def test_operator_token_lives_an_hour_at_most(hub: HubUnderTest) -> None:
    work = hub.app.hub.unit_of_work(OPERATOR_ACTOR, "cli")
    with pytest.raises(ValueError, match="3600"):
        issue_operator_token(work, hub.app.signer, scopes=[], lifetime_seconds=3_601)
