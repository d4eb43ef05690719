"""Bodies, answers and views of customers."""
