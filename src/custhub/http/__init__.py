"""HTTP edge: one ASGI class, one route class, dependencies, errors, the document."""
