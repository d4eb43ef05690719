"""Read statements over jobs and events."""
