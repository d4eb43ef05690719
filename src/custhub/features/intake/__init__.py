"""Intake: what forms and devices send in. Write-only: no answer tells whether anybody was known before."""
