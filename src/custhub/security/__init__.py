"""Who is calling and what the caller may do: scopes, principals, tokens. No FastAPI."""
