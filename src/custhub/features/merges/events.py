"""Facts about merges that others hear of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from custhub.features.customers.events import CustomerEvent
from custhub.kit.ids import PATTERNS, Prefix

_MERGE = {
    "type": "string",
    "description": "The merge, to be read at `/v1/merges/{id}`",
    "pattern": PATTERNS[Prefix.MERGE],
    "examples": ["mrg_01m81amc1cfrnt9m7qcr38rxrh"],
}
_SURVIVOR = {
    "type": "string",
    "description": "The customer that the others are now",
    "pattern": PATTERNS[Prefix.CUSTOMER],
    "examples": ["cus_01m81amc1cfrnt9m7qcr38rxrh"],
}
_IDS = {
    "type": "array",
    "description": "The customers that became part of the survivor, or were; of one of them its own id alone",
    "items": {"type": "string", "pattern": PATTERNS[Prefix.CUSTOMER]},
    "maxItems": 1000,
    "examples": [["cus_01m81amc1dfrnt9m7qcr38rxrh"]],
}
_MEMBERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "merge_id": _MERGE,
    "survivor_id": _SURVIVOR,
    "merged_ids": _IDS,
}


class CustomerMerged(CustomerEvent):
    """Customers became one. The survivor has one event with all ids, each of the others one with its own."""

    __slots__ = ()
    type = "customer.merged"
    members = _MEMBERS
    example_fields = ("display_name", "phones")


class CustomerUnmerged(CustomerEvent):
    """Customers that had become one are several again: one event for the survivor, one for each of the others."""

    __slots__ = ()
    type = "customer.unmerged"
    members = _MEMBERS
    example_fields = ("display_name", "phones")
