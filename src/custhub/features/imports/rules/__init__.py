"""Rules of imports: how files are recognised and read, how columns become fields. Pure, and run on hostile input."""
