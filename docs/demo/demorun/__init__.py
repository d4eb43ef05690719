"""The demonstration: a hub of its own, the file sent to it, and every figure compared with what was expected."""
