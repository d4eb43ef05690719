"""custhub, a headless customer hub."""
