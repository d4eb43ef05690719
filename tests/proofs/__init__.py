"""Proofs: promises that take minutes to show. `make prove` runs all of them, the suite a short seeded form of each."""
