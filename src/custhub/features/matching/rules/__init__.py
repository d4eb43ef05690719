"""Rules of matching: pure, the same for one pair asked online and for a million rows of a file."""
