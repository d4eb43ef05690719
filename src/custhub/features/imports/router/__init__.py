"""Routes of imports."""

from custhub.features.imports.router import imports, mappings

ROUTERS = (imports.router, mappings.router)
TAGS = [
    {
        "name": "imports",
        "description": "Files of customers: uploaded, mapped, previewed, run as jobs, taken back as a whole.",
    },
]

__all__ = ["ROUTERS", "TAGS"]
