"""What people decided, as labels to estimate weights from."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.features.matching.rules.levels import Field, Level
from custhub.features.matching.service.estimating import levels_of
from custhub.operator import duplicates
from tests.features.duplicates.desk import DUPLICATES, bulk_merge, listed, scan, twins
from tests.hub import HubUnderTest


async def labels(hub: HubUnderTest) -> list[dict[str, Any]]:
    command = duplicates.COMMANDS["duplicates.labels"]
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = await command.run(hub.app, command.arguments.model_validate({"after": after}))
        found += page["labels"]
        after = page["after"]
        if after is None:
            return found


async def decide(hub: HubUnderTest, pair: dict[str, Any], **body: Any) -> dict[str, Any]:
    answer = await hub.api.post(f"{DUPLICATES}/{pair['id']}/decision", json=body)
    assert answer.status_code == 200, answer.text
    decided: dict[str, Any] = answer.json()
    return decided


async def test_decisions_are_labels_by_levels_and_without_values(
    fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S-01: levels say nothing of who it is."""
    monkeypatch.setattr(duplicates, "_LABELS_AT_ONCE", 2)
    hub = fresh_hub
    for name in ("Eleanor Rigby", "Marta Lindqvist", "Ravi Chandran", "Oona Karjalainen"):
        await twins(hub, name=name)
    await scan(hub)
    one, two, three, four = await listed(hub, state="open")
    await decide(hub, one, decision="merge", reason="same_person")
    await decide(hub, two, decision="not_same", reason="namesake")
    await decide(hub, three, decision="later")
    await decide(hub, four, decision="merge")
    found = {label["left"]: label for label in await labels(hub)}
    assert {left: label["decision"] for left, label in found.items()} == {
        one["left_id"]: "merge",
        two["left_id"]: "not_same",
        four["left_id"]: "merge",
    }
    label = found[two["left_id"]]
    assert (label["right"], label["reason"]) == (two["right_id"], "namesake")
    assert label["model_version"] == two["explanation"]["model_version"]
    assert dict(levels_of(label["levels"])) == {
        Field(said["field"]): Level(said["level"]) for said in two["explanation"]["fields"]
    }
    assert dict(levels_of(label["levels"]))[Field.NAME] is Level.SAME
    assert label.keys() == {"left", "right", "decision", "reason", "model_version", "levels"}


async def test_what_was_taken_back_and_what_a_bulk_merge_joined_is_none(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    await twins(hub)
    await scan(hub)
    (pair,) = await listed(hub, state="open")
    merge_id = (await decide(hub, pair, decision="merge"))["merge_id"]
    assert len(await labels(hub)) == 1
    merge = f"/v1/merges/{merge_id}"
    etag = (await hub.api.get(merge)).headers["etag"]
    answer = await hub.api.post(f"{merge}/undo", json={"reason": "not_the_same"}, headers={"If-Match": etag})
    assert answer.status_code in (200, 201), answer.text
    assert await labels(hub) == []
    await twins(hub, name="Marta Lindqvist")
    await scan(hub)
    await bulk_merge(hub, dry_run=True)
    assert (await bulk_merge(hub, dry_run=False))["merged"] == 1
    assert await labels(hub) == []
