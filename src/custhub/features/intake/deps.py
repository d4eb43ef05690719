"""Scopes and use cases of the routes of intake."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Request, Security

from custhub.features.customers.deps import standards_of
from custhub.features.customers.service.context import CustomerContext
from custhub.features.intake.service.desk import IntakeDesk
from custhub.features.intake.service.reading import IntakeReader
from custhub.http.deps import door
from custhub.http.hub import call_of
from custhub.security.principal import Principal
from custhub.security.reach import ALL_ROWS
from custhub.security.scopes import Scope

CanSend = Annotated[Principal, Security(door, scopes=[Scope.CUSTOMERS_INTAKE])]
CanRead = Annotated[Principal, Security(door, scopes=[Scope.CUSTOMERS_READ])]


class IntakeContext(CustomerContext):
    """Whoever is logged in at a form or a device, it is the device that speaks."""

    @property
    def is_person(self) -> bool:
        """Nobody confirms anything by intake."""
        return False


def reader_and_desk(request: Request) -> tuple[IntakeReader, IntakeDesk]:
    """What reads an item as its caller, and what takes it in as the hub."""
    call = call_of(request)
    hub, who, work = call.hub, call.caller, call.unit_of_work()
    standards = standards_of(hub)
    caller = IntakeContext(work, who, hub.keys, hub.settings, standards)
    wide = IntakeContext(work, replace(who, reach=ALL_ROWS), hub.keys, hub.settings, standards)
    return IntakeReader(caller), IntakeDesk(wide, who.reach)
