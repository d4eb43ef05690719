"""Use cases of self-service: links that staff make, and what customers do with them."""
