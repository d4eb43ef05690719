"""Every route of the hub as one FastAPI application, and its document."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import version as package_version
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any

from fastapi import APIRouter, FastAPI

from custhub import features
from custhub.features.accounts import router as accounts
from custhub.features.audit import router as audit
from custhub.features.bulk import router as bulk
from custhub.features.consents import router as consents
from custhub.features.customers.router import OTHERS, changes, customers, listing, phones
from custhub.features.duplicates import router as duplicates
from custhub.features.exports import router as exports
from custhub.features.fields import router as fields
from custhub.features.filters import router as filters
from custhub.features.imports import router as imports
from custhub.features.intake import router as intake
from custhub.features.keys import router as keys
from custhub.features.links import router as links
from custhub.features.matching import router as matching
from custhub.features.merges import router as merges
from custhub.features.messages import router as messages
from custhub.features.operations.router import events, jobs
from custhub.features.quality import router as quality
from custhub.features.selfservice import router as selfservice
from custhub.features.suppressions import router as suppressions
from custhub.features.webhooks import router as webhooks
from custhub.http import health
from custhub.http.errors import install_error_handlers
from custhub.http.openapi import build_document, dump
from custhub.http.pages import mount_pages
from custhub.security.scopes import DESCRIPTIONS

VERSION = package_version("custhub")

#: Hot ones first: routes are matched in order.
ROUTERS: tuple[APIRouter, ...] = (
    changes.router,  # a verb of the collection, which the id of a customer would swallow
    customers.router,
    listing.router,
    phones.router,
    *OTHERS,
    suppressions.router,
    consents.router,
    consents.customers_router,
    intake.router,
    intake.customers_router,
    health.router,
    keys.router,
    keys.rotations_router,
    audit.router,
    events.router,
    events.types_router,
    jobs.router,
    *webhooks.ROUTERS,
    messages.router,
    merges.router,
    matching.router,  # a verb of the collection, which the id of a pair would swallow
    *duplicates.ROUTERS,
    filters.router,
    bulk.router,
    *fields.ROUTERS,
    *quality.ROUTERS,
    exports.router,
    selfservice.router,
    *imports.ROUTERS,
    *accounts.ROUTERS,
)

TAGS = [
    {"name": "customers", "description": "Customers with their parts: create, read, change, archive, restore."},
    {"name": "phones", "description": "Phone numbers of customers: add, change, verify, reveal."},
    {"name": "parts", "description": "E-mails, addresses, contacts, external ids and tags of customers."},
    {"name": "external-sources", "description": "Systems whose ids customers carry, and what those ids mean."},
    {"name": "forms", "description": "Schemas of bodies for front ends, as the caller may send them."},
    {"name": "consents", "description": "The consent ledger: who agreed to what, and what counts now."},
    {"name": "intake", "description": "What forms and devices send in, without reading anything."},
    {"name": "suppressions", "description": "Numbers and addresses that nobody stores or contacts."},
    {"name": "operations", "description": "For operators: is the hub alive, ready, and how is it doing."},
    {"name": "keys", "description": "Root keys: which are in use, adding, rotating and retiring them."},
    {"name": "audit", "description": "The audit log: who did what, sealed, signed and verifiable."},
    {"name": "events", "description": "The feed of what happened: follow it, rebuild from it, compare with it."},
    {"name": "jobs", "description": "Long work: how far it is, what came of it, cancel it."},
    *webhooks.TAGS,
    *imports.TAGS,
    {"name": "messages", "description": "E-mails and SMS that the hub sends: what became of them."},
    {"name": "saved-filters", "description": "Selections of customers under a name, for oneself or a team."},
    {"name": "exports", "description": "Customers as CSV, XLSX or NDJSON, masked unless somebody may see more."},
    {"name": "bulk-actions", "description": "One change to many customers, as a job, with undo."},
    *fields.TAGS,
    *quality.TAGS,
    *selfservice.TAGS,
    *merges.TAGS,
    *duplicates.TAGS,
    *accounts.TAGS,
]


def _load_events() -> None:
    """Put the facts of every feature into the catalogue, those too that only jobs tell."""
    for feature in iter_modules(features.__path__, f"{features.__name__}."):
        if find_spec(name := f"{feature.name}.events") is not None:
            import_module(name)


_load_events()


@cache
def build_api() -> FastAPI:
    """The FastAPI application with every route: one for all hubs of a process, as none of it knows a hub."""
    api = FastAPI(
        title="custhub",
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        openapi_tags=TAGS,
        generate_unique_id_function=lambda route: route.name,
    )
    for router in ROUTERS:
        # Flat, not included: an included router is matched through a wrapper of its own.
        api.router.routes.extend(router.routes)
    webhooks.declare_webhooks(api)
    mount_pages(api, lambda: api.openapi())
    api.router.routes.extend(links.router.routes)
    install_error_handlers(api)
    scopes = {scope.value: text for scope, text in DESCRIPTIONS.items()}
    document: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not document:
            document.update(build_document(api, version=VERSION, scopes=scopes))
        return document

    api.openapi = openapi  # type: ignore[method-assign]
    return api


@cache
def document() -> str:
    """The OpenAPI document of this version as text, without a database or keys."""
    return dump(build_api().openapi())
