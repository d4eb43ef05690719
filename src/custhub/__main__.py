"""`python -m custhub` is `custhub`."""

from custhub.cli import app

app()
