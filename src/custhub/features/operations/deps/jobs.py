"""Who asks for jobs, and which they may see."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security

from custhub.features.operations.service.jobs import JobDesk
from custhub.http.deps import door
from custhub.http.hub import call_of
from custhub.security.principal import Principal

#: Everybody who is known: each sees the own jobs, `jobs:manage` shows all.
Caller = Annotated[Principal, Security(door, scopes=[])]


async def job_desk(request: Request) -> JobDesk:
    """Changing jobs."""
    return JobDesk(call_of(request).unit_of_work())


Desk = Annotated[JobDesk, Depends(job_desk)]
