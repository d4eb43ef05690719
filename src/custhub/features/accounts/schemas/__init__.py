"""Bodies, answers and views of accounts."""
