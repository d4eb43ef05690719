"""What the hub keeps of a customer itself: the record, its parts, its data key, and traces of requests and events."""

from custhub.features.customers.links.rows import CustomerRows
from custhub.features.customers.links.traces import CustomerTraces

__all__ = ["CustomerRows", "CustomerTraces"]
