"""Bodies and views of imports."""
