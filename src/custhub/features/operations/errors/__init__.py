"""Expected failures of jobs and events."""
