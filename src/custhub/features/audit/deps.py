"""Scopes and services of the routes of the audit log."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security

from custhub.features.audit.service import AuditVerifier
from custhub.http.deps import door
from custhub.http.hub import call_of
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

#: Name of the verifier among the parts of a hub.
VERIFIER = "audit_verifier"

CanRead = Annotated[Principal, Security(door, scopes=[Scope.AUDIT_READ])]


async def audit_verifier(request: Request) -> AuditVerifier:
    """The verifier of this hub."""
    made: AuditVerifier = call_of(request).hub.parts[VERIFIER]
    return made


Verifier = Annotated[AuditVerifier, Depends(audit_verifier)]
