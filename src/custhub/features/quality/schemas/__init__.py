"""Bodies of quality."""
