"""Use cases of findings: what was refused is kept, and people decide."""
