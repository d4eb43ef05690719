"""What FastAPI knows of the routes: raw operations and schemas, before any rule of ours.

Uses the parts of `fastapi.openapi.utils.get_openapi` instead of the whole: the whole passes the document
through Pydantic models that drop every null, also those in examples of merge patches. The parts are private;
FastAPI is pinned, and the tests of this package fail when they move.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi._compat import get_definitions, get_flat_models_from_fields, get_model_name_map
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_fields_from_routes, get_openapi_path
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.routing import BaseRoute

from custhub.http.openapi.traits import EXTENSION, Trait

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RawOperation:
    """One method of one path as FastAPI describes it.

    `name` is the name of the endpoint, `unique_id` what FastAPI calls the route, `summary` None where FastAPI
    would invent one.
    """

    path: str
    method: str
    body: Json
    name: str
    unique_id: str
    summary: str | None
    having: tuple[Trait, ...]
    without: tuple[Trait, ...]

    @property
    def location(self) -> str:
        """Method and path, for messages."""
        return f"{self.method.upper()} {self.path}"


@dataclass(frozen=True, slots=True)
class Source:
    """All that FastAPI gives: operations in the order of the routes, schemas by name."""

    operations: tuple[RawOperation, ...]
    webhooks: tuple[RawOperation, ...]
    schemas: dict[str, Json]
    schemes: tuple[str, ...]


def read(routes: Sequence[BaseRoute], webhooks: Sequence[BaseRoute]) -> Source:
    """The raw operations of `routes` and `webhooks` that are in the schema."""
    fields = get_fields_from_routes([*routes, *webhooks])
    names = get_model_name_map(get_flat_models_from_fields(fields, known_models=set()))
    field_mapping, definitions = get_definitions(fields=fields, model_name_map=names)
    schemes: set[str] = set()

    def operations(of: Sequence[BaseRoute]) -> Iterator[RawOperation]:
        for route in _documented(of):
            path, found, _ = get_openapi_path(
                route=route, operation_ids=set(), model_name_map=names, field_mapping=field_mapping
            )
            schemes.update(found)
            for method in sorted(path):
                extension = path[method].pop(EXTENSION, {})
                yield RawOperation(
                    path=route.path_format,
                    method=method,
                    body=path[method],
                    name=route.operation_id or route.name,
                    unique_id=route.unique_id,
                    summary=route.summary,
                    having=(*_declared(route.dependant), *extension.get("having", ())),
                    without=tuple(extension.get("without", ())),
                )

    return Source(tuple(operations(routes)), tuple(operations(webhooks)), definitions, tuple(sorted(schemes)))


def _documented(routes: Sequence[BaseRoute]) -> Iterator[Any]:
    context: RouteContext
    for context in iter_route_contexts(routes):
        if isinstance(context.original_route, APIRoute) and context.include_in_schema:
            yield context


def _declared(dependant: Dependant) -> Iterator[Trait]:
    yield from getattr(dependant.call, "openapi_traits", ())
    for dependency in dependant.dependencies:
        yield from _declared(dependency)
