"""A few customers to whom anything may happen: edits, new and removed rows, merges."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from custhub.features.customers.queries.whole import whole_customer
from custhub.features.customers.service.standards import STANDARDS, RefusedChange
from custhub.kit.uow import SYSTEM
from tests.canonical import canonical, id_of
from tests.customers import create_customer, path_of
from tests.features.intake.sending import send, sender
from tests.hub import HubUnderTest, make_number

NAMES = ("曹伟", "Cao Wei", "欧阳娜娜", "王芳", "John Smith", "李娜")
TAGS = ("VIP", "vip", "B2B", "b2b", "old", "New")
FIELDS = ("size", "card")
#: Kinds of parts, with what is sent for a new one.
PARTS = ("phones", "emails", "addresses", "external_ids", "contacts")
Export = dict[str, Any]


class World:
    """The customers of one sequence, and what was done to them."""

    def __init__(self, hub: HubUnderTest, rng: random.Random) -> None:
        self.hub = hub
        self.api = hub.client()
        self.rng = rng
        self.kind = rng.choice(("person", "organisation"))
        self.customers: list[dict[str, Any]] = []
        #: Absorbed -> by whom.
        self.into: dict[str, str] = {}
        self.removed: set[str] = set()
        self.edited: set[str] = set()
        self.numbers: dict[str, str] = {}

    async def begin(self) -> None:
        """Three to five customers with parts of every kind."""
        for _ in range(self.rng.randint(3, 5)):
            body: dict[str, Any] = {"kind": self.kind, "display_name": self.rng.choice(NAMES)}
            for part in PARTS:
                if part != "contacts" or self.kind == "organisation":
                    body[part] = [self._part(part) for _ in range(self.rng.randint(0, 2))]
            body["tags"] = sorted({tag.lower(): tag for tag in self.rng.sample(TAGS, self.rng.randint(0, 3))}.values())
            body |= self._fields(self.rng.randint(0, 4))
            made = await create_customer(self.api, **body)
            self.customers.append(made)
            for phone, sent in zip(made["phones"], body["phones"], strict=True):
                self.numbers[phone["id"]] = sent["number"]
            self.hub.clock.advance(1)
            for _ in range(self.rng.randint(0, 2)):
                await self._consent(made)
            if self.rng.random() < 0.4:
                await self._finding(made)

    def standing(self) -> list[dict[str, Any]]:
        """Those that nobody has absorbed."""
        return [one for one in self.customers if one["id"] not in self.into]

    async def export(self, customer: Mapping[str, Any]) -> Export:
        """All that is kept of it."""
        told: Export = orjson.loads(await canonical(self.hub, customer))
        return told

    async def happen(self) -> str:
        """One thing more happens to somebody; what."""
        self.hub.clock.advance(1)
        customer = self.rng.choice(self.standing())
        deed = self.rng.choice(("fields", "add", "change", "remove", "tag", "untag", "consent", "finding", "touch"))
        await {
            "fields": self._patch,
            "add": self._add,
            "change": self._change,
            "remove": self._remove,
            "tag": self._tag,
            "untag": self._untag,
            "consent": self._consent,
            "finding": self._finding,
            "touch": self._touch,
        }[deed](customer)
        return f"{deed} {customer['id']}"

    def _fields(self, count: int) -> dict[str, Any]:
        rng = self.rng
        given: dict[str, Any] = {
            "note": f"call {make_number()}" if rng.random() < 0.5 else rng.choice(("first", "second")),
            "language": rng.choice(("zh-CN", "en")),
            "birthday": {"date": f"19{rng.randint(50, 99)}-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}"},
            "needs": rng.sample(("price", "quality", "service"), 0),
            "custom_fields": {key: rng.choice(("s", "m", "l")) for key in rng.sample(FIELDS, rng.randint(1, 2))},
            "company_name": rng.choice(("某某有限公司", "Acme Ltd")),
            "preferred_channel": rng.choice(("email", "phone")),
        }
        if self.kind == "organisation":
            del given["birthday"]
        return {name: given[name] for name in rng.sample(sorted(given), min(count, len(given)))}

    def _part(self, part: str) -> dict[str, Any]:
        number, rng = make_number(), self.rng
        sent: dict[str, dict[str, Any]] = {
            "phones": {"number": number, "shared": rng.random() < 0.2},
            "emails": {"email": f"{number}@example.com"},
            "addresses": {"street": f"{rng.randint(1, 99)} Road, ring {number}", "country": "US"},
            "external_ids": {"source": "shop", "id": number},
            "contacts": {"name": f"{rng.choice(NAMES)} {number}"},
        }
        return sent[part]

    async def _patch(self, customer: Mapping[str, Any]) -> None:
        body = self._fields(2) | ({"display_name": self.rng.choice(NAMES)} if self.rng.random() < 0.4 else {})
        await self._ok("PATCH", path_of(dict(customer)), json=body)

    async def _add(self, customer: Mapping[str, Any]) -> None:
        part = self.rng.choice(PARTS if self.kind == "organisation" else PARTS[:4])
        body = self._part(part)
        made = await self._ok("POST", f"{path_of(dict(customer))}/{part.replace('_', '-')}", json=body)
        if part == "phones":
            self.numbers[made["id"]] = body["number"]

    async def _some(self, customer: Mapping[str, Any], parts: tuple[str, ...]) -> tuple[str, dict[str, Any]] | None:
        told = await self.export(customer)
        held = [(part, row) for part in parts for row in told[part]]
        return self.rng.choice(held) if held else None

    async def _change(self, customer: Mapping[str, Any]) -> None:
        if (found := await self._some(customer, ("phones", "emails", "addresses"))) is not None:
            part, row = found
            body: dict[str, Any] = {"label": self.rng.choice(("home", "office"))}
            if self.rng.random() < 0.4:
                body = {"is_primary": True}
            await self._ok("PATCH", f"{path_of(dict(customer))}/{part}/{row['id']}", json=body)
            self.edited.add(row["id"])

    async def _remove(self, customer: Mapping[str, Any]) -> None:
        if (found := await self._some(customer, PARTS)) is not None:
            part, row = found
            await self._ok("DELETE", f"{path_of(dict(customer))}/{part.replace('_', '-')}/{row['id']}")
            self.removed.add(row["id"])

    async def _tag(self, customer: Mapping[str, Any]) -> None:
        await self._ok("PUT", f"{path_of(dict(customer))}/tags/{self.rng.choice(TAGS)}")

    async def _untag(self, customer: Mapping[str, Any]) -> None:
        if told := (await self.export(customer))["tags"]:
            tag = self.rng.choice(told)["tag"]
            await self._ok("DELETE", f"{path_of(dict(customer))}/tags/{tag}")
            self.removed.add(tag.lower())

    async def _consent(self, customer: Mapping[str, Any]) -> None:
        body = {
            "customer_id": customer["id"],
            "purpose": "marketing",
            "channel": self.rng.choice(("email", "sms", "phone")),
            "status": self.rng.choice(("granted", "withdrawn", "denied")),
        }
        await self._ok("POST", "/v1/consents", json=body)

    async def _finding(self, customer: Mapping[str, Any]) -> None:
        app = self.hub.app
        own: UUID = id_of(customer)
        record = await whole_customer(app.database, own)
        assert record is not None
        assert record.wrapped_dek is not None
        assert record.dek_version is not None
        dek = app.keys.cipher.unwrap(own, record.dek_version, record.wrapped_dek)
        uow = app.hub.unit_of_work(SYSTEM, "proof")
        claimed = self.rng.choice(("en", "fr"))
        change = RefusedChange("language", "confirmed", "shop", uow.now, "zh-CN", claimed)
        for row in (await self.export(customer))["findings"]:
            self.edited.add(row["id"])  # of one field and source one is open: it is seen again
        await app.hub.parts[STANDARDS].refusals.keep(uow, own, dek, [change])
        await uow.commit()

    async def _touch(self, customer: Mapping[str, Any]) -> None:
        numbers = [self.numbers[row["id"]] for row in (await self.export(customer))["phones"] if not row["shared"]]
        if numbers:
            await send(sender(self.hub), {"phones": [{"number": self.rng.choice(numbers)}]})

    async def _ok(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        answer = await self.api.request(method, path, **more)
        assert answer.status_code < 300, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else {}
