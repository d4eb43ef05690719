"""Phone numbers: read, seal, find, mask, open. The only feature that touches plaintext numbers."""
