"""Facts about saved filters that others hear of."""

from __future__ import annotations

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix


class SavedFilterEvent(Event):
    """Something happened to a saved filter."""

    __slots__ = ()
    subject_type = "saved_filter"
    prefix = Prefix.SAVED_FILTER
    path = "/v1/saved-filters/{id}"


class SavedFilterCreated(SavedFilterEvent):
    """A filter was saved."""

    __slots__ = ()
    type = "saved_filter.created"


class SavedFilterUpdated(SavedFilterEvent):
    """A saved filter changed."""

    __slots__ = ()
    type = "saved_filter.updated"
    example_fields = ("filter", "name")


class SavedFilterDeleted(SavedFilterEvent):
    """A saved filter is gone."""

    __slots__ = ()
    type = "saved_filter.deleted"
    gone = True
