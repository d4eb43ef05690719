"""Work beside requests that survives its process: a table, leases, retries (RELIABILITY, section 3)."""
