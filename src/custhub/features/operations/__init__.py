"""What operators and integrators follow: jobs, and the feed of events."""
