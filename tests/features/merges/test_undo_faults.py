"""An undo that dies at any of its statements has done nothing, or all of it."""

from __future__ import annotations

from typing import Any

from tests.canonical import canonical
from tests.faults import Fault, failing
from tests.features.merges.test_undo_merge import CLAIMS, KEYS, TOKENS, VALUES, two
from tests.hub import HubUnderTest
from tests.merges import merge, undone

ASKED = (TOKENS, KEYS, CLAIMS, VALUES, "SELECT customer_id, purpose, status FROM consent_states ORDER BY customer_id")
#: Statements of one undo that are let fail: all of them would take half a minute.
_STRIKES = 12


async def test_an_undo_that_dies_leaves_all_or_nothing(fresh_hub: HubUnderTest) -> None:
    """MATCHING 5: at any statement, before it and after it."""
    hub = fresh_hub
    first, second = await two(hub)

    async def everything() -> list[Any]:
        return [*[await canonical(hub, one) for one in (first, second)], *[await hub.rows(sql) for sql in ASKED]]

    before = await everything()
    made = await merge(hub.api, [first, second])
    path = f"/v1/merges/{made['id']}"
    send: dict[str, Any] = {"json": {"reason": "other"}, "headers": {"If-Match": '"1"'}}
    with failing(hub, Fault()) as counting:
        # With a stale revision it goes as far as it can without a change.
        await hub.api.post(f"{path}/undo", json={"reason": "other"}, headers={"If-Match": '"9"'})
    merged, at, died = await everything(), counting.seen + 1, 0
    while True:
        with failing(hub, Fault(at, after=at % 2 == 0)) as fault:
            answer = await hub.api.post(f"{path}/undo", **send)
        now = await everything()
        state = (await hub.api.get(path)).json()["state"]
        if state == "undone":
            # All of it: the answer may have been lost behind the commit.
            assert _content(now) == _content(before)
            break
        assert answer.status_code >= 500, answer.text
        assert now == merged
        died += 1
        at += 1 + died * died // _STRIKES
    assert died >= 3
    assert not fault.has_struck or fault.after
    again = await hub.api.post(f"{path}/undo", **send)
    assert (again.status_code, again.json()["code"]) == (409, "already_undone")
    told = await merge(hub.api, [first, second], override=True)
    assert (await undone(hub.api, told))["conflicts"] == []


def _content(told: list[Any]) -> list[Any]:
    """Without match keys, which an undo writes for whoever has none yet."""
    return [*told[:3], *told[4:]]
