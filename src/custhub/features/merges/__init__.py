"""Merges: several records of one person or firm become one, and may be taken apart again."""
