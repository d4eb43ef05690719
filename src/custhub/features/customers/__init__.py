"""The person record: people and organisations, their parts, tags and lifecycle."""
