"""Routes of jobs and events."""
