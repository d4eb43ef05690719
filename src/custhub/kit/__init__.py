"""Tools without business: database, statements, units of work, ids, time, errors."""
