"""Use cases of jobs and events."""
