"""What too many share is listed: by kind and number of holders, with some of them within reach, without the value."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.features.duplicates.service import bench
from custhub.features.matching.rules.blocking import HOT
from custhub.kit.ids import Prefix, to_text
from custhub.operator import duplicates
from custhub.security.reach import scoped
from tests.features.duplicates.desk import DUPLICATES, scan
from tests.hub import HubUnderTest
from tests.principals import add_user, make_principal

HOT_KEYS = f"{DUPLICATES}/hot-keys"
CUSTOMERS = "/v1/customers"
#: Nobody shares a name with another.
_NAMES = [family + given for family in "赵钱孙李周吴郑" for given in ("伟强", "芳菲", "娜敏", "秀英", "建国", "晓明")]


async def crowd(hub: HubUnderTest, **members: Any) -> list[str]:
    """One more than a key may have, who all sent the same; their ids."""
    items = [{"display_name": name, **members} for name in _NAMES[: HOT + 1]]
    answer = await hub.api.post(
        f"{CUSTOMERS}/batch", json={"items": items}, headers={"Idempotency-Key": "crowd-000001"}
    )
    assert answer.status_code == 200, answer.text
    return [made["id"] for made in answer.json()["results"]]


async def listed(api: Any, **params: Any) -> dict[str, Any]:
    """A page of hot keys."""
    answer = await api.get(HOT_KEYS, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_what_too_many_share_is_listed_until_it_is_corrected(fresh_hub: HubUnderTest) -> None:
    """MATCHING 2: the mailbox of a hotel brings nobody together, and the operator hears of it."""
    hub = fresh_hub
    people = await crowd(hub, emails=[{"email": "front.desk@harbour-hotel.com"}])
    assert (await listed(hub.api))["data"] == []
    done = await scan(hub)
    assert done["pairs"] == 0
    whole = await listed(hub.api)
    assert {one["kind"]: one["holders"] for one in whole["data"]} == {"email": HOT + 1, "email_local_part": HOT + 1}
    for one in whole["data"]:
        assert (one["object"], one["scan_id"]) == ("hot_key", done["id"])
        assert len(set(one["customer_ids"]) & set(people)) == 3
    assert "harbour" not in str(whole)
    first = await listed(hub.api, limit=1)
    second = await listed(hub.api, limit=1, cursor=first["next_cursor"])
    assert first["data"] + second["data"] == whole["data"]
    assert (first["has_more"], second["has_more"]) == (True, False)
    command = duplicates.COMMANDS["duplicates.hot-keys"]
    told = await command.run(hub.app, command.arguments.model_validate({}))
    assert [key["customer_ids"] for key in told["hot_keys"]] == [key["customer_ids"] for key in whole["data"]]
    mail = (await hub.api.get(f"{CUSTOMERS}/{people[0]}")).json()["emails"][0]["id"]
    await hub.api.delete(f"{CUSTOMERS}/{people[0]}/emails/{mail}")
    await scan(hub)
    assert (await listed(hub.api))["data"] == []


async def test_who_holds_it_is_told_within_reach(fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """S-62, by a process that compares; holders are those of the whole hub, who was archived since is no example."""
    hub = fresh_hub
    monkeypatch.setattr(bench, "FEW", -1)
    me = await add_user(hub.app.hub)
    people = await crowd(hub, addresses=[{"street": "12 Baker Street", "city": "London", "country": "GB"}])
    for one in people[-2:]:
        changed = await hub.api.patch(f"{CUSTOMERS}/{one}", json={"owner_id": to_text(Prefix.USER, me)})
        assert changed.status_code == 200, changed.text
    await scan(hub)
    api = hub.client_of(make_principal(reach=scoped(owner=me), user_id=me))
    (house,) = (await listed(api))["data"]
    assert (house["kind"], house["holders"]) == ("house", HOT + 1)
    assert sorted(house["customer_ids"]) == sorted(people[-2:])
    await hub.api.post(f"{CUSTOMERS}/{people[-1]}/archive")
    assert (await listed(api))["data"][0]["customer_ids"] == people[-2:-1]
