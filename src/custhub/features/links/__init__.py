"""Links for people without an account: a token in the path, one purpose, used up once (S-54)."""
