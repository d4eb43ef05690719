"""What the operator at the machine may do: commands that run in the serving process, or instead of it (R-4)."""
