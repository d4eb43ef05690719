"""The client of the feature tests: every answer it gets is held against the OpenAPI document."""

from __future__ import annotations

import copy
import re
from typing import Any

import httpx
from jsonschema_rs import Draft202012, Draft202012Validator, Registry

_BASE = "urn:custhub"


class Contract:
    """The document with closed answers: a member that a model does not name is a drift between view and model."""

    def __init__(self, document: dict[str, Any]) -> None:
        document = copy.deepcopy(document)
        for schema in document["components"]["schemas"].values():
            if schema.get("type") == "object" and "properties" in schema and not schema.get("additionalProperties"):
                schema.setdefault("additionalProperties", False)
        # Problem documents carry members of their own (existing_id, scope).
        document["components"]["schemas"]["Problem"].pop("additionalProperties", None)
        self._document = document
        self._registry = Registry([(_BASE, document)], draft=Draft202012)
        self._paths = [
            (re.compile("^" + re.sub(r"\\\{[a-z_]+\\\}", "[^/]+", re.escape(path)) + "$"), path)
            for path in sorted(document["paths"], key=lambda path: path.count("{"))
        ]
        self._validators: dict[str, Any] = {}

    def check(self, response: httpx.Response) -> None:
        """Raise AssertionError unless the document knows this status and this body."""
        request = response.request
        path = next((p for pattern, p in self._paths if pattern.match(request.url.path)), None)
        if path is None or request.method.lower() not in self._document["paths"][path]:
            assert response.status_code in (404, 405, 413), f"{request.method} {request.url.path} is undocumented"
            return
        operation = self._document["paths"][path][request.method.lower()]
        name = f"{request.method} {path} {response.status_code}"
        answers = operation["responses"]
        status = str(response.status_code)
        assert status in answers, f"{name} is not in the document"
        answer = self._resolved(answers[status])
        media = response.headers.get("content-type", "").split(";")[0]
        content = answer.get("content")
        if not content:
            assert not response.content, f"{name} has an undocumented body"
            return
        assert media in content, f"{name} answers {media}"
        if not media.endswith(("/json", "+json")):
            return
        schema = content[media]["schema"]
        validator = self._validator(name + media, schema)
        wrong = [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(response.json())]
        assert not wrong, f"{name}: {wrong[:5]}"

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            found: Any = self._document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    def _validator(self, key: str, schema: dict[str, Any]) -> Any:
        if key not in self._validators:
            self._validators[key] = Draft202012Validator(
                _absolute(schema), registry=self._registry, validate_formats=True
            )
        return self._validators[key]


def _absolute(node: Any) -> Any:
    if isinstance(node, dict):
        return {k: _BASE + v if k == "$ref" and v.startswith("#") else _absolute(v) for k, v in node.items()}
    return [_absolute(item) for item in node] if isinstance(node, list) else node


class ApiClient(httpx.AsyncClient):
    """Calls the hub in process and checks every answer."""

    def __init__(self, asgi: Any, contract: Contract, token: str | None) -> None:
        async def check(response: httpx.Response) -> None:
            await response.aread()
            contract.check(response)

        headers = {"Authorization": f"Bearer {token}"} if token else {}
        super().__init__(
            transport=httpx.ASGITransport(asgi),
            base_url="http://hub.test",
            headers=headers,
            event_hooks={"response": [check]},
        )
