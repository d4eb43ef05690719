"""Forms: the bodies of a customer as JSON Schemas, as one caller may send them (CONTRACT J6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, Field

from custhub.features.customers.rules.captions import CAPTIONS
from custhub.features.customers.schemas.bodies import CustomerCreate, CustomerPatch
from custhub.http.fields import Read
from custhub.security.fields import FieldPolicy
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

#: Keyword in which a schema carries the names of a member.
LABELS = "x-labels"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DEFS = "#/$defs/"

#: By policy and scopes: there are as many as roles that exist.
_forms: dict[tuple[str, bool, bool], dict[str, Any]] = {}


class CustomerForm(Read):
    """JSON Schemas (draft 2020-12) of the bodies this caller may send; null where it may not send any.

    Each member has its names in `x-labels`, by language.
    """

    object: Literal["form"]
    resource: Literal["customer"]
    create: dict[str, Any] | None = Field(description="Of `POST /v1/customers`")
    update: dict[str, Any] | None = Field(description="Of `PATCH /v1/customers/{customer_id}`")


def customer_form(who: Principal) -> dict[str, Any]:
    """The form of one caller: what its role does not let it write is left out."""
    creates, writes = Scope.CUSTOMERS_CREATE in who.scopes, Scope.CUSTOMERS_WRITE in who.scopes
    key = (who.policy.digest, creates, writes)
    known = _forms.get(key)
    if known is None:
        known = _forms[key] = _form(who.policy, creates=creates, writes=writes)
    return known


def _form(policy: FieldPolicy, *, creates: bool, writes: bool) -> dict[str, Any]:
    return {
        "object": "form",
        "resource": "customer",
        # Who creates gives all it sees; afterwards it changes what is open for writing.
        "create": _schema(CustomerCreate, set(policy.access) - policy.hidden) if creates else None,
        "update": _schema(CustomerPatch, policy.writable) if writes and policy.writable else None,
    }


def _schema(model: type[BaseModel], open_fields: frozenset[str] | set[str]) -> dict[str, Any]:
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
