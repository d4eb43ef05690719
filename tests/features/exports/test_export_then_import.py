"""An unmasked file, imported without a mapping into an empty hub, gives the same customers (S-107)."""

from __future__ import annotations

import json
from itertools import starmap
from typing import Any

import pytest

from tests.customers import create_customer, declare
from tests.features.exports.desk import Desk
from tests.features.imports.importing import imported, rows_of
from tests.hub import HubUnderTest, make_number

_MOVED = ("id", "revision", "created_at", "updated_at", "added_at", "added_by")
#: Texts that a file, or whoever reads it, could take for something else.
_HOSTILE = (
    "=1+1", "+86 abc", "-1", "@SUM(A1)", "'=quoted", "''=twice", "'-a", "'plain", "''", "'", '"', 'say "hi", she',
    "a,b;c|d", "一二\n三\r四\r\n五", "=cmd|' /C calc'!A0", "\tstarts with a tab", "\rstarts with a return",
    "  spaces around  ", "#N/A", "'#N/A", "#N/A no", "#REF!", "true", "0012", "1e5", "_x000D_ and _x0041_",
    "<b>&amp;</b>", "𠮷野家", "ends with \\", "ends in two \\\\", "\\;", "null", "\ufeffmark\x7f\x85\u2028",
    "李娜\n- 13912345678 晚上\n=别打", "x" * 9_000,
)  # fmt: skip
_FIELDS: dict[str, dict[str, Any]] = {
    "words": {"type": "string", "maxLength": 2000},
    "day": {"type": "string", "format": "date"},
    "share": {"type": "number"},
    "count": {"type": "integer"},
    "agreed": {"type": "boolean"},
    "sizes": {"type": "array", "items": {"type": "string", "enum": ["S", "a;b", "c\\", "=M", "d\\;e"]}},
    "secret": {"type": "string", "maxLength": 200},
}
_SIZES = ("a;b", "=M", "c\\", "d\\;e")
_NUMBERS = (0, 5, -3, 0.1, 1e-05, 1.2345678901234567e-07, 999999999999999.9, 1e15, -2.5, 0.00012345678901234567)


def _hostile(i: int, text: str) -> dict[str, Any]:
    line = "".join(character if character.isprintable() else " " for character in text).strip()[:90]
    custom: dict[str, Any] = {"share": _NUMBERS[i % len(_NUMBERS)], "count": i - 2**53 + 1, "secret": line}
    if i % 2:
        plain = line.replace("139", "")  # no number stands where it is not encrypted
        custom |= {"words": f"{plain}\n{plain}", "agreed": i % 3 == 0}
    if i % 3:
        custom |= {"sizes": list(_SIZES[: i % 5]), "day": "2026-02-28"}
    keys = [{"source": "shop", "id": f"{line[:60]}{i}"}, {"source": "erp-2.x_y", "id": f"={i}"}]
    return {
        "display_name": "李娜" if "139" in line else line,
        "note": text,
        "stage": ("lead", "active")[i % 2],
        "source": ("web", "shop", "other")[i % 3],
        "language": ("zh-CN", "en")[i % 2],
        "external_ids": keys[: i % 3],
        "tags": [line[:40], f"a;b\\{i}", f"=tag{i}"][i % 3 :],
        "custom_fields": custom,
        "phones": [{"number": make_number(), "label": line[:30]} for _ in range(i % 4)],
        "emails": [{"email": f"a{i}.{k}@example.com", "label": line[:30]} for k in range(i % 4)],
    }


def _others() -> list[dict[str, Any]]:
    needs = {"category": "business", "needs": ["delivery", "service"]}
    virtual = {"is_primary": True, "shared": True, "kind": "virtual", "expires_at": "2027-01-02T03:04:05Z"}
    abroad = {"country": "DE", "street": '-Hauptstr. 1, "Hof"\n2. OG', "city": "Köln", "postcode": "01067"}
    return [
        {"display_name": "欧阳娜", "birthday": {"date": "1990-05-03", "calendar": "lunar", "leap_month": False}},
        {"display_name": "王伟", "birthday": {"date": "--02-29"}, "gender": "male", "preferred_channel": "wechat"},
        {"display_name": "Anna Maria Schmidt", "family_name": "Schmidt", "given_name": "Anna Maria"},
        {"display_name": None, "family_name": "欧阳", "given_name": "娜", "time_zone": "Asia/Shanghai"} | needs,
        {"phones": [{"number": make_number()}, {"number": make_number(), **virtual}]},
        {
            "display_name": None,
            "kind": "organisation",
            "company_name": "深圳市某某有限公司",
            "tax_id": "91440300708461136T",
            "addresses": [
                {"full_text": "广东省深圳市南山区科技园路1号", "label": "office"},
                abroad | {"is_primary": True},
            ],
            "contacts": [
                {"name": "=王伟", "job_title": "总监 13800000009", "email": "w@example.com"},
                {"name": "张三", "department": "+采购"},
            ],
        },
    ]


@pytest.fixture(scope="module")
async def full_hub(hub: HubUnderTest) -> HubUnderTest:
    """A hub of customers whose texts are hostile to files."""
    await _declare_fields(hub)
    for body in [*starmap(_hostile, enumerate(_HOSTILE)), *_others()]:
        await create_customer(hub.api, **body)
    return hub


@pytest.mark.parametrize("form", ["csv", "ndjson", "xlsx"])
async def test_s107_export_then_import_is_the_identity(
    form: str, full_hub: HubUnderTest, fresh_hub: HubUnderTest
) -> None:
    desk = Desk(full_hub)
    export = await desk.export(format=form, filter={}, unmasked=True, reason="moving house")
    assert export["cut"] == 0
    await _declare_fields(fresh_hub)
    done = await imported(fresh_hub, await desk.file(export), source="elsewhere")
    refused = [row for row in await rows_of(fresh_hub.api, done["id"]) if row["outcome"] != "created"]
    assert refused == []
    want, got = await _shown(full_hub), await _shown(fresh_hub)
    assert got == want
    assert len(want) == export["customers"] == len(_HOSTILE) + len(_others())
    # What nobody is shown is the same too.
    again = await Desk(fresh_hub).export(format="ndjson", filter={}, unmasked=True, reason="moving house")
    before = await desk.export(format="ndjson", filter={}, unmasked=True, reason="moving house")
    files = [(await where.file(one)).splitlines() for where, one in ((desk, before), (Desk(fresh_hub), again))]
    first, second = (_content([json.loads(line) for line in lines]) for lines in files)
    assert first == second


async def _declare_fields(hub: HubUnderTest) -> None:
    for key, schema in _FIELDS.items():
        await declare(hub.api, key, schema, sensitive=key == "secret")


async def _shown(hub: HubUnderTest) -> list[Any]:
    page = (await hub.api.get("/v1/customers", params={"limit": 200})).json()
    return list(_content(page["data"]))


def _content(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _content(member) for name, member in value.items() if name not in _MOVED}
    if isinstance(value, list):
        return sorted((_content(item) for item in value), key=repr)
    return value
