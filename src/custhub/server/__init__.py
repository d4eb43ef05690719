"""The process behind `custhub serve`: what must be true before it starts, how it serves, how it goes."""
