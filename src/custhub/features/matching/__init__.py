"""Who may be one person: comparison, score, blocks, groups."""
