"""Measures the hub beside its limit: a bare FastAPI application that runs the same SQL on the raw driver."""
