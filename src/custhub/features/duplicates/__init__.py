"""Pairs of customers that may be one person: scans find them, people decide, plans join many at once."""
