"""Bodies and query parameters of jobs and events."""
