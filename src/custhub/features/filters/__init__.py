"""Saved filters: a selection of customers under a name, for oneself or for a team."""
