"""Quality: what may be wrong with customers, for people to decide."""
