"""Forms: the bodies of a customer as JSON Schemas, as one caller may send them (CONTRACT J6)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, Field

from custhub.features.customers.rules.captions import CAPTIONS
from custhub.features.customers.schemas.bodies import CustomerCreate, CustomerPatch
from custhub.features.fields.rules import Access, Catalogue, Definition
from custhub.http.fields import Read
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

#: Keyword in which a schema carries the names of a member.
LABELS = "x-labels"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DEFS = "#/$defs/"


class CustomerForm(Read):
    """JSON Schemas (draft 2020-12) of the bodies this caller may send; null where it may not send any.

    Each member has its names in `x-labels`, by language.
    """

    object: Literal["form"]
    resource: Literal["customer"]
    create: dict[str, Any] | None = Field(description="Of `POST /v1/customers`")
    update: dict[str, Any] | None = Field(description="Of `PATCH /v1/customers/{customer_id}`")


def customer_form(who: Principal, catalogue: Catalogue, access: Access) -> dict[str, Any]:
    """The form of one caller: what its role does not let it write is left out."""
    creates, writes = Scope.CUSTOMERS_CREATE in who.scopes, Scope.CUSTOMERS_WRITE in who.scopes
    policy = who.policy
    # Who creates gives all it sees; afterwards it changes what is open for writing.
    create = _plain(CustomerCreate, frozenset(policy.access) - policy.hidden) if creates else None
    update = _plain(CustomerPatch, policy.writable) if writes and policy.writable else None
    return {
        "object": "form",
        "resource": "customer",
        "create": create and _with_choices(create, catalogue, access),
        "update": update and _with_choices(update, catalogue, access),
    }


def _with_choices(schema: dict[str, Any], catalogue: Catalogue, access: Access) -> dict[str, Any]:
    """The schema with the entries of vocabularies and the custom fields there are now."""
    properties = dict(schema["properties"])
    for name, vocabulary in (("stage", "stage"), ("category", "category")):
        if name in properties:
            properties[name] = _chosen(properties[name], catalogue, vocabulary)
    if "needs" in properties:
        properties["needs"] = {**properties["needs"], "items": _chosen({"type": "string"}, catalogue, "need")}
    if "custom_fields" in properties:
        custom = {key: _custom(known, catalogue) for key, known in access.readable.items() if key in access.writable}
        properties["custom_fields"] = {
            **{name: properties["custom_fields"][name] for name in ("title", LABELS, "description")},
            "type": "object",
            "properties": custom,
            "additionalProperties": False,
        }
    return {**schema, "properties": properties}


def _custom(definition: Definition, catalogue: Catalogue) -> dict[str, Any]:
    schema = definition.schema.keywords()
    if definition.schema.vocabulary is not None:
        chosen = _chosen({"type": "string"}, catalogue, definition.schema.vocabulary)
        schema = {**schema, "items": chosen} if "items" in schema else chosen
    return {
        "anyOf": [schema, {"type": "null"}],
        "title": definition.labels.en,
        LABELS: definition.labels._asdict(),
        "x-sensitive": definition.sensitive,
        "x-required": definition.required,
    }


def _chosen(member: dict[str, Any], catalogue: Catalogue, key: str) -> dict[str, Any]:
    """A member that is one of the active entries of a vocabulary, each with its names."""
    known = catalogue.vocabularies.get(key)
    entries = sorted(known.entries.values(), key=lambda entry: (entry.position, entry.key)) if known else []
    choices = [
        {"const": entry.key, "title": entry.labels.en, LABELS: entry.labels._asdict()}
        for entry in entries
        if entry.active
    ]
    kept = {name: value for name, value in member.items() if name in ("title", LABELS, "description", "default")}
    chosen: dict[str, Any] = {"type": "string", "oneOf": choices, "x-vocabulary": key}
    if any(option.get("type") == "null" for option in member.get("anyOf", ())):
        return {**kept, "anyOf": [chosen, {"type": "null"}]}
    return {**kept, **chosen}


@lru_cache(maxsize=256)
def _plain(model: type[BaseModel], open_fields: frozenset[str]) -> dict[str, Any]:
    schema = model.model_json_schema()
    schema.pop("examples", None)
    schema["properties"] = {name: member for name, member in schema["properties"].items() if name in open_fields}
    known = schema.pop("$defs", {})
    needed = set(_reachable(schema, known))
    schema["$defs"] = {name: inner for name, inner in known.items() if name in needed}
    for part in (schema, *schema["$defs"].values()):
        part.pop("title", None)
        part.pop("examples", None)
        for name, member in part.get("properties", {}).items():
            caption = CAPTIONS[name]
            member["title"] = caption.en
            member[LABELS] = caption._asdict()
    return {"$schema": _DIALECT, **schema}


def _reachable(node: object, known: dict[str, Any]) -> Iterator[str]:
    if isinstance(node, dict):
        name = str(node.get("$ref", "")).removeprefix(_DEFS)
        if name in known:
            yield name
            yield from _reachable(known[name], known)
        for value in node.values():
            yield from _reachable(value, known)
    elif isinstance(node, list):
        for value in node:
            yield from _reachable(value, known)
