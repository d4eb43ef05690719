"""Scopes of the routes of jobs and events."""
