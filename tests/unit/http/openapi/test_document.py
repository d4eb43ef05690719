"""The document of the sample application (CONTRACT J1, J2, P1-P8)."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from fastapi import FastAPI
from jsonschema import Draft202012Validator

from custhub.http.openapi import dump
from custhub.http.openapi.schemas import walk

Json = dict[str, Any]


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def resolve(document: Json, node: Json) -> Json:
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def codes_of(document: Json, path: str, method: str) -> dict[str, list[str]]:
    found = {}
    for status, response in document["paths"][path][method]["responses"].items():
        if status >= "400":
            problem = resolve(document, response)["content"]["application/problem+json"]
            found[status] = list(problem["examples"])
    return found


def headers_of(document: Json, path: str, method: str, status: str) -> set[str]:
    return set(resolve(document, document["paths"][path][method]["responses"][status])["headers"])


def parameters_of(document: Json, path: str, method: str) -> dict[str, Json]:
    found = [resolve(document, node) for node in document["paths"][path][method].get("parameters", ())]
    return {parameter["name"]: parameter for parameter in found}


def test_contract_j1_head_of_the_document(document: Json) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == "1.2.3"
    assert document["info"]["license"]["identifier"] == "Apache-2.0"
    assert document["info"]["contact"]["name"]
    assert all(tag["description"] for tag in document["tags"])
    assert not any(server["url"].startswith("http:") for server in document["servers"])


def test_contract_j1_every_operation_is_described(document: Json) -> None:
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(ids) == len(set(ids)) == 13
    for place, operation in operations(document):
        assert len(operation["tags"]) == 1, place
        assert operation["summary"], place
        assert operation["description"], place


def test_summary_is_the_first_sentence_of_the_docstring(document: Json) -> None:
    lookup = document["paths"]["/v1/customers/lookup"]["post"]
    assert lookup["summary"] == "Find customers by number"
    assert lookup["description"] == "Find customers by number. Unknown numbers give an empty page."


def test_contract_j1_every_error_is_a_problem_with_an_example(document: Json) -> None:
    for place, operation in operations(document):
        for status, response in operation["responses"].items():
            if status < "400":
                continue
            body = resolve(document, response)
            media = body["content"]["application/problem+json"]
            assert media["schema"] == {"$ref": "#/components/schemas/Problem"}, place
            assert "X-Request-Id" in body["headers"], place
            assert media["examples"], place
            for code, example in media["examples"].items():
                value = resolve(document, example)["value"]
                assert value["code"] == code, place
                assert str(value["status"]) == status, place


def test_contract_e1_examples_fit_the_problem_schema(document: Json) -> None:
    validator = Draft202012Validator(
        {**document["components"]["schemas"]["Problem"], "components": document["components"]}
    )
    examples = document["components"]["examples"]
    for example in examples.values():
        validator.validate(example["value"])
    assert examples["validation_failed"]["value"]["errors"][0]["pointer"] == "#/tags/3"
    assert examples["insufficient_scope"]["value"]["scope"] == "customers:read"


def test_contract_e2_codes_come_from_the_registry_and_the_list_is_open(document: Json) -> None:
    schemas = document["components"]["schemas"]
    assert "phone_taken" in schemas["ErrorCode"]["enum"]
    assert {"type", "title", "status", "code", "detail", "request_id", "errors"} == set(schemas["Problem"]["required"])
    validator = Draft202012Validator({**schemas["Problem"]["properties"]["code"], "components": document["components"]})
    validator.validate("a_code_of_a_later_version")


def test_contract_j1_every_request_body_has_a_valid_example(document: Json) -> None:
    seen = 0
    for _, operation in operations(document):
        for media in operation.get("requestBody", {}).get("content", {}).values():
            validator = Draft202012Validator({**media["schema"], "components": document["components"]})
            examples = [media["example"]] if "example" in media else [e["value"] for e in media["examples"].values()]
            assert examples
            for example in examples:
                validator.validate(example)
                seen += 1
    assert seen == 8


def test_union_body_has_one_example_per_branch(document: Json) -> None:
    media = document["paths"]["/v1/customers/lookup"]["post"]["requestBody"]["content"]["application/json"]
    assert [example["value"] for example in media["examples"].values()] == [
        {"phone": "138 1234 5678", "country": "CN"},
        {"phone_last4": "5678"},
    ]


def test_contract_d1_patch_reads_merge_patch_and_json_and_keeps_nulls_of_the_example(document: Json) -> None:
    content = document["paths"]["/v1/customers/{customer_id}"]["patch"]["requestBody"]["content"]
    assert list(content) == ["application/merge-patch+json", "application/json"]
    assert content["application/merge-patch+json"]["example"] == {"name": "王大明", "born_on": None}


def test_patch_members_have_no_defaults(document: Json) -> None:
    members = document["components"]["schemas"]["CustomerPatch"]["properties"].values()
    assert not any("default" in member for member in members)
    assert "default" in document["components"]["schemas"]["CustomerCreate"]["properties"]["tier"]


def test_contract_j2_names(document: Json) -> None:
    for name in document["components"]["schemas"]:
        assert re.fullmatch("[A-Z][A-Za-z0-9]*", name)
        assert name not in ("HTTPValidationError", "ValidationError")


def test_contract_p6_parameters_are_never_null(document: Json) -> None:
    for place, operation in operations(document):
        for node in operation.get("parameters", ()):
            parameter = resolve(document, node)
            assert "null" not in str(parameter["schema"]), place
            assert parameter["description"], place
            assert parameter.get("example", "") is not None, place


def test_contract_b5_everything_is_bounded(document: Json) -> None:
    schemas = list(document["components"]["schemas"].items())
    schemas += [
        (place, resolve(document, node)["schema"])
        for place, operation in operations(document)
        for node in operation.get("parameters", ())
    ]
    schemas += [(name, header["schema"]) for name, header in document["components"]["headers"].items()]
    for name, schema in schemas:
        for place, inner in walk(schema, name):
            if inner.get("type") == "string":
                assert inner.keys() & {"maxLength", "enum", "const"}, place
            if inner.get("type") == "array":
                assert "maxItems" in inner, place
            if inner.get("type") == "integer":
                assert inner["format"] in ("int32", "int64"), place
                assert inner.keys() & {"minimum", "exclusiveMinimum"}, place
                assert inner.keys() & {"maximum", "exclusiveMaximum"}, place
            assert "title" not in inner, place
            assert inner.get("default", "") is not None, place


def test_integers_get_the_smallest_format_that_holds_their_bounds(document: Json) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["Customer"]["properties"]["revision"]["format"] == "int32"
    assert schemas["Money"]["properties"]["amount_minor"]["format"] == "int64"
    assert schemas["BatchResult"]["properties"]["failed"]["maximum"] == 2**53 - 1


def test_contract_b6_requests_are_closed_and_answers_open(document: Json) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["CustomerCreate"]["additionalProperties"] is False
    assert "additionalProperties" not in schemas["Customer"]
    assert "additionalProperties" not in schemas["Problem"]


def test_authenticated_read(document: Json) -> None:
    assert codes_of(document, "/v1/customers/{customer_id}", "get") == {
        "401": ["invalid_token", "token_missing"],
        "403": ["address_not_allowed", "insufficient_scope", "mfa_enrolment_required"],
        "404": ["not_found"],
        "422": ["unknown_field", "validation_failed"],
        "429": ["rate_limited"],
        "500": ["internal_error"],
        "503": ["database_unavailable"],
    }
    assert list(parameters_of(document, "/v1/customers/{customer_id}", "get")) == ["customer_id", "If-None-Match"]
    responses = document["paths"]["/v1/customers/{customer_id}"]["get"]["responses"]
    assert "content" not in responses["304"]
    assert {"ETag", "RateLimit", "RateLimit-Policy", "X-Request-Id"} <= headers_of(
        document, "/v1/customers/{customer_id}", "get", "200"
    )


def test_create(document: Json) -> None:
    codes = codes_of(document, "/v1/customers", "post")
    assert codes["400"] == ["idempotency_key_invalid", "invalid_json"]
    assert codes["409"] == ["idempotency_in_progress", "phone_taken"]
    assert codes["422"] == ["idempotency_key_reused", "phone_invalid", "unknown_field", "validation_failed"]
    assert {"410", "413", "415", "507"} <= codes.keys()
    assert {"Location", "ETag", "Idempotency-Replayed"} <= headers_of(document, "/v1/customers", "post", "201")
    assert not parameters_of(document, "/v1/customers", "post")["Idempotency-Key"]["required"]
    assert "InvalidJsonOrKey" in str(document["paths"]["/v1/customers"]["post"]["responses"]["400"])


def test_change_and_delete_take_if_match(document: Json) -> None:
    for method in ("patch", "delete"):
        assert codes_of(document, "/v1/customers/{customer_id}", method)["412"] == ["precondition_failed"]
        assert not parameters_of(document, "/v1/customers/{customer_id}", method)["If-Match"]["required"]
    assert "ETag" in headers_of(document, "/v1/customers/{customer_id}", "patch", "412")


def test_list(document: Json) -> None:
    assert "Link" in headers_of(document, "/v1/customers", "get", "200")
    assert "invalid_cursor" in codes_of(document, "/v1/customers", "get")["422"]


def test_contract_d3_key_is_required_on_a_batch_and_refused_on_lookup(document: Json) -> None:
    assert parameters_of(document, "/v1/customers/batch", "post")["Idempotency-Key"]["required"]
    assert "idempotency_key_required" in codes_of(document, "/v1/customers/batch", "post")["400"]
    assert "Idempotency-Key" not in parameters_of(document, "/v1/customers/lookup", "post")
    assert "idempotency_not_supported" in codes_of(document, "/v1/customers/lookup", "post")["400"]


def test_dependency_declares_its_trait(document: Json) -> None:
    assert parameters_of(document, "/v1/customers/{customer_id}/undo", "post")["If-Match"]["required"]
    assert codes_of(document, "/v1/customers/{customer_id}/undo", "post")["428"] == ["precondition_required"]


def test_header_known_to_fastapi_becomes_the_shared_one(document: Json) -> None:
    (operation,) = [o for _, o in operations(document) if o["operationId"] == "start_job"]
    assert {"$ref": "#/components/parameters/XRequestId"} in operation["parameters"]
    assert {"Location", "Retry-After"} <= headers_of(document, "/v1/jobs", "post", "202")


def test_public_operation_says_so(document: Json) -> None:
    live = document["paths"]["/health/live"]["get"]
    assert live["security"] == [{}]
    assert live["responses"].keys() == {"200", "422", "500"}
    assert "/docs/hidden" not in document["paths"]


def test_contract_h2_security_lists_the_scopes(document: Json) -> None:
    create = document["paths"]["/v1/customers"]["post"]
    assert create["security"] == [{"oauth2": ["customers:write"]}]
    flow = document["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == "/v1/oauth/token"
    assert flow["scopes"]["phones:reveal"] == "See a phone number in full, with a reason"


def test_contract_h1_token_errors_are_those_of_rfc_6749(document: Json) -> None:
    response = document["paths"]["/v1/oauth/token"]["post"]["responses"]["400"]
    assert response["description"] == "The grant is refused."
    assert response["content"].keys() == {"application/json;charset=UTF-8", "application/problem+json"}


def test_contract_j3_webhooks(document: Json) -> None:
    event = document["webhooks"]["customer.merged"]["post"]
    assert event["operationId"] == "send_customer_merged"
    assert event["requestBody"]["content"]["application/json"]["example"]["type"] == "customer.merged"
    assert [parameter["name"] for parameter in event["parameters"]] == ["webhook-signature"]
    assert list(event["responses"]) == ["204"]


def test_every_reference_leads_somewhere(document: Json) -> None:
    for target in re.findall(r'"\$ref": "([^"]+)"', dump(document)):
        assert resolve(document, {"$ref": target}) is not None


def test_no_marker_of_ours_is_left(document: Json) -> None:
    def keys(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            yield from node
            for value in node.values():
                yield from keys(value)
        elif isinstance(node, list):
            for value in node:
                yield from keys(value)

    assert not [key for key in keys(document) if key.startswith("x-")]


def test_same_application_gives_the_same_text(app: FastAPI, document: Json, build: Callable[[FastAPI], Json]) -> None:
    assert dump(build(app)) == dump(build(app)) == dump(document)
    assert dump(document).endswith("}\n")
