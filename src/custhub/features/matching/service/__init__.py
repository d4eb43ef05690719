"""What is done with the rules of matching."""
