"""Scopes and use cases of the routes of imports."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security

from custhub.features.imports.service.imports import ImportService
from custhub.features.imports.service.mappings import MappingService
from custhub.features.imports.service.parts import IMPORTS, ImportParts
from custhub.http.deps import door
from custhub.http.hub import Call, call_of
from custhub.http.openapi import IF_MATCH, declares
from custhub.kit.revisions import expected_revisions
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

CanImport = Annotated[Principal, Security(door, scopes=[Scope.IMPORTS_RUN])]
#: Rows do what requests do: who runs an import must have the right to that, too.
CanStart = Annotated[Principal, Security(door, scopes=[Scope.IMPORTS_RUN, Scope.CUSTOMERS_CREATE])]


def parts_of(call: Call) -> ImportParts:
    """What imports share."""
    parts: ImportParts = call.hub.parts[IMPORTS]
    return parts


@declares(IF_MATCH)
async def if_match(request: Request) -> frozenset[int] | None:
    """The revisions the caller has seen, of If-Match."""
    sent = call_of(request).headers.get(b"if-match")
    return None if sent is None else expected_revisions(sent.decode("latin-1"))


async def import_service(request: Request) -> ImportService:
    """The use cases of imports."""
    call = call_of(request)
    return ImportService(call.unit_of_work(), call.caller, parts_of(call))


async def mapping_service(request: Request) -> MappingService:
    """The use cases of mapping profiles."""
    call = call_of(request)
    return MappingService(call.unit_of_work(), parts_of(call))


IfMatch = Annotated[frozenset[int] | None, Depends(if_match)]
Imports = Annotated[ImportService, Depends(import_service)]
Mappings = Annotated[MappingService, Depends(mapping_service)]
