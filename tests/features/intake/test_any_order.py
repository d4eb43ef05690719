"""Batches of offline devices arrive in any order, and come to the same end."""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

from tests.features.intake.sending import at, found_by_number, item, send_all, sender, touchpoints
from tests.hub import HubUnderTest, make_number

_RUNS = 8
_FIELDS = {
    "display_name": ("李娜", "王伟", "Anna Li", "欧阳娜娜"),
    "family_name": ("Li", "王"),
    "note": ("calls in the morning", "wants a catalogue"),
    "language": ("en", "zh-CN", "de"),
    "gender": ("female", "male", "unknown"),
    "stage": ("active", "lead"),
    "birthday": ({"date": "1990-05-03"}, {"date": "1991-01-02"}),
    "needs": (["delivery"], ["delivery", "service"]),
}
_LABELS = ("work", "home", None)


async def test_items_in_every_order_give_the_same_customer(hub: HubUnderTest) -> None:
    """Seeded sets of items of one person with one number in common, each in several orders, split into batches."""
    chance, api = random.Random(20_261_122), sender(hub)
    await hub.api.put("/v1/external-sources/desk", json={"priority": 800})
    for _ in range(_RUNS):
        made = [_item(chance) for _ in range(chance.randint(2, 5))]
        orders = chance.sample(list(itertools.permutations(made)), 2 if len(made) == 2 else 4)
        ends = []
        for order in orders:
            own = make_number()
            sent = [_of(own, one) for one in order]
            cut = chance.randint(0, len(sent))
            for batch in (sent[:cut], sent[cut:]):
                if batch:
                    answer = (await send_all(api, batch)).json()
                    assert answer["failed"] == 0, answer
            ends.append(await _end(hub, own))
        assert all(end == ends[0] for end in ends), f"{json.dumps(made, ensure_ascii=False)}\n" + "\n".join(ends)


def _item(chance: random.Random) -> dict[str, Any]:
    customer: dict[str, Any] = {
        name: chance.choice(values) for name, values in _FIELDS.items() if chance.random() < 0.4
    }
    others = [{"number": f"other-{n}", "label": chance.choice(_LABELS)} for n in range(3) if chance.random() < 0.4]
    customer["phones"] = [{"number": "own", "label": chance.choice(_LABELS)}, *others]
    chance.shuffle(customer["phones"])
    if chance.random() < 0.5:
        chance.choice(customer["phones"])["is_primary"] = True
    mails = [{"email": f"{n}", "label": chance.choice(_LABELS)} for n in "ab" if chance.random() < 0.5]
    if mails:
        customer["emails"] = chance.sample(mails, len(mails))
        customer["emails"][0]["is_primary"] = chance.random() < 0.3
    if chance.random() < 0.5:
        customer["tags"] = chance.sample(["x", "y", "z"], 2)
    # Few moments and sources, so that some are equal.
    made = item(customer, source=chance.choice(["fair", "web", "desk"]), occurred_at=at(chance.randint(1, 4)))
    made |= {"device_id": chance.choice(["t-1", "t-2"]), "sequence": chance.randint(1, 9)}
    if chance.random() < 0.5:
        status = chance.choice(["granted", "denied", "withdrawn"])
        made["consents"] = [{"purpose": "marketing", "channel": "sms", "status": status}]
    return made


def _of(own: str, made: dict[str, Any]) -> dict[str, Any]:
    """The item for one person: numbers and addresses that nobody else has."""
    customer = dict(made["customer"])
    customer["phones"] = [{**phone, "number": _number(own, phone["number"])} for phone in customer["phones"]]
    customer["emails"] = [{**mail, "email": f"{mail['email']}{own}@example.com"} for mail in customer.get("emails", ())]
    return {**made, "customer": customer}


def _number(own: str, name: str) -> str:
    # Others begin with 139, 150, 151: no test makes such ones.
    return own if name == "own" else f"{('139', '150', '151')[int(name[-1])]}{own[3:]}"


async def _end(hub: HubUnderTest, own: str) -> str:
    (customer,) = await found_by_number(hub, own)
    seen = {name: customer[name] for name in (*_FIELDS, "given_name", "source", "company_name")}
    seen["phones"] = sorted(
        (phone["masked"].replace(own[3:7], ""), phone["label"] or "", phone["is_primary"])
        for phone in customer["phones"]
    )
    seen["emails"] = sorted((mail["email"][0], mail["label"] or "", mail["is_primary"]) for mail in customer["emails"])
    seen["tags"] = sorted(tag["tag"] for tag in customer["tags"])
    states = (await hub.api.get(f"/v1/customers/{customer['id']}/consents")).json()["data"]
    seen["consents"] = [(state["purpose"], state["status"], state["captured_at"]) for state in states]
    numbers = [[row["device_id"], row["sequence"], row["occurred_at"]] for row in await touchpoints(hub, customer)]
    seen["touchpoints"] = sorted(numbers)
    return json.dumps(seen, ensure_ascii=False, sort_keys=True).replace(own[-4:], "")
