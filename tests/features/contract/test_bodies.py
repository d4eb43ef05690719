"""How requests are read: media types, strict JSON, unknown members, values (contract_b, contract_d1, contract_p17)."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.kit.ids import Prefix, new_id, to_text
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of
from tests.hub import make_customer, make_number

JSON = "application/json"
MERGE = "application/merge-patch+json"

BROKEN = {
    "nan": (b'{"display_name": NaN}', "number_not_finite"),
    "infinity": (b'{"display_name": -Infinity}', "number_not_finite"),
    "overflow": (b'{"display_name": 1e999}', "number_not_finite"),
    "duplicate members": (b'{"note": "a", "note": "b"}', "duplicate_member"),
    "nested duplicates": (b'{"tags": [{"a": 1, "a": 2}]}', "duplicate_member"),
    "900 arrays": (b"[" * 900 + b"]" * 900, "too_deep"),
    "33 objects": (b'{"a":' * 33 + b"1" + b"}" * 33, "too_deep"),
    "a million arrays": (b"[" * 1_000_000, "too_deep"),
    "lone surrogate": (rb'{"note": "\ud800"}', "forbidden_character"),
    "NUL": (rb'{"note": "\u0000"}', "forbidden_character"),
    "not UTF-8": (b'{"note": "\xff"}', "not_utf8"),
    "a byte order mark": (b'\xef\xbb\xbf{"note": "x"}', "not_utf8"),
    "65 bits": (b'{"note": 9223372036854775808}', "integer_out_of_range"),
    "a thousand digits": (b'{"note": ' + b"9" * 1_000 + b"}", "integer_out_of_range"),
    "cut off": (b'{"note": "x"', "syntax"),
    "two values": (b"{} {}", "syntax"),
    "a comment": (b'{"note": "x"} // y', "syntax"),
    "single quotes": (b"{'note': 'x'}", "syntax"),
    "a trailing comma": (b'{"note": "x",}', "syntax"),
    "white space": (b"   ", "empty_body"),
}


@pytest.mark.parametrize(("content", "reason"), BROKEN.values(), ids=BROKEN)
async def test_what_is_not_strict_json_answers_400(api: ApiClient, content: bytes, reason: str) -> None:
    """contract_p17: never a 500, never a silent choice."""
    for headers in ({"content-type": JSON}, {"content-type": JSON, "idempotency-key": "strict-json"}):
        answer = await api.post("/v1/customers", content=content, headers=headers)
        problem = problem_of(answer, 400, "invalid_json")
        # So deep that the reader stops: both names are true.
        assert problem["errors"][0]["code"] in {reason, "syntax" if reason == "too_deep" else reason}


@pytest.mark.parametrize("content", [b"[]", b'"x"', b"1", b"true"])
async def test_a_body_that_is_no_object_answers_422(api: ApiClient, content: bytes) -> None:
    """contract_e1: readable, and not what the operation takes."""
    answer = await api.post("/v1/customers", content=content, headers={"content-type": JSON})
    assert problem_of(answer, 422, "validation_failed")["errors"][0]["pointer"] == "#"


async def test_an_absent_body_answers_422(api: ApiClient) -> None:
    """contract_e1: a required body that is not there."""
    assert problem_of(await api.post("/v1/customers"), 422, "validation_failed")["errors"][0]["code"] == "required"


@pytest.mark.parametrize(
    "media", [JSON, "Application/JSON", "application/json; charset=utf-8", "application/json ;x=y"]
)
async def test_post_reads_json(api: ApiClient, media: str) -> None:
    """contract_d1: JSON with parameters, in any case."""
    answer = await api.post("/v1/customers", content=b'{"display_name": "x"}', headers={"content-type": media})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "media", ["text/plain", "application/jsonx", "application/x-www-form-urlencoded", MERGE, "json", ""]
)
async def test_post_of_another_media_type_answers_415(api: ApiClient, media: str) -> None:
    """contract_p9: 415, not 422; a merge patch creates nothing."""
    headers = {"content-type": media} if media else {}
    answer = await api.post("/v1/customers", content=b'{"display_name": "x"}', headers=headers)
    problem_of(answer, 415, "unsupported_media_type")
    assert "accept-patch" not in answer.headers


@pytest.mark.parametrize("media", [MERGE, JSON, f"{MERGE}; charset=utf-8"])
async def test_patch_reads_both_media_types(api: ApiClient, media: str) -> None:
    """contract_d1: application/merge-patch+json, and plain JSON too."""
    path = path_of(await create_customer(api))
    answer = await api.patch(path, content=b'{"note": "x"}', headers={"content-type": media})
    assert (answer.status_code, answer.json()["note"]) == (200, "x")


@pytest.mark.parametrize("media", ["text/plain", "application/json-patch+json", ""])
async def test_patch_of_another_media_type_answers_415_with_accept_patch(api: ApiClient, media: str) -> None:
    """contract_d1: RFC 5789 names the types it would take."""
    customer = await create_customer(api, phones=[{"number": make_number()}])
    for path in (path_of(customer), path_of(customer, customer["phones"][0])):
        headers = {"content-type": media} if media else {}
        answer = await api.patch(path, content=b"{}", headers=headers)
        problem_of(answer, 415, "unsupported_media_type")
        assert answer.headers["accept-patch"] == f"{MERGE}, {JSON}"


async def test_unknown_members_are_refused_at_every_depth(api: ApiClient) -> None:
    """contract_b6: `extra="forbid"`, and each one is named."""
    body = make_customer(
        nick="x",
        phones=[{"number": make_number(), "e164": "x"}],
        birthday={"date": "1990-01-01", "year": 1990},
        **{"a/b~c": 1},
    )
    problem = problem_of(await api.post("/v1/customers", json=body), 422, "unknown_field")
    assert {error["pointer"] for error in problem["errors"]} == {
        "#/nick", "#/phones/0/e164", "#/birthday/year", "#/a~1b~0c",
    }  # fmt: skip
    customer = await create_customer(api)
    for path, sent in (
        (path_of(customer), {"kind": "person"}),
        (path_of(customer), {"phones": []}),
        (path_of(customer), {"revision": 1}),
    ):
        problem_of(await api.patch(path, json=sent), 422, "unknown_field")


UNKNOWN_PARAMETERS = (
    ("GET", "/v1/customers"),
    ("POST", "/v1/customers"),
    ("POST", "/v1/customers/lookup"),
    ("GET", "{customer}"),
    ("PATCH", "{customer}"),
    ("POST", "{customer}/archive"),
    ("GET", "{customer}/phones"),
    ("DELETE", "{customer}/phones/{phone}"),
)


@pytest.mark.parametrize(("method", "path"), UNKNOWN_PARAMETERS)
async def test_unknown_query_parameters_are_refused(api: ApiClient, method: str, path: str) -> None:
    """contract_b6, contract_p13: on every route, and before anything else is looked at."""
    customer, phone = to_text(Prefix.CUSTOMER, new_id()), to_text(Prefix.PHONE, new_id())
    path = path.format(customer=f"/v1/customers/{customer}", phone=phone)
    problem = problem_of(await api.request(method, path, params={"nick/name": "x", "~": ""}), 422, "unknown_field")
    assert [(e["pointer"], e["location"]) for e in problem["errors"]] == [("#/nick~1name", "query"), ("#/~0", "query")]


MOMENTS = ("created_at_gte", "created_at_lt", "updated_at_gte", "updated_at_lt")


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T08:00:00",
        "2026-03-01",
        "2026-03-01 08:00",
        "1772352000",
        "1772352000.5",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-03-01T25:00:00Z",
        "20260301T080000Z",
        "2026-03-01T08:00Z",
        "2026-03-01T08:00:00+0800",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "now",
        "",
    ],
)
async def test_a_timestamp_without_offset_or_out_of_form_answers_422(api: ApiClient, text: str) -> None:
    """contract_b2: RFC 3339 with an offset, nothing else, in parameters and in bodies."""
    for name in MOMENTS:
        problem = problem_of(await api.get("/v1/customers", params={name: text}), 422, "validation_failed")
        assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [(f"#/{name}", "invalid_timestamp")]
    body = make_customer(phones=[{"number": make_number(), "expires_at": text}])
    problem = problem_of(await api.post("/v1/customers", json=body), 422, "validation_failed")
    assert problem["errors"][0]["code"] == "invalid_timestamp"


async def test_a_timestamp_that_is_no_text_answers_422(api: ApiClient) -> None:
    """contract_b2: numbers are not seconds since 1970."""
    values: tuple[Any, ...] = (1_772_352_000, 1.5, True, [], {})
    for value in values:
        body = make_customer(phones=[{"number": make_number(), "expires_at": value}])
        problem = problem_of(await api.post("/v1/customers", json=body), 422, "validation_failed")
        assert problem["errors"][0]["code"] == "invalid_timestamp"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00Z"),
        ("2026-03-01T16:00:00+08:00", "2026-03-01T08:00:00Z"),
        ("2026-03-01t08:00:00.123456z", "2026-03-01T08:00:00.123456Z"),
        ("2026-03-01T08:00:00.1-00:30", "2026-03-01T08:30:00.100000Z"),
    ],
)
async def test_timestamps_come_back_in_utc(api: ApiClient, text: str, shown: str) -> None:
    """contract_b2: UTC with `Z`, microseconds kept."""
    customer = await create_customer(api, phones=[{"number": make_number(), "kind": "virtual", "expires_at": text}])
    assert customer["phones"][0]["expires_at"] == shown


@pytest.mark.parametrize("name", ["tag", "source", "country", "province", "city"])
async def test_nul_in_a_parameter_answers_422(api: ApiClient, name: str) -> None:
    """contract_p17: PostgreSQL stores no NUL; it must not answer 500."""
    answer = await api.get("/v1/customers", params={name: "a\0b"})
    assert answer.status_code == 422


async def test_nul_in_a_path_answers_a_problem(api: ApiClient) -> None:
    """contract_e1: neither as an id nor as a path."""
    for path in ("/v1/customers/%00", "/v1/%00", "/v1/customers/%ED%A0%80"):
        assert (await api.get(path)).status_code in (404, 422)


LIMITS: list[tuple[dict[str, Any], str, str]] = [
    ({"display_name": "x" * 201}, "#/display_name", "too_long"),
    ({"display_name": ""}, "#/display_name", "too_short"),
    ({"note": "x" * 10_001}, "#/note", "too_long"),
    ({"tags": ["x"] * 101}, "#/tags", "too_long"),
    ({"tags": ["x" * 65]}, "#/tags/0", "too_long"),
    ({"phones": [{"number": "1" * 65}]}, "#/phones/0/number", "too_long"),
    ({"phones": [{"number": "138"}] * 21}, "#/phones", "too_long"),
    ({"stage": "Un heard"}, "#/stage", "pattern_mismatch"),
    ({"gender": 1}, "#/gender", "unknown_value"),
    ({"display_name": None, "note": []}, "#/note", "wrong_type"),
    ({"tags": None}, "#/tags", "null_not_allowed"),
    ({"phones": {}}, "#/phones", "wrong_type"),
    ({"phones": [None]}, "#/phones/0", "null_not_allowed"),
    ({"owner_id": "usr_x"}, "#/owner_id", "invalid_id"),
    ({"phones": [{"number": "138", "country": "cn"}]}, "#/phones/0/country", "pattern_mismatch"),
]


@pytest.mark.parametrize(("members", "pointer", "code"), LIMITS)
async def test_a_value_out_of_bounds_is_refused_at_its_place(
    api: ApiClient, members: dict[str, Any], pointer: str, code: str
) -> None:
    """contract_b5, contract_e2: `errors` has an RFC 6901 pointer and a code of its own for each."""
    problem = problem_of(await api.post("/v1/customers", json=make_customer(**members)), 422, "validation_failed")
    assert [(error["pointer"], error["code"], error["location"]) for error in problem["errors"]] == [
        (pointer, code, "body")
    ]


async def test_every_nullable_member_is_present_and_no_list_is_null(api: ApiClient) -> None:
    """contract_b5, contract_a4: the smallest customer has all members."""
    customer = await create_customer(api)
    for name in ("phones", "emails", "addresses", "contacts", "external_ids", "tags"):
        assert customer[name] == []
    for name in ("company_name", "tax_id", "birthday", "language", "note", "owner_id", "team_id", "archived_at"):
        assert customer[name] is None
    assert (customer["object"], customer["revision"]) == ("customer", 1)
    assert customer["created_at"] == customer["updated_at"]
