"""Routes of customers and their parts."""

from custhub.features.customers.router import (
    addresses,
    batch,
    confirmations,
    contacts,
    emails,
    external_ids,
    forms,
    history,
    search,
    sources,
    tags,
    upsert,
)

#: All but the hot ones, which app.py puts first.
OTHERS = (
    search.router,
    batch.router,
    upsert.router,
    emails.router,
    addresses.router,
    contacts.router,
    external_ids.router,
    tags.router,
    confirmations.router,
    history.router,
    sources.router,
    forms.router,
)
