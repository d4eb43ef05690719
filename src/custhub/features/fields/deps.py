"""Scopes and services of the routes of vocabularies and field definitions."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security

from custhub.features.fields.service.catalogue import CATALOGUE
from custhub.features.fields.service.definitions import FieldDefinitions
from custhub.features.fields.service.vocabularies import Vocabularies
from custhub.http.deps import door
from custhub.http.hub import call_of
from custhub.http.openapi import IF_MATCH, declares
from custhub.kit.revisions import expected_revisions
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

CanRead = Annotated[Principal, Security(door, scopes=[Scope.CUSTOMERS_READ])]
CanManage = Annotated[Principal, Security(door, scopes=[Scope.FIELDS_MANAGE])]


@declares(IF_MATCH)
async def if_match(request: Request) -> frozenset[int] | None:
    """The revisions the caller has seen, of If-Match."""
    sent = call_of(request).headers.get(b"if-match")
    return None if sent is None else expected_revisions(sent.decode("latin-1"))


async def field_definitions(request: Request) -> FieldDefinitions:
    """The use cases of field definitions."""
    call = call_of(request)
    return FieldDefinitions(call.unit_of_work(), call.hub.parts[CATALOGUE])


async def vocabularies(request: Request) -> Vocabularies:
    """The use cases of vocabularies."""
    call = call_of(request)
    return Vocabularies(call.unit_of_work(), call.hub.parts[CATALOGUE])


IfMatch = Annotated[frozenset[int] | None, Depends(if_match)]
TheDefinitions = Annotated[FieldDefinitions, Depends(field_definitions)]
TheVocabularies = Annotated[Vocabularies, Depends(vocabularies)]
